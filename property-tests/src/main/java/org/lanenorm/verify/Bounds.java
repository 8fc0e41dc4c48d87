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
   * What the error of y is measured in: {@code |gamma*xHat| + |beta| + u*|mean*k|}.
   *
   * @param y the exact output
   * @param beta shift
   * @param mean of the channel
   * @param k gamma*invStd
   */
  public static double outputScale(double y, double beta, double mean, double k) {
    return Math.abs(y - beta) + Math.abs(beta) + U * Math.abs(mean * k);
  }

  /**
   * |y error| at most {@code 8u(|gamma*xHat| + |beta| + u*|mean*k|)} and one smallest subnormal.
   * Half of it is the variance's share (8u of a variance are 4u of its root), the rest roundings:
   * of x - hi, k and b to float, and of the fma.
   */
  public static double output(double y, double beta, double mean, double k) {
    return 8 * U * outputScale(y, beta, mean, k) + Float.MIN_VALUE;
  }
}
