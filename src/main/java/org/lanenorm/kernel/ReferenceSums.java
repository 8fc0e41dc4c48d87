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
        for (int block = order.firstBlock(segment); block < order.endBlock(segment); block++) {
          int image = base + order.blockOffset(block);
          for (int group = 0; group < order.groups(block); group++, image += order.imageStride()) {
            add(source, image, order, block, origin[c], lanes);
          }
        }
        fold(lanes, segment * order.channels() + c, sum, square, reach);
      }
    }
  }

  private static void add(
      float[] x, int at, Segments order, int block, double origin, double[] lanes) {
    int full = order.fullRows(block) * LANES;
    int length = order.length(block);
    for (int j = 0, i = at; j < length; j++, i += order.step()) {
      // a tail has the last lanes
      int lane = j < full ? j % LANES : LANES - length + j;
      double d = x[i] - origin;
      lanes[lane] += d;
      lanes[LANES + lane] = Fma.fma(d, d, lanes[LANES + lane]);
    }
  }

  /** Folds 16 lanes of sums, and 16 of squares behind them, by halving. */
  static void fold(double[] lanes, int at, double[] sum, double[] square, double[] reach) {
    double s0 = pair(lanes, 0) + pair(lanes, 4);
    double s1 = pair(lanes, 1) + pair(lanes, 5);
    double s2 = pair(lanes, 2) + pair(lanes, 6);
    double s3 = pair(lanes, 3) + pair(lanes, 7);
    sum[at] = (s0 + s2) + (s1 + s3);
    double q0 = pair(lanes, LANES);
    double q1 = pair(lanes, LANES + 1);
    double q2 = pair(lanes, LANES + 2);
    double q3 = pair(lanes, LANES + 3);
    double q4 = pair(lanes, LANES + 4);
    double q5 = pair(lanes, LANES + 5);
    double q6 = pair(lanes, LANES + 6);
    double q7 = pair(lanes, LANES + 7);
    square[at] = ((q0 + q4) + (q2 + q6)) + ((q1 + q5) + (q3 + q7));
    double lower = Math.max(Math.max(q0, q1), Math.max(q2, q3));
    reach[at] = Math.max(lower, Math.max(Math.max(q4, q5), Math.max(q6, q7)));
  }

  private static double pair(double[] lanes, int lane) {
    return lanes[lane] + lanes[lane + LANES / 2];
  }
}
