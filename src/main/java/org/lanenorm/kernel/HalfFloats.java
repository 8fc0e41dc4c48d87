package org.lanenorm.kernel;

/**
 * Floats of 16 bits. Widening is exact; narrowing rounds to nearest, ties to even, and keeps NaN.
 *
 * <ul>
 *   <li>bfloat16: the upper half of a float: its sign, its 8 bits of exponent and 7 of fraction.
 *   <li>float16: binary16 of IEEE 754, 5 bits of exponent and 10 of fraction. From 65,520 on a
 *       float becomes infinite, under 2^-14 it becomes subnormal, and to 2^-25 or less it is 0.
 * </ul>
 *
 * <p>The loops over float16 are plain as C2 makes vectors of them. It makes none of those over
 * bfloat16: {@link HalfVectorKernels}.
 */
final class HalfFloats {
  private static final int SIGN = 0x80000000;
  private static final int INFINITY = 0x7f800000;

  /** Of a NaN: that it is one must not depend on bits that are cut off. */
  private static final int QUIET = 0x00400000;

  private HalfFloats() {}

  static float bfloat16ToFloat(short half) {
    return Float.intBitsToFloat(half << 16);
  }

  static short floatToBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & ~SIGN) > INFINITY) {
      return (short) ((bits | QUIET) >>> 16);
    }
    // half a unit less one, and one more where the last bit that stays is odd
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }

  static void widenBfloat16(short[] from, int fromAt, float[] to, int toAt, int length) {
    for (int i = 0; i < length; i++) {
      to[toAt + i] = bfloat16ToFloat(from[fromAt + i]);
    }
  }

  static void narrowBfloat16(float[] from, int fromAt, short[] to, int toAt, int length) {
    for (int i = 0; i < length; i++) {
      to[toAt + i] = floatToBfloat16(from[fromAt + i]);
    }
  }

  static void widenFloat16(short[] from, int fromAt, float[] to, int toAt, int length) {
    for (int i = 0; i < length; i++) {
      to[toAt + i] = Float.float16ToFloat(from[fromAt + i]);
    }
  }

  static void narrowFloat16(float[] from, int fromAt, short[] to, int toAt, int length) {
    for (int i = 0; i < length; i++) {
      to[toAt + i] = Float.floatToFloat16(from[fromAt + i]);
    }
  }
}
