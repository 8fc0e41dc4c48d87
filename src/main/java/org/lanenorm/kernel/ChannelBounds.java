package org.lanenorm.kernel;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

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

  /** From here on a float may have become infinite. */
  private static final double OVERFLOW = 0x1.ffffffp127;

  /** R: the median of the channel's first, middle and last element. */
  private final float[] origin;

  /** T1 = S(x - R), T2 = S((x - R)^2). */
  private final double[] sum;

  private final double[] square;

  /** No (x - R)^2 is larger. */
  private final double[] reach;

  /** The same of every segment, at segment*C + c. */
  private double[] segmentSum = new double[0];

  private double[] segmentSquare = new double[0];
  private double[] segmentReach = new double[0];

  private long count;

  /** Superrows of a segment at most, and segments. */
  private int rows;

  private long segments;

  /** For C channels. */
  public ChannelBounds(int channels) {
    origin = new float[channels];
    sum = new double[channels];
    square = new double[channels];
    reach = new double[channels];
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
    for (int c = 0; c < origin.length && count == 0; c++) {
      int channel = xOffset + c * order.channelStride();
      float a = x[channel];
      float b = x[channel + order.elementOffset(order.count() / 2)];
      float d = x[channel + order.elementOffset(order.count() - 1)];
      origin[c] = Math.max(Math.min(a, b), Math.min(Math.max(a, b), d));
    }
    int length = Math.multiplyExact(order.segments(), origin.length);
    if (segmentSum.length < length) {
      segmentSum = new double[length];
      segmentSquare = new double[length];
      segmentReach = new double[length];
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
    for (int segment = 0; segment < order.segments(); segment++) {
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
    return (rows + segments + 8) * E;
  }

  /**
   * Bounds of |mean - exact| and of |M2/count - exact variance|; NaN where there is no element, or
   * one that is not finite.
   */
  public void moments(double[] mean, double[] m2, double[] meanBound, double[] varianceBound) {
    double g = growth();
    for (int c = 0; c < origin.length; c++) {
      double meanSquare = square[c] / count;
      double offset = sum[c] / count;
      double fromReference = Math.abs(mean[c] - origin[c] - offset);
      meanBound[c] = finite(c, (fromReference + g * Math.sqrt(meanSquare)) * MORE);
      fromReference = Math.abs(m2[c] / count - variance(c));
      varianceBound[c] = finite(c, (fromReference + varianceError(c)) * MORE);
    }
  }

  private double variance(int c) {
    return (square[c] - sum[c] * (sum[c] / count)) / count;
  }

  /** Of that. */
  private double varianceError(int c) {
    double root = Math.sqrt(square[c] / count);
    return growth() * root * (root + 2 * Math.abs(sum[c] / count)) * MORE;
  }

  private double finite(int c, double bound) {
    return count > 0 && square[c] < Double.POSITIVE_INFINITY ? bound : Double.NaN;
  }

  /**
   * Bounds of |y - exact| over all elements of each channel.
   *
   * @param affine the coefficients that made y
   * @param invStd of a variance, within 4 roundings
   * @param gamma null for 1
   * @param beta null for 0
   * @param bound receives them, infinite where y may be; NaN as in {@link #moments}
   */
  public void output(
      ChannelAffine affine,
      DoubleUnaryOperator invStd,
      float[] gamma,
      float[] beta,
      double[] bound) {
    for (int c = 0; c < origin.length; c++) {
      boolean extreme = affine.extreme(c);
      double hi = extreme ? affine.mean[c] : affine.hi[c];
      double k = extreme ? affine.scale[c] : affine.k[c];
      double b = extreme ? affine.shift[c] : affine.b[c];
      double offset = sum[c] / count;
      double meanError = growth() * Math.sqrt(square[c] / count) + 4 * E * Math.abs(origin[c] - hi);
      double toMean = (origin[c] - hi) + offset;
      double farthest = Math.sqrt(reach[c]) * MORE + Math.abs(offset) + meanError;
      double product = (farthest + Math.abs(toMean) + meanError) * Math.abs(k) * (1 + 2 * U);

      double variance = variance(c);
      double error = varianceError(c);
      double factor = gamma == null ? 1 : gamma[c];
      double least = factor * invStd.applyAsDouble(Math.max(variance, 0) + error);
      double most = factor * invStd.applyAsDouble(Math.max(variance - error, 0));
      double scaleError =
          Math.max(Math.abs(k - least), Math.abs(k - most)) + 8 * E * Math.abs(most);

      double moved = toMean * k;
      double shifted = b - (beta == null ? 0 : beta[c]);
      double shiftError =
          Math.abs(moved + shifted)
              + 4 * E * (Math.abs(moved) + Math.abs(shifted))
              + meanError * Math.abs(k);

      double size = product + Math.abs(b);
      double rounding = U * product + Math.min(U * size + Float.MIN_VALUE, 3 * product);
      double all = (rounding + farthest * scaleError + shiftError) * (1 + U);
      bound[c] = finite(c, size < OVERFLOW ? all : Double.POSITIVE_INFINITY);
    }
  }
}
