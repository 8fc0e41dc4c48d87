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

  /** Math.fma's bits, for numbers whose products stay well inside double's range. */
  static double fma(double x, double y, double z) {
    return HARDWARE ? Math.fma(x, y, z) : emulated(x, y, z);
  }

  /**
   * From the same source: the product as a sum of two doubles, h + l (Dekker); l + z as another, t
   * + m; h + t as a third, v + w; then v and the sum of w and m, rounded to odd.
   */
  static double emulated(double x, double y, double z) {
    double h = x * y;
    double xh = high(x);
    double yh = high(y);
    double xl = x - xh;
    double yl = y - yh;
    double l = xl * yl - (((h - xh * yh) - xl * yh) - xh * yl);
    double t = z + l;
    double m = error(z, l, t);
    double v = h + t;
    double w = error(h, t, v);
    double odd = w + m;
    double rest = error(w, m, odd);
    long bits = Double.doubleToRawLongBits(odd);
    if (rest != 0 && rest == rest && (bits & 1) == 0) {
      odd = Double.longBitsToDouble(rest > 0 == odd > 0 ? bits + 1 : bits - 1);
    }
    return v + odd;
  }

  /** The upper half of a significand (Veltkamp). */
  private static double high(double x) {
    double c = 0x8000001p0 * x;
    return c - (c - x);
  }

  /** Knuth's two-sum: what a + b has lost in becoming sum. */
  private static double error(double a, double b, double sum) {
    double other = sum - a;
    return (a - (sum - other)) + (b - other);
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
