/**
 * Parameters of layers, and arrays, from files that others wrote.
 *
 * <pre>
 * try (ParameterFile file = ParameterFile.open(Path.of("model.safetensors"))) {
 *   BatchNorm norm = file.layer("layer1.0.bn1").builder().epsilon(1e-5).build();
 * }
 * </pre>
 *
 * <ul>
 *   <li>{@link org.lanenorm.files.Safetensors}: a layer by the prefix of PyTorch's names.
 *   <li>{@link org.lanenorm.files.Onnx}: the initializers of each BatchNormalization node, by the
 *       node's name.
 *   <li>{@link org.lanenorm.files.Npz} and {@link org.lanenorm.files.Npy}: NumPy's files, float16,
 *       float32, float64 and int64 of any rank, both byte orders, C and Fortran order, versions 1.0
 *       to 3.0 (the <a
 *       href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">format</a>);
 *       these can be written too.
 * </ul>
 *
 * <p>Every file is taken to be hostile. Lengths, offsets and counts are compared with the bytes
 * that are there before anything is allocated, every surplus, missing or doubly used byte and every
 * repeated name is an error, nothing is ever extracted to disk, and whatever is wrong comes out as
 * one {@link org.lanenorm.files.FileFormatException} that names the file. Parsers that others keep
 * well do the parsing where there are any: Jackson reads the header of safetensors, and Protocol
 * Buffers' own stream walks through ONNX. For .npy there is none: the one published for the JVM
 * (org.jetbrains.bio:npy 0.3.5, of 2020) refuses Fortran order and version 3.0, allocates whatever
 * a header or a zip entry claims, answers a damaged header with NullPointerException or
 * NumberFormatException, and brings 1.5 MB of Kotlin.
 */
package org.lanenorm.files;
