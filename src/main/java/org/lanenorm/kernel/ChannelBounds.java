package org.lanenorm.kernel;

import java.util.Arrays;

/**
 * How far results may lie from the exact ones: sums of every channel in double, taken of each
 * segment when it is read anyhow, and what follows from them. {@link org.lanenorm.ErrorBounds} has
 * the derivation, in these names.
 */
public final class ChannelBounds {
  /** 2^-53 and 2^-24, the unit roundoffs of double and float. */
  private static final double E = 0x1p-53;

  private static final double U = 0x1p-24;

  /** For the roundings of the bounds themselves, a hundred times over. */
  private static final double MORE = 1 + 0x1p-40;

  /** Elements of a channel that decide on its R. */
  private static final int SAMPLES = 8;

  /** R: the channel's first element, or 0 where that is as near to the others. */
  private final float[] origin;

  /** Where the elements that decide on R lie, from the channel's first. */
  private final int[] samples = new int[SAMPLES];

  /** How far they lie from the first, all together; of all channels where these are neighbours. */
  private final double[] apart;

  /** T1 = S(x - R), T2 = S((x - R)^2). */
  private final double[] sum;

  private final double[] square;

  /** No (x - R)^2 is larger. */
  private final double[] reach;

  /** The same of every segment, at segment*C + c. */
  private double[] segmentSum = new double[0];

  private double[] segmentSquare = new double[0];
  private double[] segmentReach = new double[0];

  /** Exact mean - R and exact variance, as far as the sums tell, and what they may be off by. */
  private final double[] offset;

  private final double[] offsetError;
  private final double[] variance;
  private final double[] varianceError;

  /** Of y: the numbers it was made with, in double, and what follows from them. */
  private final double[] hi;

  private final double[] k;
  private final double[] b;
  private final double[] gamma;
  private final double[] beta;
  private final double[] farthest;
  private final double[] scaleError;
  private final double[] shiftError;

  private long count;

  /** Superrows of a segment at most, and segments. */
  private int rows;

  private long segments;

  /** For C channels. */
  public ChannelBounds(int channels) {
    origin = new float[channels];
    apart = new double[channels];
    sum = new double[channels];
    square = new double[channels];
    reach = new double[channels];
    offset = new double[channels];
    offsetError = new double[channels];
    variance = new double[channels];
    varianceError = new double[channels];
    hi = new double[channels];
    k = new double[channels];
    b = new double[channels];
    gamma = new double[channels];
    beta = new double[channels];
    farthest = new double[channels];
    scaleError = new double[channels];
    shiftError = new double[channels];
  }

  /** Elements per channel whose sums these are. */
  public long count() {
    return count;
  }

  /** Forgets them. */
  public void clear() {
    count = 0;
    rows = 0;
    segments = 0;
    Arrays.fill(sum, 0);
    Arrays.fill(square, 0);
    Arrays.fill(reach, 0);
  }

  /** Before a tensor of at least one element per channel. */
  public void begin(float[] x, int xOffset, Segments order) {
    if (count == 0) {
      setOrigins(x, xOffset, order);
    }
    int length = Math.multiplyExact(order.segments(), origin.length);
    if (segmentSum.length < length) {
      segmentSum = new double[length];
      segmentSquare = new double[length];
      segmentReach = new double[length];
    }
  }

  private void setOrigins(float[] x, int xOffset, Segments order) {
    int stride = order.channelStride();
    for (int i = 0; i < SAMPLES; i++) {
      samples[i] = order.elementOffset((int) ((long) i * order.count() / SAMPLES));
    }
    if (stride > 1) {
      for (int c = 0, at = xOffset; c < origin.length; c++, at += stride) {
        float r = x[at];
        double far = 0;
        for (int i = 1; i < SAMPLES; i++) {
          far += Math.abs(x[at + samples[i]] - r);
        }
        origin[c] = Math.abs(r) <= far ? 0 : r;
      }
      return;
    }
    // C2 makes vector loops of these
    System.arraycopy(x, xOffset, origin, 0, origin.length);
    Arrays.fill(apart, 0);
    for (int i = 1; i < SAMPLES; i++) {
      int sample = xOffset + samples[i];
      for (int c = 0; c < origin.length; c++) {
        apart[c] += Math.abs(x[sample + c] - origin[c]);
      }
    }
    for (int c = 0; c < origin.length; c++) {
      origin[c] = Math.abs(origin[c]) <= apart[c] ? 0 : origin[c];
    }
  }

  /** Takes the sums of some segments of some channels. */
  void add(
      Kernels kernels,
      float[] x,
      int xOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      Scratch scratch) {
    kernels.referenceSums(
        x,
        xOffset,
        order,
        firstSegment,
        endSegment,
        from,
        to,
        origin,
        segmentSum,
        segmentSquare,
        segmentReach,
        scratch);
  }

  /** After a tensor, when the sums of all its segments have been taken. */
  public void end(Segments order) {
    int channels = origin.length;
    int merged = 0;
    if (count == 0) {
      System.arraycopy(segmentSum, 0, sum, 0, channels);
      System.arraycopy(segmentSquare, 0, square, 0, channels);
      System.arraycopy(segmentReach, 0, reach, 0, channels);
      merged = 1;
    }
    for (int segment = merged; segment < order.segments(); segment++) {
      for (int c = 0, i = segment * channels; c < channels; c++, i++) {
        sum[c] += segmentSum[i];
        square[c] += segmentSquare[i];
        reach[c] = Math.max(reach[c], segmentReach[i]);
      }
    }
    count += order.count();
    // 16 positions take one superrow, and 17 two
    rows = Math.max(rows, Math.min(order.count() / 8 + 1, Segments.LONGEST / Segments.LANES));
    segments += order.segments();
  }

  /** g: what T1 and T2 are off by, relative to the sums of their terms' sizes, and some more. */
  private double growth() {
    return (rows + segments + 12) * E;
  }

  // What follows are plain loops without branches, a few steps each, that C2 makes vector loops of.

  private void reference() {
    double g = growth();
    double share = 1.0 / count;
    for (int c = 0; c < offset.length; c++) {
      double a = sum[c] * share;
      double q = square[c] * share;
      double root = Math.sqrt(q);
      offset[c] = a;
      offsetError[c] = g * root;
      variance[c] = q - a * a;
      varianceError[c] = g * root * (root + 2 * Math.abs(a)) * MORE;
    }
  }

  /**
   * Bounds of |mean - exact| and of |M2/count - exact variance|; NaN where there is no element, or
   * one that is not finite.
   */
  public void moments(double[] mean, double[] m2, double[] meanBound, double[] varianceBound) {
    reference();
    double share = 1.0 / count;
    for (int c = 0; c < offset.length; c++) {
      double nan = offsetError[c] - offsetError[c];
      double ofMean = Math.abs(mean[c] - origin[c] - offset[c]) + offsetError[c];
      meanBound[c] = ofMean * MORE + nan;
    }
    for (int c = 0; c < offset.length; c++) {
      double nan = offsetError[c] - offsetError[c];
      double ofVariance = Math.abs(m2[c] * share - variance[c]) + varianceError[c];
      varianceBound[c] = ofVariance * MORE + nan;
    }
  }

  /**
   * Bounds of |y - exact| over all elements of each channel, after {@link #moments}: of y =
   * gamma*(x - mean)/(sqrt(variance + inside) + outside) + beta.
   *
   * @param affine the coefficients that made y
   * @param gamma null for 1
   * @param beta null for 0
   * @param bound receives them, infinite where y may be; NaN as in {@link #moments}
   */
  public void output(
      ChannelAffine affine,
      double inside,
      double outside,
      float[] gamma,
      float[] beta,
      double[] bound) {
    widen(gamma, 1, this.gamma);
    widen(beta, 0, this.beta);
    widen(affine.hi, 0, hi);
    widen(affine.k, 0, k);
    widen(affine.b, 0, b);
    if (affine.anyExtreme(0, k.length)) {
      for (int c = 0; c < k.length; c++) {
        hi[c] = affine.extreme(c) ? affine.mean[c] : hi[c];
        k[c] = affine.extreme(c) ? affine.scale[c] : k[c];
        b[c] = affine.extreme(c) ? affine.shift[c] : b[c];
      }
    }
    scaleErrors(inside, outside);
    distances();
    shiftErrors();
    for (int c = 0; c < bound.length; c++) {
      double size = Math.abs(k[c]);
      double product = farthest[c] * size * (1 + 2 * U);
      double rounding =
          U * product + Math.min(U * (product + Math.abs(b[c])) + Float.MIN_VALUE, 3 * product);
      double nan = offsetError[c] - offsetError[c];
      // where y may have become infinite, so does this, else it is 0
      float overflow = (float) (product + Math.abs(b[c])) * Float.MIN_VALUE * Float.MIN_VALUE;
      bound[c] =
          (rounding + farthest[c] * scaleError[c] + shiftError[c]) * (1 + U) + nan + overflow;
    }
  }

  private static void widen(float[] values, double absent, double[] wide) {
    if (values == null) {
      Arrays.fill(wide, absent);
      return;
    }
    for (int c = 0; c < wide.length; c++) {
      wide[c] = values[c];
    }
  }

  /** |k - K|, K the exact gamma/divisor: at most that at the least variance, and so much less. */
  private void scaleErrors(double inside, double outside) {
    for (int c = 0; c < k.length; c++) {
      double least = positive(variance[c] - varianceError[c]) + inside;
      double most = gamma[c] / (Math.sqrt(least) + outside);
      // 0/0 is 0: a constant channel, epsilon outside the root
      double apart = Math.min(varianceError[c] / (least + Double.MIN_NORMAL), 1) + 8 * E;
      scaleError[c] = Math.abs(k[c] - most) + Math.abs(most) * apart;
    }
  }

  /** The larger of it and 0. */
  private static double positive(double value) {
    return 0.5 * (value + Math.abs(value));
  }

  /** A + |mean - hi| for the element farthest from the mean. */
  private void distances() {
    for (int c = 0; c < k.length; c++) {
      double toOrigin = origin[c] - hi[c];
      double error = offsetError[c] + 4 * E * Math.abs(toOrigin);
      double toMean = Math.abs(toOrigin + offset[c]);
      farthest[c] = Math.sqrt(reach[c]) * MORE + Math.abs(offset[c]) + toMean + 2 * error;
    }
  }

  /** |(mean - hi)*k + b - beta|. */
  private void shiftErrors() {
    for (int c = 0; c < k.length; c++) {
      double toOrigin = origin[c] - hi[c];
      double error = offsetError[c] + 4 * E * Math.abs(toOrigin);
      double moved = (toOrigin + offset[c]) * k[c];
      double shifted = b[c] - beta[c];
      double size = Math.abs(moved) + Math.abs(shifted);
      shiftError[c] = Math.abs(moved + shifted) + 4 * E * size + error * Math.abs(k[c]);
    }
  }
}
