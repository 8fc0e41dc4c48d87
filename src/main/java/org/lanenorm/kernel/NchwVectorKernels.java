package org.lanenorm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
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
 */
final class NchwVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();
  private static final int LANES = Segments.LANES;
  private static final int SLOTS = Segments.SLOTS;
  private static final int HALF = SLOTS / 2 * LANES;
  private static final int BLOCK = SLOTS * LANES;

  /** Lane sums of so many channels take 4 KB. */
  private static final int MOST_TOGETHER = 32;

  private NchwVectorKernels() {}

  /**
   * Several channels at a time, step by step: each step waits long for its own result, and the
   * processor overlaps those of different channels.
   */
  static void momentSums(
      float[] x,
      int xOffset,
      Segments order,
      int segment,
      int from,
      int to,
      float[] shift,
      double[] sum,
      double[] square,
      Scratch scratch) {
    int together = together(order, segment);
    float[] lanes = scratch.lanes(together);
    for (int first = from; first < to; first += together) {
      int end = Math.min(to, first + together);
      // where channels are packed there is one at a time
      float[] source = order.source(x, xOffset, segment, first, scratch);
      for (int c = first; c < end; c++) {
        shift[c] =
            shift(source, order.base(xOffset, segment, c), order, order.firstBlock(segment), lanes);
      }
      for (int c = first; c < end; c++) {
        segmentSquares(
            source,
            order.base(xOffset, segment, c),
            order,
            segment,
            shift[c],
            lanes,
            (c - first) * 2 * LANES);
      }
      for (int c = first; c < end; c++) {
        sum[c] = ScalarKernels.fold(lanes, (c - first) * 2 * LANES);
        square[c] = ScalarKernels.fold(lanes, (c - first) * 2 * LANES + LANES);
      }
    }
  }

  /** As many channels as keep a segment of each in half of a first-level cache of 32 KB. */
  private static int together(Segments order, int segment) {
    return order.packed() ? 1 : Math.max(1, Math.min(MOST_TOGETHER, 4096 / order.count(segment)));
  }

  private static void segmentSquares(
      float[] x, int base, Segments order, int segment, float k, float[] lanes, int lanesAt) {
    clear(lanes, lanesAt);
    int end = order.endBlock(segment);
    for (int block = order.firstBlock(segment); block < end; ) {
      int at = base + order.blockOffset(block);
      int run = order.fullRun(block, end);
      if (run > 0) {
        squares(x, at, run, k, lanes, lanesAt);
      } else {
        partialSquares(x, at, order, block, k, lanes, lanesAt);
      }
      block += Math.max(run, 1);
    }
  }

  /**
   * K: the mean of four superrows of the first block, or its first element where it has no full
   * one.
   */
  private static float shift(float[] x, int base, Segments order, int block, float[] lanes) {
    int at = base + order.blockOffset(block);
    if (order.fullRows(block) == 0) {
      return x[at];
    }
    int a = at + order.sampleOffset(block, 0);
    int b = at + order.sampleOffset(block, 1);
    int c = at + order.sampleOffset(block, 2);
    int d = at + order.sampleOffset(block, 3);
    for (int lane = 0; lane < LANES; lane += L) {
      load(x, a + lane)
          .add(load(x, b + lane))
          .add(load(x, c + lane).add(load(x, d + lane)))
          .intoArray(lanes, lane);
    }
    return (float) (ScalarKernels.fold(lanes, 0) / (4 * LANES));
  }

  /** Adds {@code count} full blocks that follow one another to the lanes. */
  private static void squares(float[] x, int at, int count, float k, float[] lanes, int lanesAt) {
    FloatVector shift = FloatVector.broadcast(F, k);
    for (int lane = 0; lane < LANES; lane += L) {
      FloatVector sum = load(lanes, lanesAt + lane);
      FloatVector square = load(lanes, lanesAt + LANES + lane);
      for (int block = lane; block < lane + count * BLOCK; block += BLOCK) {
        FloatVector blockSum = zero();
        FloatVector blockSquare = zero();
        for (int i = block; i < block + BLOCK; i += HALF) {
          FloatVector d0 = load(x, at + i).sub(shift);
          FloatVector d1 = load(x, at + i + LANES).sub(shift);
          FloatVector d2 = load(x, at + i + 2 * LANES).sub(shift);
          FloatVector d3 = load(x, at + i + 3 * LANES).sub(shift);
          FloatVector d4 = load(x, at + i + 4 * LANES).sub(shift);
          FloatVector d5 = load(x, at + i + 5 * LANES).sub(shift);
          FloatVector d6 = load(x, at + i + 6 * LANES).sub(shift);
          FloatVector d7 = load(x, at + i + 7 * LANES).sub(shift);
          blockSum = blockSum.add(sum(d0, d1, d2, d3).add(sum(d4, d5, d6, d7)));
          blockSquare = blockSquare.add(squares(d0, d1, d2, d3).add(squares(d4, d5, d6, d7)));
        }
        sum = sum.add(blockSum);
        square = square.add(blockSquare);
      }
      sum.intoArray(lanes, lanesAt + lane);
      square.intoArray(lanes, lanesAt + LANES + lane);
    }
  }

  /** Adds one block that is not full to the lanes: a mask leaves out what is not there. */
  private static void partialSquares(
      float[] x, int at, Segments order, int block, float k, float[] lanes, int lanesAt) {
    FloatVector shift = FloatVector.broadcast(F, k);
    int slotShift = order.slotShift();
    int stride = order.imageStride();
    int length = order.fullRows(block) * LANES + order.tail(block);
    int slots = order.groups(block) << slotShift;
    for (int lane = 0; lane < LANES; lane += L) {
      FloatVector sum = zero();
      FloatVector square = zero();
      for (int half = 0; half < slots; half += SLOTS / 2) {
        FloatVector halfSum = zero();
        FloatVector halfSquare = zero();
        for (int slot = half; slot < Math.min(half + SLOTS / 2, slots); slot += 4) {
          FloatVector d0 = slot(x, at, slot, slotShift, slots, stride, length, lane, shift);
          FloatVector d1 = slot(x, at, slot + 1, slotShift, slots, stride, length, lane, shift);
          FloatVector d2 = slot(x, at, slot + 2, slotShift, slots, stride, length, lane, shift);
          FloatVector d3 = slot(x, at, slot + 3, slotShift, slots, stride, length, lane, shift);
          halfSum = halfSum.add(d0.add(d1).add(d2.add(d3)));
          FloatVector lower = d1.fma(d1, d0.mul(d0));
          FloatVector upper = d3.fma(d3, d2.mul(d2));
          halfSquare = halfSquare.add(lower.add(upper));
        }
        sum = sum.add(halfSum);
        square = square.add(halfSquare);
      }
      FloatVector.fromArray(F, lanes, lanesAt + lane).add(sum).intoArray(lanes, lanesAt + lane);
      FloatVector.fromArray(F, lanes, lanesAt + LANES + lane)
          .add(square)
          .intoArray(lanes, lanesAt + LANES + lane);
    }
  }

  /** x - shift where a slot holds an element, 0 elsewhere. */
  private static FloatVector slot(
      float[] x,
      int at,
      int slot,
      int slotShift,
      int slots,
      int stride,
      int length,
      int lane,
      FloatVector shift) {
    int group = slot >> slotShift;
    int position = (slot - (group << slotShift)) * LANES + lane;
    VectorMask<Float> there = F.indexInRange(position, slot < slots ? length : 0);
    return FloatVector.fromArray(F, x, at + group * stride + position, there).sub(shift, there);
  }

  static void gradientSums(
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
      Scratch scratch) {
    int together = together(order, segment);
    float[] lanes = scratch.lanes(together);
    for (int first = from; first < to; first += together) {
      int end = Math.min(to, first + together);
      float[] xs = order.source(x, xOffset, segment, first, scratch);
      float[] dys = order.gradientSource(dy, dyOffset, segment, first, scratch);
      for (int c = first; c < end; c++) {
        int xBase = order.base(xOffset, segment, c);
        int dyBase = order.base(dyOffset, segment, c);
        segmentProducts(
            xs, xBase, dys, dyBase, order, segment, hi[c], lanes, (c - first) * 2 * LANES, scratch);
      }
      for (int c = first; c < end; c++) {
        sum[c] = ScalarKernels.fold(lanes, (c - first) * 2 * LANES);
        product[c] = ScalarKernels.fold(lanes, (c - first) * 2 * LANES + LANES);
      }
    }
  }

  private static void segmentProducts(
      float[] x,
      int xBase,
      float[] dy,
      int dyBase,
      Segments order,
      int segment,
      float hi,
      float[] lanes,
      int lanesAt,
      Scratch scratch) {
    clear(lanes, lanesAt);
    int end = order.endBlock(segment);
    for (int block = order.firstBlock(segment); block < end; ) {
      int at = order.blockOffset(block);
      int run = order.fullRun(block, end);
      if (run > 0) {
        products(x, xBase + at, dy, dyBase + at, run, hi, lanes, lanesAt);
      } else {
        // x - hi and dy are 0 where there is no element
        gather(x, xBase + at, order, block, hi, scratch.factors);
        gather(dy, dyBase + at, order, block, 0, scratch.terms);
        products(scratch.factors, 0, scratch.terms, 0, 1, hi, lanes, lanesAt);
      }
      block += Math.max(run, 1);
    }
  }

  /** Adds {@code count} full blocks that follow one another to the lanes. */
  private static void products(
      float[] x, int xAt, float[] dy, int dyAt, int count, float hi, float[] lanes, int lanesAt) {
    FloatVector shift = FloatVector.broadcast(F, hi);
    for (int lane = 0; lane < LANES; lane += L) {
      FloatVector sum = load(lanes, lanesAt + lane);
      FloatVector product = load(lanes, lanesAt + LANES + lane);
      for (int block = lane; block < lane + count * BLOCK; block += BLOCK) {
        FloatVector blockSum = zero();
        FloatVector blockProduct = zero();
        for (int half = block; half < block + BLOCK; half += HALF) {
          FloatVector halfSum = zero();
          FloatVector halfProduct = zero();
          for (int i = half; i < half + HALF; i += HALF / 2) {
            FloatVector g0 = load(dy, dyAt + i);
            FloatVector g1 = load(dy, dyAt + i + LANES);
            FloatVector g2 = load(dy, dyAt + i + 2 * LANES);
            FloatVector g3 = load(dy, dyAt + i + 3 * LANES);
            FloatVector d0 = load(x, xAt + i).sub(shift);
            FloatVector d1 = load(x, xAt + i + LANES).sub(shift);
            FloatVector d2 = load(x, xAt + i + 2 * LANES).sub(shift);
            FloatVector d3 = load(x, xAt + i + 3 * LANES).sub(shift);
            halfSum = halfSum.add(sum(g0, g1, g2, g3));
            halfProduct = halfProduct.add(products(d0, d1, d2, d3, g0, g1, g2, g3));
          }
          blockSum = blockSum.add(halfSum);
          blockProduct = blockProduct.add(halfProduct);
        }
        sum = sum.add(blockSum);
        product = product.add(blockProduct);
      }
      sum.intoArray(lanes, lanesAt + lane);
      product.intoArray(lanes, lanesAt + LANES + lane);
    }
  }

  /**
   * Lays a block that is not full out as one that is, with {@code absent} where it has no element.
   * (Masks, as for squares, would bring the loop over two tensors past C2's node limit.)
   */
  private static void gather(
      float[] x, int at, Segments order, int block, float absent, float[] full) {
    int length = order.fullRows(block) * LANES + order.tail(block);
    Arrays.fill(full, absent);
    for (int group = 0; group < order.groups(block); group++) {
      System.arraycopy(
          x, at + group * order.imageStride(), full, group * LANES << order.slotShift(), length);
    }
  }

  /** In whole vectors, which the loads that follow can take from the store buffer. */
  private static void clear(float[] lanes, int at) {
    for (int i = at; i < at + 2 * LANES; i += L) {
      zero().intoArray(lanes, i);
    }
  }

  static FloatVector load(float[] x, int i) {
    return FloatVector.fromArray(F, x, i);
  }

  /** Not a constant: vectors read from fields cost 15 times as much as this instruction. */
  private static FloatVector zero() {
    return FloatVector.zero(F);
  }

  static FloatVector sum(FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
    return a.add(b).add(c.add(d));
  }

  static FloatVector squares(FloatVector a, FloatVector b, FloatVector c, FloatVector d) {
    return b.fma(b, a.mul(a)).add(d.fma(d, c.mul(c)));
  }

  /** (g1*d1 + g0*d0) + (g3*d3 + g2*d2), each pair with one rounding less. */
  static FloatVector products(
      FloatVector d0,
      FloatVector d1,
      FloatVector d2,
      FloatVector d3,
      FloatVector g0,
      FloatVector g1,
      FloatVector g2,
      FloatVector g3) {
    return g1.fma(d1, g0.mul(d0)).add(g3.fma(d3, g2.mul(d2)));
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
    for (int row = firstRow; row < endRow; row++) {
      int at = row * order.rowLength() + from * spatial;
      for (int c = from; c < to; c++, at += spatial) {
        plane(x, xOffset + at, y, yOffset + at, spatial, affine.hi[c], affine.k[c], affine.b[c]);
      }
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
    for (int row = firstRow; row < endRow; row++) {
      int at = row * order.rowLength() + from * spatial;
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
