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
 * <p>Hot loops stand in methods of their own: two in one method ran ten times slower.
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
          block += run;
        } else {
          squares(source, at, order, block, k, lanes);
          block++;
        }
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
      int end = at + lane + count * BLOCK;
      for (int i = at + lane; i < end; i += BLOCK) {
        FloatVector d0 = load(x, i).sub(shift);
        FloatVector d1 = load(x, i + LANES).sub(shift);
        FloatVector d2 = load(x, i + 2 * LANES).sub(shift);
        FloatVector d3 = load(x, i + 3 * LANES).sub(shift);
        FloatVector d4 = load(x, i + 4 * LANES).sub(shift);
        FloatVector d5 = load(x, i + 5 * LANES).sub(shift);
        FloatVector d6 = load(x, i + 6 * LANES).sub(shift);
        FloatVector d7 = load(x, i + 7 * LANES).sub(shift);
        FloatVector halfSum = sum(sum(d0, d1, d2, d3), sum(d4, d5, d6, d7));
        FloatVector halfSquare = sum(squares(d0, d1, d2, d3), squares(d4, d5, d6, d7));
        int j = i + HALF;
        d0 = load(x, j).sub(shift);
        d1 = load(x, j + LANES).sub(shift);
        d2 = load(x, j + 2 * LANES).sub(shift);
        d3 = load(x, j + 3 * LANES).sub(shift);
        d4 = load(x, j + 4 * LANES).sub(shift);
        d5 = load(x, j + 5 * LANES).sub(shift);
        d6 = load(x, j + 6 * LANES).sub(shift);
        d7 = load(x, j + 7 * LANES).sub(shift);
        sum = sum.add(halfSum.add(sum(sum(d0, d1, d2, d3), sum(d4, d5, d6, d7))));
        square = square.add(halfSquare.add(sum(squares(d0, d1, d2, d3), squares(d4, d5, d6, d7))));
      }
      sum.intoArray(lanes, lane);
      square.intoArray(lanes, LANES + lane);
    }
  }

  /** Adds one block, full or not, to the lanes. */
  private static void squares(
      float[] x, int at, Segments order, int block, float k, float[] lanes) {
    FloatVector shift = FloatVector.broadcast(F, k);
    int groups = order.groups(block);
    int stride = order.imageStride();
    int slotShift = order.slotShift();
    int rows = order.fullRows(block);
    int tail = order.tail(block);
    for (int lane = 0; lane < LANES; lane += L) {
      FloatVector sum = zero();
      FloatVector square = zero();
      for (int slot = 0; slot < Segments.SLOTS; slot += 8) {
        FloatVector halfSum = zero();
        FloatVector halfSquare = zero();
        for (int quad = slot; quad < slot + 8; quad += 4) {
          FloatVector d0 = slot(x, at, quad, groups, stride, slotShift, rows, tail, lane, shift);
          FloatVector d1 =
              slot(x, at, quad + 1, groups, stride, slotShift, rows, tail, lane, shift);
          FloatVector d2 =
              slot(x, at, quad + 2, groups, stride, slotShift, rows, tail, lane, shift);
          FloatVector d3 =
              slot(x, at, quad + 3, groups, stride, slotShift, rows, tail, lane, shift);
          halfSum = halfSum.add(sum(d0, d1, d2, d3));
          halfSquare = halfSquare.add(squares(d0, d1, d2, d3));
        }
        sum = sum.add(halfSum);
        square = square.add(halfSquare);
      }
      load(lanes, lane).add(sum).intoArray(lanes, lane);
      load(lanes, LANES + lane).add(square).intoArray(lanes, LANES + lane);
    }
  }

  /** x - shift in the lanes of a slot that hold an element, 0 in the others. */
  private static FloatVector slot(
      float[] x,
      int at,
      int slot,
      int groups,
      int stride,
      int slotShift,
      int rows,
      int tail,
      int lane,
      FloatVector shift) {
    int group = slot >> slotShift;
    int row = slot - (group << slotShift);
    if (group >= groups || row > rows) {
      return zero();
    }
    int i = at + group * stride + row * LANES + lane;
    if (row < rows) {
      return load(x, i).sub(shift);
    }
    if (tail <= lane) {
      return zero();
    }
    VectorMask<Float> elements = F.indexInRange(lane, tail);
    return FloatVector.fromArray(F, x, i, elements).sub(shift, elements);
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
          block += run;
        } else {
          products(xs, xBase + at, dys, dyBase + at, order, block, hi[c], lanes);
          block++;
        }
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
      for (int block = 0; block < count; block++) {
        FloatVector halfSum = zero();
        FloatVector halfProduct = zero();
        FloatVector blockSum = zero();
        FloatVector blockProduct = zero();
        int i = xAt + block * BLOCK + lane;
        int j = dyAt + block * BLOCK + lane;
        for (int half = 0; half < BLOCK; half += HALF) {
          FloatVector g0 = load(dy, j + half);
          FloatVector g1 = load(dy, j + half + LANES);
          FloatVector g2 = load(dy, j + half + 2 * LANES);
          FloatVector g3 = load(dy, j + half + 3 * LANES);
          halfSum = sum(g0, g1, g2, g3);
          halfProduct = products(x, i + half, shift, g0, g1, g2, g3);
          g0 = load(dy, j + half + 4 * LANES);
          g1 = load(dy, j + half + 5 * LANES);
          g2 = load(dy, j + half + 6 * LANES);
          g3 = load(dy, j + half + 7 * LANES);
          blockSum = blockSum.add(halfSum.add(sum(g0, g1, g2, g3)));
          blockProduct =
              blockProduct.add(
                  halfProduct.add(products(x, i + half + 4 * LANES, shift, g0, g1, g2, g3)));
        }
        sum = sum.add(blockSum);
        product = product.add(blockProduct);
      }
      sum.intoArray(lanes, lane);
      product.intoArray(lanes, LANES + lane);
    }
  }

  private static FloatVector products(
      float[] x,
      int i,
      FloatVector shift,
      FloatVector g0,
      FloatVector g1,
      FloatVector g2,
      FloatVector g3) {
    return products(
        load(x, i).sub(shift),
        load(x, i + LANES).sub(shift),
        load(x, i + 2 * LANES).sub(shift),
        load(x, i + 3 * LANES).sub(shift),
        g0,
        g1,
        g2,
        g3);
  }

  /** Adds one block, full or not, to the lanes. */
  private static void products(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      Segments order,
      int block,
      float hi,
      float[] lanes) {
    FloatVector shift = FloatVector.broadcast(F, hi);
    int groups = order.groups(block);
    int stride = order.imageStride();
    int slotShift = order.slotShift();
    int rows = order.fullRows(block);
    int tail = order.tail(block);
    for (int lane = 0; lane < LANES; lane += L) {
      FloatVector sum = zero();
      FloatVector product = zero();
      for (int slot = 0; slot < Segments.SLOTS; slot += 8) {
        FloatVector halfSum = zero();
        FloatVector halfProduct = zero();
        for (int quad = slot; quad < slot + 8; quad += 4) {
          FloatVector g0 =
              slot(dy, dyAt, quad, groups, stride, slotShift, rows, tail, lane, zero());
          FloatVector g1 =
              slot(dy, dyAt, quad + 1, groups, stride, slotShift, rows, tail, lane, zero());
          FloatVector g2 =
              slot(dy, dyAt, quad + 2, groups, stride, slotShift, rows, tail, lane, zero());
          FloatVector g3 =
              slot(dy, dyAt, quad + 3, groups, stride, slotShift, rows, tail, lane, zero());
          halfSum = halfSum.add(sum(g0, g1, g2, g3));
          FloatVector d0 = slot(x, xAt, quad, groups, stride, slotShift, rows, tail, lane, shift);
          FloatVector d1 =
              slot(x, xAt, quad + 1, groups, stride, slotShift, rows, tail, lane, shift);
          FloatVector d2 =
              slot(x, xAt, quad + 2, groups, stride, slotShift, rows, tail, lane, shift);
          FloatVector d3 =
              slot(x, xAt, quad + 3, groups, stride, slotShift, rows, tail, lane, shift);
          halfProduct = halfProduct.add(products(d0, d1, d2, d3, g0, g1, g2, g3));
        }
        sum = sum.add(halfSum);
        product = product.add(halfProduct);
      }
      load(lanes, lane).add(sum).intoArray(lanes, lane);
      load(lanes, LANES + lane).add(product).intoArray(lanes, LANES + lane);
    }
  }

  static FloatVector load(float[] x, int i) {
    return FloatVector.fromArray(F, x, i);
  }

  /** Not a constant: vectors read from fields cost 15 times as much as this instruction. */
  private static FloatVector zero() {
    return FloatVector.zero(F);
  }

  static FloatVector sum(FloatVector a, FloatVector b) {
    return a.add(b);
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
