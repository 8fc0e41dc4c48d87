package org.lanenorm.kernel;

import java.util.Arrays;

/**
 * From the sums of segments to moments and gradient sums, per channel in double: the same code
 * behind every back end.
 */
public final class ChannelReduction {
  /**
   * Squares whose sum is below this may have lost digits to underflow: each of the 1,536 at most
   * loses up to 2^-150, and 1536*2^-150 is 2^-5 of one float rounding of 2^-110.
   */
  static final double SMALLEST_SQUARES = 0x1p-110;

  /**
   * With 2, a search uphill found data (two levels) whose variance was off by 9.4u, u = 2^-24; with
   * this, 6.7u. The promise is 8u.
   */
  static final double WORST_SHIFT = 1.5;

  /**
   * Where |K| is at least this, floats next to K are 2^-62 apart, whose square does not underflow.
   */
  private static final float PLAIN_SHIFT = 0x1p-38f;

  /** Products whose sum is below this may have lost digits to underflow, 2^-150 each. */
  static final float SMALLEST_PRODUCTS = 0x1p-110f;

  private ChannelReduction() {}

  /**
   * Moments of one segment from its float sums, redone in double where float was not enough, which
   * the values alone decide:
   *
   * <pre>
   * mean = K + S(x - K)/n,   M2 = S((x - K)^2) - S(x - K)^2/n
   * </pre>
   *
   * Float was not enough where a sum overflowed, where squares may have underflowed, where fewer
   * elements than lanes have nothing to average errors out against, and where K is so far from the
   * mean that rounding errors in the first term would grow by S((x - K)^2)/M2 over {@link
   * #WORST_SHIFT}.
   *
   * @param x null where its values cannot be had
   * @param shift of the channels [from, to), at index at + c - from; the sums likewise
   * @param sum becomes the mean
   * @param square becomes M2
   * @return the first channel whose values were needed, from which on nothing has been done; else
   *     {@code to}
   */
  static int segmentMoments(
      float[] x,
      int xOffset,
      Segments order,
      int segment,
      int from,
      int to,
      float[] shift,
      double[] sum,
      double[] square,
      int at,
      Scratch scratch) {
    double n = order.count(segment);
    for (int c = from, i = at; c < to; c++, i++) {
      double s1 = sum[i];
      double s2 = square[i];
      double spread = s2 - s1 * s1 / n;
      if (n >= Segments.LANES
          && WORST_SHIFT * spread >= s2
          && s2 >= SMALLEST_SQUARES
          && s2 < Double.POSITIVE_INFINITY) {
        sum[i] = shift[i] + s1 / n;
        square[i] = spread;
      } else if (s2 == 0
          && (Math.abs(shift[i]) >= PLAIN_SHIFT
              || x != null && shift[i] == 0 && allZero(x, xOffset, order, segment, c, scratch))) {
        // -0.0 + 0.0 is 0.0, as in the other cases
        sum[i] = shift[i] + 0.0;
        square[i] = 0;
      } else if (x == null) {
        return c;
      } else {
        momentsInDouble(x, xOffset, order, segment, c, sum, square, i, scratch);
      }
    }
    return to;
  }

  /**
   * Whether a segment of one channel is nothing but zeros, as dead channels are: much cheaper than
   * summing it in double.
   */
  private static boolean allZero(
      float[] x, int xOffset, Segments order, int segment, int c, Scratch scratch) {
    float[] source = order.source(x, xOffset, segment, c, scratch);
    int base = order.base(xOffset, segment, c);
    int step = order.step();
    for (int block = order.firstBlock(segment); block < order.endBlock(segment); block++) {
      int run = base + order.blockOffset(block);
      int length = order.length(block);
      for (int group = 0; group < order.groups(block); group++, run += order.imageStride()) {
        for (int j = 0; j < length; j++) {
          if (source[run + j * step] != 0) {
            return false;
          }
        }
      }
    }
    return true;
  }

  /**
   * Moments of one segment of one channel in double, around its first element K: (K - mean)^2 is at
   * most M2, so the difference of squares loses at most a factor n + 1 of 2^53.
   */
  private static void momentsInDouble(
      float[] x,
      int xOffset,
      Segments order,
      int segment,
      int c,
      double[] mean,
      double[] m2,
      int index,
      Scratch scratch) {
    float[] source = order.source(x, xOffset, segment, c, scratch);
    int base = order.base(xOffset, segment, c);
    double k = source[base + order.blockOffset(order.firstBlock(segment))];
    double[] chains = scratch.chains;
    Arrays.fill(chains, 0);
    for (int block = order.firstBlock(segment); block < order.endBlock(segment); block++) {
      int run = base + order.blockOffset(block);
      int length = order.length(block);
      for (int group = 0; group < order.groups(block); group++, run += order.imageStride()) {
        addSquares(source, run, order.step(), length, k, chains);
      }
    }
    double n = order.count(segment);
    double s1 = (chains[0] + chains[1]) + (chains[2] + chains[3]);
    double s2 = (chains[4] + chains[5]) + (chains[6] + chains[7]);
    mean[index] = k + s1 / n;
    // NaN stays; a difference that rounding has made negative is 0
    m2[index] = Math.max(s2 - s1 * s1 / n, 0);
  }

  /**
   * Four chains by the element's number in the run modulo 4, so that one addition need not wait for
   * the last; up to three elements left at the run's end go to the first.
   */
  private static void addSquares(
      float[] x, int from, int step, int length, double k, double[] chains) {
    double a0 = chains[0];
    double a1 = chains[1];
    double a2 = chains[2];
    double a3 = chains[3];
    double b0 = chains[4];
    double b1 = chains[5];
    double b2 = chains[6];
    double b3 = chains[7];
    int i = from;
    int left = length;
    for (; left >= 4; left -= 4, i += 4 * step) {
      double d0 = x[i] - k;
      double d1 = x[i + step] - k;
      double d2 = x[i + 2 * step] - k;
      double d3 = x[i + 3 * step] - k;
      a0 += d0;
      a1 += d1;
      a2 += d2;
      a3 += d3;
      b0 += d0 * d0;
      b1 += d1 * d1;
      b2 += d2 * d2;
      b3 += d3 * d3;
    }
    for (; left > 0; left--, i += step) {
      double d = x[i] - k;
      a0 += d;
      b0 += d * d;
    }
    chains[0] = a0;
    chains[1] = a1;
    chains[2] = a2;
    chains[3] = a3;
    chains[4] = b0;
    chains[5] = b1;
    chains[6] = b2;
    chains[7] = b3;
  }

  /**
   * Merges moments b into a for the channels [from, to): Chan's update. Where one side is empty the
   * other stays as it is.
   */
  public static void merge(
      long countA,
      double[] meanA,
      double[] m2A,
      long countB,
      double[] meanB,
      double[] m2B,
      int from,
      int to) {
    if (countB == 0) {
      return;
    }
    if (countA == 0) {
      System.arraycopy(meanB, from, meanA, from, to - from);
      System.arraycopy(m2B, from, m2A, from, to - from);
      return;
    }
    double n = (double) countA + countB;
    double share = countB / n;
    double weight = countA * share;
    for (int c = from; c < to; c++) {
      double delta = meanB[c] - meanA[c];
      meanA[c] += delta * share;
      m2A[c] += m2B[c] + delta * delta * weight;
    }
  }

  /**
   * Adds a segment to those before it, for the channels [from, to). With m the first segment's
   * mean, which stays in {@code mean}, and e = (segment's mean) - m:
   *
   * <pre>
   * drift = sum(n*e),   M2 = sum(M2 of the segment + n*e^2)
   * </pre>
   *
   * and {@link #finish} moves both to the common mean. This is Chan's update for many sets at once.
   * One set after the other, the mean would stall where a segment moves it by less than half an
   * ulp, 2^-53 of its size each time.
   *
   * @param segmentMean of the segment, at index base + c; its M2 likewise
   */
  static void add(
      boolean first,
      double n,
      double[] segmentMean,
      double[] segmentM2,
      int base,
      int from,
      int to,
      double[] mean,
      double[] m2,
      double[] drift) {
    if (first) {
      System.arraycopy(segmentMean, base + from, mean, from, to - from);
      System.arraycopy(segmentM2, base + from, m2, from, to - from);
      Arrays.fill(drift, from, to, 0);
      return;
    }
    for (int c = from; c < to; c++) {
      double e = segmentMean[base + c] - mean[c];
      drift[c] += n * e;
      m2[c] += segmentM2[base + c] + n * e * e;
    }
  }

  /** Ends a series of {@link #add}: mean += drift/M, M2 -= drift^2/M. */
  public static void finish(
      double count, int from, int to, double[] mean, double[] m2, double[] drift) {
    for (int c = from; c < to; c++) {
      mean[c] += drift[c] / count;
      m2[c] = Math.max(m2[c] - drift[c] * drift[c] / count, 0);
    }
  }

  /** invStd = 1/sqrt(M2/count + epsilon) of the channels [from, to). */
  public static void invStd(
      double[] m2, double count, double epsilon, double[] invStd, int from, int to) {
    for (int c = from; c < to; c++) {
      invStd[c] = 1 / Math.sqrt(m2[c] / count + epsilon);
    }
  }

  /**
   * Gradient sums of one segment from its float sums, redone in double where a float overflowed or
   * the products are so small that some may have underflowed. (Where all of them underflowed to 0
   * the sum stays 0: at most 2^-150 off per element.)
   *
   * @param x null where values cannot be had
   * @param sum of the channels [from, to), at index at + c - from; the products likewise
   * @return the first channel whose values were needed, from which on nothing has been done; else
   *     {@code to}
   */
  static int segmentGradients(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int segment,
      int from,
      int to,
      float[] hi,
      double[] sum,
      double[] product,
      int at,
      Scratch scratch) {
    for (int c = from, i = at; c < to; c++, i++) {
      if (!enough(sum[i], 0) || !enough(product[i], SMALLEST_PRODUCTS)) {
        if (x == null) {
          return c;
        }
        gradientsInDouble(
            x, xOffset, dy, dyOffset, order, segment, c, hi[c], sum, product, i, scratch);
      }
    }
    return to;
  }

  private static boolean enough(double sum, float smallest) {
    double size = Math.abs(sum);
    return size < Double.POSITIVE_INFINITY && (size >= smallest || size == 0);
  }

  private static void gradientsInDouble(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int segment,
      int c,
      double hi,
      double[] totalSum,
      double[] totalProduct,
      int index,
      Scratch scratch) {
    float[] xs = order.source(x, xOffset, segment, c, scratch);
    int xBase = order.base(xOffset, segment, c);
    float[] dys = order.gradientSource(dy, dyOffset, segment, c, scratch);
    int dyBase = order.base(dyOffset, segment, c);
    double sum = 0;
    double product = 0;
    for (int block = order.firstBlock(segment); block < order.endBlock(segment); block++) {
      int run = order.blockOffset(block);
      int length = order.length(block);
      for (int group = 0; group < order.groups(block); group++, run += order.imageStride()) {
        for (int j = 0, i = run; j < length; j++, i += order.step()) {
          double g = dys[dyBase + i];
          sum += g;
          product += g * (xs[xBase + i] - hi);
        }
      }
    }
    // each sum for its own reason: dBeta must not depend on x
    if (!enough(totalSum[index], 0)) {
      totalSum[index] = sum;
    }
    if (!enough(totalProduct[index], SMALLEST_PRODUCTS)) {
      totalProduct[index] = product;
    }
  }
}
