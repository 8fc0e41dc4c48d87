package org.lanenorm.verify;

import java.math.BigInteger;

/**
 * A sum of products of floats without any rounding, in any order.
 *
 * <p>A finite float is an integer of at most 24 bits times {@code 2^(e - 149)}, e from 0 to 253; a
 * product of two is one of 48 bits times {@code 2^(e - 298)}, e from 0 to 506. Each e has a bin of
 * its own, so adding never aligns, carries or rounds: it is one integer addition into each half of
 * a bin (32 low bits, the rest), and neither half can overflow before 2^31 additions.
 */
final class ExactSum {
  /** {@link #value} counts in units of 2^-298. */
  static final int UNIT = -298;

  private final long[] low = new long[507];
  private final long[] high = new long[507];
  private boolean finite = true;

  void add(float a) {
    add(a, 1);
  }

  /** Adds a*b. */
  void add(float a, float b) {
    finite &= Float.isFinite(a) && Float.isFinite(b);
    long product = significand(a) * significand(b);
    int bin = exponent(a) + exponent(b);
    // one of non-finite factors may lie beyond the last bin; nobody reads the bins then
    bin = Math.min(bin, low.length - 1);
    low[bin] += product & 0xFFFF_FFFFL;
    high[bin] += product >> 32;
  }

  /** False once a NaN or an infinity was added; {@link #value} means nothing then. */
  boolean isFinite() {
    return finite;
  }

  /** The sum in units of 2^-298. */
  BigInteger value() {
    BigInteger sum = BigInteger.ZERO;
    for (int bin = 0; bin < low.length; bin++) {
      if (low[bin] != 0 || high[bin] != 0) {
        sum =
            sum.add(
                BigInteger.valueOf(high[bin])
                    .shiftLeft(32)
                    .add(BigInteger.valueOf(low[bin]))
                    .shiftLeft(bin));
      }
    }
    return sum;
  }

  private static int exponent(float a) {
    return Math.max(Float.floatToRawIntBits(a) >>> 23 & 0xFF, 1) - 1;
  }

  private static long significand(float a) {
    int bits = Float.floatToRawIntBits(a);
    int fraction = bits & 0x7F_FFFF;
    int magnitude = (bits & 0x7F80_0000) == 0 ? fraction : fraction | 0x80_0000;
    return bits < 0 ? -magnitude : magnitude;
  }

  /** The double nearest to {@code numerator/denominator * 2^exponent}, ties to even. */
  static double nearest(BigInteger numerator, BigInteger denominator, int exponent) {
    int shift = 66 - numerator.bitLength() + denominator.bitLength();
    BigInteger[] quotient =
        numerator
            .abs()
            .shiftLeft(Math.max(shift, 0))
            .divideAndRemainder(denominator.shiftLeft(Math.max(-shift, 0)));
    // a quotient of 66 bits or so leaves 12 below a double's: the lowest can say "and a bit more"
    BigInteger rounded = quotient[1].signum() == 0 ? quotient[0] : quotient[0].setBit(0);
    return Math.scalb(numerator.signum() * rounded.doubleValue(), exponent - shift);
  }
}
