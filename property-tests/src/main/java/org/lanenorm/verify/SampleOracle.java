package org.lanenorm.verify;

import java.util.function.IntUnaryOperator;

/**
 * The whole family from its formulas, in double: a partition says to which statistic and to which
 * parameter each element belongs, and that is all in which the members differ.
 *
 * <pre>
 * y      = xHat*gamma + beta,   xHat = (x - mean)*invStd
 * dInput = invStd*(gamma*d - sum(gamma*d)/M - xHat*sum(gamma*d*xHat)/M*ratio)
 * dGamma = sum(d*xHat),   dBeta = sum(d)
 * </pre>
 *
 * where not centered with mean 0 and without the middle term of dInput. Shares no code with the
 * library. Its own error: the mean is corrected by a second pass, and so is off by little more than
 * its rounding to double; all else takes some M roundings of 2^-53 relative to the sum of its
 * terms' sizes, under 2^-10 of float32's u in what the tests here are given.
 */
public final class SampleOracle {
  private static final double U = Bounds.U;

  /**
   * Where elements belong, by their place in memory.
   *
   * @param statistic of each element
   * @param parameter of each element
   * @param statistics how many there are
   */
  public record Partition(int[] statistic, int[] parameter, int statistics) {
    private static Partition of(
        boolean channelsLast, Shapes.Size size, int statistics, Statistic statistic) {
      int[] of = new int[size.length()];
      int[] parameter = new int[size.length()];
      Place place = new Place(channelsLast, size.n(), size.c(), size.s());
      for (int n = 0; n < size.n(); n++) {
        for (int c = 0; c < size.c(); c++) {
          int at = place.first(n, c);
          for (int s = 0; s < size.s(); s++, at += place.step()) {
            of[at] = statistic.of(n, c, s);
            parameter[at] = c;
          }
        }
      }
      return new Partition(of, parameter, statistics);
    }

    private interface Statistic {
      int of(int n, int c, int s);
    }

    /** Groups of neighbouring channels of an image: statistic n*groups + g. */
    public static Partition groups(boolean channelsLast, Shapes.Size size, int groups) {
      int together = size.c() / groups;
      return of(channelsLast, size, size.n() * groups, (n, c, s) -> n * groups + c / together);
    }

    /** The channels at one position of one image: statistic n*S + s. */
    public static Partition lines(boolean channelsLast, Shapes.Size size) {
      return of(channelsLast, size, size.n() * size.s(), (n, c, s) -> n * size.s() + s);
    }

    /** Channels over some images each: statistic part*C + c. */
    public static Partition parts(
        boolean channelsLast, Shapes.Size size, int parts, IntUnaryOperator partOfImage) {
      return of(
          channelsLast,
          size,
          parts * size.c(),
          (n, c, s) -> partOfImage.applyAsInt(n) * size.c() + c);
    }
  }

  /**
   * Elements, mean and variance of each statistic; where not centered 0 and the mean of squares.
   */
  public final int[] count;

  public final double[] mean;
  public final double[] variance;

  /** Per element. */
  public final double[] xHat;

  public final double[] y;
  public final double[] dInput;

  /** Per parameter. */
  public final double[] dGamma;

  public final double[] dBeta;

  private final Partition partition;
  private final boolean centered;
  private final Oracle.Epsilon epsilon;
  private final float[] gamma;
  private final float[] beta;
  private final float[] d;
  private final GradientBounds[] bounds;
  private final double[] betaBound;
  private final double[] gammaBound;

  /**
   * Everything of one input.
   *
   * @param parameters how many there are
   * @param gamma null for 1
   * @param beta null for 0
   * @param d gradient of the loss by y
   */
  public SampleOracle(
      Partition partition,
      int parameters,
      boolean centered,
      Oracle.Epsilon epsilon,
      float[] gamma,
      float[] beta,
      float[] x,
      float[] d) {
    this.partition = partition;
    this.centered = centered;
    this.epsilon = epsilon;
    this.gamma = gamma;
    this.beta = beta;
    this.d = d;
    int[] of = partition.statistic;
    int statistics = partition.statistics;
    count = new int[statistics];
    mean = new double[statistics];
    variance = new double[statistics];
    for (int i = 0; i < x.length; i++) {
      count[of[i]]++;
      mean[of[i]] += centered ? x[i] : 0;
    }
    double[] rest = new double[statistics];
    for (int j = 0; j < statistics; j++) {
      mean[j] /= count[j];
    }
    for (int i = 0; i < x.length && centered; i++) {
      rest[of[i]] += x[i] - mean[of[i]];
    }
    for (int j = 0; j < statistics; j++) {
      mean[j] += rest[j] / count[j];
    }
    for (int i = 0; i < x.length; i++) {
      double distance = x[i] - mean[of[i]];
      variance[of[i]] += distance * distance / count[of[i]];
    }
    double[] sum = new double[statistics];
    double[] product = new double[statistics];
    xHat = new double[x.length];
    y = new double[x.length];
    dInput = new double[x.length];
    dGamma = new double[parameters];
    dBeta = new double[parameters];
    for (int i = 0; i < x.length; i++) {
      int j = of[i];
      xHat[i] = (x[i] - mean[j]) / epsilon.divisor(variance[j]);
      y[i] = xHat[i] * gamma(i) + beta(i);
      sum[j] += gamma(i) * d[i];
      product[j] += gamma(i) * d[i] * xHat[i];
      dGamma[partition.parameter[i]] += d[i] * xHat[i];
      dBeta[partition.parameter[i]] += d[i];
    }
    bounds = new GradientBounds[statistics];
    for (int j = 0; j < statistics; j++) {
      bounds[j] =
          new GradientBounds(count[j], false, mean[j], variance[j], epsilon, 1, product[j], sum[j]);
    }
    betaBound = new double[parameters];
    gammaBound = new double[parameters];
    for (int i = 0; i < x.length; i++) {
      int j = of[i];
      int p = partition.parameter[i];
      double invStd = 1 / epsilon.divisor(variance[j]);
      double middle = centered ? sum[j] / count[j] : 0;
      double slope = product[j] / count[j] * epsilon.ratio(variance[j]);
      dInput[i] = invStd * (gamma(i) * d[i] - middle - xHat[i] * slope);
      bounds[j].add(gamma(i) * d[i], xHat[i]);
      double std = Math.sqrt(variance[j]);
      double size = Math.abs(d[i]);
      betaBound[p] += 11 * U * size + Float.MIN_VALUE;
      gammaBound[p] +=
          20 * U * Math.abs(d[i] * xHat[i])
              + size * invStd * (5 * U * std + 12 * U * U * Math.abs(mean[j]))
              + Float.MIN_VALUE * (1 + size + invStd);
    }
  }

  private double gamma(int i) {
    return gamma == null ? 1 : gamma[partition.parameter[i]];
  }

  private double beta(int i) {
    return beta == null ? 0 : beta[partition.parameter[i]];
  }

  /** Of the statistic that element i belongs to. */
  public double varianceAt(int i) {
    return variance[partition.statistic()[i]];
  }

  /** Of |variance error|: 8u of every channel's, and what merging channels adds. */
  public double varianceBound(int statistic) {
    return 10 * U * variance[statistic];
  }

  /** Of |y error|. */
  public double yBound(int i) {
    int j = partition.statistic[i];
    double k = gamma(i) / epsilon.divisor(variance[j]);
    double std = centered ? Math.sqrt(variance[j]) : 0;
    return 8 * U * Bounds.outputScale(y[i], beta(i), mean[j], k, std)
        + (1 + Math.abs(gamma(i))) * Float.MIN_VALUE;
  }

  /** Of |dBeta error|: as {@link GradientBounds} derives it. */
  public double dBetaBound(int parameter) {
    return betaBound[parameter];
  }

  /**
   * Of |dGamma error|: as {@link GradientBounds} derives it, and 2u for an xHat that is a float;
   * the errors of many means do not cancel.
   */
  public double dGammaBound(int parameter) {
    return gammaBound[parameter];
  }

  /**
   * Of |dInput error|: that of {@link GradientBounds} for gradients gamma*d, a quarter larger for
   * gamma*d being a float and for the variance's 10u.
   */
  public double dInputBound(int i) {
    int j = partition.statistic[i];
    double invStd = 1 / epsilon.divisor(variance[j]);
    return 1.25 * bounds[j].dInput(gamma(i) * d[i], xHat[i])
        + 4 * Float.MIN_VALUE * invStd * (1 + Math.abs(xHat[i]));
  }
}
