package org.lanenorm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
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

  /** What lanes are folded in: four doubles, where there is room for them. */
  private static final VectorSpecies<Double> FEW =
      F.vectorBitSize() > 128 ? DoubleVector.SPECIES_256 : DoubleVector.SPECIES_128;

  private static final VectorShuffle<Double> HALVES_SWAPPED =
      VectorShuffle.iota(FEW, FEW.length() / 2, 1, true);

  /** What is kept of a channel: 16 sums, and 16 of squares. */
  private static final int CELL = 2 * LANES;

  /** Places read side by side, so that no addition waits for the last. */
  private static final int WIDE = 4 * L;

  /**
   * Rows of (lane, channel) read one after the other. They may lie a multiple of 4 KB apart, where
   * a first-level cache has 8 or 12 places: 16 rows took 1.2 to 1.4 times as long.
   */
  private static final int ROWS = 8;

  /** Channels at a time, so that their sums (16 KB) are folded from a first-level cache. */
  private static final int GROUP = 64;

  /**
   * Segments of so many elements, half a second-level cache, are read in runs of one group. Larger
   * ones would be read from memory several times.
   */
  private static final int NEAR = 1 << 17;

  /** Places at a time, so that their sums (8 KB) stay there from the first to the last row. */
  private static final int CHUNK = 512;

  /**
   * Between sums and squares, which would else lie a multiple of 4 KB apart for many C: a load then
   * waits for a store that only looks like its own.
   */
  static final int APART = 256;

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
    // in memory follow one another either an image's segments or the channels' images
    int width = order.segmentsPerImage() > 1 ? 1 : to - from;
    for (int c = from; c < to; c += width) {
      segments(
          x,
          xOffset,
          order,
          firstSegment,
          endSegment,
          c,
          c + width,
          origin,
          sum,
          square,
          reach,
          scratch);
    }
  }

  private static void segments(
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
    int width = to - from;
    double[] lanes = scratch.reference(width * LANES);
    for (int segment = firstSegment; segment < endSegment; segment++) {
      // where channels are packed there is one at a time
      float[] source = order.source(x, xOffset, segment, from, scratch);
      int base = order.base(xOffset, segment, from);
      int start = order.firstBlock(segment);
      int end = order.endBlock(segment);
      boolean tails = false;
      boolean first = true;
      int run;
      for (int block = start; block < end; block += run) {
        run = order.fullRun(block, end);
        int images = 1;
        int rows = run * SLOTS;
        int tail = 0;
        if (run == 0) {
          run = order.partialRun(block, end);
          images = order.images(block, block + run);
          rows = order.fullRows(block);
          tail = order.tail(block);
          if (block > start || block + run < end) {
            // tails come after all that is full
            tails |= tail > 0;
            tail = 0;
          }
        }
        int at = base + order.blockOffset(block);
        if (rows > 0) {
          images(source, at, images, rows, tail, order, from, to, origin, first, lanes);
          first = false;
        }
      }
      for (int block = start; block < end && tails; block += run) {
        run = Math.max(1, order.fullRun(block, end));
        int tail = order.tail(block);
        if (tail > 0) {
          run = order.partialRun(block, end);
          int images = order.images(block, block + run);
          int at = base + order.blockOffset(block) + order.fullRows(block) * LANES;
          images(source, at, images, 0, tail, order, from, to, origin, first, lanes);
          first = false;
        }
      }
      fold(lanes, width, sum, square, reach, segment * order.channels() + from);
    }
  }

  /**
   * Adds images of so many full superrows, then as many tails, to the lanes of the channels [from,
   * to), or begins with them: sums to the first 16, squares to the others. An origin of 0 is not
   * subtracted, which is one step of four. Tails are read with what stands before them, which
   * counts as zero.
   */
  private static void images(
      float[] x,
      int base,
      int images,
      int rows,
      int tail,
      Segments order,
      int from,
      int to,
      float[] origins,
      boolean first,
      double[] lanes) {
    int imageStride = order.imageStride();
    int channelStride = order.channelStride();
    int all = images * rows;
    int step = imageStride - rows * LANES;
    for (int c = from, j = 0, at = base; c < to; c++, j += CELL, at += channelStride) {
      float origin = origins[c];
      DoubleVector r = DoubleVector.broadcast(D, origin);
      for (int lane = 0; lane < LANES; lane += 2 * L) {
        DoubleVector s0 = DoubleVector.zero(D);
        DoubleVector s1 = DoubleVector.zero(D);
        DoubleVector q0 = DoubleVector.zero(D);
        DoubleVector q1 = DoubleVector.zero(D);
        if (!first) {
          s0 = DoubleVector.fromArray(D, lanes, j + lane);
          s1 = DoubleVector.fromArray(D, lanes, j + lane + L);
          q0 = DoubleVector.fromArray(D, lanes, j + LANES + lane);
          q1 = DoubleVector.fromArray(D, lanes, j + LANES + lane + L);
        }
        int i = at + lane;
        int left = rows;
        if (origin == 0) {
          for (int row = 0; row < all; row++, i += LANES) {
            if (left == 0) {
              left = rows;
              i += step;
            }
            left--;
            DoubleVector d0 = (DoubleVector) FloatVector.fromArray(HALF_F, x, i).castShape(D, 0);
            DoubleVector d1 =
                (DoubleVector) FloatVector.fromArray(HALF_F, x, i + L).castShape(D, 0);
            s0 = s0.add(d0);
            s1 = s1.add(d1);
            q0 = d0.fma(d0, q0);
            q1 = d1.fma(d1, q1);
          }
        } else {
          for (int row = 0; row < all; row++, i += LANES) {
            if (left == 0) {
              left = rows;
              i += step;
            }
            left--;
            DoubleVector d0 =
                ((DoubleVector) FloatVector.fromArray(HALF_F, x, i).castShape(D, 0)).sub(r);
            DoubleVector d1 =
                ((DoubleVector) FloatVector.fromArray(HALF_F, x, i + L).castShape(D, 0)).sub(r);
            s0 = s0.add(d0);
            s1 = s1.add(d1);
            q0 = d0.fma(d0, q0);
            q1 = d1.fma(d1, q1);
          }
        }
        if (lane + 2 * L > LANES - tail) {
          DoubleVector p0 = DoubleVector.fromArray(D, PRESENT, tail + lane);
          DoubleVector p1 = DoubleVector.fromArray(D, PRESENT, tail + lane + L);
          i = at + rows * LANES + tail - LANES + lane;
          for (int image = 0; image < images; image++, i += imageStride) {
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
        s0.intoArray(lanes, j + lane);
        s1.intoArray(lanes, j + lane + L);
        q0.intoArray(lanes, j + LANES + lane);
        q1.intoArray(lanes, j + LANES + lane + L);
      }
    }
  }

  /** As {@link ReferenceSums#foldSums} and {@code foldSquares}, of so many cells. */
  private static void fold(
      double[] lanes, int count, double[] sum, double[] square, double[] reach, int at) {
    if (FEW.length() < 4) {
      for (int i = at, j = 0; i < at + count; i++, j += CELL) {
        ReferenceSums.foldSums(lanes, j, 1, sum, i);
        ReferenceSums.foldSquares(lanes, j + LANES, 1, square, reach, i);
      }
      return;
    }
    for (int i = at, j = 0; i < at + count; i++, j += CELL) {
      DoubleVector a =
          DoubleVector.fromArray(FEW, lanes, j).add(DoubleVector.fromArray(FEW, lanes, j + 8));
      DoubleVector b =
          DoubleVector.fromArray(FEW, lanes, j + 4).add(DoubleVector.fromArray(FEW, lanes, j + 12));
      a = a.add(b);
      a = a.add(a.rearrange(HALVES_SWAPPED));
      sum[i] = a.lane(0) + a.lane(1);
      a =
          DoubleVector.fromArray(FEW, lanes, j + 16)
              .add(DoubleVector.fromArray(FEW, lanes, j + 24));
      b =
          DoubleVector.fromArray(FEW, lanes, j + 20)
              .add(DoubleVector.fromArray(FEW, lanes, j + 28));
      // where one is NaN nobody asks
      DoubleVector most = a.blend(b, b.compare(VectorOperators.GT, a));
      a = a.add(b);
      a = a.add(a.rearrange(HALVES_SWAPPED));
      square[i] = a.lane(0) + a.lane(1);
      b = most.rearrange(HALVES_SWAPPED);
      most = most.blend(b, b.compare(VectorOperators.GT, most));
      double most0 = most.lane(0);
      double most1 = most.lane(1);
      reach[i] = most1 > most0 ? most1 : most0;
    }
  }

  /**
   * Where a position's C channels follow one another: a segment of all of them. A row is 16 runs of
   * C places, one run per lane. Few channels at a time have 16 runs of their own; all of them are
   * one run.
   */
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
    int[] at = scratch.rowsAt;
    int rows = locate(xOffset, order, segment, at);
    int all = locateTails(xOffset, order, segment, rows, at);
    // a segment may end inside an image, the last one does not
    int tail = order.tail(order.endBlock(order.segments() - 1) - 1);
    boolean grouped = channels > GROUP && rows * LANES * channels <= NEAR;
    float[] origins = origins(origin, channels, grouped, scratch);
    int width = grouped ? GROUP : channels;
    for (int from = 0; from < channels; from += width) {
      int group = Math.min(width, channels - from);
      int places = LANES * group;
      int squares = places + APART;
      double[] lanes = scratch.reference(squares);
      if (rows == 0) {
        Arrays.fill(lanes, 0, squares + places, 0);
      }
      int runs = grouped ? LANES : 1;
      add(x, at, 0, rows, from, runs, channels, places / runs, origins, from, lanes, 0, squares);
      if (all > rows) {
        // a tail has the last lanes
        int missing = LANES - tail;
        int place = missing * channels + from;
        int lane = missing * group;
        runs = grouped ? tail : 1;
        int length = tail * group / runs;
        add(x, at, rows, all, place, runs, channels, length, origins, from, lanes, lane, squares);
      }
      foldSums(lanes, group, segment * channels + from, sum);
      foldSquares(lanes, squares, group, segment * channels + from, square, reach);
    }
  }

  /** What is subtracted along a run; null for nothing, which is one step of four. */
  private static float[] origins(float[] origin, int channels, boolean grouped, Scratch scratch) {
    boolean shifted = false;
    for (int c = 0; c < channels; c++) {
      shifted |= origin[c] != 0;
    }
    if (!shifted || grouped) {
      return shifted ? origin : null;
    }
    scratch.growLanes(LANES * channels, 0);
    System.arraycopy(origin, 0, scratch.shifts, 0, channels);
    NhwcVectorKernels.repeat(scratch.shifts, channels, LANES);
    return scratch.shifts;
  }

  /** Where a segment's full superrows lie, in order. */
  private static int locate(int xOffset, Segments order, int segment, int[] at) {
    int count = 0;
    for (int block = order.firstBlock(segment); block < order.endBlock(segment); block++) {
      int image = xOffset + order.blockOffset(block);
      for (int group = 0; group < order.groups(block); group++, image += order.imageStride()) {
        int row = image;
        for (int i = 0; i < order.fullRows(block); i++, row += order.rowStride()) {
          at[count++] = row;
        }
      }
    }
    return count;
  }

  /** The same of the short ones, behind those: where their missing first positions would begin. */
  private static int locateTails(int xOffset, Segments order, int segment, int rows, int[] at) {
    int count = rows;
    for (int block = order.firstBlock(segment); block < order.endBlock(segment); block++) {
      int length = order.tail(block);
      int image = xOffset + order.blockOffset(block) + order.fullRows(block) * order.rowStride();
      for (int group = 0; group < order.groups(block) && length > 0; group++) {
        at[count++] = image - (LANES - length) * order.step();
        image += order.imageStride();
      }
    }
    return count;
  }

  /**
   * Adds the rows [firstRow, endRow) to the sums of some runs of places, or begins with row 0. In a
   * row the runs are {@code stride} apart, among the lanes they follow one another; all have the
   * same origins.
   */
  private static void add(
      float[] x,
      int[] at,
      int firstRow,
      int endRow,
      int place,
      int runs,
      int stride,
      int length,
      float[] origins,
      int origin,
      double[] lanes,
      int lane,
      int squares) {
    int wide = length - length % WIDE;
    for (int from = 0; from < wide; from += CHUNK) {
      int size = Math.min(CHUNK, wide - from);
      for (int row = firstRow; row < endRow; row += ROWS) {
        wide(
            x,
            at,
            row,
            Math.min(endRow, row + ROWS),
            place + from,
            runs,
            stride,
            length,
            size,
            origins,
            origin + from,
            lanes,
            lane + from,
            squares);
      }
    }
    if (wide < length) {
      for (int run = 0; run < runs; run++) {
        narrow(
            x,
            at,
            firstRow,
            endRow,
            place + run * stride + wide,
            length - wide,
            origins,
            origin + wide,
            lanes,
            lane + run * length + wide,
            squares);
      }
    }
  }

  /** Adds some rows, four vectors side by side: their sums stay in registers. */
  private static void wide(
      float[] x,
      int[] at,
      int firstRow,
      int endRow,
      int place,
      int runs,
      int stride,
      int length,
      int size,
      float[] origins,
      int origin,
      double[] lanes,
      int lane,
      int squares) {
    for (int run = 0; run < runs; run++) {
      int p = place + run * stride;
      int j = lane + run * length;
      for (int i = 0; i < size; i += WIDE, j += WIDE) {
        DoubleVector s0 = DoubleVector.zero(D);
        DoubleVector s1 = DoubleVector.zero(D);
        DoubleVector s2 = DoubleVector.zero(D);
        DoubleVector s3 = DoubleVector.zero(D);
        DoubleVector q0 = DoubleVector.zero(D);
        DoubleVector q1 = DoubleVector.zero(D);
        DoubleVector q2 = DoubleVector.zero(D);
        DoubleVector q3 = DoubleVector.zero(D);
        if (firstRow > 0) {
          s0 = DoubleVector.fromArray(D, lanes, j);
          s1 = DoubleVector.fromArray(D, lanes, j + L);
          s2 = DoubleVector.fromArray(D, lanes, j + 2 * L);
          s3 = DoubleVector.fromArray(D, lanes, j + 3 * L);
          q0 = DoubleVector.fromArray(D, lanes, squares + j);
          q1 = DoubleVector.fromArray(D, lanes, squares + j + L);
          q2 = DoubleVector.fromArray(D, lanes, squares + j + 2 * L);
          q3 = DoubleVector.fromArray(D, lanes, squares + j + 3 * L);
        }
        for (int row = firstRow; row < endRow; row++) {
          int k = at[row] + p + i;
          DoubleVector d0 = (DoubleVector) FloatVector.fromArray(HALF_F, x, k).castShape(D, 0);
          DoubleVector d1 = (DoubleVector) FloatVector.fromArray(HALF_F, x, k + L).castShape(D, 0);
          DoubleVector d2 =
              (DoubleVector) FloatVector.fromArray(HALF_F, x, k + 2 * L).castShape(D, 0);
          DoubleVector d3 =
              (DoubleVector) FloatVector.fromArray(HALF_F, x, k + 3 * L).castShape(D, 0);
          if (origins != null) {
            int r = origin + i;
            d0 = d0.sub((DoubleVector) FloatVector.fromArray(HALF_F, origins, r).castShape(D, 0));
            r += L;
            d1 = d1.sub((DoubleVector) FloatVector.fromArray(HALF_F, origins, r).castShape(D, 0));
            r += L;
            d2 = d2.sub((DoubleVector) FloatVector.fromArray(HALF_F, origins, r).castShape(D, 0));
            r += L;
            d3 = d3.sub((DoubleVector) FloatVector.fromArray(HALF_F, origins, r).castShape(D, 0));
          }
          s0 = s0.add(d0);
          s1 = s1.add(d1);
          s2 = s2.add(d2);
          s3 = s3.add(d3);
          q0 = d0.fma(d0, q0);
          q1 = d1.fma(d1, q1);
          q2 = d2.fma(d2, q2);
          q3 = d3.fma(d3, q3);
        }
        s0.intoArray(lanes, j);
        s1.intoArray(lanes, j + L);
        s2.intoArray(lanes, j + 2 * L);
        s3.intoArray(lanes, j + 3 * L);
        q0.intoArray(lanes, squares + j);
        q1.intoArray(lanes, squares + j + L);
        q2.intoArray(lanes, squares + j + 2 * L);
        q3.intoArray(lanes, squares + j + 3 * L);
      }
    }
  }

  /** The end of a run, too short for that: a vector, then a place at a time. */
  private static void narrow(
      float[] x,
      int[] at,
      int firstRow,
      int endRow,
      int place,
      int length,
      float[] origins,
      int origin,
      double[] lanes,
      int lane,
      int squares) {
    int whole = D.loopBound(length);
    for (int i = 0, j = lane; i < whole; i += L, j += L) {
      DoubleVector r = DoubleVector.zero(D);
      DoubleVector s = DoubleVector.zero(D);
      DoubleVector q = DoubleVector.zero(D);
      if (origins != null) {
        r = (DoubleVector) FloatVector.fromArray(HALF_F, origins, origin + i).castShape(D, 0);
      }
      if (firstRow > 0) {
        s = DoubleVector.fromArray(D, lanes, j);
        q = DoubleVector.fromArray(D, lanes, squares + j);
      }
      for (int row = firstRow; row < endRow; row++) {
        int k = at[row] + place + i;
        DoubleVector d =
            ((DoubleVector) FloatVector.fromArray(HALF_F, x, k).castShape(D, 0)).sub(r);
        s = s.add(d);
        q = d.fma(d, q);
      }
      s.intoArray(lanes, j);
      q.intoArray(lanes, squares + j);
    }
    for (int i = whole; i < length; i++) {
      int j = lane + i;
      double s = firstRow == 0 ? 0 : lanes[j];
      double q = firstRow == 0 ? 0 : lanes[squares + j];
      double r = origins != null ? origins[origin + i] : 0;
      for (int row = firstRow; row < endRow; row++) {
        double d = x[at[row] + place + i] - r;
        s += d;
        q = Fma.fma(d, d, q);
      }
      lanes[j] = s;
      lanes[squares + j] = q;
    }
  }

  /** As {@link ReferenceSums#foldSums}, for every channel. */
  private static void foldSums(double[] lanes, int channels, int at, double[] sum) {
    int whole = D.loopBound(channels);
    for (int c = 0; c < whole; c += L) {
      DoubleVector s0 = DoubleVector.fromArray(D, lanes, c);
      DoubleVector s1 = DoubleVector.fromArray(D, lanes, c + channels);
      DoubleVector s2 = DoubleVector.fromArray(D, lanes, c + 2 * channels);
      DoubleVector s3 = DoubleVector.fromArray(D, lanes, c + 3 * channels);
      DoubleVector s4 = DoubleVector.fromArray(D, lanes, c + 4 * channels);
      DoubleVector s5 = DoubleVector.fromArray(D, lanes, c + 5 * channels);
      DoubleVector s6 = DoubleVector.fromArray(D, lanes, c + 6 * channels);
      DoubleVector s7 = DoubleVector.fromArray(D, lanes, c + 7 * channels);
      s0 = s0.add(DoubleVector.fromArray(D, lanes, c + 8 * channels));
      s1 = s1.add(DoubleVector.fromArray(D, lanes, c + 9 * channels));
      s2 = s2.add(DoubleVector.fromArray(D, lanes, c + 10 * channels));
      s3 = s3.add(DoubleVector.fromArray(D, lanes, c + 11 * channels));
      s4 = s4.add(DoubleVector.fromArray(D, lanes, c + 12 * channels));
      s5 = s5.add(DoubleVector.fromArray(D, lanes, c + 13 * channels));
      s6 = s6.add(DoubleVector.fromArray(D, lanes, c + 14 * channels));
      s7 = s7.add(DoubleVector.fromArray(D, lanes, c + 15 * channels));
      s0.add(s4).add(s2.add(s6)).add(s1.add(s5).add(s3.add(s7))).intoArray(sum, at + c);
    }
    for (int c = whole; c < channels; c++) {
      ReferenceSums.foldSums(lanes, c, channels, sum, at + c);
    }
  }

  private static void foldSquares(
      double[] lanes, int squares, int channels, int at, double[] square, double[] reach) {
    int whole = squares + D.loopBound(channels);
    for (int c = squares; c < whole; c += L) {
      DoubleVector q0 = DoubleVector.fromArray(D, lanes, c);
      DoubleVector q1 = DoubleVector.fromArray(D, lanes, c + channels);
      DoubleVector q2 = DoubleVector.fromArray(D, lanes, c + 2 * channels);
      DoubleVector q3 = DoubleVector.fromArray(D, lanes, c + 3 * channels);
      DoubleVector q4 = DoubleVector.fromArray(D, lanes, c + 4 * channels);
      DoubleVector q5 = DoubleVector.fromArray(D, lanes, c + 5 * channels);
      DoubleVector q6 = DoubleVector.fromArray(D, lanes, c + 6 * channels);
      DoubleVector q7 = DoubleVector.fromArray(D, lanes, c + 7 * channels);
      q0 = q0.add(DoubleVector.fromArray(D, lanes, c + 8 * channels));
      q1 = q1.add(DoubleVector.fromArray(D, lanes, c + 9 * channels));
      q2 = q2.add(DoubleVector.fromArray(D, lanes, c + 10 * channels));
      q3 = q3.add(DoubleVector.fromArray(D, lanes, c + 11 * channels));
      q4 = q4.add(DoubleVector.fromArray(D, lanes, c + 12 * channels));
      q5 = q5.add(DoubleVector.fromArray(D, lanes, c + 13 * channels));
      q6 = q6.add(DoubleVector.fromArray(D, lanes, c + 14 * channels));
      q7 = q7.add(DoubleVector.fromArray(D, lanes, c + 15 * channels));
      q0.add(q4)
          .add(q2.add(q6))
          .add(q1.add(q5).add(q3.add(q7)))
          .intoArray(square, at + c - squares);
      // where one is NaN nobody asks
      q0 = q0.blend(q4, q4.compare(VectorOperators.GT, q0));
      q1 = q1.blend(q5, q5.compare(VectorOperators.GT, q1));
      q2 = q2.blend(q6, q6.compare(VectorOperators.GT, q2));
      q3 = q3.blend(q7, q7.compare(VectorOperators.GT, q3));
      q0 = q0.blend(q2, q2.compare(VectorOperators.GT, q0));
      q1 = q1.blend(q3, q3.compare(VectorOperators.GT, q1));
      q0.blend(q1, q1.compare(VectorOperators.GT, q0)).intoArray(reach, at + c - squares);
    }
    for (int c = D.loopBound(channels); c < channels; c++) {
      ReferenceSums.foldSquares(lanes, squares + c, channels, square, reach, at + c);
    }
  }
}
