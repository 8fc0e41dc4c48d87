package org.lanenorm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The sums in double of {@link Kernels#referenceSums}, in both layouts. What {@link
 * NchwVectorKernels} says of hot loops holds here too.
 */
final class ReferenceVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;

  /** Half a vector of floats becomes a vector of doubles. */
  private static final VectorSpecies<Float> HALF_F =
      VectorSpecies.of(float.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

  private static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());
  private static final int L = D.length();
  private static final int LANES = Segments.LANES;
  private static final int SLOTS = Segments.SLOTS;

  /** Rows of (lane, channel) read side by side. */
  private static final int ROWS = 5;

  /**
   * Places at a time: their sums, those of a block and the origins take 18 KB of a first-level
   * cache.
   */
  private static final int CHUNK = 1024;

  /** From its t-th number on: 1 for each lane that a tail of t positions has, else 0. */
  private static final double[] PRESENT = new double[2 * LANES];

  static {
    Arrays.fill(PRESENT, LANES, 2 * LANES, 1);
  }

  private ReferenceVectorKernels() {}

  /** Where a channel's positions follow one another, at least 16 of them. */
  static void planes(
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
      int end = order.endBlock(segment);
      for (int c = from; c < to; c++) {
        float[] source = order.source(x, xOffset, segment, c, scratch);
        int base = order.base(xOffset, segment, c);
        Arrays.fill(lanes, 0, 2 * LANES, 0);
        int run;
        for (int block = order.firstBlock(segment); block < end; block += run) {
          int at = base + order.blockOffset(block);
          run = order.fullRun(block, end);
          if (run > 0) {
            images(source, at, 1, 0, run * SLOTS, 0, origin[c], lanes);
          } else {
            run = order.partialRun(block, end);
            int images = order.images(block, block + run);
            int stride = order.imageStride();
            int rows = order.fullRows(block);
            images(source, at, images, stride, rows, order.tail(block), origin[c], lanes);
          }
        }
        ReferenceSums.fold(lanes, segment * order.channels() + c, sum, square, reach);
      }
    }
  }

  /**
   * Adds images of so many full superrows and a tail to the lanes: sums to the first 16, squares to
   * the others. A tail is read with what stands before it, which counts as zero.
   */
  private static void images(
      float[] x,
      int at,
      int images,
      int imageStride,
      int rows,
      int tail,
      float origin,
      double[] lanes) {
    DoubleVector r = DoubleVector.broadcast(D, origin);
    for (int lane = 0; lane < LANES; lane += 2 * L) {
      DoubleVector p0 = DoubleVector.fromArray(D, PRESENT, tail + lane);
      DoubleVector p1 = DoubleVector.fromArray(D, PRESENT, tail + lane + L);
      DoubleVector s0 = DoubleVector.fromArray(D, lanes, lane);
      DoubleVector s1 = DoubleVector.fromArray(D, lanes, lane + L);
      DoubleVector q0 = DoubleVector.fromArray(D, lanes, LANES + lane);
      DoubleVector q1 = DoubleVector.fromArray(D, lanes, LANES + lane + L);
      int first = at + lane;
      for (int image = 0; image < images; image++, first += imageStride) {
        int i = first;
        for (int row = 0; row < rows; row++, i += LANES) {
          DoubleVector d0 =
              ((DoubleVector) FloatVector.fromArray(HALF_F, x, i).castShape(D, 0)).sub(r);
          DoubleVector d1 =
              ((DoubleVector) FloatVector.fromArray(HALF_F, x, i + L).castShape(D, 0)).sub(r);
          s0 = s0.add(d0);
          s1 = s1.add(d1);
          q0 = d0.fma(d0, q0);
          q1 = d1.fma(d1, q1);
        }
        if (tail > 0) {
          i += tail - LANES;
          DoubleVector d0 =
              ((DoubleVector) FloatVector.fromArray(HALF_F, x, i).castShape(D, 0)).sub(r).mul(p0);
          DoubleVector d1 =
              ((DoubleVector) FloatVector.fromArray(HALF_F, x, i + L).castShape(D, 0))
                  .sub(r)
                  .mul(p1);
          s0 = s0.add(d0);
          s1 = s1.add(d1);
          q0 = d0.fma(d0, q0);
          q1 = d1.fma(d1, q1);
        }
      }
      s0.intoArray(lanes, lane);
      s1.intoArray(lanes, lane + L);
      q0.intoArray(lanes, LANES + lane);
      q1.intoArray(lanes, LANES + lane + L);
    }
  }

  /** Where a position's C channels follow one another: a segment of all of them. */
  static void rows(
      float[] x,
      int xOffset,
      Segments order,
      int segment,
      float[] origin,
      double[] sum,
      double[] square,
      double[] reach,
      Scratch scratch) {
    int channels = order.channels();
    int places = LANES * channels;
    scratch.growLanes(places, CHUNK);
    System.arraycopy(origin, 0, scratch.shifts, 0, channels);
    NhwcVectorKernels.repeat(scratch.shifts, channels, LANES);
    double[] lanes = scratch.reference(places);
    Arrays.fill(lanes, 0, 2 * places, 0);
    int tail = 0;
    for (int block = order.firstBlock(segment); block < order.endBlock(segment); block++) {
      tail = Math.max(tail, order.tail(block));
    }
    // a tail has the last lanes; those before have a superrow less of each image
    int split = (LANES - tail) % LANES * channels;
    add(x, xOffset, order, segment, false, 0, split, scratch, lanes);
    add(x, xOffset, order, segment, true, split, places, scratch, lanes);
    fold(lanes, channels, segment * channels, sum, square, reach);
  }

  /** Adds a segment to the sums of the places [from, to), with or without its tails. */
  private static void add(
      float[] x,
      int xOffset,
      Segments order,
      int segment,
      boolean tails,
      int from,
      int to,
      Scratch scratch,
      double[] lanes) {
    int[] at = scratch.rowsAt;
    int rows = from == to ? 0 : locate(xOffset, order, segment, tails, at);
    int places = LANES * order.channels();
    int whole = from + D.loopBound(to - from);
    for (int chunk = from; chunk < whole; chunk += CHUNK) {
      for (int row = 0; row < rows; row += ROWS) {
        for (int i = 0; i < ROWS; i++) {
          // the origins stand for rows that are not there: their difference is 0
          boolean there = row + i < rows;
          scratch.sources[i] = there ? x : scratch.shifts;
          scratch.sourcesAt[i] = there ? at[row + i] : 0;
        }
        fiveRows(chunk, Math.min(whole, chunk + CHUNK), places, scratch, lanes);
      }
    }
    Arrays.fill(scratch.sources, null);
    for (int i = whole; i < to; i++) {
      for (int row = 0; row < rows; row++) {
        double d = (double) x[at[row] + i] - scratch.shifts[i];
        lanes[i] += d;
        lanes[places + i] = Fma.fma(d, d, lanes[places + i]);
      }
    }
  }

  /** Where a segment's superrows lie, in order. */
  private static int locate(int xOffset, Segments order, int segment, boolean tails, int[] at) {
    int count = 0;
    for (int block = order.firstBlock(segment); block < order.endBlock(segment); block++) {
      int image = xOffset + order.blockOffset(block);
      int tail = tails ? order.tail(block) : 0;
      for (int group = 0; group < order.groups(block); group++, image += order.imageStride()) {
        int row = image;
        for (int i = 0; i < order.fullRows(block); i++, row += order.rowStride()) {
          at[count++] = row;
        }
        if (tail > 0) {
          at[count++] = row - (LANES - tail) * order.step();
        }
      }
    }
    return count;
  }

  /**
   * Adds five rows to the places [from, to). They and the sums lie in one set of a first-level
   * cache where rows are a multiple of 4 KB apart, as those of many C are, and it has 8 places.
   */
  private static void fiveRows(int from, int to, int places, Scratch scratch, double[] lanes) {
    float[] origins = scratch.shifts;
    float[] x0 = scratch.sources[0];
    float[] x1 = scratch.sources[1];
    float[] x2 = scratch.sources[2];
    float[] x3 = scratch.sources[3];
    float[] x4 = scratch.sources[4];
    int at0 = scratch.sourcesAt[0];
    int at1 = scratch.sourcesAt[1];
    int at2 = scratch.sourcesAt[2];
    int at3 = scratch.sourcesAt[3];
    int at4 = scratch.sourcesAt[4];
    for (int i = from; i < to; i += L) {
      DoubleVector r = (DoubleVector) FloatVector.fromArray(HALF_F, origins, i).castShape(D, 0);
      DoubleVector d0 =
          ((DoubleVector) FloatVector.fromArray(HALF_F, x0, at0 + i).castShape(D, 0)).sub(r);
      DoubleVector d1 =
          ((DoubleVector) FloatVector.fromArray(HALF_F, x1, at1 + i).castShape(D, 0)).sub(r);
      DoubleVector d2 =
          ((DoubleVector) FloatVector.fromArray(HALF_F, x2, at2 + i).castShape(D, 0)).sub(r);
      DoubleVector d3 =
          ((DoubleVector) FloatVector.fromArray(HALF_F, x3, at3 + i).castShape(D, 0)).sub(r);
      DoubleVector d4 =
          ((DoubleVector) FloatVector.fromArray(HALF_F, x4, at4 + i).castShape(D, 0)).sub(r);
      DoubleVector sum = DoubleVector.fromArray(D, lanes, i);
      sum.add(d0).add(d1).add(d2).add(d3).add(d4).intoArray(lanes, i);
      DoubleVector square = DoubleVector.fromArray(D, lanes, places + i);
      square = d2.fma(d2, d1.fma(d1, d0.fma(d0, square)));
      d4.fma(d4, d3.fma(d3, square)).intoArray(lanes, places + i);
    }
  }

  /** As {@link ReferenceSums#fold}, for every channel. */
  private static void fold(
      double[] lanes, int channels, int at, double[] sum, double[] square, double[] reach) {
    int places = LANES * channels;
    for (int width = places / 2; width >= channels; width /= 2) {
      halve(lanes, 0, width);
      halve(lanes, places, width);
      if (width == places / 2) {
        System.arraycopy(lanes, places, reach, at, channels);
        for (int i = channels; i < width; i += channels) {
          for (int c = 0; c < channels; c++) {
            reach[at + c] = Math.max(reach[at + c], lanes[places + i + c]);
          }
        }
      }
    }
    System.arraycopy(lanes, 0, sum, at, channels);
    System.arraycopy(lanes, places, square, at, channels);
  }

  private static void halve(double[] lanes, int at, int width) {
    int whole = at + D.loopBound(width);
    for (int i = at; i < whole; i += L) {
      DoubleVector.fromArray(D, lanes, i)
          .add(DoubleVector.fromArray(D, lanes, i + width))
          .intoArray(lanes, i);
    }
    for (int i = whole; i < at + width; i++) {
      lanes[i] += lanes[i + width];
    }
  }
}
