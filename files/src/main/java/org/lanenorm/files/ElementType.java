package org.lanenorm.files;

/** The types of elements that can be read. */
public enum ElementType {
  /** IEEE half, widened exactly to {@code float[]}. */
  FLOAT16(Short.BYTES),
  /** The upper half of a float, widened exactly to {@code float[]}. */
  BFLOAT16(Short.BYTES),
  /** {@code float[]}. */
  FLOAT32(Float.BYTES),
  /** {@code double[]}. */
  FLOAT64(Double.BYTES),
  /** {@code long[]}. */
  INT64(Long.BYTES);

  /** Bytes of one element. */
  final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** NumPy's name, for example {@code float32}. */
  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
