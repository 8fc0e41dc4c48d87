package org.lanenorm.kernel;

/**
 * x*y + z rounded once, at a bearable speed on every machine: where the processor has no such
 * instruction, {@link Math#fma} goes through BigDecimal and takes thousands of times as long.
 */
final class Fma {
  /** Whether the JVM uses the instruction. */
  static final boolean HARDWARE = hardware();

  private Fma() {}

  /** Math.fma's bits. */
  static float fma(float x, float y, float z) {
    return HARDWARE ? Math.fma(x, y, z) : emulated(x, y, z);
  }

  /**
   * The product of two floats is exact in double. Its sum with z is rounded to odd (towards zero,
   * then the last bit set if inexact) and then to float, which together round once, as 53 >= 24 + 2
   * (Boldo and Melquiond, Emulation of FMA and correctly rounded sums, 2008).
   */
  static float emulated(float x, float y, float z) {
    double product = (double) x * y;
    double sum = product + z;
    // Knuth's two-sum: sum + error is exactly product + z
    double other = sum - product;
    double error = (product - (sum - other)) + (z - other);
    long bits = Double.doubleToRawLongBits(sum);
    if (error != 0 && error == error && (bits & 1) == 0) {
      // sum was rounded to even: step one bit towards the exact value, which makes it odd
      sum = Double.longBitsToDouble(error > 0 == sum > 0 ? bits + 1 : bits - 1);
    }
    return (float) sum;
  }

  private static boolean hardware() {
    try {
      return HotSpotFlag.isOn("UseFMA", true);
    } catch (LinkageError e) {
      // a runtime image without the management module: assume the common case
      return true;
    }
  }
}
