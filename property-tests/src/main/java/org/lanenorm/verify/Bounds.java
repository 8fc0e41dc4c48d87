package org.lanenorm.verify;

/**
 * What the library promises on every finite input, in one place. {@code u} = 2^-24 is half the
 * distance from 1 to the next float; std, xHat and k = gamma*invStd are the exact ones.
 */
public final class Bounds {
  /** 2^-24, the unit roundoff of float32. */
  public static final double U = 0x1p-24;

  private Bounds() {}

  /** |mean error| at most {@code 4u(|mean| + std)}. */
  public static double mean(double mean, double variance) {
    return 4 * U * (Math.abs(mean) + Math.sqrt(variance));
  }

  /** |variance error| at most {@code 8u*variance}: a variance of 0 is exactly 0. */
  public static double variance(double variance) {
    return 8 * U * variance;
  }

  /**
   * What the error of y is measured in: {@code |gamma*xHat| + |beta| + |k|(u*|mean| + std/2)}, std
   * being that of the batch in training, and 0 where mean and variance are constants.
   *
   * @param y the exact output
   * @param beta shift
   * @param mean of the channel
   * @param k gamma*invStd
   * @param std whose share the mean's error takes
   */
  public static double outputScale(double y, double beta, double mean, double k, double std) {
    return Math.abs(y - beta) + Math.abs(beta) + Math.abs(k) * (U * Math.abs(mean) + std / 2);
  }

  /**
   * |y error| at most {@code 8u(|gamma*xHat| + |beta| + |k|(u*|mean| + std/2))} and one smallest
   * subnormal: 4u of xHat are the variance's share (half of its 8u) and 4u of std are the mean's,
   * which an element next to the mean, where xHat is nearly 0, cannot escape; the rest are
   * roundings: of x - hi, k and b to float, and of the fma.
   */
  public static double output(double y, double beta, double mean, double k, double std) {
    return 8 * U * outputScale(y, beta, mean, k, std) + Float.MIN_VALUE;
  }

  /** Whether a result is as near as the bound says; beyond the largest float it may be infinite. */
  public static boolean within(float actual, double exact, double bound) {
    return Math.abs(actual - exact) <= bound
        || actual == Float.POSITIVE_INFINITY && exact + bound > Float.MAX_VALUE
        || actual == Float.NEGATIVE_INFINITY && exact - bound < -Float.MAX_VALUE;
  }
}
