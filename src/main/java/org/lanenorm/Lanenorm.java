package org.lanenorm;

import org.lanenorm.kernel.Backend;

/** What this JVM runs the kernels on. */
public final class Lanenorm {
  private Lanenorm() {}

  /**
   * The back end that every call in this JVM uses, chosen once: {@code "vector-512"}, {@code
   * "vector-256"}, {@code "vector-128"} or {@code "scalar"}. All of them give the same bits.
   *
   * <p>System properties, read once: {@code lanenorm.backend} (scalar or vector) forces one; {@code
   * lanenorm.vectorBits} (128, 256 or 512) caps the width of the vector back end.
   *
   * @return its name
   * @throws IllegalStateException if a property holds something else, or the back end it forces
   *     cannot be had here; every other call of the library throws the same
   */
  public static String backend() {
    return Backend.kernels().name();
  }
}
