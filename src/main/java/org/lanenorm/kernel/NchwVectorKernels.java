package org.lanenorm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
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
 * 325 bytecodes). For the same reason a block that is not full is laid out in scratch and summed as
 * a full one.
 */
final class NchwVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();
  private static final int LANES = Segments.LANES;
  private static final int HALF = Segments.SLOTS / 2 * LANES;
  private static final int BLOCK = Segments.SLOTS * LANES;

  private NchwVectorKernels() {}

  static void momentSums(
      float[] x,
      int xOffset,
      Segments order,
      int segment,
      int from,
      int to,
      float[] shift,
      float[] sum,
      float[] square,
      Scratch scratch) {
    float[] lanes = scratch.lanes;
    int first = order.firstBlock(segment);
    int end = order.endBlock(segment);
    for (int c = from; c < to; c++) {
      float[] source = order.source(x, xOffset, segment, c, scratch);
      int base = order.base(xOffset, segment, c);
      float k = shift(source, base, order, first, lanes);
      Arrays.fill(lanes, 0);
      for (int block = first; block < end; ) {
        int at = base + order.blockOffset(block);
        int run = order.fullRun(block, end);
        if (run > 0) {
          squares(source, at, run, k, lanes);
        } else {
          // x - k is 0 where there is no element
          gather(source, at, order, block, k, scratch.terms);
          squares(scratch.terms, 0, 1, k, lanes);
        }
        block += Math.max(run, 1);
      }
      shift[c] = k;
      sum[c] = ScalarKernels.fold(lanes, 0);
      square[c] = ScalarKernels.fold(lanes, LANES);
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
    return ScalarKernels.fold(lanes, 0) * (1f / (4 * LANES));
  }

  /** Adds {@code count} full blocks that follow one another to the lanes. */
  private static void squares(float[] x, int at, int count, float k, float[] lanes) {
    FloatVector shift = FloatVector.broadcast(F, k);
    for (int lane = 0; lane < LANES; lane += L) {
      FloatVector sum = load(lanes, lane);
      FloatVector square = load(lanes, LANES + lane);
      for (int block = at + lane; block < at + lane + count * BLOCK; block += BLOCK) {
        FloatVector blockSum = zero();
        FloatVector blockSquare = zero();
        for (int i = block; i < block + BLOCK; i += HALF) {
          FloatVector d0 = load(x, i).sub(shift);
          FloatVector d1 = load(x, i + LANES).sub(shift);
          FloatVector d2 = load(x, i + 2 * LANES).sub(shift);
          FloatVector d3 = load(x, i + 3 * LANES).sub(shift);
          FloatVector d4 = load(x, i + 4 * LANES).sub(shift);
          FloatVector d5 = load(x, i + 5 * LANES).sub(shift);
          FloatVector d6 = load(x, i + 6 * LANES).sub(shift);
          FloatVector d7 = load(x, i + 7 * LANES).sub(shift);
          blockSum = blockSum.add(sum(d0, d1, d2, d3).add(sum(d4, d5, d6, d7)));
          blockSquare = blockSquare.add(squares(d0, d1, d2, d3).add(squares(d4, d5, d6, d7)));
        }
        sum = sum.add(blockSum);
        square = square.add(blockSquare);
      }
      sum.intoArray(lanes, lane);
      square.intoArray(lanes, LANES + lane);
    }
  }

  /** Lays a block out as if it were full, with {@code absent} where it has no element. */
  private static void gather(
      float[] x, int at, Segments order, int block, float absent, float[] full) {
    int length = order.fullRows(block) * LANES + order.tail(block);
    int slots = LANES << order.slotShift();
    Arrays.fill(full, absent);
    for (int group = 0; group < order.groups(block); group++) {
      System.arraycopy(x, at + group * order.imageStride(), full, group * slots, length);
    }
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
      float[] sum,
      float[] product,
      Scratch scratch) {
    float[] lanes = scratch.lanes;
    int first = order.firstBlock(segment);
    int end = order.endBlock(segment);
    for (int c = from; c < to; c++) {
      float[] xs = order.source(x, xOffset, segment, c, scratch);
      float[] dys = order.gradientSource(dy, dyOffset, segment, c, scratch);
      int xBase = order.base(xOffset, segment, c);
      int dyBase = order.base(dyOffset, segment, c);
      Arrays.fill(lanes, 0);
      for (int block = first; block < end; ) {
        int at = order.blockOffset(block);
        int run = order.fullRun(block, end);
        if (run > 0) {
          products(xs, xBase + at, dys, dyBase + at, run, hi[c], lanes);
        } else {
          gather(xs, xBase + at, order, block, hi[c], scratch.terms);
          gather(dys, dyBase + at, order, block, 0, scratch.factors);
          products(scratch.terms, 0, scratch.factors, 0, 1, hi[c], lanes);
        }
        block += Math.max(run, 1);
      }
      sum[c] = ScalarKernels.fold(lanes, 0);
      product[c] = ScalarKernels.fold(lanes, LANES);
    }
  }

  /** Adds {@code count} full blocks that follow one another to the lanes. */
  private static void products(
      float[] x, int xAt, float[] dy, int dyAt, int count, float hi, float[] lanes) {
    FloatVector shift = FloatVector.broadcast(F, hi);
    for (int lane = 0; lane < LANES; lane += L) {
      FloatVector sum = load(lanes, lane);
      FloatVector product = load(lanes, LANES + lane);
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
      sum.intoArray(lanes, lane);
      product.intoArray(lanes, LANES + lane);
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
    int spatial = order.spatial();
    for (int row = firstRow; row < endRow; row++) {
      int at = row * order.rowLength() + from * spatial;
      for (int c = from; c < to; c++, at += spatial) {
        plane(x, xOffset + at, y, yOffset + at, spatial, affine.hi[c], affine.k[c], affine.b[c]);
      }
    }
  }

  private static void plane(
      float[] x, int xAt, float[] y, int yAt, int length, float hi, float k, float b) {
    FloatVector mean = FloatVector.broadcast(F, hi);
    FloatVector scale = FloatVector.broadcast(F, k);
    FloatVector shift = FloatVector.broadcast(F, b);
    int i = 0;
    for (; i <= length - 4 * L; i += 4 * L) {
      FloatVector y0 = load(x, xAt + i).sub(mean).fma(scale, shift);
      FloatVector y1 = load(x, xAt + i + L).sub(mean).fma(scale, shift);
      FloatVector y2 = load(x, xAt + i + 2 * L).sub(mean).fma(scale, shift);
      FloatVector y3 = load(x, xAt + i + 3 * L).sub(mean).fma(scale, shift);
      y0.intoArray(y, yAt + i);
      y1.intoArray(y, yAt + i + L);
      y2.intoArray(y, yAt + i + 2 * L);
      y3.intoArray(y, yAt + i + 3 * L);
    }
    for (; i <= length - L; i += L) {
      load(x, xAt + i).sub(mean).fma(scale, shift).intoArray(y, yAt + i);
    }
    for (; i < length; i++) {
      y[yAt + i] = Fma.fma(x[xAt + i] - hi, k, b);
    }
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
    int spatial = order.spatial();
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
    FloatVector mean = FloatVector.broadcast(F, hi);
    FloatVector scale = FloatVector.broadcast(F, k);
    FloatVector slope = FloatVector.broadcast(F, p);
    FloatVector shift = FloatVector.broadcast(F, q);
    int i = 0;
    for (; i <= length - 2 * L; i += 2 * L) {
      FloatVector dx0 = load(dy, dyAt + i).fma(scale, load(x, xAt + i).sub(mean).fma(slope, shift));
      FloatVector dx1 =
          load(dy, dyAt + i + L).fma(scale, load(x, xAt + i + L).sub(mean).fma(slope, shift));
      dx0.intoArray(dx, dxAt + i);
      dx1.intoArray(dx, dxAt + i + L);
    }
    for (; i <= length - L; i += L) {
      load(dy, dyAt + i)
          .fma(scale, load(x, xAt + i).sub(mean).fma(slope, shift))
          .intoArray(dx, dxAt + i);
    }
    for (; i < length; i++) {
      dx[dxAt + i] = Fma.fma(dy[dyAt + i], k, Fma.fma(x[xAt + i] - hi, p, q));
    }
  }
}
