package org.lanenorm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Reductions where a position's C channels follow one another. A superrow is then 16*C floats in a
 * row, (lane, channel) by (lane, channel), a whole number of vectors for any C; and each of these
 * places has sums of its own, in arrays of the same order. A half block is 8 superrows read side by
 * side.
 */
final class NhwcVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());
  private static final int L = F.length();
  private static final VectorSpecies<Float> HALF_F =
      VectorSpecies.of(float.class, VectorShape.forBitSize(F.vectorBitSize() / 2));
  private static final int LANES = Segments.LANES;
  private static final int HALF = Segments.SLOTS / 2;

  /**
   * Places at a time: superrows are read in runs of 16 KB. With runs of 4 KB, whose sums and shifts
   * stay in a first-level cache, large tensors of 256 channels and more took 1.1 to 1.4 times as
   * long.
   */
  static final int CHUNK = 4096;

  private NhwcVectorKernels() {}

  static void momentSums(
      float[] x,
      int xOffset,
      Segments order,
      int segment,
      float[] shift,
      double[] sum,
      double[] square,
      Scratch scratch) {
    int channels = order.channels();
    int places = LANES * channels;
    scratch.growLanes(places, Math.min(places, CHUNK));
    int first = order.firstBlock(segment);
    shifts(x, xOffset, order, segment, places, shift, sum, scratch);
    begin(shift, channels, scratch);
    int end = order.endBlock(segment);
    for (int from = 0; from < places; from += CHUNK) {
      int to = Math.min(places, from + CHUNK);
      for (int block = first; block < end; block++) {
        int at = xOffset + order.blockOffset(block);
        if (order.full(block)) {
          int stride = order.rowStride();
          squares(x, at, stride, from, to, false, scratch);
          squares(x, at + HALF * stride, stride, from, to, true, scratch);
        } else {
          partialSquares(x, at, order, block, from, to, scratch);
        }
      }
    }
    fold(scratch.first, channels, sum);
    fold(scratch.second, channels, square);
  }

  /** Nothing summed yet, and what is to be subtracted at each place. */
  static void begin(float[] shift, int channels, Scratch scratch) {
    System.arraycopy(shift, 0, scratch.shifts, 0, channels);
    repeat(scratch.shifts, channels, LANES);
    Arrays.fill(scratch.first, 0, LANES * channels, 0);
    Arrays.fill(scratch.second, 0, LANES * channels, 0);
  }

  /**
   * K of every channel: the mean of four superrows of the first block, or its first position where
   * it has no full one.
   */
  private static void shifts(
      float[] x,
      int xOffset,
      Segments order,
      int segment,
      int places,
      float[] shift,
      double[] sum,
      Scratch scratch) {
    int channels = order.channels();
    int at = xOffset + order.segmentOffset(segment);
    if (!order.sampled(segment)) {
      System.arraycopy(x, at, shift, 0, channels);
      return;
    }
    sampleMeans(
        x,
        at + order.sampleOffset(segment, 0),
        at + order.sampleOffset(segment, 1),
        at + order.sampleOffset(segment, 2),
        at + order.sampleOffset(segment, 3),
        channels,
        shift,
        sum,
        scratch);
  }

  /** The mean of four superrows of every channel. */
  static void sampleMeans(
      float[] x,
      int a,
      int b,
      int c,
      int d,
      int channels,
      float[] shift,
      double[] sum,
      Scratch scratch) {
    sample(x, a, b, c, d, LANES * channels, scratch.first);
    fold(scratch.first, channels, sum);
    for (int channel = 0; channel < channels; channel++) {
      shift[channel] = (float) (sum[channel] / (4 * LANES));
    }
  }

  private static void sample(float[] x, int a, int b, int c, int d, int length, float[] sums) {
    for (int i = 0; i < length; i += L) {
      FloatVector.fromArray(F, x, a + i)
          .add(FloatVector.fromArray(F, x, b + i))
          .add(FloatVector.fromArray(F, x, c + i).add(FloatVector.fromArray(F, x, d + i)))
          .intoArray(sums, i);
    }
  }

  /**
   * The sums of a full half block, for the places [from, to): kept if it is the first half, and
   * added to the places' sums together with the first if it is the second.
   */
  private static void squares(
      float[] x, int at, int stride, int from, int to, boolean second, Scratch scratch) {
    float[] shifts = scratch.shifts;
    float[] halfSums = scratch.firstHalf;
    float[] halfSquares = scratch.secondHalf;
    float[] sums = scratch.first;
    float[] squares = scratch.second;
    for (int i = from; i < to; i += L) {
      FloatVector shift = FloatVector.fromArray(F, shifts, i);
      int j = at + i;
      FloatVector d0 = FloatVector.fromArray(F, x, j).sub(shift);
      FloatVector d1 = FloatVector.fromArray(F, x, j + stride).sub(shift);
      FloatVector d2 = FloatVector.fromArray(F, x, j + 2 * stride).sub(shift);
      FloatVector d3 = FloatVector.fromArray(F, x, j + 3 * stride).sub(shift);
      FloatVector d4 = FloatVector.fromArray(F, x, j + 4 * stride).sub(shift);
      FloatVector d5 = FloatVector.fromArray(F, x, j + 5 * stride).sub(shift);
      FloatVector d6 = FloatVector.fromArray(F, x, j + 6 * stride).sub(shift);
      FloatVector d7 = FloatVector.fromArray(F, x, j + 7 * stride).sub(shift);
      FloatVector sum = d0.add(d1).add(d2.add(d3)).add(d4.add(d5).add(d6.add(d7)));
      FloatVector square =
          d1.fma(d1, d0.mul(d0))
              .add(d3.fma(d3, d2.mul(d2)))
              .add(d5.fma(d5, d4.mul(d4)).add(d7.fma(d7, d6.mul(d6))));
      if (second) {
        FloatVector.fromArray(F, sums, i)
            .add(FloatVector.fromArray(F, halfSums, i - from).add(sum))
            .intoArray(sums, i);
        FloatVector.fromArray(F, squares, i)
            .add(FloatVector.fromArray(F, halfSquares, i - from).add(square))
            .intoArray(squares, i);
      } else {
        sum.intoArray(halfSums, i - from);
        square.intoArray(halfSquares, i - from);
      }
    }
  }

  /**
   * Adds a block that is not full, for the places [from, to). A slot without an element reads the
   * shift, whose difference is 0.
   */
  static void partialSquares(
      float[] x, int at, Segments order, int block, int from, int to, Scratch scratch) {
    int split = Math.min(Math.max(order.tail(block) * order.channels(), from), to);
    // lanes below the tail have one superrow more
    partialSquares(x, at, order, block, 1, from, split, scratch);
    partialSquares(x, at, order, block, 0, split, to, scratch);
  }

  private static void partialSquares(
      float[] x, int at, Segments order, int block, int more, int from, int to, Scratch scratch) {
    int rows = order.fullRows(block) + more;
    if (from == to || rows == 0) {
      return;
    }
    locate(order, block, rows, scratch);
    int[] slots = scratch.slots;
    float[] present = scratch.present;
    int whole = from + F.loopBound(to - from);
    int used = used(order, block, rows);
    if (used <= 4) {
      partialQuad(x, at, from, whole, scratch);
      used = 0;
    } else if (used <= HALF) {
      // a second half to a first of zeros: a third way out would bring the loop past C2's limit
      Arrays.fill(scratch.firstHalf, 0, whole - from, 0);
      Arrays.fill(scratch.secondHalf, 0, whole - from, 0);
    }
    for (int half = 0; half < used; half += HALF) {
      for (int slot = 0; slot < HALF; slot++) {
        boolean there = present[half + slot] != 0;
        scratch.sources[slot] = there ? x : scratch.shifts;
        scratch.sourcesAt[slot] = there ? at + slots[half + slot] : 0;
      }
      partialHalf(from, whole, half > 0 || used <= HALF, scratch);
    }
    Arrays.fill(scratch.sources, null);
    for (int i = whole; i < to; i++) {
      partialPlace(x, at + i, null, 0, i, scratch);
    }
  }

  /** A block of four slots at most, as whole batches of few positions are. */
  private static void partialQuad(float[] x, int at, int from, int to, Scratch scratch) {
    float[] shifts = scratch.shifts;
    float[] x0 = scratch.present[0] != 0 ? x : shifts;
    float[] x1 = scratch.present[1] != 0 ? x : shifts;
    float[] x2 = scratch.present[2] != 0 ? x : shifts;
    float[] x3 = scratch.present[3] != 0 ? x : shifts;
    int at0 = x0 == x ? at + scratch.slots[0] : 0;
    int at1 = x1 == x ? at + scratch.slots[1] : 0;
    int at2 = x2 == x ? at + scratch.slots[2] : 0;
    int at3 = x3 == x ? at + scratch.slots[3] : 0;
    float[] sums = scratch.first;
    float[] squares = scratch.second;
    for (int i = from; i < to; i += L) {
      FloatVector shift = FloatVector.fromArray(F, shifts, i);
      FloatVector d0 = FloatVector.fromArray(F, x0, at0 + i).sub(shift);
      FloatVector d1 = FloatVector.fromArray(F, x1, at1 + i).sub(shift);
      FloatVector d2 = FloatVector.fromArray(F, x2, at2 + i).sub(shift);
      FloatVector d3 = FloatVector.fromArray(F, x3, at3 + i).sub(shift);
      FloatVector.fromArray(F, sums, i).add(d0.add(d1).add(d2.add(d3))).intoArray(sums, i);
      FloatVector.fromArray(F, squares, i)
          .add(d1.fma(d1, d0.mul(d0)).add(d3.fma(d3, d2.mul(d2))))
          .intoArray(squares, i);
    }
  }

  private static void partialHalf(int from, int to, boolean second, Scratch scratch) {
    float[] x0 = scratch.sources[0];
    float[] x1 = scratch.sources[1];
    float[] x2 = scratch.sources[2];
    float[] x3 = scratch.sources[3];
    float[] x4 = scratch.sources[4];
    float[] x5 = scratch.sources[5];
    float[] x6 = scratch.sources[6];
    float[] x7 = scratch.sources[7];
    int at0 = scratch.sourcesAt[0];
    int at1 = scratch.sourcesAt[1];
    int at2 = scratch.sourcesAt[2];
    int at3 = scratch.sourcesAt[3];
    int at4 = scratch.sourcesAt[4];
    int at5 = scratch.sourcesAt[5];
    int at6 = scratch.sourcesAt[6];
    int at7 = scratch.sourcesAt[7];
    float[] shifts = scratch.shifts;
    float[] halfSums = scratch.firstHalf;
    float[] halfSquares = scratch.secondHalf;
    float[] sums = scratch.first;
    float[] squares = scratch.second;
    for (int i = from; i < to; i += L) {
      FloatVector shift = FloatVector.fromArray(F, shifts, i);
      FloatVector d0 = FloatVector.fromArray(F, x0, at0 + i).sub(shift);
      FloatVector d1 = FloatVector.fromArray(F, x1, at1 + i).sub(shift);
      FloatVector d2 = FloatVector.fromArray(F, x2, at2 + i).sub(shift);
      FloatVector d3 = FloatVector.fromArray(F, x3, at3 + i).sub(shift);
      FloatVector d4 = FloatVector.fromArray(F, x4, at4 + i).sub(shift);
      FloatVector d5 = FloatVector.fromArray(F, x5, at5 + i).sub(shift);
      FloatVector d6 = FloatVector.fromArray(F, x6, at6 + i).sub(shift);
      FloatVector d7 = FloatVector.fromArray(F, x7, at7 + i).sub(shift);
      FloatVector sum = d0.add(d1).add(d2.add(d3)).add(d4.add(d5).add(d6.add(d7)));
      FloatVector square =
          d1.fma(d1, d0.mul(d0))
              .add(d3.fma(d3, d2.mul(d2)))
              .add(d5.fma(d5, d4.mul(d4)).add(d7.fma(d7, d6.mul(d6))));
      if (second) {
        FloatVector.fromArray(F, sums, i)
            .add(FloatVector.fromArray(F, halfSums, i - from).add(sum))
            .intoArray(sums, i);
        FloatVector.fromArray(F, squares, i)
            .add(FloatVector.fromArray(F, halfSquares, i - from).add(square))
            .intoArray(squares, i);
      } else {
        sum.intoArray(halfSums, i - from);
        square.intoArray(halfSquares, i - from);
      }
    }
  }

  /** Finds the slots of a block that is not full, for lanes with so many superrows. */
  private static void locate(Segments order, int block, int rows, Scratch scratch) {
    int groups = order.groups(block);
    for (int slot = 0; slot < Segments.SLOTS; slot++) {
      int group = slot >> order.slotShift();
      int row = slot - (group << order.slotShift());
      boolean there = group < groups && row < rows;
      scratch.slots[slot] = there ? group * order.imageStride() + row * order.rowStride() : 0;
      scratch.present[slot] = there ? 1 : 0;
    }
  }

  /** Slots up to the last that holds an element. */
  private static int used(Segments order, int block, int rows) {
    return order.slotShift() == 4 ? rows : order.groups(block) << order.slotShift();
  }

  static void gradientSums(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int segment,
      float[] hi,
      double[] sum,
      double[] product,
      Scratch scratch) {
    int channels = order.channels();
    int places = LANES * channels;
    scratch.growLanes(places, Math.min(places, CHUNK));
    begin(hi, channels, scratch);
    int end = order.endBlock(segment);
    for (int from = 0; from < places; from += CHUNK) {
      int to = Math.min(places, from + CHUNK);
      for (int block = order.firstBlock(segment); block < end; block++) {
        int xAt = xOffset + order.blockOffset(block);
        int dyAt = dyOffset + order.blockOffset(block);
        if (order.full(block)) {
          int stride = order.rowStride();
          for (int quad = 0; quad < 4; quad++) {
            int row = 4 * quad * stride;
            products(x, xAt + row, dy, dyAt + row, stride, from, to, quad, scratch);
          }
        } else {
          partial(x, xAt, dy, dyAt, order, block, from, to, scratch);
        }
      }
    }
    fold(scratch.first, channels, sum);
    fold(scratch.second, channels, product);
  }

  /**
   * The same of dy and of dy*(x - shift), a quarter block at a time: rows lie 64*C bytes apart, for
   * many C a multiple of 4 KB, so that the rows of half a block of two tensors (16) would meet in
   * one set of a first-level cache, which has 8 or 12 places. Odd quads add the even one's sums,
   * the last one the lower half's and what there was before.
   */
  private static void products(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      int stride,
      int from,
      int to,
      int quad,
      Scratch scratch) {
    float[] shifts = scratch.shifts;
    boolean even = quad % 2 == 0;
    boolean last = quad == 3;
    float[] quadSums = scratch.firstOther;
    float[] quadProducts = scratch.secondOther;
    float[] halfSums = scratch.firstHalf;
    float[] halfProducts = scratch.secondHalf;
    float[] sums = scratch.first;
    float[] products = scratch.second;
    for (int i = from; i < to; i += L) {
      FloatVector shift = FloatVector.fromArray(F, shifts, i);
      int j = xAt + i;
      int k = dyAt + i;
      FloatVector g0 = FloatVector.fromArray(F, dy, k);
      FloatVector g1 = FloatVector.fromArray(F, dy, k + stride);
      FloatVector g2 = FloatVector.fromArray(F, dy, k + 2 * stride);
      FloatVector g3 = FloatVector.fromArray(F, dy, k + 3 * stride);
      FloatVector d0 = FloatVector.fromArray(F, x, j).sub(shift);
      FloatVector d1 = FloatVector.fromArray(F, x, j + stride).sub(shift);
      FloatVector d2 = FloatVector.fromArray(F, x, j + 2 * stride).sub(shift);
      FloatVector d3 = FloatVector.fromArray(F, x, j + 3 * stride).sub(shift);
      FloatVector sum = g0.add(g1).add(g2.add(g3));
      FloatVector product = g1.fma(d1, g0.mul(d0)).add(g3.fma(d3, g2.mul(d2)));
      if (even) {
        sum.intoArray(quadSums, i - from);
        product.intoArray(quadProducts, i - from);
      } else {
        sum = FloatVector.fromArray(F, quadSums, i - from).add(sum);
        product = FloatVector.fromArray(F, quadProducts, i - from).add(product);
        if (last) {
          sum = FloatVector.fromArray(F, halfSums, i - from).add(sum);
          product = FloatVector.fromArray(F, halfProducts, i - from).add(product);
          FloatVector.fromArray(F, sums, i).add(sum).intoArray(sums, i);
          FloatVector.fromArray(F, products, i).add(product).intoArray(products, i);
        } else {
          sum.intoArray(halfSums, i - from);
          product.intoArray(halfProducts, i - from);
        }
      }
    }
  }

  /**
   * Adds a block that is not full, for the places [from, to). A slot without an element reads
   * another's and multiplies it by 0. (Only its own channel's elements are read, so what is not
   * finite there spoils no sum that was finite.)
   */
  static void partial(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      Segments order,
      int block,
      int from,
      int to,
      Scratch scratch) {
    int split = Math.min(Math.max(order.tail(block) * order.channels(), from), to);
    // lanes below the tail have one superrow more
    partial(x, xAt, dy, dyAt, order, block, 1, from, split, scratch);
    partial(x, xAt, dy, dyAt, order, block, 0, split, to, scratch);
  }

  private static void partial(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      Segments order,
      int block,
      int more,
      int from,
      int to,
      Scratch scratch) {
    int rows = order.fullRows(block) + more;
    if (from == to || rows == 0) {
      return;
    }
    locate(order, block, rows, scratch);
    int[] slots = scratch.slots;
    float[] present = scratch.present;
    int whole = from + F.loopBound(to - from);
    int used = used(order, block, rows);
    if (used <= 4) {
      partial4(
          x,
          xAt,
          dy,
          dyAt,
          slots,
          present,
          0,
          from,
          whole,
          scratch.shifts,
          scratch.first,
          scratch.second,
          0,
          true);
    } else {
      for (int slot = 0; slot < used; slot += 4) {
        boolean lower = slot < HALF;
        float[] sums = lower ? scratch.firstHalf : scratch.firstOther;
        float[] products = lower ? scratch.secondHalf : scratch.secondOther;
        partial4(
            x,
            xAt,
            dy,
            dyAt,
            slots,
            present,
            slot,
            from,
            whole,
            scratch.shifts,
            sums,
            products,
            from,
            slot % HALF != 0);
      }
      if (used <= HALF) {
        addHalf(scratch.firstHalf, from, whole, scratch.first);
        addHalf(scratch.secondHalf, from, whole, scratch.second);
      } else {
        addHalves(from, whole, scratch);
      }
    }
    for (int i = whole; i < to; i++) {
      partialPlace(x, xAt + i, dy, dyAt + i, i, scratch);
    }
  }

  /**
   * The sums of the 4 slots from {@code first} on, into or onto arrays that begin at {@code
   * origin}.
   */
  private static void partial4(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      int[] slots,
      float[] present,
      int first,
      int from,
      int to,
      float[] shifts,
      float[] sums,
      float[] products,
      int origin,
      boolean add) {
    int s0 = slots[first];
    int s1 = slots[first + 1];
    int s2 = slots[first + 2];
    int s3 = slots[first + 3];
    float p0 = present[first];
    float p1 = present[first + 1];
    float p2 = present[first + 2];
    float p3 = present[first + 3];
    for (int i = from; i < to; i += L) {
      FloatVector shift = FloatVector.fromArray(F, shifts, i);
      int j = xAt + i;
      FloatVector d0 = FloatVector.fromArray(F, x, j + s0).sub(shift).mul(p0);
      FloatVector d1 = FloatVector.fromArray(F, x, j + s1).sub(shift).mul(p1);
      FloatVector d2 = FloatVector.fromArray(F, x, j + s2).sub(shift).mul(p2);
      FloatVector d3 = FloatVector.fromArray(F, x, j + s3).sub(shift).mul(p3);
      j = dyAt + i;
      FloatVector g0 = FloatVector.fromArray(F, dy, j + s0).mul(p0);
      FloatVector g1 = FloatVector.fromArray(F, dy, j + s1).mul(p1);
      FloatVector g2 = FloatVector.fromArray(F, dy, j + s2).mul(p2);
      FloatVector g3 = FloatVector.fromArray(F, dy, j + s3).mul(p3);
      FloatVector sum = g0.add(g1).add(g2.add(g3));
      FloatVector product = g1.fma(d1, g0.mul(d0)).add(g3.fma(d3, g2.mul(d2)));
      if (add) {
        sum = FloatVector.fromArray(F, sums, i - origin).add(sum);
        product = FloatVector.fromArray(F, products, i - origin).add(product);
      }
      sum.intoArray(sums, i - origin);
      product.intoArray(products, i - origin);
    }
  }

  private static void addHalf(float[] half, int from, int to, float[] sums) {
    for (int i = from; i < to; i += L) {
      FloatVector.fromArray(F, sums, i)
          .add(FloatVector.fromArray(F, half, i - from))
          .intoArray(sums, i);
    }
  }

  /** Adds both halves of a block to the sums of the places [from, to). */
  static void addHalves(int from, int to, Scratch scratch) {
    addHalves(scratch.firstHalf, scratch.firstOther, from, to, scratch.first);
    addHalves(scratch.secondHalf, scratch.secondOther, from, to, scratch.second);
  }

  private static void addHalves(float[] half, float[] other, int from, int to, float[] sums) {
    for (int i = from; i < to; i += L) {
      FloatVector.fromArray(F, sums, i)
          .add(
              FloatVector.fromArray(F, half, i - from)
                  .add(FloatVector.fromArray(F, other, i - from)))
          .intoArray(sums, i);
    }
  }

  /** One place of a block that is not full: what vectors leave over. */
  private static void partialPlace(
      float[] x, int xAt, float[] dy, int dyAt, int place, Scratch scratch) {
    float[] g = scratch.terms;
    float[] d = scratch.factors;
    for (int slot = 0; slot < Segments.SLOTS; slot++) {
      boolean there = scratch.present[slot] != 0;
      d[slot] = there ? x[xAt + scratch.slots[slot]] - scratch.shifts[place] : 0;
      g[slot] = dy == null ? d[slot] : there ? dy[dyAt + scratch.slots[slot]] : 0;
    }
    for (int pair = 0; pair < HALF; pair++) {
      float product = Fma.fma(g[2 * pair + 1], d[2 * pair + 1], g[2 * pair] * d[2 * pair]);
      g[pair] = g[2 * pair] + g[2 * pair + 1];
      d[pair] = product;
    }
    for (int left = HALF / 2; left >= 1; left /= 2) {
      for (int pair = 0; pair < left; pair++) {
        g[pair] = g[2 * pair] + g[2 * pair + 1];
        d[pair] = d[2 * pair] + d[2 * pair + 1];
      }
    }
    scratch.first[place] += g[0];
    scratch.second[place] += d[0];
  }

  /** As {@link ScalarKernels#fold}, for every channel: the even lanes, then the odd ones. */
  static void fold(float[] lanes, int channels, double[] sums) {
    fold(lanes, 0, channels, false, sums);
    fold(lanes, channels, channels, true, sums);
  }

  /**
   * (s0 + s4) + (s2 + s6), with s(l) the sum of lanes l and l+8, of lanes that begin at {@code
   * first}.
   */
  private static void fold(float[] lanes, int first, int n, boolean add, double[] sums) {
    int whole = D.loopBound(n);
    for (int c = 0; c < whole; c += D.length()) {
      int i = first + c;
      DoubleVector s0 =
          ((DoubleVector) FloatVector.fromArray(HALF_F, lanes, i).castShape(D, 0))
              .add((DoubleVector) FloatVector.fromArray(HALF_F, lanes, i + 8 * n).castShape(D, 0));
      DoubleVector s2 =
          ((DoubleVector) FloatVector.fromArray(HALF_F, lanes, i + 2 * n).castShape(D, 0))
              .add((DoubleVector) FloatVector.fromArray(HALF_F, lanes, i + 10 * n).castShape(D, 0));
      DoubleVector s4 =
          ((DoubleVector) FloatVector.fromArray(HALF_F, lanes, i + 4 * n).castShape(D, 0))
              .add((DoubleVector) FloatVector.fromArray(HALF_F, lanes, i + 12 * n).castShape(D, 0));
      DoubleVector s6 =
          ((DoubleVector) FloatVector.fromArray(HALF_F, lanes, i + 6 * n).castShape(D, 0))
              .add((DoubleVector) FloatVector.fromArray(HALF_F, lanes, i + 14 * n).castShape(D, 0));
      DoubleVector sum = s0.add(s4).add(s2.add(s6));
      if (add) {
        sum = DoubleVector.fromArray(D, sums, c).add(sum);
      }
      sum.intoArray(sums, c);
    }
    for (int c = whole; c < n; c++) {
      int i = first + c;
      double s0 = (double) lanes[i] + lanes[i + 8 * n];
      double s2 = (double) lanes[i + 2 * n] + lanes[i + 10 * n];
      double s4 = (double) lanes[i + 4 * n] + lanes[i + 12 * n];
      double s6 = (double) lanes[i + 6 * n] + lanes[i + 14 * n];
      double sum = (s0 + s4) + (s2 + s6);
      sums[c] = add ? sums[c] + sum : sum;
    }
  }

  /**
   * Copies the first {@code length} values behind themselves until they stand {@code times} times.
   */
  static void repeat(float[] values, int length, int times) {
    for (int time = 1; time < times; time++) {
      System.arraycopy(values, 0, values, time * length, length);
    }
  }
}
