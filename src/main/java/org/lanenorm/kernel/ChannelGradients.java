package org.lanenorm.kernel;

import java.util.Arrays;

/**
 * The gradient sums of every channel and what backward needs of them: {@code dx = fma(dy, k, fma(x
 * - hi, p, q))}, which is
 *
 * <pre>
 * dx = k*dy + p*(x - mean) - k*S(dy)/M,   k = gamma*invStd,   p = -k*invStd^2*S(dy*(x - mean))/M
 * hi = (float) mean,   q = -k*S(dy)/M - p*(mean - hi)
 * </pre>
 *
 * computed in double and rounded once. Extreme channels as in {@link ChannelAffine}.
 */
public final class ChannelGradients {
  final float[] hi;
  final float[] k;
  final float[] p;
  final float[] q;
  final double[] mean;
  final double[] scale;
  final double[] slope;
  final double[] shift;
  private final boolean[] extreme;

  /** 1/sqrt of what is in the root, where invStd is not just that: null where it is. */
  private double[] invRoot;

  /** Whether the mean moves with x; else it is a constant 0. */
  private boolean centered = true;

  /** S(dy). */
  final double[] sum;

  /** S(dy*(x - hi)); S(dy*(x - mean)) from {@link #finish} on. */
  final double[] product;

  /** For C channels. */
  public ChannelGradients(int channels) {
    hi = new float[channels];
    k = new float[channels];
    p = new float[channels];
    q = new float[channels];
    mean = new double[channels];
    scale = new double[channels];
    slope = new double[channels];
    shift = new double[channels];
    extreme = new boolean[channels];
    sum = new double[channels];
    product = new double[channels];
  }

  /**
   * Gives the derivative of the divisor D: {@code p = -k*invStd*invRoot*S(dy*(x - mean))/M} from
   * now on, where D is the root and something more. The array is kept, and read by {@link
   * #compute}.
   *
   * @param invRoot null if D is the root
   */
  public void setInvRoot(double[] invRoot) {
    this.invRoot = invRoot;
  }

  /** Leaves the mean out from now on: it is 0 whatever x is, and dx has no -k*S(dy)/M. */
  public void setUncentered() {
    centered = false;
  }

  /** Starts the channels [from, to): no sums, and hi from the means. */
  public void start(double[] means, int from, int to) {
    for (int c = from; c < to; c++) {
      mean[c] = means[c];
      hi[c] = ChannelAffine.high(means[c]);
      sum[c] = 0;
      product[c] = 0;
    }
  }

  /** The sums of channels of one element each, which follow one another. */
  void ofElements(float[] x, int xAt, float[] dy, int dyAt, double[] means) {
    start(means, 0, sum.length);
    for (int c = 0; c < sum.length; c++) {
      sum[c] = dy[dyAt + c];
      product[c] = sum[c] * (x[xAt + c] - mean[c]);
    }
  }

  /** Adds the sums of a segment, given at index base + c. */
  void add(double[] sums, double[] products, int base, int from, int to) {
    for (int c = from; c < to; c++) {
      sum[c] += sums[base + c];
      product[c] += products[base + c];
    }
  }

  /** From S(dy*(x - hi)) to S(dy*(x - mean)). */
  public void finish(int from, int to) {
    for (int c = from; c < to; c++) {
      product[c] -= (mean[c] - hi[c]) * sum[c];
    }
  }

  /** Coefficients of the channels [from, to) from their sums over {@code count} elements. */
  public void compute(double[] invStd, float[] gamma, double count, int from, int to) {
    double[] ofRoot = ofRoot(invStd);
    for (int c = from; c < to; c++) {
      double factor = gamma == null ? invStd[c] : gamma[c] * invStd[c];
      double slopeC = -factor * invStd[c] * ofRoot[c] * (product[c] / count);
      double shiftC = centered ? -factor * (sum[c] / count) : 0;
      set(c, factor, zeroIf(product[c] == 0, slopeC), shiftC);
    }
  }

  /** 1/sqrt of what is in the root. */
  double[] ofRoot(double[] invStd) {
    return invRoot == null ? invStd : invRoot;
  }

  /** Whether the mean moves with x. */
  boolean centered() {
    return centered;
  }

  /** Says that no channel in [from, to) is extreme, until its coefficients are set. */
  void setPlain(int from, int to) {
    Arrays.fill(extreme, from, to, false);
  }

  /**
   * A constant channel with epsilon under 1e-205: the cube of invStd overflows, what it multiplies
   * is 0.
   */
  private static double zeroIf(boolean noProduct, double slope) {
    return noProduct && Double.isNaN(slope) ? 0 : slope;
  }

  /**
   * Coefficients of all channels where {@code together} neighbours share mean and invStd, as those
   * of a group do. With sums over the group's channels and its {@code count} elements:
   *
   * <pre>
   * dx = invStd*(gamma*dy - sum(gamma*S(dy))/count - xHat*sum(gamma*S(dy*xHat))/count)
   * </pre>
   */
  void computeGroups(int together, double[] invStd, float[] gamma, double count) {
    for (int from = 0; from < sum.length; from += together) {
      double groupSum = 0;
      double groupProduct = 0;
      for (int c = from; c < from + together; c++) {
        groupSum += gamma == null ? sum[c] : gamma[c] * sum[c];
        groupProduct += gamma == null ? product[c] : gamma[c] * product[c];
      }
      double r = invStd[from];
      double slopeOfGroup = zeroIf(groupProduct == 0, -r * r * r * (groupProduct / count));
      for (int c = from; c < from + together; c++) {
        double factor = gamma == null ? r : gamma[c] * r;
        set(c, factor, slopeOfGroup, -r * (groupSum / count));
      }
    }
  }

  private void set(int c, double factor, double slopeC, double shiftC) {
    scale[c] = factor;
    slope[c] = slopeC;
    shift[c] = shiftC;
    k[c] = (float) factor;
    p[c] = (float) slopeC;
    q[c] = (float) (shiftC - slopeC * (mean[c] - hi[c]));
    extreme[c] =
        Math.abs(mean[c]) >= ChannelAffine.LARGEST_MEAN
            || ChannelAffine.outside(factor, k[c])
            || ChannelAffine.outside(slopeC, p[c])
            || Float.isInfinite(q[c]);
  }

  /**
   * Adds S(dy*(x - mean))*invStd and S(dy) of every channel c to those at index at + c.
   *
   * @param invStd null for 1
   */
  void addTo(double[] invStd, double[] dGamma, double[] dBeta, int at) {
    for (int c = 0; c < sum.length; c++) {
      dGamma[at + c] += invStd == null ? product[c] : product[c] * invStd[c];
      dBeta[at + c] += sum[c];
    }
  }

  /** dGamma = S(dy*(x - mean))*invStd, rounded once. */
  public void dGamma(double[] invStd, float[] dGamma) {
    for (int c = 0; c < dGamma.length; c++) {
      dGamma[c] = (float) (product[c] * invStd[c]);
    }
  }

  /** dBeta = S(dy), rounded once. */
  public void dBeta(float[] dBeta) {
    for (int c = 0; c < dBeta.length; c++) {
      dBeta[c] = (float) sum[c];
    }
  }

  /** As {@link ChannelAffine#repeat}. */
  boolean repeat(ChannelGradients of, int times) {
    int channels = of.hi.length;
    if (of.anyExtreme(0, channels)) {
      return false;
    }
    for (int i = 0; i < times; i++) {
      System.arraycopy(of.hi, 0, hi, i * channels, channels);
      System.arraycopy(of.k, 0, k, i * channels, channels);
      System.arraycopy(of.p, 0, p, i * channels, channels);
      System.arraycopy(of.q, 0, q, i * channels, channels);
    }
    return true;
  }

  /** Whether a channel in [from, to) is extreme. */
  boolean anyExtreme(int from, int to) {
    return Flags.any(extreme, from, to);
  }

  boolean extreme(int c) {
    return extreme[c];
  }
}
