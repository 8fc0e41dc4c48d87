package org.lanenorm.kernel;

import java.util.Arrays;

/**
 * What normalizing needs per channel, split so that {@code y = fma(x - hi, k, b)} keeps its digits
 * at any offset:
 *
 * <pre>
 * hi = (float) mean,   k = gamma*invStd,   b = beta - (mean - hi)*k
 * </pre>
 *
 * computed in double and rounded once. x - hi is exact near the mean; folding mean*k into b instead
 * would lose the digits that mean and x share.
 *
 * <p>A channel whose coefficients do not fit float's normal range (epsilon 0 and a tiny or huge
 * variance, a mean over 2^103) is <b>extreme</b>: it is computed in double, element by element.
 */
public final class ChannelAffine {
  /** Below this, x - hi cannot overflow: it is under half an ulp of the largest float. */
  static final double LARGEST_MEAN = 0x1p103;

  final float[] hi;
  final float[] k;
  final float[] b;
  final double[] mean;
  final double[] scale;
  final double[] shift;
  private final boolean[] extreme;

  /** For C channels, all coefficients 0. */
  public ChannelAffine(int channels) {
    hi = new float[channels];
    k = new float[channels];
    b = new float[channels];
    mean = new double[channels];
    scale = new double[channels];
    shift = new double[channels];
    extreme = new boolean[channels];
  }

  /**
   * Computes the channels [from, to).
   *
   * @param gamma null for 1
   * @param beta null for 0
   */
  public void compute(
      double[] means, double[] invStd, float[] gamma, float[] beta, int from, int to) {
    for (int c = from; c < to; c++) {
      double factor = gamma == null ? invStd[c] : gamma[c] * invStd[c];
      set(c, means[c], factor, beta == null ? 0 : beta[c]);
    }
  }

  /** Coefficients of {@code y = x*gamma*invStd}: the gradient through constant statistics. */
  public void computeScale(double[] invStd, float[] gamma, int from, int to) {
    for (int c = from; c < to; c++) {
      double factor = gamma == null ? invStd[c] : gamma[c] * invStd[c];
      // x*k + -0.0 is x*k, sign of zero included
      set(c, 0, factor, -0.0);
    }
  }

  private void set(int c, double m, double factor, double offset) {
    hi[c] = high(m);
    k[c] = (float) factor;
    double rest = offset - (m - hi[c]) * factor;
    b[c] = (float) rest;
    mean[c] = m;
    scale[c] = factor;
    shift[c] = offset;
    // NaN is not extreme: it passes through
    extreme[c] = Math.abs(m) >= LARGEST_MEAN || outside(factor, k[c]) || Float.isInfinite(b[c]);
  }

  /** Says that no channel in [from, to) is extreme, until its coefficients are set. */
  void setPlain(int from, int to) {
    Arrays.fill(extreme, from, to, false);
  }

  /**
   * The float part of a mean; the largest float for a running mean beyond it, so that the rest
   * stays finite.
   */
  static float high(double mean) {
    return (float) Math.max(-Float.MAX_VALUE, Math.min(mean, Float.MAX_VALUE));
  }

  /**
   * Whether a coefficient that is finite and not 0 has lost digits or its value by becoming a
   * float.
   */
  static boolean outside(double value, float rounded) {
    return value != 0 && Math.abs(rounded) < Float.MIN_NORMAL
        || Float.isInfinite(rounded) && Math.abs(value) < Double.POSITIVE_INFINITY;
  }

  /**
   * Takes the coefficients of all channels of another, so many times in a row.
   *
   * @return whether none of them is extreme; else nothing is done
   */
  boolean repeat(ChannelAffine of, int times) {
    int channels = of.hi.length;
    if (of.anyExtreme(0, channels)) {
      return false;
    }
    for (int i = 0; i < times; i++) {
      System.arraycopy(of.hi, 0, hi, i * channels, channels);
      System.arraycopy(of.k, 0, k, i * channels, channels);
      System.arraycopy(of.b, 0, b, i * channels, channels);
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

  /** y of an x of channel c. */
  float of(int c, float x) {
    return extreme[c]
        ? (float) ((x - mean[c]) * scale[c] + shift[c])
        : Fma.fma(x - hi[c], k[c], b[c]);
  }
}
