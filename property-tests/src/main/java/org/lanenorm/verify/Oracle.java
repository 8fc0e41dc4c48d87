package org.lanenorm.verify;

import java.math.BigInteger;
import java.util.Arrays;

/**
 * Batch normalization from its formulas, in exact arithmetic where sums are taken and in double
 * elsewhere. Shares no code with the library: it is told N, C and S and works out by itself where
 * an element lies.
 *
 * <p>Its own error: moments and the sums of backward are exact and rounded once, to double. What is
 * elementwise takes fewer than 16 roundings of 2^-53, the mean's own among them: off by less than
 * {@code 2^-49 (|gamma*xHat| + |beta|) + 2^-53 |mean*gamma*invStd|}, which is 2^-25 of float32's u
 * and 2^-8 of the {@code 8u^2 |mean*gamma*invStd|} that {@link Bounds#output} grants at large
 * offsets.
 *
 * <p>Numbers may lie anywhere in float32's range, subnormals included. Where a channel holds a NaN
 * or an infinity, its moments and the sums over it are NaN and elementwise results follow IEEE 754.
 * A tensor without elements has mean 0 and variance NaN. Safe for any number of threads.
 */
public final class Oracle {
  private Oracle() {}

  /** Mean and biased variance per channel, each the double nearest to the exact value. */
  public record Moments(long count, double[] mean, double[] variance) {}

  /**
   * What keeps the divisor from 0: {@code sqrt(variance + inside) + outside}.
   *
   * @param inside added to the variance
   * @param outside added to the root
   */
  public record Epsilon(double inside, double outside) {
    double root(double variance) {
      return Math.sqrt(variance + inside);
    }

    /** sqrt(variance + inside) + outside. */
    public double divisor(double variance) {
      return root(variance) + outside;
    }

    /**
     * Divisor over root, which the term of the variance in dInput has as a factor; 1 where the root
     * is 0, as that term is 0 then.
     */
    public double ratio(double variance) {
      return root(variance) == 0 ? 1 : divisor(variance) / root(variance);
    }
  }

  /** dInput in the tensor's layout; dGamma and dBeta per channel. */
  public record Gradients(double[] dInput, double[] dGamma, double[] dBeta) {}

  /**
   * Exact moments of finite values: {@code mean = sum(x)/M} and {@code variance = (M*sum(x^2) -
   * sum(x)^2)/M^2}, the sums as integers and each quotient rounded once.
   *
   * @param x holds the tensor from offset on
   * @param channelsLast element (n, c, s) lies at (n*S + s)*C + c if true, else at (n*C + c)*S + s
   */
  public static Moments moments(float[] x, int offset, boolean channelsLast, int n, int c, int s) {
    Place place = new Place(channelsLast, n, c, s);
    double[] mean = new double[c];
    double[] variance = new double[c];
    Arrays.fill(variance, Double.NaN);
    for (int channel = 0; channel < c && place.count() > 0; channel++) {
      ExactSum sum = new ExactSum();
      ExactSum squares = new ExactSum();
      for (int image = 0; image < n; image++) {
        int at = offset + place.first(image, channel);
        for (int position = 0; position < s; position++, at += place.step()) {
          sum.add(x[at]);
          squares.add(x[at], x[at]);
        }
      }
      if (!sum.isFinite()) {
        mean[channel] = Double.NaN;
        continue;
      }
      BigInteger count = BigInteger.valueOf(place.count());
      BigInteger total = sum.value();
      BigInteger spread =
          squares.value().multiply(count).shiftLeft(-ExactSum.UNIT).subtract(total.multiply(total));
      mean[channel] = ExactSum.nearest(total, count, ExactSum.UNIT);
      variance[channel] = ExactSum.nearest(spread, count.multiply(count), 2 * ExactSum.UNIT);
    }
    return new Moments(place.count(), mean, variance);
  }

  /** y = (x - mean)*gamma/sqrt(variance + epsilon) + beta in double; gamma, beta may be null. */
  public static double[] normalize(
      float[] x,
      int offset,
      boolean channelsLast,
      int n,
      int c,
      int s,
      double[] mean,
      double[] variance,
      double epsilon,
      float[] gamma,
      float[] beta) {
    Epsilon inside = new Epsilon(epsilon, 0);
    return normalize(x, offset, channelsLast, n, c, s, mean, variance, inside, gamma, beta);
  }

  /** The same with epsilon elsewhere. */
  public static double[] normalize(
      float[] x,
      int offset,
      boolean channelsLast,
      int n,
      int c,
      int s,
      double[] mean,
      double[] variance,
      Epsilon epsilon,
      float[] gamma,
      float[] beta) {
    Place place = new Place(channelsLast, n, c, s);
    double[] y = new double[place.length()];
    for (int channel = 0; channel < c; channel++) {
      double scale = at(gamma, channel, 1) * (1 / epsilon.divisor(variance[channel]));
      double shift = at(beta, channel, 0);
      for (int image = 0; image < n; image++) {
        int at = place.first(image, channel);
        for (int position = 0; position < s; position++, at += place.step()) {
          y[at] = (x[offset + at] - mean[channel]) * scale + shift;
        }
      }
    }
    return y;
  }

  /**
   * Gradients of normalize when mean and variance are those of x itself (training) or constants
   * (frozen). With xHat = (x - mean)*invStd and sums over the M elements of a channel:
   *
   * <pre>
   * dBeta  = sum(dOutput)
   * dGamma = sum(dOutput*xHat) = (sum(dOutput*x) - mean*sum(dOutput))*invStd
   * dInput = gamma*invStd*(dOutput - dBeta/M - xHat*dGamma/M)      training
   * dInput = gamma*invStd*dOutput                                  frozen
   * </pre>
   *
   * (Ioffe and Szegedy, Batch Normalization, 2015, section 3). Both sums and the bracket of dGamma
   * are exact for the mean given. gamma may be null (as if 1).
   */
  public static Gradients backward(
      float[] x,
      float[] dOutput,
      boolean channelsLast,
      int n,
      int c,
      int s,
      double[] mean,
      double[] variance,
      double epsilon,
      float[] gamma,
      boolean frozen) {
    Epsilon inside = new Epsilon(epsilon, 0);
    return backward(x, dOutput, channelsLast, n, c, s, mean, variance, inside, gamma, frozen);
  }

  /**
   * The same with epsilon elsewhere. In training, with R = sqrt(variance + inside) and D = R +
   * outside:
   *
   * <pre>
   * dInput = gamma/D*(dOutput - dBeta/M - xHat*dGamma/M*D/R)
   * </pre>
   *
   * from {@code dD = dR = dVariance/(2R)} and {@code dVariance/dx = 2(x - mean)/M}. Where R is 0, x
   * is the mean everywhere and the last term, of second order in x - mean, is 0.
   */
  public static Gradients backward(
      float[] x,
      float[] dOutput,
      boolean channelsLast,
      int n,
      int c,
      int s,
      double[] mean,
      double[] variance,
      Epsilon epsilon,
      float[] gamma,
      boolean frozen) {
    Place place = new Place(channelsLast, n, c, s);
    double[] dInput = new double[place.length()];
    double[] dGamma = new double[c];
    double[] dBeta = new double[c];
    for (int channel = 0; channel < c; channel++) {
      ExactSum sum = new ExactSum();
      ExactSum products = new ExactSum();
      for (int image = 0; image < n; image++) {
        int at = place.first(image, channel);
        for (int position = 0; position < s; position++, at += place.step()) {
          sum.add(dOutput[at]);
          products.add(dOutput[at], x[at]);
        }
      }
      double invStd = 1 / epsilon.divisor(variance[channel]);
      dBeta[channel] =
          sum.isFinite()
              ? ExactSum.nearest(sum.value(), BigInteger.ONE, ExactSum.UNIT)
              : Double.NaN;
      dGamma[channel] =
          products.isFinite() && Double.isFinite(mean[channel])
              ? centred(products.value(), mean[channel], sum.value()) * invStd
              : Double.NaN;
      double meanOfD = frozen ? 0 : dBeta[channel] / place.count();
      double meanOfDx =
          frozen ? 0 : dGamma[channel] / place.count() * epsilon.ratio(variance[channel]);
      double scale = at(gamma, channel, 1) * invStd;
      for (int image = 0; image < n; image++) {
        int at = place.first(image, channel);
        for (int position = 0; position < s; position++, at += place.step()) {
          double xHat = (x[at] - mean[channel]) * invStd;
          dInput[at] =
              frozen ? scale * dOutput[at] : scale * (dOutput[at] - meanOfD - xHat * meanOfDx);
        }
      }
    }
    return new Gradients(dInput, dGamma, dBeta);
  }

  /** products - mean*sum, both in units of 2^-298, rounded once. */
  private static double centred(BigInteger products, double mean, BigInteger sum) {
    // a finite double is an integer times 2^-1074
    int exponent = Math.max(Math.getExponent(mean), Double.MIN_EXPONENT) - 52;
    BigInteger significand = BigInteger.valueOf((long) Math.scalb(mean, -exponent));
    // 2^exponent stays outside as long as it is a fraction; a mean beyond 2^52 is an integer
    BigInteger scaledMean = exponent > 0 ? significand.shiftLeft(exponent) : significand;
    int fraction = Math.min(exponent, 0);
    return ExactSum.nearest(
        products.shiftLeft(-fraction).subtract(scaledMean.multiply(sum)),
        BigInteger.ONE,
        ExactSum.UNIT + fraction);
  }

  private static double at(float[] perChannel, int channel, float none) {
    return perChannel == null ? none : perChannel[channel];
  }
}
