package org.lanenorm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Where a channel's positions follow one another: a vector holds neighbouring lanes of one
 * superrow, so that a superrow is one vector of 512 bits, two of 256 or four of 128, and
 * coefficients are broadcast.
 *
 * <p>Hot loops stand in methods of their own, of more than 325 bytecodes and a dozen loads at most.
 * Some 60 inlined vector operations bring a compiled method to C2's node limit, and the rest of
 * them become calls on boxed vectors, 10 to 30 times slower: a loop must not come near that by
 * itself, and must not be inlined into a caller where it does (C2 inlines no method of more than
 * 325 bytecodes).
 *
 * <p>And no method here takes or returns a vector. Where C2 has compiled such a method by itself to
 * more than 2,500 bytes of code, or 625 where its caller seldom calls it, it does not inline it any
 * more, and each call passes boxed vectors for the rest of the JVM's life. What the Vector API
 * inlines by force is safe from that: its calls stand in the loops themselves. Zeros are made there
 * too: vectors read from fields cost 15 times as much as that instruction.
 */
final class NchwVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();
  private static final int LANES = Segments.LANES;
  private static final int SLOTS = Segments.SLOTS;
  private static final int HALF = SLOTS / 2 * LANES;
  private static final int BLOCK = SLOTS * LANES;

  private static final int QUAD = 4 * LANES;

  /**
   * What is kept of a segment of a channel, in a row: the sums of both kinds per lane, and the
   * shift 16 times (read like the others: C2 repeats a broadcast at each use).
   */
  static final int CELL = 3 * LANES;

  private static final int SHIFT = 2 * LANES;

  /** What lanes are folded in: four doubles, or two where that is all there is room for. */
  private static final VectorSpecies<Double> D =
      F.vectorBitSize() > 128 ? DoubleVector.SPECIES_256 : DoubleVector.SPECIES_128;

  private static final VectorSpecies<Float> FEW_F =
      VectorSpecies.of(float.class, VectorShape.forBitSize(D.vectorBitSize() / 2));
  private static final VectorShuffle<Double> HALVES_SWAPPED =
      VectorShuffle.iota(D, D.length() / 2, 1, true);
  private static final float[] ONES = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  private static final float[] LANE_NUMBERS = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  };

  private NchwVectorKernels() {}

  /**
   * Several sums at a time, step by step: each step waits long for its own result, and the
   * processor overlaps those of different sums.
   */
  static void momentSums(
      float[] x,
      int xOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] shift,
      double[] sum,
      double[] square,
      Scratch scratch) {
    int width = to - from;
    int cells = (endSegment - firstSegment) * width;
    float[] lanes = scratch.lanes(cells);
    // where channels are packed there is one cell at a time
    float[] source = order.source(x, xOffset, firstSegment, from, scratch);
    int base = order.base(xOffset, firstSegment, from);
    for (int segment = firstSegment, cell = 0; segment < endSegment; segment++, cell += width) {
      if (order.sampled(segment)) {
        sample(source, base, order, segment, width, lanes, cell * CELL);
      }
    }
    fold(lanes, 0, cells, sum);
    for (int segment = firstSegment, cell = 0; segment < endSegment; segment++) {
      boolean sampled = order.sampled(segment);
      int at = base + order.segmentOffset(segment);
      for (int end = cell + width; cell < end; cell++, at += order.channelStride()) {
        shift[cell] = sampled ? (float) (sum[cell] / (4 * LANES)) : source[at];
      }
    }
    if (onePlane(order)) {
      planeSquares(source, base, order, width, shift, lanes, scratch);
    } else {
      for (int cell = 0; cell < cells; cell++) {
        clear(lanes, cell * CELL, shift[cell]);
      }
      if (order.largeImages()) {
        imageSquares(source, base, order, firstSegment, endSegment, width, lanes, scratch);
      } else {
        for (int segment = firstSegment, cell = 0; segment < endSegment; segment++, cell += width) {
          blockSquares(
              source,
              base,
              order,
              order.firstBlock(segment),
              order.endBlock(segment),
              width,
              lanes,
              cell * CELL,
              scratch);
        }
      }
    }
    fold(lanes, cells, sum, square);
  }

  /**
   * Adds blocks of a segment of some channels to their lanes, where the first of them begins these
   * anew: what {@link #momentSums} does, a piece at a time, until {@link #fold} ends it.
   *
   * @param base where the channels begin
   * @param shift set with the first block, at cell + c
   * @param work for as many numbers as there are channels
   * @param cell of the first channel
   */
  static void addSquares(
      float[] x,
      int base,
      Segments order,
      int firstBlock,
      int endBlock,
      int channels,
      float[] shift,
      double[] work,
      int cell,
      float[] lanes,
      Scratch scratch) {
    int segment = order.segment(firstBlock);
    int lanesAt = cell * CELL;
    if (firstBlock == order.firstBlock(segment)) {
      boolean sampled = order.sampled(segment);
      if (sampled) {
        sample(x, base, order, segment, channels, lanes, lanesAt);
        fold(lanes, lanesAt, channels, work);
      }
      int at = base + order.segmentOffset(segment);
      for (int c = 0; c < channels; c++) {
        float k = sampled ? (float) (work[c] / (4 * LANES)) : x[at + c * order.channelStride()];
        shift[cell + c] = k;
        clear(lanes, lanesAt + c * CELL, k);
      }
    }
    blockSquares(x, base, order, firstBlock, endBlock, channels, lanes, lanesAt, scratch);
  }

  /** As {@link #addSquares}, of {@link #gradientSums}. */
  static void addProducts(
      float[] x,
      float[] dy,
      int base,
      Segments order,
      int firstBlock,
      int endBlock,
      int channels,
      float[] hi,
      int firstHi,
      int cell,
      float[] lanes,
      Scratch scratch) {
    if (firstBlock == order.firstBlock(order.segment(firstBlock))) {
      for (int c = 0; c < channels; c++) {
        clear(lanes, (cell + c) * CELL, hi[firstHi + c]);
      }
    }
    blockProducts(
        x, base, dy, base, order, firstBlock, endBlock, channels, lanes, cell * CELL, scratch);
  }

  /** The sums of both kinds of so many cells. */
  static void fold(float[] lanes, int cells, double[] first, double[] second) {
    fold(lanes, 0, cells, first);
    fold(lanes, LANES, cells, second);
  }

  /** The sums of four superrows per lane, whose mean is K, of some channels. */
  private static void sample(
      float[] x, int base, Segments order, int segment, int channels, float[] lanes, int lanesAt) {
    int first = base + order.segmentOffset(segment);
    int b = order.sampleOffset(segment, 1);
    int c = order.sampleOffset(segment, 2);
    int d = order.sampleOffset(segment, 3);
    int stride = order.channelStride();
    for (int lane = 0; lane < LANES; lane += L) {
      int at = lanesAt + lane;
      int a = first + lane;
      for (int i = 0; i < channels; i++, a += stride, at += CELL) {
        FloatVector.fromArray(F, x, a)
            .add(FloatVector.fromArray(F, x, a + b))
            .add(FloatVector.fromArray(F, x, a + c).add(FloatVector.fromArray(F, x, a + d)))
            .intoArray(lanes, at);
      }
    }
  }

  /**
   * As {@link ScalarKernels#fold}, of the 16 lanes at {@code at} of each cell. In vectors of eight
   * doubles it would be one step more, of the same work.
   */
  private static void fold(float[] lanes, int at, int count, double[] sums) {
    for (int i = 0, j = at; i < count; i++, j += CELL) {
      DoubleVector a =
          ((DoubleVector) FloatVector.fromArray(FEW_F, lanes, j).castShape(D, 0))
              .add((DoubleVector) FloatVector.fromArray(FEW_F, lanes, j + 8).castShape(D, 0));
      DoubleVector b =
          ((DoubleVector) FloatVector.fromArray(FEW_F, lanes, j + 4).castShape(D, 0))
              .add((DoubleVector) FloatVector.fromArray(FEW_F, lanes, j + 12).castShape(D, 0));
      DoubleVector s = a.add(b);
      if (D.length() == 2) {
        a =
            ((DoubleVector) FloatVector.fromArray(FEW_F, lanes, j + 2).castShape(D, 0))
                .add((DoubleVector) FloatVector.fromArray(FEW_F, lanes, j + 10).castShape(D, 0));
        b =
            ((DoubleVector) FloatVector.fromArray(FEW_F, lanes, j + 6).castShape(D, 0))
                .add((DoubleVector) FloatVector.fromArray(FEW_F, lanes, j + 14).castShape(D, 0));
        s = s.add(a.add(b));
      } else {
        s = s.add(s.rearrange(HALVES_SWAPPED));
      }
      sums[i] = s.lane(0) + s.lane(1);
    }
  }

  /** Whether a channel is one image that fills one block at most, and so one segment. */
  private static boolean onePlane(Segments order) {
    return order.count() == order.spatial() && order.spatial() >= LANES && !order.largeImages();
  }

  /**
   * The segment of some channels of one image, which fills one block at most: quad by quad, each of
   * all channels, but the first half at once, added to the second where there is one.
   */
  private static void planeSquares(
      float[] x,
      int at,
      Segments order,
      int channels,
      float[] shift,
      float[] lanes,
      Scratch scratch) {
    int stride = order.channelStride();
    int length = order.length(0);
    int together = channels - left(x, at, order, 0, 1, channels);
    int half = length > HALF ? HALF : 0;
    for (int i = half; i < length; i += QUAD) {
      quadSquares(x, at + i, stride, length - i, together, shift, lanes, i > half);
    }
    if (half > 0) {
      halfSquares(x, at, stride, together, shift, lanes);
    }
    for (int c = together; c < channels; c++) {
      clear(lanes, c * CELL, shift[c]);
      gather(x, at + c * stride, order, 0, shift[c], scratch.terms);
      squares(scratch.terms, 0, 1, lanes, c * CELL);
    }
  }

  /** A quad of each channel, of which only {@code length} positions count; added to one before. */
  private static void quadSquares(
      float[] x,
      int from,
      int stride,
      int length,
      int channels,
      float[] shifts,
      float[] lanes,
      boolean added) {
    FloatVector one = FloatVector.fromArray(F, ONES, 0);
    for (int lane = 0; lane < LANES; lane += L) {
      FloatVector number = FloatVector.fromArray(F, LANE_NUMBERS, lane);
      VectorMask<Float> in0 = number.compare(VectorOperators.LT, (float) length);
      VectorMask<Float> in1 = number.compare(VectorOperators.LT, (float) (length - LANES));
      VectorMask<Float> in2 = number.compare(VectorOperators.LT, (float) (length - 2 * LANES));
      VectorMask<Float> in3 = number.compare(VectorOperators.LT, (float) (length - 3 * LANES));
      for (int c = 0; c < channels; c++) {
        int i = from + c * stride + lane;
        int at = c * CELL + lane;
        FloatVector shift = FloatVector.broadcast(F, shifts[c]);
        FloatVector minus = shift.neg();
        FloatVector d0 = shift.blend(FloatVector.fromArray(F, x, i), in0).sub(shift);
        FloatVector d1 = shift.blend(FloatVector.fromArray(F, x, i + LANES), in1).fma(one, minus);
        FloatVector d2 =
            shift.blend(FloatVector.fromArray(F, x, i + 2 * LANES), in2).fma(one, minus);
        FloatVector d3 =
            shift.blend(FloatVector.fromArray(F, x, i + 3 * LANES), in3).fma(one, minus);
        // 0 + -0 is 0, as beside slots that hold nothing
        FloatVector sum = FloatVector.zero(F);
        FloatVector square = FloatVector.zero(F);
        if (added) {
          sum = FloatVector.fromArray(F, lanes, at);
          square = FloatVector.fromArray(F, lanes, at + LANES);
        }
        sum.add(d0.add(d1).add(d2.add(d3))).intoArray(lanes, at);
        square.add(d1.fma(d1, d0.mul(d0)).add(d3.fma(d3, d2.mul(d2)))).intoArray(lanes, at + LANES);
      }
    }
  }

  /** Adds a half block of each channel. */
  private static void halfSquares(
      float[] x, int from, int stride, int channels, float[] shifts, float[] lanes) {
    FloatVector one = FloatVector.fromArray(F, ONES, 0);
    for (int lane = 0; lane < LANES; lane += L) {
      for (int c = 0; c < channels; c++) {
        int i = from + c * stride + lane;
        int at = c * CELL + lane;
        FloatVector shift = FloatVector.broadcast(F, shifts[c]);
        FloatVector minus = shift.neg();
        FloatVector d0 = FloatVector.fromArray(F, x, i).sub(shift);
        FloatVector d1 = FloatVector.fromArray(F, x, i + LANES).fma(one, minus);
        FloatVector d2 = FloatVector.fromArray(F, x, i + 2 * LANES).fma(one, minus);
        FloatVector d3 = FloatVector.fromArray(F, x, i + 3 * LANES).fma(one, minus);
        FloatVector d4 = FloatVector.fromArray(F, x, i + 4 * LANES).sub(shift);
        FloatVector d5 = FloatVector.fromArray(F, x, i + 5 * LANES).fma(one, minus);
        FloatVector d6 = FloatVector.fromArray(F, x, i + 6 * LANES).fma(one, minus);
        FloatVector d7 = FloatVector.fromArray(F, x, i + 7 * LANES).fma(one, minus);
        FloatVector sum = FloatVector.fromArray(F, lanes, at);
        FloatVector square = FloatVector.fromArray(F, lanes, at + LANES);
        sum.add(d0.add(d1).add(d2.add(d3)).add(d4.add(d5).add(d6.add(d7)))).intoArray(lanes, at);
        square
            .add(
                d1.fma(d1, d0.mul(d0))
                    .add(d3.fma(d3, d2.mul(d2)))
                    .add(d5.fma(d5, d4.mul(d4)).add(d7.fma(d7, d6.mul(d6)))))
            .intoArray(lanes, at + LANES);
      }
    }
  }

  /**
   * Adds segments of images that fill several blocks: image by image and channel by channel, as
   * they lie in memory, so that its prefetchers see long runs.
   */
  private static void imageSquares(
      float[] x,
      int base,
      Segments order,
      int firstSegment,
      int endSegment,
      int width,
      float[] lanes,
      Scratch scratch) {
    int end = order.endBlock(endSegment - 1);
    int last;
    for (int first = order.firstBlock(firstSegment); first < end; first = last) {
      int endFull = order.endOfImage(first) - order.partialBlocks();
      last = Math.min(order.endOfImage(first), end);
      int from = base + order.blockOffset(first);
      int firstOfImage = order.segment(first);
      for (int c = 0; c < width; c++, from += order.channelStride()) {
        int at = from;
        int cell = ((firstOfImage - firstSegment) * width + c) * CELL;
        int next;
        for (int block = first, segment = firstOfImage; block < last; block = next, segment++) {
          next = Math.min(order.endBlock(segment), last);
          int full = Math.min(next, endFull) - block;
          if (full > 0) {
            squares(x, at, full, lanes, cell);
            at += full * BLOCK;
          }
          if (next > endFull) {
            partialSquares(x, at, order, endFull, next, 1, lanes, cell, scratch);
          }
          cell += width * CELL;
        }
      }
    }
  }

  /** Adds the blocks [firstBlock, end) of a segment of some channels to their lanes. */
  private static void blockSquares(
      float[] x,
      int base,
      Segments order,
      int firstBlock,
      int end,
      int channels,
      float[] lanes,
      int lanesAt,
      Scratch scratch) {
    int run;
    for (int block = firstBlock; block < end; block += run) {
      int at = base + order.blockOffset(block);
      run = order.fullRun(block, end);
      if (run > 0) {
        for (int c = 0; c < channels; c++) {
          squares(x, at + c * order.channelStride(), run, lanes, lanesAt + c * CELL);
        }
      } else {
        run = order.partialRun(block, end);
        partialSquares(x, at, order, block, block + run, channels, lanes, lanesAt, scratch);
      }
    }
  }

  /**
   * Adds {@code count} full blocks that follow one another to the lanes. Some of the differences
   * are fma(x, 1, -K), the same number: processors that add on other ports than they multiply have
   * both to do.
   */
  private static void squares(float[] x, int at, int count, float[] lanes, int lanesAt) {
    FloatVector one = FloatVector.fromArray(F, ONES, 0);
    for (int lane = lanesAt; lane < lanesAt + LANES; lane += L) {
      FloatVector shift = FloatVector.fromArray(F, lanes, lane + SHIFT);
      FloatVector minus = shift.neg();
      FloatVector sum = FloatVector.fromArray(F, lanes, lane);
      FloatVector square = FloatVector.fromArray(F, lanes, lane + LANES);
      FloatVector blockSum = FloatVector.zero(F);
      FloatVector blockSquare = FloatVector.zero(F);
      int i = at + lane - lanesAt;
      // one loop over half blocks: the checks of a loop inside another would cost as much as it
      for (int half = 0; half < 2 * count; half++, i += HALF) {
        FloatVector d0 = FloatVector.fromArray(F, x, i).sub(shift);
        FloatVector d1 = FloatVector.fromArray(F, x, i + LANES).fma(one, minus);
        FloatVector d2 = FloatVector.fromArray(F, x, i + 2 * LANES).fma(one, minus);
        FloatVector d3 = FloatVector.fromArray(F, x, i + 3 * LANES).fma(one, minus);
        FloatVector d4 = FloatVector.fromArray(F, x, i + 4 * LANES).sub(shift);
        FloatVector d5 = FloatVector.fromArray(F, x, i + 5 * LANES).fma(one, minus);
        FloatVector d6 = FloatVector.fromArray(F, x, i + 6 * LANES).fma(one, minus);
        FloatVector d7 = FloatVector.fromArray(F, x, i + 7 * LANES).fma(one, minus);
        FloatVector halfSum = d0.add(d1).add(d2.add(d3)).add(d4.add(d5).add(d6.add(d7)));
        FloatVector halfSquare =
            d1.fma(d1, d0.mul(d0))
                .add(d3.fma(d3, d2.mul(d2)))
                .add(d5.fma(d5, d4.mul(d4)).add(d7.fma(d7, d6.mul(d6))));
        if ((half & 1) == 0) {
          blockSum = halfSum;
          blockSquare = halfSquare;
        } else {
          sum = sum.add(blockSum.add(halfSum));
          square = square.add(blockSquare.add(halfSquare));
        }
      }
      sum.intoArray(lanes, lane);
      square.intoArray(lanes, lane + LANES);
    }
  }

  /**
   * Adds a block of images that do not fill it to the lanes, or several that follow one another.
   */
  private static void partialSquares(
      float[] x,
      int at,
      Segments order,
      int block,
      int endBlock,
      int channels,
      float[] lanes,
      int lanesAt,
      Scratch scratch) {
    int together = channels - left(x, at, order, block, endBlock, channels);
    if (together > 0) {
      quads(x, at, order, block, endBlock, together, lanes, lanesAt);
    }
    for (int c = together; c < channels; c++) {
      int lane = lanesAt + c * CELL;
      int from = at + c * order.channelStride();
      for (int i = block; i < endBlock; i++) {
        gather(x, from, order, i, lanes[lane + SHIFT], scratch.terms);
        squares(scratch.terms, 0, 1, lanes, lane);
        from += order.imagesPerBlock() * order.imageStride();
      }
    }
  }

  /**
   * How many of the channels are not to be read in quads: all where several images share one, the
   * last ones where their last quads would reach over the end of the array.
   */
  private static int left(
      float[] x, int at, Segments order, int block, int endBlock, int channels) {
    if (order.quadsPerImage() == 0 && !onePlane(order)) {
      return channels;
    }
    int last =
        at
            + (channels - 1) * order.channelStride()
            + (order.images(block, endBlock) - 1) * order.imageStride();
    int over = last + (order.length(block) + QUAD - 1) / QUAD * QUAD - x.length;
    return Math.min(
        channels, Math.max(0, over + order.channelStride() - 1) / order.channelStride());
  }

  /**
   * Adds images that take one, two or four quads of slots each. What lies behind an image is read,
   * and left out.
   */
  private static void quads(
      float[] x,
      int from,
      Segments order,
      int block,
      int endBlock,
      int channels,
      float[] lanes,
      int lanesFrom) {
    int images = order.images(block, endBlock);
    int length = order.length(block);
    int quadsPerImage = order.quadsPerImage();
    int step = order.imageStride() - (length + QUAD - 1) / QUAD * QUAD;
    // what an image's last quad holds, where it is not full
    int over = length % QUAD;
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.fromArray(F, ONES, 0);
    int parts = LANES / L;
    for (int part = 0; part < channels * parts; part++) {
      int lane = part % parts * L;
      int at = from + part / parts * order.channelStride();
      int lanesAt = lanesFrom + part / parts * CELL;
      FloatVector number = FloatVector.fromArray(F, LANE_NUMBERS, lane);
      VectorMask<Float> in0 = number.compare(VectorOperators.LT, (float) over);
      VectorMask<Float> in1 = number.compare(VectorOperators.LT, (float) (over - LANES));
      VectorMask<Float> in2 = number.compare(VectorOperators.LT, (float) (over - 2 * LANES));
      VectorMask<Float> in3 = number.compare(VectorOperators.LT, (float) (over - 3 * LANES));
      FloatVector shift = FloatVector.fromArray(F, lanes, lanesAt + SHIFT + lane);
      FloatVector minus = shift.neg();
      FloatVector sum = FloatVector.fromArray(F, lanes, lanesAt + lane);
      FloatVector square = FloatVector.fromArray(F, lanes, lanesAt + LANES + lane);
      FloatVector halfSum = zero;
      FloatVector halfSquare = zero;
      FloatVector blockSum = zero;
      FloatVector blockSquare = zero;
      int i = at + lane;
      int left = length;
      int quad = 0;
      for (int image = 0; image < images; ) {
        FloatVector d0 = FloatVector.fromArray(F, x, i);
        FloatVector d1 = FloatVector.fromArray(F, x, i + LANES);
        FloatVector d2 = FloatVector.fromArray(F, x, i + 2 * LANES);
        FloatVector d3 = FloatVector.fromArray(F, x, i + 3 * LANES);
        if (left < QUAD) {
          d0 = shift.blend(d0, in0);
          d1 = shift.blend(d1, in1);
          d2 = shift.blend(d2, in2);
          d3 = shift.blend(d3, in3);
        }
        d0 = d0.sub(shift);
        d1 = d1.fma(one, minus);
        d2 = d2.fma(one, minus);
        d3 = d3.fma(one, minus);
        halfSum = halfSum.add(d0.add(d1).add(d2.add(d3)));
        halfSquare = halfSquare.add(d1.fma(d1, d0.mul(d0)).add(d3.fma(d3, d2.mul(d2))));
        left -= QUAD;
        i += QUAD;
        if (left <= 0) {
          // the quads that the image does not reach count as zero
          quad |= quadsPerImage - 1;
          left = length;
          i += step;
          image++;
        }
        if ((quad & 1) != 0) {
          blockSum = blockSum.add(halfSum);
          blockSquare = blockSquare.add(halfSquare);
          halfSum = zero;
          halfSquare = zero;
        }
        if ((quad & 3) == 3) {
          sum = sum.add(blockSum);
          square = square.add(blockSquare);
          blockSum = zero;
          blockSquare = zero;
        }
        quad++;
      }
      sum.add(blockSum.add(halfSum)).intoArray(lanes, lanesAt + lane);
      square.add(blockSquare.add(halfSquare)).intoArray(lanes, lanesAt + LANES + lane);
    }
  }

  static void gradientSums(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] hi,
      double[] sum,
      double[] product,
      Scratch scratch) {
    int width = to - from;
    int cells = (endSegment - firstSegment) * width;
    float[] lanes = scratch.lanes(cells);
    float[] xs = order.source(x, xOffset, firstSegment, from, scratch);
    float[] dys = order.gradientSource(dy, dyOffset, firstSegment, from, scratch);
    int xBase = order.base(xOffset, firstSegment, from);
    int dyBase = order.base(dyOffset, firstSegment, from);
    if (onePlane(order) && order.length(0) <= QUAD) {
      planeProducts(xs, xBase, dys, dyBase, order, width, hi, from, lanes, scratch);
    } else {
      for (int cell = 0; cell < cells; cell++) {
        clear(lanes, cell * CELL, hi[from + cell % width]);
      }
      if (order.largeImages()) {
        imageProducts(
            xs, xBase, dys, dyBase, order, firstSegment, endSegment, width, lanes, scratch);
      } else {
        for (int segment = firstSegment, cell = 0; segment < endSegment; segment++, cell += width) {
          blockProducts(
              xs,
              xBase,
              dys,
              dyBase,
              order,
              order.firstBlock(segment),
              order.endBlock(segment),
              width,
              lanes,
              cell * CELL,
              scratch);
        }
      }
    }
    fold(lanes, cells, sum, product);
  }

  /** As {@link #planeSquares}, of images of one quad. */
  private static void planeProducts(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      Segments order,
      int channels,
      float[] hi,
      int firstHi,
      float[] lanes,
      Scratch scratch) {
    int together =
        channels
            - Math.max(left(x, xAt, order, 0, 1, channels), left(dy, dyAt, order, 0, 1, channels));
    quadProducts(x, xAt, dy, dyAt, order, together, hi, firstHi, lanes);
    for (int c = together; c < channels; c++) {
      int at = c * order.channelStride();
      float shift = hi[firstHi + c];
      clear(lanes, c * CELL, shift);
      gather(x, xAt + at, order, 0, shift, scratch.factors);
      gather(dy, dyAt + at, order, 0, 0, scratch.terms);
      products(scratch.factors, 0, scratch.terms, 0, 1, lanes, c * CELL);
    }
  }

  /** As {@link #quadSquares}. */
  private static void quadProducts(
      float[] x,
      int xFrom,
      float[] dy,
      int dyFrom,
      Segments order,
      int channels,
      float[] hi,
      int firstHi,
      float[] lanes) {
    int length = order.length(0);
    int stride = order.channelStride();
    for (int lane = 0; lane < LANES; lane += L) {
      FloatVector number = FloatVector.fromArray(F, LANE_NUMBERS, lane);
      VectorMask<Float> in0 = number.compare(VectorOperators.LT, (float) length);
      VectorMask<Float> in1 = number.compare(VectorOperators.LT, (float) (length - LANES));
      VectorMask<Float> in2 = number.compare(VectorOperators.LT, (float) (length - 2 * LANES));
      VectorMask<Float> in3 = number.compare(VectorOperators.LT, (float) (length - 3 * LANES));
      FloatVector zero = FloatVector.zero(F);
      for (int c = 0; c < channels; c++) {
        int i = xFrom + c * stride + lane;
        int j = dyFrom + c * stride + lane;
        int at = c * CELL + lane;
        FloatVector shift = FloatVector.broadcast(F, hi[firstHi + c]);
        FloatVector d0 = shift.blend(FloatVector.fromArray(F, x, i), in0).sub(shift);
        FloatVector d1 = shift.blend(FloatVector.fromArray(F, x, i + LANES), in1).sub(shift);
        FloatVector d2 = shift.blend(FloatVector.fromArray(F, x, i + 2 * LANES), in2).sub(shift);
        FloatVector d3 = shift.blend(FloatVector.fromArray(F, x, i + 3 * LANES), in3).sub(shift);
        FloatVector g0 = zero.blend(FloatVector.fromArray(F, dy, j), in0);
        FloatVector g1 = zero.blend(FloatVector.fromArray(F, dy, j + LANES), in1);
        FloatVector g2 = zero.blend(FloatVector.fromArray(F, dy, j + 2 * LANES), in2);
        FloatVector g3 = zero.blend(FloatVector.fromArray(F, dy, j + 3 * LANES), in3);
        // 0 + -0 is 0, as beside slots that hold nothing
        zero.add(g0.add(g1).add(g2.add(g3))).intoArray(lanes, at);
        zero.add(g1.fma(d1, g0.mul(d0)).add(g3.fma(d3, g2.mul(d2)))).intoArray(lanes, at + LANES);
      }
    }
  }

  /** As {@link #imageSquares}. */
  private static void imageProducts(
      float[] x,
      int xBase,
      float[] dy,
      int dyBase,
      Segments order,
      int firstSegment,
      int endSegment,
      int width,
      float[] lanes,
      Scratch scratch) {
    int end = order.endBlock(endSegment - 1);
    int last;
    for (int first = order.firstBlock(firstSegment); first < end; first = last) {
      int endFull = order.endOfImage(first) - order.partialBlocks();
      last = Math.min(order.endOfImage(first), end);
      int from = order.blockOffset(first);
      int firstOfImage = order.segment(first);
      for (int c = 0; c < width; c++, from += order.channelStride()) {
        int at = from;
        int cell = ((firstOfImage - firstSegment) * width + c) * CELL;
        int next;
        for (int block = first, segment = firstOfImage; block < last; block = next, segment++) {
          next = Math.min(order.endBlock(segment), last);
          int full = Math.min(next, endFull) - block;
          if (full > 0) {
            products(x, xBase + at, dy, dyBase + at, full, lanes, cell);
            at += full * BLOCK;
          }
          if (next > endFull) {
            partialProducts(
                x, xBase + at, dy, dyBase + at, order, endFull, next, 1, lanes, cell, scratch);
          }
          cell += width * CELL;
        }
      }
    }
  }

  private static void blockProducts(
      float[] x,
      int xBase,
      float[] dy,
      int dyBase,
      Segments order,
      int firstBlock,
      int end,
      int channels,
      float[] lanes,
      int lanesAt,
      Scratch scratch) {
    int run;
    for (int block = firstBlock; block < end; block += run) {
      int xAt = xBase + order.blockOffset(block);
      int dyAt = dyBase + order.blockOffset(block);
      run = order.fullRun(block, end);
      if (run > 0) {
        for (int c = 0; c < channels; c++) {
          int at = c * order.channelStride();
          products(x, xAt + at, dy, dyAt + at, run, lanes, lanesAt + c * CELL);
        }
      } else {
        run = order.partialRun(block, end);
        partialProducts(
            x, xAt, dy, dyAt, order, block, block + run, channels, lanes, lanesAt, scratch);
      }
    }
  }

  /** Adds {@code count} full blocks that follow one another to the lanes. */
  private static void products(
      float[] x, int xAt, float[] dy, int dyAt, int count, float[] lanes, int lanesAt) {
    FloatVector zero = FloatVector.zero(F);
    for (int lane = 0; lane < LANES; lane += L) {
      FloatVector shift = FloatVector.fromArray(F, lanes, lanesAt + SHIFT + lane);
      FloatVector sum = FloatVector.fromArray(F, lanes, lanesAt + lane);
      FloatVector product = FloatVector.fromArray(F, lanes, lanesAt + LANES + lane);
      FloatVector halfSum = zero;
      FloatVector halfProduct = zero;
      FloatVector blockSum = zero;
      FloatVector blockProduct = zero;
      // one loop over quads, as for squares
      for (int quad = 0, i = lane; quad < 4 * count; quad++, i += QUAD) {
        FloatVector g0 = FloatVector.fromArray(F, dy, dyAt + i);
        FloatVector g1 = FloatVector.fromArray(F, dy, dyAt + i + LANES);
        FloatVector g2 = FloatVector.fromArray(F, dy, dyAt + i + 2 * LANES);
        FloatVector g3 = FloatVector.fromArray(F, dy, dyAt + i + 3 * LANES);
        FloatVector d0 = FloatVector.fromArray(F, x, xAt + i).sub(shift);
        FloatVector d1 = FloatVector.fromArray(F, x, xAt + i + LANES).sub(shift);
        FloatVector d2 = FloatVector.fromArray(F, x, xAt + i + 2 * LANES).sub(shift);
        FloatVector d3 = FloatVector.fromArray(F, x, xAt + i + 3 * LANES).sub(shift);
        halfSum = halfSum.add(g0.add(g1).add(g2.add(g3)));
        halfProduct = halfProduct.add(g1.fma(d1, g0.mul(d0)).add(g3.fma(d3, g2.mul(d2))));
        if ((quad & 1) != 0) {
          blockSum = blockSum.add(halfSum);
          blockProduct = blockProduct.add(halfProduct);
          halfSum = zero;
          halfProduct = zero;
        }
        if ((quad & 3) == 3) {
          sum = sum.add(blockSum);
          product = product.add(blockProduct);
          blockSum = zero;
          blockProduct = zero;
        }
      }
      sum.intoArray(lanes, lanesAt + lane);
      product.intoArray(lanes, lanesAt + LANES + lane);
    }
  }

  private static void partialProducts(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      Segments order,
      int block,
      int endBlock,
      int channels,
      float[] lanes,
      int lanesAt,
      Scratch scratch) {
    int together =
        channels
            - Math.max(
                left(x, xAt, order, block, endBlock, channels),
                left(dy, dyAt, order, block, endBlock, channels));
    if (together > 0) {
      quads(x, xAt, dy, dyAt, order, block, endBlock, together, lanes, lanesAt);
    }
    for (int c = together; c < channels; c++) {
      int lane = lanesAt + c * CELL;
      int at = c * order.channelStride();
      for (int i = block; i < endBlock; i++) {
        gather(x, xAt + at, order, i, lanes[lane + SHIFT], scratch.factors);
        gather(dy, dyAt + at, order, i, 0, scratch.terms);
        products(scratch.factors, 0, scratch.terms, 0, 1, lanes, lane);
        at += order.imagesPerBlock() * order.imageStride();
      }
    }
  }

  private static void quads(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      Segments order,
      int block,
      int endBlock,
      int channels,
      float[] lanes,
      int lanesFrom) {
    int images = order.images(block, endBlock);
    int length = order.length(block);
    int quadsPerImage = order.quadsPerImage();
    int step = order.imageStride() - (length + QUAD - 1) / QUAD * QUAD;
    // what an image's last quad holds, where it is not full
    int over = length % QUAD;
    int toDy = dyAt - xAt;
    FloatVector zero = FloatVector.zero(F);
    int parts = LANES / L;
    for (int part = 0; part < channels * parts; part++) {
      int lane = part % parts * L;
      int lanesAt = lanesFrom + part / parts * CELL;
      FloatVector number = FloatVector.fromArray(F, LANE_NUMBERS, lane);
      VectorMask<Float> in0 = number.compare(VectorOperators.LT, (float) over);
      VectorMask<Float> in1 = number.compare(VectorOperators.LT, (float) (over - LANES));
      VectorMask<Float> in2 = number.compare(VectorOperators.LT, (float) (over - 2 * LANES));
      VectorMask<Float> in3 = number.compare(VectorOperators.LT, (float) (over - 3 * LANES));
      FloatVector shift = FloatVector.fromArray(F, lanes, lanesAt + SHIFT + lane);
      FloatVector sum = FloatVector.fromArray(F, lanes, lanesAt + lane);
      FloatVector product = FloatVector.fromArray(F, lanes, lanesAt + LANES + lane);
      FloatVector halfSum = zero;
      FloatVector halfProduct = zero;
      FloatVector blockSum = zero;
      FloatVector blockProduct = zero;
      int i = xAt + part / parts * order.channelStride() + lane;
      int left = length;
      int quad = 0;
      for (int image = 0; image < images; ) {
        FloatVector d0 = FloatVector.fromArray(F, x, i);
        FloatVector d1 = FloatVector.fromArray(F, x, i + LANES);
        FloatVector d2 = FloatVector.fromArray(F, x, i + 2 * LANES);
        FloatVector d3 = FloatVector.fromArray(F, x, i + 3 * LANES);
        FloatVector g0 = FloatVector.fromArray(F, dy, i + toDy);
        FloatVector g1 = FloatVector.fromArray(F, dy, i + toDy + LANES);
        FloatVector g2 = FloatVector.fromArray(F, dy, i + toDy + 2 * LANES);
        FloatVector g3 = FloatVector.fromArray(F, dy, i + toDy + 3 * LANES);
        if (left < QUAD) {
          d0 = shift.blend(d0, in0);
          g0 = zero.blend(g0, in0);
          d1 = shift.blend(d1, in1);
          g1 = zero.blend(g1, in1);
          d2 = shift.blend(d2, in2);
          g2 = zero.blend(g2, in2);
          d3 = shift.blend(d3, in3);
          g3 = zero.blend(g3, in3);
        }
        d0 = d0.sub(shift);
        d1 = d1.sub(shift);
        d2 = d2.sub(shift);
        d3 = d3.sub(shift);
        halfSum = halfSum.add(g0.add(g1).add(g2.add(g3)));
        halfProduct = halfProduct.add(g1.fma(d1, g0.mul(d0)).add(g3.fma(d3, g2.mul(d2))));
        left -= QUAD;
        i += QUAD;
        if (left <= 0) {
          quad |= quadsPerImage - 1;
          left = length;
          i += step;
          image++;
        }
        if ((quad & 1) != 0) {
          blockSum = blockSum.add(halfSum);
          blockProduct = blockProduct.add(halfProduct);
          halfSum = zero;
          halfProduct = zero;
        }
        if ((quad & 3) == 3) {
          sum = sum.add(blockSum);
          product = product.add(blockProduct);
          blockSum = zero;
          blockProduct = zero;
        }
        quad++;
      }
      sum.add(blockSum.add(halfSum)).intoArray(lanes, lanesAt + lane);
      product.add(blockProduct.add(halfProduct)).intoArray(lanes, lanesAt + LANES + lane);
    }
  }

  /**
   * Lays a block that is not full out as one that is, with {@code absent} where it has no element.
   */
  private static void gather(
      float[] x, int at, Segments order, int block, float absent, float[] full) {
    int length = order.length(block);
    Arrays.fill(full, absent);
    for (int group = 0; group < order.groups(block); group++) {
      System.arraycopy(
          x, at + group * order.imageStride(), full, group * LANES << order.slotShift(), length);
    }
  }

  /** Nothing summed yet, and what is to be subtracted. */
  private static void clear(float[] lanes, int at, float shift) {
    FloatVector k = FloatVector.broadcast(F, shift);
    for (int i = at; i < at + LANES; i += L) {
      FloatVector.zero(F).intoArray(lanes, i);
      FloatVector.zero(F).intoArray(lanes, i + LANES);
      k.intoArray(lanes, i + SHIFT);
    }
  }

  static void normalize(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      ChannelAffine affine) {
    int spatial = order.run();
    boolean small = spatial >= L && spatial <= 4 * L;
    for (int row = firstRow; row < endRow; row++) {
      int at = row * order.rowLength() + from * spatial;
      if (small) {
        smallPlanes(x, xOffset + at, y, yOffset + at, spatial, from, to, affine);
        continue;
      }
      for (int c = from; c < to; c++, at += spatial) {
        plane(x, xOffset + at, y, yOffset + at, spatial, affine.hi[c], affine.k[c], affine.b[c]);
      }
    }
  }

  /**
   * Planes of one to four vectors, the last of which may overlap one another. One element over
   * three vectors, as 7x7 has, is cheaper alone: a vector for it would touch two more lines of each
   * array.
   */
  private static void smallPlanes(
      float[] x,
      int xFrom,
      float[] y,
      int yFrom,
      int length,
      int from,
      int to,
      ChannelAffine affine) {
    float[] hi = affine.hi;
    float[] k = affine.k;
    float[] b = affine.b;
    int second = Math.min(L, length - L);
    int third = Math.min(2 * L, length - L);
    int fourth = length - L;
    boolean single = length == 3 * L + 1;
    for (int c = from; c < to; c++) {
      int xAt = xFrom + (c - from) * length;
      int yAt = yFrom + (c - from) * length;
      FloatVector mean = FloatVector.broadcast(F, hi[c]);
      FloatVector scale = FloatVector.broadcast(F, k[c]);
      FloatVector shift = FloatVector.broadcast(F, b[c]);
      // all are read before any is written, as y may be x
      FloatVector y0 = FloatVector.fromArray(F, x, xAt).sub(mean).fma(scale, shift);
      FloatVector y1 = FloatVector.fromArray(F, x, xAt + second).sub(mean).fma(scale, shift);
      FloatVector y2 = FloatVector.fromArray(F, x, xAt + third).sub(mean).fma(scale, shift);
      if (single) {
        y[yAt + 3 * L] = Fma.fma(x[xAt + 3 * L] - hi[c], k[c], b[c]);
      } else {
        FloatVector.fromArray(F, x, xAt + fourth)
            .sub(mean)
            .fma(scale, shift)
            .intoArray(y, yAt + fourth);
      }
      y0.intoArray(y, yAt);
      y1.intoArray(y, yAt + second);
      y2.intoArray(y, yAt + third);
    }
  }

  private static void plane(
      float[] x, int xAt, float[] y, int yAt, int length, float hi, float k, float b) {
    if (length < L) {
      // one channel of a few elements
      for (int i = 0; i < length; i++) {
        y[yAt + i] = Fma.fma(x[xAt + i] - hi, k, b);
      }
      return;
    }
    FloatVector mean = FloatVector.broadcast(F, hi);
    FloatVector scale = FloatVector.broadcast(F, k);
    FloatVector shift = FloatVector.broadcast(F, b);
    // the last vector overlaps the one before it: read now, as y may be x
    int end = length - L;
    FloatVector last = FloatVector.fromArray(F, x, xAt + end).sub(mean).fma(scale, shift);
    int i = 0;
    for (; i <= length - 4 * L; i += 4 * L) {
      FloatVector y0 = FloatVector.fromArray(F, x, xAt + i).sub(mean).fma(scale, shift);
      FloatVector y1 = FloatVector.fromArray(F, x, xAt + i + L).sub(mean).fma(scale, shift);
      FloatVector y2 = FloatVector.fromArray(F, x, xAt + i + 2 * L).sub(mean).fma(scale, shift);
      FloatVector y3 = FloatVector.fromArray(F, x, xAt + i + 3 * L).sub(mean).fma(scale, shift);
      y0.intoArray(y, yAt + i);
      y1.intoArray(y, yAt + i + L);
      y2.intoArray(y, yAt + i + 2 * L);
      y3.intoArray(y, yAt + i + 3 * L);
    }
    for (; i <= length - L; i += L) {
      FloatVector.fromArray(F, x, xAt + i).sub(mean).fma(scale, shift).intoArray(y, yAt + i);
    }
    last.intoArray(y, yAt + end);
  }

  static void inputGradient(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      ChannelGradients gradients) {
    int spatial = order.run();
    boolean small = spatial >= L && spatial <= 4 * L;
    for (int row = firstRow; row < endRow; row++) {
      int at = row * order.rowLength() + from * spatial;
      if (small) {
        smallPlanes(
            x, xOffset + at, dy, dyOffset + at, dx, dxOffset + at, spatial, from, to, gradients);
        continue;
      }
      for (int c = from; c < to; c++, at += spatial) {
        plane(
            x,
            xOffset + at,
            dy,
            dyOffset + at,
            dx,
            dxOffset + at,
            spatial,
            gradients.hi[c],
            gradients.k[c],
            gradients.p[c],
            gradients.q[c]);
      }
    }
  }

  private static void smallPlanes(
      float[] x,
      int xFrom,
      float[] dy,
      int dyFrom,
      float[] dx,
      int dxFrom,
      int length,
      int from,
      int to,
      ChannelGradients gradients) {
    float[] hi = gradients.hi;
    float[] k = gradients.k;
    float[] p = gradients.p;
    float[] q = gradients.q;
    int second = Math.min(L, length - L);
    int third = Math.min(2 * L, length - L);
    int fourth = length - L;
    boolean single = length == 3 * L + 1;
    for (int c = from; c < to; c++) {
      int xAt = xFrom + (c - from) * length;
      int dyAt = dyFrom + (c - from) * length;
      int dxAt = dxFrom + (c - from) * length;
      FloatVector mean = FloatVector.broadcast(F, hi[c]);
      FloatVector scale = FloatVector.broadcast(F, k[c]);
      FloatVector slope = FloatVector.broadcast(F, p[c]);
      FloatVector shift = FloatVector.broadcast(F, q[c]);
      FloatVector dx0 = FloatVector.fromArray(F, x, xAt).sub(mean).fma(slope, shift);
      FloatVector dx1 = FloatVector.fromArray(F, x, xAt + second).sub(mean).fma(slope, shift);
      FloatVector dx2 = FloatVector.fromArray(F, x, xAt + third).sub(mean).fma(slope, shift);
      dx0 = FloatVector.fromArray(F, dy, dyAt).fma(scale, dx0);
      dx1 = FloatVector.fromArray(F, dy, dyAt + second).fma(scale, dx1);
      dx2 = FloatVector.fromArray(F, dy, dyAt + third).fma(scale, dx2);
      if (single) {
        float rest = Fma.fma(x[xAt + 3 * L] - hi[c], p[c], q[c]);
        dx[dxAt + 3 * L] = Fma.fma(dy[dyAt + 3 * L], k[c], rest);
      } else {
        FloatVector rest = FloatVector.fromArray(F, x, xAt + fourth).sub(mean).fma(slope, shift);
        FloatVector.fromArray(F, dy, dyAt + fourth).fma(scale, rest).intoArray(dx, dxAt + fourth);
      }
      dx0.intoArray(dx, dxAt);
      dx1.intoArray(dx, dxAt + second);
      dx2.intoArray(dx, dxAt + third);
    }
  }

  private static void plane(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      float[] dx,
      int dxAt,
      int length,
      float hi,
      float k,
      float p,
      float q) {
    if (length < L) {
      for (int i = 0; i < length; i++) {
        dx[dxAt + i] = Fma.fma(dy[dyAt + i], k, Fma.fma(x[xAt + i] - hi, p, q));
      }
      return;
    }
    FloatVector mean = FloatVector.broadcast(F, hi);
    FloatVector scale = FloatVector.broadcast(F, k);
    FloatVector slope = FloatVector.broadcast(F, p);
    FloatVector shift = FloatVector.broadcast(F, q);
    // the last vector overlaps the one before it: read now, as dx may be dy or x
    int end = length - L;
    FloatVector last =
        FloatVector.fromArray(F, dy, dyAt + end)
            .fma(scale, FloatVector.fromArray(F, x, xAt + end).sub(mean).fma(slope, shift));
    int i = 0;
    for (; i <= length - 2 * L; i += 2 * L) {
      FloatVector dx0 =
          FloatVector.fromArray(F, dy, dyAt + i)
              .fma(scale, FloatVector.fromArray(F, x, xAt + i).sub(mean).fma(slope, shift));
      FloatVector dx1 =
          FloatVector.fromArray(F, dy, dyAt + i + L)
              .fma(scale, FloatVector.fromArray(F, x, xAt + i + L).sub(mean).fma(slope, shift));
      dx0.intoArray(dx, dxAt + i);
      dx1.intoArray(dx, dxAt + i + L);
    }
    for (; i <= length - L; i += L) {
      FloatVector.fromArray(F, dy, dyAt + i)
          .fma(scale, FloatVector.fromArray(F, x, xAt + i).sub(mean).fma(slope, shift))
          .intoArray(dx, dxAt + i);
    }
    last.intoArray(dx, dxAt + end);
  }
}
