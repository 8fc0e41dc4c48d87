/**
 * NumPy's {@code .npy} and {@code .npz} files: float32, float64 and int64 arrays of any rank, both
 * byte orders, C and Fortran order, versions 1.0 to 3.0 (the <a
 * href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">format</a>).
 *
 * <p>Why a reader of our own: the one published for the JVM (org.jetbrains.bio:npy 0.3.5, of 2020)
 * refuses Fortran order and version 3.0, allocates whatever a header or a zip entry claims, answers
 * a damaged header with NullPointerException or NumberFormatException, and brings 1.5 MB of Kotlin.
 *
 * <p>Every file is taken to be hostile. Sizes are compared with the bytes that are there before
 * anything is allocated, every surplus or missing byte is an error, nothing is ever extracted to
 * disk, and whatever is wrong comes out as one {@link org.lanenorm.files.FileFormatException} that
 * names the file.
 */
package org.lanenorm.files;
