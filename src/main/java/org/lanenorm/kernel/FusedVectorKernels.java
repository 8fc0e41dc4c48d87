package org.lanenorm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Normalizing with residual and activation in one loop, and activations and their gradients over
 * floats that follow one another. Which activation it is, and whether there is a residual, are
 * questions to which a loop knows the answer: C2 asks them before it.
 *
 * <p>The last vector of a run overlaps the one before it. It is computed first, from what x and z
 * hold then, and stored last, as y may be either.
 */
final class FusedVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();

  private static final VectorSpecies<Integer> I = F.withLanes(int.class).check(int.class);

  /**
   * Floats of y that are marked together, from the second-level cache. What fits the first one was
   * up to 1.8 times slower in NHWC: memory serves long streams better.
   */
  private static final int MARKED = 1 << 15;

  /** Coefficients that leave v as it is. */
  private static final float[] ZERO = {0};

  private static final float[] ONE = {1};
  private static final float[] MINUS_ZERO = {-0.0f};

  /** Bit l in lane l. */
  private static final int[] LANE_BITS = laneBits();

  private FusedVectorKernels() {}

  private static int[] laneBits() {
    int[] bits = new int[L];
    for (int lane = 0; lane < L; lane++) {
      bits[lane] = 1 << lane;
    }
    return bits;
  }

  static void fused(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      int begin,
      int end,
      ChannelAffine affine,
      Curve curve,
      Scratch scratch) {
    int run = order.run();
    int length = end - begin;
    boolean planes = run >= L;
    if (planes ? length < L : length < run) {
      ScalarKernels.INSTANCE.fused(
          x, xOffset, z, zOffset, y, yOffset, order, firstRow, endRow, from, to, begin, end, affine,
          curve, scratch);
    } else if (planes) {
      for (int row = firstRow; row < endRow; row++) {
        int at = row * order.rowLength() + from * run + begin;
        int xAt = xOffset + at;
        int zAt = zOffset + at;
        int yAt = yOffset + at;
        if (curve == Curve.SILU) {
          siluPlanes(x, xAt, z, zAt, y, yAt, run, length, affine.hi, affine.k, affine.b, from, to);
        } else {
          planes(x, xAt, z, zAt, y, yAt, run, length, from, to, affine, curve);
        }
      }
    } else {
      rows(
          x, xOffset, z, zOffset, y, yOffset, order, firstRow, endRow, from, to, affine, curve,
          scratch);
    }
  }

  /** Runs of a few elements: rows meet coefficients of their own length. */
  private static void rows(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      ChannelAffine affine,
      Curve curve,
      Scratch scratch) {
    int run = order.run();
    int stride = order.rowLength();
    int length = (to - from) * run;
    int repeat = RowVectorKernels.repeat(length, stride);
    float[] hi = affine.hi;
    float[] k = affine.k;
    float[] b = affine.b;
    int first = from;
    if (run > 1 || repeat > 1) {
      scratch.growTiles(length * repeat);
      hi = RowVectorKernels.tile(affine.hi, from, to, run, repeat, scratch.tileA);
      k = RowVectorKernels.tile(affine.k, from, to, run, repeat, scratch.tileB);
      b = RowVectorKernels.tile(affine.b, from, to, run, repeat, scratch.tileC);
      first = 0;
    }
    int rows = endRow - firstRow;
    int together = rows / repeat;
    int at = firstRow * stride + from * run;
    stretches(
        x,
        xOffset + at,
        z,
        zOffset + at,
        y,
        yOffset + at,
        together,
        stride * repeat,
        length * repeat,
        hi,
        k,
        b,
        first,
        curve);
    int done = together * repeat;
    at += done * stride;
    stretches(
        x,
        xOffset + at,
        z,
        zOffset + at,
        y,
        yOffset + at,
        Math.min(1, rows - done),
        0,
        (rows - done) * length,
        hi,
        k,
        b,
        first,
        curve);
  }

  /** Rows of coefficients of the same length. */
  private static void stretches(
      float[] x,
      int xAt,
      float[] z,
      int zAt,
      float[] y,
      int yAt,
      int rows,
      int stride,
      int length,
      float[] hi,
      float[] k,
      float[] b,
      int first,
      Curve curve) {
    int whole = F.loopBound(length);
    if (curve == Curve.SILU) {
      siluRows(x, xAt, z, zAt, y, yAt, rows, stride, whole, hi, k, b, first);
    } else {
      sideBySide(x, xAt, z, zAt, y, yAt, rows, stride, whole, hi, k, b, first, curve, null, 0);
    }
    for (int row = 0; row < rows && whole < length; row++) {
      for (int i = whole; i < length; i++) {
        int at = row * stride + i;
        int c = first + i;
        float v = Fma.fma(x[xAt + at] - hi[c], k[c], b[c]);
        y[yAt + at] = curve.of(z == null ? v : v + z[zAt + at]);
      }
    }
  }

  /** The same of curves that memory is slower than: four rows side by side. */
  private static void sideBySide(
      float[] x,
      int xAt,
      float[] z,
      int zAt,
      float[] y,
      int yAt,
      int rows,
      int stride,
      int length,
      float[] hi,
      float[] k,
      float[] b,
      int first,
      Curve curve,
      long[] bits,
      int word) {
    int count = RowVectorKernels.quarter(rows);
    int done = 0;
    int step = stride;
    int apart = count * stride;
    while (done < rows) {
      int at = done * stride;
      if (bits == null) {
        fourRows(
            x, xAt + at, z, zAt + at, y, yAt + at, count, step, apart, length, hi, k, b, first,
            curve);
      } else {
        markedFourRows(
            x,
            xAt + at,
            z,
            zAt + at,
            y,
            yAt + at,
            count,
            step,
            apart,
            length,
            hi,
            k,
            b,
            first,
            curve,
            bits,
            word + at / Long.SIZE);
      }
      done += apart == 0 ? count : 4 * count;
      // four neighbours at a time while as many are left, then the rest four times each: all are
      // read before any is written
      int left = rows - done;
      count = left >= 4 ? left / 4 : left;
      step = left >= 4 ? 4 * stride : stride;
      apart = left >= 4 ? stride : 0;
    }
  }

  /** Planes, or the same part of each, of at least a vector. */
  private static void planes(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] y,
      int yFrom,
      int stride,
      int length,
      int from,
      int to,
      ChannelAffine affine,
      Curve curve) {
    float[] hi = affine.hi;
    float[] k = affine.k;
    float[] b = affine.b;
    boolean leaky = curve.kind == Curve.Kind.LEAKY;
    boolean swish = curve.kind == Curve.Kind.HARD_SWISH;
    boolean capped = !Float.isNaN(curve.cap);
    FloatVector floor = FloatVector.broadcast(F, curve.floor);
    FloatVector cap = FloatVector.broadcast(F, curve.cap);
    FloatVector slope = FloatVector.broadcast(F, curve.slope);
    FloatVector three = FloatVector.broadcast(F, 3);
    FloatVector sixth = FloatVector.broadcast(F, Curve.SIXTH);
    FloatVector zero = FloatVector.zero(F);
    for (int c = from; c < to; c++) {
      int xAt = xFrom + (c - from) * stride;
      int zAt = zFrom + (c - from) * stride;
      int yAt = yFrom + (c - from) * stride;
      FloatVector mean = FloatVector.broadcast(F, hi[c]);
      FloatVector scale = FloatVector.broadcast(F, k[c]);
      FloatVector shift = FloatVector.broadcast(F, b[c]);
      int end = length - L;
      FloatVector last = FloatVector.fromArray(F, x, xAt + end).sub(mean).fma(scale, shift);
      if (z != null) {
        last = last.add(FloatVector.fromArray(F, z, zAt + end));
      }
      if (swish) {
        FloatVector t = last.add(three);
        t = t.blend(cap, t.compare(VectorOperators.GE, cap)).mul(sixth).mul(last);
        last = t.blend(zero, last.compare(VectorOperators.LE, floor));
      } else if (leaky) {
        last = last.blend(last.mul(slope), last.compare(VectorOperators.LE, floor));
      } else {
        last = last.blend(floor, last.compare(VectorOperators.LE, floor));
        if (capped) {
          last = last.blend(cap, last.compare(VectorOperators.GE, cap));
        }
      }
      for (int i = 0; i < end; i += L) {
        FloatVector v = FloatVector.fromArray(F, x, xAt + i).sub(mean).fma(scale, shift);
        if (z != null) {
          v = v.add(FloatVector.fromArray(F, z, zAt + i));
        }
        if (swish) {
          FloatVector t = v.add(three);
          t = t.blend(cap, t.compare(VectorOperators.GE, cap)).mul(sixth).mul(v);
          v = t.blend(zero, v.compare(VectorOperators.LE, floor));
        } else if (leaky) {
          v = v.blend(v.mul(slope), v.compare(VectorOperators.LE, floor));
        } else {
          v = v.blend(floor, v.compare(VectorOperators.LE, floor));
          if (capped) {
            v = v.blend(cap, v.compare(VectorOperators.GE, cap));
          }
        }
        v.intoArray(y, yAt + i);
      }
      last.intoArray(y, yAt + end);
    }
  }

  /**
   * Rows in each of four stretches that are walked side by side, of coefficients of their length, a
   * whole number of vectors.
   */
  private static void fourRows(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] y,
      int yFrom,
      int rows,
      int stride,
      int apart,
      int length,
      float[] hi,
      float[] k,
      float[] b,
      int coefficients,
      Curve curve) {
    boolean leaky = curve.kind == Curve.Kind.LEAKY;
    boolean swish = curve.kind == Curve.Kind.HARD_SWISH;
    boolean capped = !Float.isNaN(curve.cap);
    FloatVector floor = FloatVector.broadcast(F, curve.floor);
    FloatVector cap = FloatVector.broadcast(F, curve.cap);
    FloatVector slope = FloatVector.broadcast(F, curve.slope);
    FloatVector three = FloatVector.broadcast(F, 3);
    FloatVector sixth = FloatVector.broadcast(F, Curve.SIXTH);
    FloatVector zero = FloatVector.zero(F);
    for (int row = 0; row < rows; row++) {
      int at = row * stride;
      for (int end = at + length - L, j = coefficients; at <= end; at += L, j += L) {
        FloatVector mean = FloatVector.fromArray(F, hi, j);
        FloatVector scale = FloatVector.fromArray(F, k, j);
        FloatVector shift = FloatVector.fromArray(F, b, j);
        FloatVector y0 = FloatVector.fromArray(F, x, xFrom + at).sub(mean).fma(scale, shift);
        if (z != null) {
          y0 = y0.add(FloatVector.fromArray(F, z, zFrom + at));
        }
        if (swish) {
          FloatVector t = y0.add(three);
          t = t.blend(cap, t.compare(VectorOperators.GE, cap)).mul(sixth).mul(y0);
          y0 = t.blend(zero, y0.compare(VectorOperators.LE, floor));
        } else if (leaky) {
          y0 = y0.blend(y0.mul(slope), y0.compare(VectorOperators.LE, floor));
        } else {
          y0 = y0.blend(floor, y0.compare(VectorOperators.LE, floor));
          if (capped) {
            y0 = y0.blend(cap, y0.compare(VectorOperators.GE, cap));
          }
        }
        FloatVector y1 =
            FloatVector.fromArray(F, x, xFrom + at + apart).sub(mean).fma(scale, shift);
        if (z != null) {
          y1 = y1.add(FloatVector.fromArray(F, z, zFrom + at + apart));
        }
        if (swish) {
          FloatVector t = y1.add(three);
          t = t.blend(cap, t.compare(VectorOperators.GE, cap)).mul(sixth).mul(y1);
          y1 = t.blend(zero, y1.compare(VectorOperators.LE, floor));
        } else if (leaky) {
          y1 = y1.blend(y1.mul(slope), y1.compare(VectorOperators.LE, floor));
        } else {
          y1 = y1.blend(floor, y1.compare(VectorOperators.LE, floor));
          if (capped) {
            y1 = y1.blend(cap, y1.compare(VectorOperators.GE, cap));
          }
        }
        FloatVector y2 =
            FloatVector.fromArray(F, x, xFrom + at + 2 * apart).sub(mean).fma(scale, shift);
        if (z != null) {
          y2 = y2.add(FloatVector.fromArray(F, z, zFrom + at + 2 * apart));
        }
        if (swish) {
          FloatVector t = y2.add(three);
          t = t.blend(cap, t.compare(VectorOperators.GE, cap)).mul(sixth).mul(y2);
          y2 = t.blend(zero, y2.compare(VectorOperators.LE, floor));
        } else if (leaky) {
          y2 = y2.blend(y2.mul(slope), y2.compare(VectorOperators.LE, floor));
        } else {
          y2 = y2.blend(floor, y2.compare(VectorOperators.LE, floor));
          if (capped) {
            y2 = y2.blend(cap, y2.compare(VectorOperators.GE, cap));
          }
        }
        FloatVector y3 =
            FloatVector.fromArray(F, x, xFrom + at + 3 * apart).sub(mean).fma(scale, shift);
        if (z != null) {
          y3 = y3.add(FloatVector.fromArray(F, z, zFrom + at + 3 * apart));
        }
        if (swish) {
          FloatVector t = y3.add(three);
          t = t.blend(cap, t.compare(VectorOperators.GE, cap)).mul(sixth).mul(y3);
          y3 = t.blend(zero, y3.compare(VectorOperators.LE, floor));
        } else if (leaky) {
          y3 = y3.blend(y3.mul(slope), y3.compare(VectorOperators.LE, floor));
        } else {
          y3 = y3.blend(floor, y3.compare(VectorOperators.LE, floor));
          if (capped) {
            y3 = y3.blend(cap, y3.compare(VectorOperators.GE, cap));
          }
        }
        y0.intoArray(y, yFrom + at);
        y1.intoArray(y, yFrom + at + apart);
        y2.intoArray(y, yFrom + at + 2 * apart);
        y3.intoArray(y, yFrom + at + 3 * apart);
      }
    }
  }

  /** y = silu(y), of floats that follow one another. */
  static void silu(float[] y, int from, int length) {
    if (length >= L) {
      siluPlanes(y, from, null, 0, y, from, 0, length, ZERO, ONE, MINUS_ZERO, 0, 1);
      return;
    }
    for (int i = from; i < from + length; i++) {
      y[i] = Curve.SILU.of(y[i]);
    }
  }

  /**
   * As {@link #planes}. A vector is read before the one before it is written, which the last one of
   * a plane overlaps.
   */
  private static void siluPlanes(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] y,
      int yFrom,
      int stride,
      int length,
      float[] hi,
      float[] k,
      float[] b,
      int from,
      int to) {
    int least = Float.floatToRawIntBits(Curve.LEAST);
    int most = Float.floatToRawIntBits(Curve.MOST);
    FloatVector top = FloatVector.broadcast(F, Curve.MOST);
    FloatVector scaled = FloatVector.broadcast(F, Curve.SCALE);
    FloatVector log2E = FloatVector.broadcast(F, -Curve.LOG2_E);
    FloatVector round = FloatVector.broadcast(F, Curve.ROUND_SCALED);
    FloatVector high = FloatVector.broadcast(F, -Curve.MINUS_LN2_HIGH);
    FloatVector low = FloatVector.broadcast(F, -Curve.MINUS_LN2_LOW);
    FloatVector one = FloatVector.broadcast(F, 1);
    FloatVector minusOne = FloatVector.broadcast(F, -1);
    FloatVector p2 = FloatVector.broadcast(F, Curve.P2);
    FloatVector p3 = FloatVector.broadcast(F, -Curve.P3);
    FloatVector p4 = FloatVector.broadcast(F, Curve.P4);
    FloatVector p5 = FloatVector.broadcast(F, -Curve.P5);
    FloatVector p6 = FloatVector.broadcast(F, Curve.P6);
    int end = length - L;
    for (int c = from; c < to; c++) {
      int at = (c - from) * stride;
      FloatVector mean = FloatVector.broadcast(F, hi[c]);
      FloatVector scale = FloatVector.broadcast(F, k[c]);
      FloatVector shift = FloatVector.broadcast(F, b[c]);
      FloatVector next = FloatVector.fromArray(F, x, xFrom + at).sub(mean).fma(scale, shift);
      if (z != null) {
        next = next.add(FloatVector.fromArray(F, z, zFrom + at));
      }
      for (int i = 0; i < length; i += L) {
        FloatVector v = next;
        int j = at + Math.min(i + L, end);
        next = FloatVector.fromArray(F, x, xFrom + j).sub(mean).fma(scale, shift);
        if (z != null) {
          next = next.add(FloatVector.fromArray(F, z, zFrom + j));
        }
        // floats of one sign are ordered as their bits are; NaN comes back in the end
        IntVector bits = v.reinterpretAsInts().lanewise(VectorOperators.MIN, most);
        FloatVector a = bits.lanewise(VectorOperators.UMIN, least).reinterpretAsFloats();
        FloatVector t = a.fma(log2E, round);
        FloatVector n = t.sub(round);
        FloatVector r = n.fma(low, n.fma(high, a));
        FloatVector p = p6.fma(r, p5).fma(r, p4).fma(r, p3).fma(r, p2).fma(r, minusOne).fma(r, one);
        IntVector exponent = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, Curve.EXPONENT);
        FloatVector e = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
        FloatVector u = a.div(e.add(scaled)).mul(scaled);
        v.blend(u, v.compare(VectorOperators.LT, top)).intoArray(y, yFrom + at + Math.min(i, end));
      }
    }
  }

  /** Rows of coefficients of their length, a whole number of vectors. */
  private static void siluRows(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] y,
      int yFrom,
      int rows,
      int stride,
      int length,
      float[] hi,
      float[] k,
      float[] b,
      int coefficients) {
    int least = Float.floatToRawIntBits(Curve.LEAST);
    int most = Float.floatToRawIntBits(Curve.MOST);
    FloatVector top = FloatVector.broadcast(F, Curve.MOST);
    FloatVector scaled = FloatVector.broadcast(F, Curve.SCALE);
    FloatVector log2E = FloatVector.broadcast(F, -Curve.LOG2_E);
    FloatVector round = FloatVector.broadcast(F, Curve.ROUND_SCALED);
    FloatVector high = FloatVector.broadcast(F, -Curve.MINUS_LN2_HIGH);
    FloatVector low = FloatVector.broadcast(F, -Curve.MINUS_LN2_LOW);
    FloatVector one = FloatVector.broadcast(F, 1);
    FloatVector minusOne = FloatVector.broadcast(F, -1);
    FloatVector p2 = FloatVector.broadcast(F, Curve.P2);
    FloatVector p3 = FloatVector.broadcast(F, -Curve.P3);
    FloatVector p4 = FloatVector.broadcast(F, Curve.P4);
    FloatVector p5 = FloatVector.broadcast(F, -Curve.P5);
    FloatVector p6 = FloatVector.broadcast(F, Curve.P6);
    for (int row = 0; row < rows; row++) {
      int at = row * stride;
      for (int end = at + length - L, j = coefficients; at <= end; at += L, j += L) {
        FloatVector d =
            FloatVector.fromArray(F, x, xFrom + at).sub(FloatVector.fromArray(F, hi, j));
        FloatVector v = d.fma(FloatVector.fromArray(F, k, j), FloatVector.fromArray(F, b, j));
        if (z != null) {
          v = v.add(FloatVector.fromArray(F, z, zFrom + at));
        }
        IntVector bits = v.reinterpretAsInts().lanewise(VectorOperators.MIN, most);
        FloatVector a = bits.lanewise(VectorOperators.UMIN, least).reinterpretAsFloats();
        FloatVector t = a.fma(log2E, round);
        FloatVector n = t.sub(round);
        FloatVector r = n.fma(low, n.fma(high, a));
        FloatVector p = p6.fma(r, p5).fma(r, p4).fma(r, p3).fma(r, p2).fma(r, minusOne).fma(r, one);
        IntVector exponent = t.reinterpretAsInts().lanewise(VectorOperators.LSHL, Curve.EXPONENT);
        FloatVector e = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
        FloatVector u = a.div(e.add(scaled)).mul(scaled);
        v.blend(u, v.compare(VectorOperators.LT, top)).intoArray(y, yFrom + at);
      }
    }
  }

  /** As {@link Kernels#gradient}. */
  static void gradient(
      float[] v, float[] dy, int dyFrom, float[] dx, int dxFrom, int length, Curve curve) {
    if (length < L) {
      for (int i = 0; i < length; i++) {
        dx[dxFrom + i] = curve.gradient(v[i], dy[dyFrom + i]);
      }
    } else {
      gradientRows(
          v,
          0,
          null,
          0,
          dy,
          dyFrom,
          dx,
          dxFrom,
          1,
          0,
          length,
          ZERO,
          ONE,
          MINUS_ZERO,
          0,
          true,
          curve);
    }
  }

  /** As {@link Kernels#fusedGradient}. */
  static void fusedGradient(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] dy,
      int dyOffset,
      float[] dz,
      int dzOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      ChannelAffine affine,
      Curve curve,
      Scratch scratch) {
    int run = order.run();
    int stride = order.rowLength();
    boolean planes = run >= L;
    int length = planes ? run : (to - from) * run;
    int repeat = planes ? 1 : RowVectorKernels.repeat(length, stride);
    int whole = firstRow + (endRow - firstRow) / repeat * repeat;
    float[] hi = affine.hi;
    float[] k = affine.k;
    float[] b = affine.b;
    int first = from;
    if (!planes && (run > 1 || repeat > 1)) {
      scratch.growTiles(length * repeat);
      hi = RowVectorKernels.tile(affine.hi, from, to, run, repeat, scratch.tileA);
      k = RowVectorKernels.tile(affine.k, from, to, run, repeat, scratch.tileB);
      b = RowVectorKernels.tile(affine.b, from, to, run, repeat, scratch.tileC);
      first = 0;
    }
    length *= repeat;
    if (length < L) {
      whole = firstRow;
    } else if (planes) {
      for (int row = firstRow; row < endRow; row++) {
        int at = row * stride + from * run;
        gradientRows(
            x,
            xOffset + at,
            z,
            zOffset + at,
            dy,
            dyOffset + at,
            dz,
            dzOffset + at,
            to - from,
            run,
            run,
            hi,
            k,
            b,
            from,
            true,
            curve);
      }
    } else {
      int at = firstRow * stride + from * run;
      gradientRows(
          x,
          xOffset + at,
          z,
          zOffset + at,
          dy,
          dyOffset + at,
          dz,
          dzOffset + at,
          (whole - firstRow) / repeat,
          stride * repeat,
          length,
          hi,
          k,
          b,
          first,
          false,
          curve);
    }
    ScalarKernels.INSTANCE.fusedGradient(
        x, xOffset, z, zOffset, dy, dyOffset, dz, dzOffset, order, whole, endRow, from, to, affine,
        curve, scratch);
  }

  /**
   * Rows of at least a vector, of coefficients of their length, or planes of a channel each. A
   * vector is read before the one before it is written, which the last one of a row overlaps.
   */
  private static void gradientRows(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] dy,
      int dyFrom,
      float[] dz,
      int dzFrom,
      int rows,
      int stride,
      int length,
      float[] hi,
      float[] k,
      float[] b,
      int first,
      boolean planes,
      Curve curve) {
    if (curve.kind == Curve.Kind.SILU) {
      siluGradientRows(
          x, xFrom, z, zFrom, dy, dyFrom, dz, dzFrom, rows, stride, length, hi, k, b, first,
          planes);
    } else {
      simpleGradientRows(
          x, xFrom, z, zFrom, dy, dyFrom, dz, dzFrom, rows, stride, length, hi, k, b, first, planes,
          curve);
    }
  }

  private static void simpleGradientRows(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] dy,
      int dyFrom,
      float[] dz,
      int dzFrom,
      int rows,
      int stride,
      int length,
      float[] hi,
      float[] k,
      float[] b,
      int first,
      boolean planes,
      Curve curve) {
    boolean leaky = curve.kind == Curve.Kind.LEAKY;
    boolean swish = curve.kind == Curve.Kind.HARD_SWISH;
    FloatVector floor = FloatVector.broadcast(F, curve.floor);
    FloatVector cap = FloatVector.broadcast(F, swish ? 3 : curve.cap);
    FloatVector slope = FloatVector.broadcast(F, curve.slope);
    FloatVector third = FloatVector.broadcast(F, Curve.THIRD);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector zero = FloatVector.zero(F);
    int end = length - L;
    for (int row = 0; row < rows; row++) {
      int at = row * stride;
      int c = planes ? first + row : first;
      FloatVector mean = FloatVector.broadcast(F, hi[c]);
      FloatVector scale = FloatVector.broadcast(F, k[c]);
      FloatVector shift = FloatVector.broadcast(F, b[c]);
      if (!planes) {
        mean = FloatVector.fromArray(F, hi, c);
        scale = FloatVector.fromArray(F, k, c);
        shift = FloatVector.fromArray(F, b, c);
      }
      FloatVector next = FloatVector.fromArray(F, x, xFrom + at).sub(mean).fma(scale, shift);
      if (z != null) {
        next = next.add(FloatVector.fromArray(F, z, zFrom + at));
      }
      FloatVector nextGradient = FloatVector.fromArray(F, dy, dyFrom + at);
      for (int i = 0; i < length; i += L) {
        FloatVector v = next;
        FloatVector d = nextGradient;
        int ahead = Math.min(i + L, end);
        int j = at + ahead;
        if (!planes) {
          mean = FloatVector.fromArray(F, hi, c + ahead);
          scale = FloatVector.fromArray(F, k, c + ahead);
          shift = FloatVector.fromArray(F, b, c + ahead);
        }
        next = FloatVector.fromArray(F, x, xFrom + j).sub(mean).fma(scale, shift);
        if (z != null) {
          next = next.add(FloatVector.fromArray(F, z, zFrom + j));
        }
        nextGradient = FloatVector.fromArray(F, dy, dyFrom + j);
        VectorMask<Float> below = v.compare(VectorOperators.LE, floor);
        VectorMask<Float> above = v.compare(VectorOperators.GE, cap);
        if (swish) {
          d = v.fma(third, half).mul(d).blend(d, above).blend(zero, below);
        } else if (leaky) {
          d = d.blend(d.mul(slope), below);
        } else {
          d = d.blend(zero, below).blend(zero, above);
        }
        d.intoArray(dz, dzFrom + at + Math.min(i, end));
      }
    }
  }

  private static void siluGradientRows(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] dy,
      int dyFrom,
      float[] dz,
      int dzFrom,
      int rows,
      int stride,
      int length,
      float[] hi,
      float[] k,
      float[] b,
      int first,
      boolean planes) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector one = FloatVector.broadcast(F, 1);
    FloatVector lowest = FloatVector.broadcast(F, Curve.LOWEST);
    FloatVector log2E = FloatVector.broadcast(F, Curve.LOG2_E);
    FloatVector round = FloatVector.broadcast(F, Curve.ROUND);
    FloatVector roundLowest = FloatVector.broadcast(F, Curve.ROUND_LOWEST);
    FloatVector high = FloatVector.broadcast(F, Curve.MINUS_LN2_HIGH);
    FloatVector low = FloatVector.broadcast(F, Curve.MINUS_LN2_LOW);
    FloatVector p2 = FloatVector.broadcast(F, Curve.P2);
    FloatVector p3 = FloatVector.broadcast(F, Curve.P3);
    FloatVector p4 = FloatVector.broadcast(F, Curve.P4);
    FloatVector p5 = FloatVector.broadcast(F, Curve.P5);
    FloatVector p6 = FloatVector.broadcast(F, Curve.P6);
    int end = length - L;
    for (int row = 0; row < rows; row++) {
      int at = row * stride;
      int c = planes ? first + row : first;
      FloatVector mean = FloatVector.broadcast(F, hi[c]);
      FloatVector scale = FloatVector.broadcast(F, k[c]);
      FloatVector shift = FloatVector.broadcast(F, b[c]);
      if (!planes) {
        mean = FloatVector.fromArray(F, hi, c);
        scale = FloatVector.fromArray(F, k, c);
        shift = FloatVector.fromArray(F, b, c);
      }
      FloatVector next = FloatVector.fromArray(F, x, xFrom + at).sub(mean).fma(scale, shift);
      if (z != null) {
        next = next.add(FloatVector.fromArray(F, z, zFrom + at));
      }
      FloatVector nextGradient = FloatVector.fromArray(F, dy, dyFrom + at);
      for (int i = 0; i < length; i += L) {
        FloatVector v = next;
        FloatVector d = nextGradient;
        int ahead = Math.min(i + L, end);
        int j = at + ahead;
        if (!planes) {
          mean = FloatVector.fromArray(F, hi, c + ahead);
          scale = FloatVector.fromArray(F, k, c + ahead);
          shift = FloatVector.fromArray(F, b, c + ahead);
        }
        next = FloatVector.fromArray(F, x, xFrom + j).sub(mean).fma(scale, shift);
        if (z != null) {
          next = next.add(FloatVector.fromArray(F, z, zFrom + j));
        }
        nextGradient = FloatVector.fromArray(F, dy, dyFrom + j);
        VectorMask<Float> positive = v.compare(VectorOperators.GE, zero);
        FloatVector a = v.blend(v.neg(), positive);
        a = a.blend(lowest, a.compare(VectorOperators.LE, lowest));
        FloatVector t = a.fma(log2E, round);
        FloatVector n = t.sub(round);
        FloatVector r = n.fma(low, n.fma(high, a));
        FloatVector p = p6.fma(r, p5).fma(r, p4).fma(r, p3).fma(r, p2).fma(r, one).fma(r, one);
        FloatVector top = t.blend(roundLowest, t.compare(VectorOperators.LE, roundLowest));
        IntVector exponent = top.reinterpretAsInts().lanewise(VectorOperators.LSHL, Curve.EXPONENT);
        FloatVector e = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
        FloatVector nearer = one.div(e.add(one));
        FloatVector other = e.mul(nearer);
        FloatVector sigmoid = other.blend(nearer, positive);
        FloatVector rest = nearer.blend(other, positive);
        FloatVector slope = a.blend(a.neg(), positive).mul(sigmoid).fma(rest, sigmoid);
        slope.mul(d).intoArray(dz, dzFrom + at + Math.min(i, end));
      }
    }
  }

  /** As {@link Kernels#marked}. */
  static void marked(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      ChannelAffine affine,
      Curve curve,
      long[] bits,
      int bitsOffset,
      Scratch scratch) {
    int run = order.run();
    int stride = order.rowLength();
    int first = firstRow * stride + from * run;
    boolean planes = run >= L;
    int length = planes ? run : (to - from) * run;
    int repeat = planes ? 1 : RowVectorKernels.repeat(length, stride);
    int together = (endRow - firstRow) / repeat;
    int done = 0;
    if (length * repeat % Long.SIZE == 0 && first % Long.SIZE == 0 && length > 0) {
      float[] hi = affine.hi;
      float[] k = affine.k;
      float[] b = affine.b;
      int c = from;
      if (!planes && (run > 1 || repeat > 1)) {
        scratch.growTiles(length * repeat);
        hi = RowVectorKernels.tile(affine.hi, from, to, run, repeat, scratch.tileA);
        k = RowVectorKernels.tile(affine.k, from, to, run, repeat, scratch.tileB);
        b = RowVectorKernels.tile(affine.b, from, to, run, repeat, scratch.tileC);
        c = 0;
      }
      if (!planes) {
        sideBySide(
            x,
            xOffset + first,
            z,
            zOffset + first,
            y,
            yOffset + first,
            together,
            length * repeat,
            length * repeat,
            hi,
            k,
            b,
            c,
            curve,
            bits,
            bitsOffset + first / Long.SIZE);
      }
      for (int row = firstRow; planes && row < endRow; row++) {
        int at = row * stride + from * run;
        markedPlanes(
            x,
            xOffset + at,
            z,
            zOffset + at,
            y,
            yOffset + at,
            run,
            hi,
            k,
            b,
            from,
            to,
            curve,
            bits,
            bitsOffset + at / Long.SIZE);
      }
      done = together * repeat;
    }
    if (firstRow + done < endRow) {
      markedPieces(
          x,
          xOffset,
          z,
          zOffset,
          y,
          yOffset,
          order,
          firstRow + done,
          endRow,
          from,
          to,
          affine,
          curve,
          bits,
          bitsOffset,
          scratch);
    }
  }

  /**
   * The same where rows and words do not agree: piece by piece, so that bits are made of what is in
   * a cache; of whole words, but for the ends.
   */
  private static void markedPieces(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      ChannelAffine affine,
      Curve curve,
      long[] bits,
      int bitsOffset,
      Scratch scratch) {
    int run = order.run();
    int rowLength = order.rowLength();
    int all = order.rows() * rowLength;
    boolean wholeRows = from == 0 && to * run == rowLength;
    int rows = wholeRows ? Math.max(1, MARKED / Math.max(1, rowLength)) : 1;
    int width = Math.max(1, MARKED / Math.max(1, run));
    int marked = firstRow * rowLength + from * run;
    int end = (endRow - 1) * rowLength + to * run;
    for (int row = firstRow; row < endRow; row += rows) {
      int nextRow = Math.min(endRow, row + rows);
      for (int c = from; c < to; c += width) {
        int next = Math.min(to, c + width);
        for (int i = 0; i < run; i += MARKED) {
          int stop = Math.min(run, i + MARKED);
          fused(
              x, xOffset, z, zOffset, y, yOffset, order, row, nextRow, c, next, i, stop, affine,
              curve, scratch);
          int done = (nextRow - 1) * rowLength + (next - 1) * run + stop;
          int upTo = done == end ? end : done / Long.SIZE * Long.SIZE;
          if (upTo > marked) {
            Bits.mark(
                VectorKernels.INSTANCE, y, yOffset, marked, upTo, all, curve, bits, bitsOffset);
            marked = upTo;
          }
        }
      }
    }
  }

  /**
   * Planes of whole words that follow one another, and their bits. A comparison of v is one of y
   * here: none of these activations leaves the side of a corner.
   */
  private static void markedPlanes(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] y,
      int yFrom,
      int length,
      float[] hi,
      float[] k,
      float[] b,
      int from,
      int to,
      Curve curve,
      long[] bits,
      int index) {
    boolean leaky = curve.kind == Curve.Kind.LEAKY;
    boolean capped = !Float.isNaN(curve.cap);
    FloatVector floor = FloatVector.broadcast(F, curve.floor);
    FloatVector cap = FloatVector.broadcast(F, curve.cap);
    FloatVector slope = FloatVector.broadcast(F, curve.slope);
    int at = 0;
    for (int c = from; c < to; c++) {
      FloatVector mean = FloatVector.broadcast(F, hi[c]);
      FloatVector scale = FloatVector.broadcast(F, k[c]);
      FloatVector shift = FloatVector.broadcast(F, b[c]);
      for (int i = 0; i < length; i += Long.SIZE) {
        long clear = 0;
        for (int j = 0; j < Long.SIZE; j += 4 * L, at += 4 * L) {
          FloatVector v0 = FloatVector.fromArray(F, x, xFrom + at).sub(mean).fma(scale, shift);
          if (z != null) {
            v0 = v0.add(FloatVector.fromArray(F, z, zFrom + at));
          }
          FloatVector v1 = FloatVector.fromArray(F, x, xFrom + at + L).sub(mean).fma(scale, shift);
          if (z != null) {
            v1 = v1.add(FloatVector.fromArray(F, z, zFrom + at + L));
          }
          FloatVector v2 =
              FloatVector.fromArray(F, x, xFrom + at + 2 * L).sub(mean).fma(scale, shift);
          if (z != null) {
            v2 = v2.add(FloatVector.fromArray(F, z, zFrom + at + 2 * L));
          }
          FloatVector v3 =
              FloatVector.fromArray(F, x, xFrom + at + 3 * L).sub(mean).fma(scale, shift);
          if (z != null) {
            v3 = v3.add(FloatVector.fromArray(F, z, zFrom + at + 3 * L));
          }
          VectorMask<Float> below0 = v0.compare(VectorOperators.LE, floor);
          clear |= below0.toLong() << j;
          FloatVector y0 = v0.blend(leaky ? v0.mul(slope) : floor, below0);
          if (capped) {
            VectorMask<Float> above = v0.compare(VectorOperators.GE, cap);
            clear |= above.toLong() << j;
            y0 = y0.blend(cap, above);
          }
          VectorMask<Float> below1 = v1.compare(VectorOperators.LE, floor);
          clear |= below1.toLong() << j + L;
          FloatVector y1 = v1.blend(leaky ? v1.mul(slope) : floor, below1);
          if (capped) {
            VectorMask<Float> above = v1.compare(VectorOperators.GE, cap);
            clear |= above.toLong() << j + L;
            y1 = y1.blend(cap, above);
          }
          VectorMask<Float> below2 = v2.compare(VectorOperators.LE, floor);
          clear |= below2.toLong() << j + 2 * L;
          FloatVector y2 = v2.blend(leaky ? v2.mul(slope) : floor, below2);
          if (capped) {
            VectorMask<Float> above = v2.compare(VectorOperators.GE, cap);
            clear |= above.toLong() << j + 2 * L;
            y2 = y2.blend(cap, above);
          }
          VectorMask<Float> below3 = v3.compare(VectorOperators.LE, floor);
          clear |= below3.toLong() << j + 3 * L;
          FloatVector y3 = v3.blend(leaky ? v3.mul(slope) : floor, below3);
          if (capped) {
            VectorMask<Float> above = v3.compare(VectorOperators.GE, cap);
            clear |= above.toLong() << j + 3 * L;
            y3 = y3.blend(cap, above);
          }
          y0.intoArray(y, yFrom + at);
          y1.intoArray(y, yFrom + at + L);
          y2.intoArray(y, yFrom + at + 2 * L);
          y3.intoArray(y, yFrom + at + 3 * L);
        }
        bits[index++] = ~clear;
      }
    }
  }

  /**
   * As {@link #fourRows}, of rows of whole words, and their bits. {@link #markedPlanes} says why
   * those of v.
   */
  private static void markedFourRows(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] y,
      int yFrom,
      int rows,
      int stride,
      int apart,
      int length,
      float[] hi,
      float[] k,
      float[] b,
      int coefficients,
      Curve curve,
      long[] bits,
      int first) {
    boolean leaky = curve.kind == Curve.Kind.LEAKY;
    boolean capped = !Float.isNaN(curve.cap);
    FloatVector floor = FloatVector.broadcast(F, curve.floor);
    FloatVector cap = FloatVector.broadcast(F, curve.cap);
    FloatVector slope = FloatVector.broadcast(F, curve.slope);
    int wordsApart = apart / Long.SIZE;
    for (int row = 0; row < rows; row++) {
      int at = row * stride;
      int index = first + at / Long.SIZE;
      int c = coefficients;
      for (int i = 0; i < length; i += Long.SIZE, index++) {
        long clear0 = 0;
        long clear1 = 0;
        long clear2 = 0;
        long clear3 = 0;
        for (int j = 0; j < Long.SIZE; j += L, at += L, c += L) {
          FloatVector mean = FloatVector.fromArray(F, hi, c);
          FloatVector scale = FloatVector.fromArray(F, k, c);
          FloatVector shift = FloatVector.fromArray(F, b, c);
          FloatVector v0 = FloatVector.fromArray(F, x, xFrom + at).sub(mean).fma(scale, shift);
          if (z != null) {
            v0 = v0.add(FloatVector.fromArray(F, z, zFrom + at));
          }
          FloatVector v1 =
              FloatVector.fromArray(F, x, xFrom + at + apart).sub(mean).fma(scale, shift);
          if (z != null) {
            v1 = v1.add(FloatVector.fromArray(F, z, zFrom + at + apart));
          }
          FloatVector v2 =
              FloatVector.fromArray(F, x, xFrom + at + 2 * apart).sub(mean).fma(scale, shift);
          if (z != null) {
            v2 = v2.add(FloatVector.fromArray(F, z, zFrom + at + 2 * apart));
          }
          FloatVector v3 =
              FloatVector.fromArray(F, x, xFrom + at + 3 * apart).sub(mean).fma(scale, shift);
          if (z != null) {
            v3 = v3.add(FloatVector.fromArray(F, z, zFrom + at + 3 * apart));
          }
          VectorMask<Float> below0 = v0.compare(VectorOperators.LE, floor);
          clear0 |= below0.toLong() << j;
          FloatVector y0 = v0.blend(leaky ? v0.mul(slope) : floor, below0);
          if (capped) {
            VectorMask<Float> above = v0.compare(VectorOperators.GE, cap);
            clear0 |= above.toLong() << j;
            y0 = y0.blend(cap, above);
          }
          VectorMask<Float> below1 = v1.compare(VectorOperators.LE, floor);
          clear1 |= below1.toLong() << j;
          FloatVector y1 = v1.blend(leaky ? v1.mul(slope) : floor, below1);
          if (capped) {
            VectorMask<Float> above = v1.compare(VectorOperators.GE, cap);
            clear1 |= above.toLong() << j;
            y1 = y1.blend(cap, above);
          }
          VectorMask<Float> below2 = v2.compare(VectorOperators.LE, floor);
          clear2 |= below2.toLong() << j;
          FloatVector y2 = v2.blend(leaky ? v2.mul(slope) : floor, below2);
          if (capped) {
            VectorMask<Float> above = v2.compare(VectorOperators.GE, cap);
            clear2 |= above.toLong() << j;
            y2 = y2.blend(cap, above);
          }
          VectorMask<Float> below3 = v3.compare(VectorOperators.LE, floor);
          clear3 |= below3.toLong() << j;
          FloatVector y3 = v3.blend(leaky ? v3.mul(slope) : floor, below3);
          if (capped) {
            VectorMask<Float> above = v3.compare(VectorOperators.GE, cap);
            clear3 |= above.toLong() << j;
            y3 = y3.blend(cap, above);
          }
          y0.intoArray(y, yFrom + at);
          y1.intoArray(y, yFrom + at + apart);
          y2.intoArray(y, yFrom + at + 2 * apart);
          y3.intoArray(y, yFrom + at + 3 * apart);
        }
        bits[index] = ~clear0;
        bits[index + wordsApart] = ~clear1;
        bits[index + 2 * wordsApart] = ~clear2;
        bits[index + 3 * wordsApart] = ~clear3;
      }
    }
  }

  /** As {@link Kernels#mark}. A second comparison takes as long again. */
  static void mark(float[] y, int yFrom, int words, Curve curve, long[] bits, int at) {
    boolean capped = !Float.isNaN(curve.cap);
    FloatVector floor = FloatVector.broadcast(F, curve.floor);
    FloatVector cap = FloatVector.broadcast(F, curve.cap);
    for (int word = 0; word < words; word++) {
      long clear = 0;
      for (int j = 0; j < Long.SIZE; j += 4 * L) {
        int i = yFrom + word * Long.SIZE + j;
        FloatVector v0 = FloatVector.fromArray(F, y, i);
        FloatVector v1 = FloatVector.fromArray(F, y, i + L);
        FloatVector v2 = FloatVector.fromArray(F, y, i + 2 * L);
        FloatVector v3 = FloatVector.fromArray(F, y, i + 3 * L);
        clear |= v0.compare(VectorOperators.LE, floor).toLong() << j;
        clear |= v1.compare(VectorOperators.LE, floor).toLong() << j + L;
        clear |= v2.compare(VectorOperators.LE, floor).toLong() << j + 2 * L;
        clear |= v3.compare(VectorOperators.LE, floor).toLong() << j + 3 * L;
        if (capped) {
          clear |= v0.compare(VectorOperators.GE, cap).toLong() << j;
          clear |= v1.compare(VectorOperators.GE, cap).toLong() << j + L;
          clear |= v2.compare(VectorOperators.GE, cap).toLong() << j + 2 * L;
          clear |= v3.compare(VectorOperators.GE, cap).toLong() << j + 3 * L;
        }
      }
      bits[at + word] = ~clear;
    }
  }

  /** As {@link Kernels#gate}. A lane's bit is tested where it stands in an int. */
  static void gate(
      float[] dy, int dyFrom, float[] dz, int dzFrom, int words, Curve curve, long[] bits, int at) {
    boolean leaky = curve.kind == Curve.Kind.LEAKY;
    FloatVector slope = FloatVector.broadcast(F, curve.slope);
    IntVector zero = IntVector.zero(I);
    IntVector lane = IntVector.fromArray(I, LANE_BITS, 0);
    for (int word = 0; word < words; word++) {
      long set = bits[at + word];
      for (int j = 0; j < Long.SIZE; j += 4 * L) {
        int i = dyFrom + word * Long.SIZE + j;
        int o = dzFrom + word * Long.SIZE + j;
        FloatVector g0 = FloatVector.fromArray(F, dy, i);
        IntVector off0 = leaky ? g0.mul(slope).reinterpretAsInts() : zero;
        IntVector bit0 = lane.and((int) (set >>> j));
        off0 = g0.reinterpretAsInts().blend(off0, bit0.compare(VectorOperators.EQ, 0));
        FloatVector g1 = FloatVector.fromArray(F, dy, i + L);
        IntVector off1 = leaky ? g1.mul(slope).reinterpretAsInts() : zero;
        IntVector bit1 = lane.and((int) (set >>> j + L));
        off1 = g1.reinterpretAsInts().blend(off1, bit1.compare(VectorOperators.EQ, 0));
        FloatVector g2 = FloatVector.fromArray(F, dy, i + 2 * L);
        IntVector off2 = leaky ? g2.mul(slope).reinterpretAsInts() : zero;
        IntVector bit2 = lane.and((int) (set >>> j + 2 * L));
        off2 = g2.reinterpretAsInts().blend(off2, bit2.compare(VectorOperators.EQ, 0));
        FloatVector g3 = FloatVector.fromArray(F, dy, i + 3 * L);
        IntVector off3 = leaky ? g3.mul(slope).reinterpretAsInts() : zero;
        IntVector bit3 = lane.and((int) (set >>> j + 3 * L));
        off3 = g3.reinterpretAsInts().blend(off3, bit3.compare(VectorOperators.EQ, 0));
        off0.reinterpretAsFloats().intoArray(dz, o);
        off1.reinterpretAsFloats().intoArray(dz, o + L);
        off2.reinterpretAsFloats().intoArray(dz, o + 2 * L);
        off3.reinterpretAsFloats().intoArray(dz, o + 3 * L);
      }
    }
  }
}
