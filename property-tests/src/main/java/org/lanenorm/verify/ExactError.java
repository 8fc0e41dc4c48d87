package org.lanenorm.verify;

import java.math.BigInteger;

/**
 * How far results of one channel lie from the exact ones, without the rounding of an exact result
 * to double that {@link Oracle} has: next to a mean of 1e8 that alone is 7e-9. Finite values.
 */
public final class ExactError {
  private final float[] x;
  private final BigInteger count;

  /** Sums of x and of x^2 in units of 2^-298. */
  private final BigInteger sum;

  private final BigInteger squares;

  /** Of a channel's values, one at least. */
  public ExactError(float[] x) {
    this.x = x;
    ExactSum sum = new ExactSum();
    ExactSum squares = new ExactSum();
    for (float value : x) {
      sum.add(value);
      squares.add(value, value);
    }
    count = BigInteger.valueOf(x.length);
    this.sum = sum.value();
    this.squares = squares.value();
  }

  /** |mean - exact|, the nearest double. */
  public double mean(double mean) {
    return Math.abs(exactMeanMinus(mean));
  }

  /** Exact mean less a number, the nearest double. */
  public double exactMeanMinus(double number) {
    // in units of 2^-1074, which holds every double
    BigInteger distance =
        sum.shiftLeft(ExactSum.UNIT + 1074).subtract(units(number).multiply(count));
    return ExactSum.nearest(distance, count, -1074);
  }

  /** |variance - exact|, the nearest double. */
  public double variance(double variance) {
    return Math.abs(exactVarianceMinus(variance));
  }

  /** The exact biased variance, the nearest double. */
  public double variance() {
    return exactVarianceMinus(0);
  }

  private double exactVarianceMinus(double number) {
    // M*sum(x^2) - sum(x)^2 in units of 2^-596
    BigInteger spread =
        squares.multiply(count).shiftLeft(-ExactSum.UNIT).subtract(sum.multiply(sum));
    BigInteger square = count.multiply(count);
    BigInteger distance = spread.shiftLeft(1074 - 596).subtract(units(number).multiply(square));
    return ExactSum.nearest(distance, square, -1074);
  }

  /**
   * The largest |y - exact| over the channel, up to 2^-50 of |gamma*xHat|; infinite where y is.
   *
   * @param y of the values, in their order
   * @param k gamma/divisor of that
   * @param beta shift
   */
  public double output(float[] y, double k, double beta) {
    double toMean = exactMeanMinus(x[0]);
    double worst = 0;
    for (int m = 0; m < y.length; m++) {
      double exact = ((x[m] - (double) x[0]) - toMean) * k;
      // beta comes off first: it may have more digits than there is between both
      worst = Math.max(worst, Math.abs((y[m] - beta) - exact));
    }
    return worst;
  }

  private static BigInteger units(double number) {
    int exponent = Math.max(Math.getExponent(number), Double.MIN_EXPONENT) - 52;
    return BigInteger.valueOf((long) Math.scalb(number, -exponent)).shiftLeft(exponent + 1074);
  }
}
