package org.lanenorm.verify;

/**
 * How far the gradients of one channel may be from the exact ones, derived from what the library
 * says it does: products in float; sums in which no addend takes part in more than 10 float
 * additions (4 in a tree over the slots of a block, up to 6 over the blocks of a segment) before
 * they go on in double; coefficients in double, rounded once; {@code dInput} by two fused
 * multiply-adds.
 *
 * <p>With k = |gamma|*invStd, sums over the M elements and u = 2^-24:
 *
 * <ul>
 *   <li>Sums. A float sum is off by at most 10u times the sum of its addends' sizes, the result's
 *       own rounding by 1u: {@code |dBeta error| <= 11u*sum|d|}. An addend of dGamma takes two
 *       roundings more (x - hi, the product), invStd is off by 4u (half the variance's 8u): with
 *       some room {@code 18u*sum|d*xHat|}. The mean's error moves all xHat together: 4u*std of it
 *       make {@code 4u*std*invStd*|sum d|}; and x - hi differs from x - mean by up to u*|mean|,
 *       which takes part in 12 of these roundings: {@code 12u^2*|mean|*invStd*sum|d|}.
 *   <li>dInput. Each of its three terms is made by at most 16 roundings (k 5u, the slope of xHat
 *       9u, its product and the two additions), and takes over the sums' errors: {@code 16u*k*(|d|
 *       + |dBeta|/M + |xHat*dGamma|/M)}, {@code k/M*(dBeta's bound + |xHat|*dGamma's bound)} and
 *       the mean's {@code k*invStd*|dGamma|/M*(4u*std + 12u^2*|mean|)}. Frozen: the first alone,
 *       without the sums.
 *   <li>Where the divisor D is more than the root R (epsilon outside), the term of xHat*dGamma has
 *       the factor D/R, and so have its errors: 1/R, off by 4u, has taken the place of an invStd.
 *   <li>Underflow: a product may be off by one smallest subnormal where it falls below the normal
 *       floats.
 * </ul>
 *
 * These are worst cases; that hard data stays far below them is measured, not promised.
 */
public final class GradientBounds {
  private static final double U = Bounds.U;

  private final long count;
  private final boolean frozen;
  private final double mean;
  private final double std;
  private final double invStd;
  private final double k;
  private final double ratio;
  private final double dGamma;
  private final double dBeta;
  private double sumOfSizes;
  private double sumOfProducts;

  /**
   * For one channel; {@link #add} all its elements before asking.
   *
   * @param count M
   * @param frozen whether mean and variance are constants
   * @param mean of the channel
   * @param variance of the channel
   * @param epsilon inside the root
   * @param gamma scale, 1 where there is none
   * @param dGamma the exact one
   * @param dBeta the exact one
   */
  public GradientBounds(
      long count,
      boolean frozen,
      double mean,
      double variance,
      double epsilon,
      double gamma,
      double dGamma,
      double dBeta) {
    this(count, frozen, mean, variance, new Oracle.Epsilon(epsilon, 0), gamma, dGamma, dBeta);
  }

  /** The same with epsilon elsewhere. */
  public GradientBounds(
      long count,
      boolean frozen,
      double mean,
      double variance,
      Oracle.Epsilon epsilon,
      double gamma,
      double dGamma,
      double dBeta) {
    this.count = count;
    this.frozen = frozen;
    this.mean = Math.abs(mean);
    // the constants of frozen statistics have no error
    this.std = frozen ? 0 : Math.sqrt(variance);
    this.invStd = 1 / epsilon.divisor(variance);
    this.k = Math.abs(gamma) * invStd;
    this.ratio = epsilon.ratio(variance);
    this.dGamma = Math.abs(dGamma);
    this.dBeta = Math.abs(dBeta);
  }

  /** One element of the channel: d its gradient, xHat normalized. */
  public void add(double d, double xHat) {
    sumOfSizes += Math.abs(d);
    sumOfProducts += Math.abs(d * xHat);
  }

  /** Of |dBeta error|. */
  public double dBeta() {
    return 11 * U * sumOfSizes + count * (double) Float.MIN_VALUE;
  }

  /** Of |dGamma error|. */
  public double dGamma() {
    return 18 * U * sumOfProducts
        + 4 * U * std * invStd * dBeta
        + 12 * U * U * mean * invStd * sumOfSizes
        + count * (double) Float.MIN_VALUE * Math.max(1, invStd);
  }

  /** Of |dInput error| at an element. */
  public double dInput(double d, double xHat) {
    double size = Math.abs(d);
    if (frozen) {
      return 16 * U * k * size + Float.MIN_VALUE;
    }
    double x = Math.abs(xHat);
    return 16 * U * k * (size + dBeta / count + x * dGamma / count * ratio)
        + k / count * (dBeta() + x * dGamma() * ratio)
        + k * invStd * dGamma / count * ratio * (4 * U * std + 12 * U * U * mean)
        + 4 * Float.MIN_VALUE;
  }
}
