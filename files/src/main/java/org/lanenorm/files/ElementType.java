package org.lanenorm.files;

/** The element types that can be read and written. */
public enum ElementType {
  /** {@code float[]}. */
  FLOAT32("f4", Float.BYTES),
  /** {@code double[]}. */
  FLOAT64("f8", Double.BYTES),
  /** {@code long[]}. */
  INT64("i8", Long.BYTES);

  /** As in a header's {@code descr}, after the byte order. */
  final String code;

  /** Bytes of one element. */
  final int bytes;

  ElementType(String code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  /** NumPy's name, for example {@code float32}. */
  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
