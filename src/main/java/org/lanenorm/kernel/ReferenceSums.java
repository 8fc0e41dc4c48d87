package org.lanenorm.kernel;

import java.util.Arrays;

/** The sums in double of {@link Kernels#referenceSums} in plain Java. */
final class ReferenceSums {
  private static final int LANES = Segments.LANES;

  private ReferenceSums() {}

  static void sums(
      float[] x,
      int xOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] origin,
      double[] sum,
      double[] square,
      double[] reach,
      Scratch scratch) {
    double[] lanes = scratch.reference(LANES);
    for (int segment = firstSegment; segment < endSegment; segment++) {
      for (int c = from; c < to; c++) {
        float[] source = order.source(x, xOffset, segment, c, scratch);
        int base = order.base(xOffset, segment, c);
        Arrays.fill(lanes, 0, 2 * LANES, 0);
        add(source, base, order, segment, false, origin[c], lanes);
        add(source, base, order, segment, true, origin[c], lanes);
        int i = segment * order.channels() + c;
        foldSums(lanes, 0, 1, sum, i);
        foldSquares(lanes, LANES, 1, square, reach, i);
      }
    }
  }

  /** Adds the full superrows of a segment, or the tails. */
  private static void add(
      float[] x,
      int base,
      Segments order,
      int segment,
      boolean tails,
      double origin,
      double[] lanes) {
    int step = order.step();
    for (int block = order.firstBlock(segment); block < order.endBlock(segment); block++) {
      int full = order.fullRows(block) * LANES;
      int length = order.length(block);
      int image = base + order.blockOffset(block);
      for (int group = 0; group < order.groups(block); group++, image += order.imageStride()) {
        for (int j = tails ? full : 0; j < (tails ? length : full); j++) {
          // a tail has the last lanes
          int lane = tails ? LANES - length + j : j % LANES;
          double d = x[image + j * step] - origin;
          lanes[lane] += d;
          lanes[LANES + lane] = Fma.fma(d, d, lanes[LANES + lane]);
        }
      }
    }
  }

  /** Folds 16 lanes, from one on and so far apart, by halving. */
  static void foldSums(double[] lanes, int from, int apart, double[] sum, int at) {
    double s0 = pair(lanes, from, apart) + pair(lanes, from + 4 * apart, apart);
    double s1 = pair(lanes, from + apart, apart) + pair(lanes, from + 5 * apart, apart);
    double s2 = pair(lanes, from + 2 * apart, apart) + pair(lanes, from + 6 * apart, apart);
    double s3 = pair(lanes, from + 3 * apart, apart) + pair(lanes, from + 7 * apart, apart);
    sum[at] = (s0 + s2) + (s1 + s3);
  }

  /** The same, and the largest sum of two lanes. */
  static void foldSquares(
      double[] lanes, int from, int apart, double[] square, double[] reach, int at) {
    double q0 = pair(lanes, from, apart);
    double q1 = pair(lanes, from + apart, apart);
    double q2 = pair(lanes, from + 2 * apart, apart);
    double q3 = pair(lanes, from + 3 * apart, apart);
    double q4 = pair(lanes, from + 4 * apart, apart);
    double q5 = pair(lanes, from + 5 * apart, apart);
    double q6 = pair(lanes, from + 6 * apart, apart);
    double q7 = pair(lanes, from + 7 * apart, apart);
    square[at] = ((q0 + q4) + (q2 + q6)) + ((q1 + q5) + (q3 + q7));
    double lower = Math.max(Math.max(q0, q1), Math.max(q2, q3));
    reach[at] = Math.max(lower, Math.max(Math.max(q4, q5), Math.max(q6, q7)));
  }

  private static double pair(double[] lanes, int lane, int apart) {
    return lanes[lane] + lanes[lane + LANES / 2 * apart];
  }
}
