package org.lanenorm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Normalizing with residual and activation in one loop. Which activation it is, and whether there
 * is a residual, are questions to which a loop knows the answer: C2 asks them before it.
 *
 * <p>The first vector of a plane overlaps the one after it. It is computed first, from what x and z
 * hold then, and stored last, as y may be either.
 */
final class FusedVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();

  private FusedVectorKernels() {}

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
          SiluVectorKernels.siluPlanes(
              x, xAt, z, zAt, y, yAt, run, length, affine.hi, affine.k, affine.b, from, to);
        } else if (length <= 4 * L) {
          smallPlanes(x, xAt, z, zAt, y, yAt, run, length, from, to, affine, curve);
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
    int repeat = repeat(length, stride, curve);
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
      SiluVectorKernels.siluRows(
          x, xAt, z, zAt, y, yAt, whole == 0 ? 0 : rows, stride, whole, hi, k, b, first);
    } else if (length == 4 * L) {
      fourVectors(x, xAt, z, zAt, y, yAt, rows, stride, hi, k, b, first, curve);
    } else {
      sideBySide(x, xAt, z, zAt, y, yAt, rows, stride, whole, hi, k, b, first, curve);
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
      Curve curve) {
    int count = RowVectorKernels.quarter(rows);
    int done = 0;
    int step = stride;
    int apart = count * stride;
    while (done < rows) {
      int at = done * stride;
      fourRows(
          x, xAt + at, z, zAt + at, y, yAt + at, count, step, apart, length, hi, k, b, first,
          curve);
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
    int begin = length % L == 0 ? L : length % L;
    for (int c = from; c < to; c++) {
      int xAt = xFrom + (c - from) * stride;
      int zAt = zFrom + (c - from) * stride;
      int yAt = yFrom + (c - from) * stride;
      FloatVector mean = FloatVector.broadcast(F, hi[c]);
      FloatVector scale = FloatVector.broadcast(F, k[c]);
      FloatVector shift = FloatVector.broadcast(F, b[c]);
      FloatVector first = FloatVector.fromArray(F, x, xAt).sub(mean).fma(scale, shift);
      if (z != null) {
        first = first.add(FloatVector.fromArray(F, z, zAt));
      }
      if (swish) {
        FloatVector t = first.add(three);
        t = t.blend(cap, t.compare(VectorOperators.GE, cap)).mul(sixth).mul(first);
        first = t.blend(zero, first.compare(VectorOperators.LE, floor));
      } else if (leaky) {
        first = first.blend(first.mul(slope), first.compare(VectorOperators.LE, floor));
      } else {
        first = first.blend(floor, first.compare(VectorOperators.LE, floor));
        if (capped) {
          first = first.blend(cap, first.compare(VectorOperators.GE, cap));
        }
      }
      for (int i = begin; i < length; i += L) {
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
      first.intoArray(y, yAt);
    }
  }

  /**
   * Planes of one to four vectors, the last of which may overlap one another: a loop over so few
   * takes longer to enter and to leave than to run.
   */
  private static void smallPlanes(
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
    int second = Math.min(L, length - L);
    int third = Math.min(2 * L, length - L);
    int fourth = length - L;
    for (int c = from; c < to; c++) {
      int at = (c - from) * stride;
      FloatVector mean = FloatVector.broadcast(F, hi[c]);
      FloatVector scale = FloatVector.broadcast(F, k[c]);
      FloatVector shift = FloatVector.broadcast(F, b[c]);
      // all are read before any is written, as y may be x or z
      FloatVector y0 = FloatVector.fromArray(F, x, xFrom + at).sub(mean).fma(scale, shift);
      FloatVector y1 = FloatVector.fromArray(F, x, xFrom + at + second).sub(mean).fma(scale, shift);
      FloatVector y2 = FloatVector.fromArray(F, x, xFrom + at + third).sub(mean).fma(scale, shift);
      FloatVector y3 = FloatVector.fromArray(F, x, xFrom + at + fourth).sub(mean).fma(scale, shift);
      if (z != null) {
        y0 = y0.add(FloatVector.fromArray(F, z, zFrom + at));
        y1 = y1.add(FloatVector.fromArray(F, z, zFrom + at + second));
        y2 = y2.add(FloatVector.fromArray(F, z, zFrom + at + third));
        y3 = y3.add(FloatVector.fromArray(F, z, zFrom + at + fourth));
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
      y1.intoArray(y, yFrom + at + second);
      y2.intoArray(y, yFrom + at + third);
      y3.intoArray(y, yFrom + at + fourth);
    }
  }

  /** Rows of four vectors, whose coefficients stay in registers. */
  private static void fourVectors(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] y,
      int yFrom,
      int rows,
      int stride,
      float[] hi,
      float[] k,
      float[] b,
      int first,
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
    FloatVector mean0 = FloatVector.fromArray(F, hi, first);
    FloatVector mean1 = FloatVector.fromArray(F, hi, first + L);
    FloatVector mean2 = FloatVector.fromArray(F, hi, first + 2 * L);
    FloatVector mean3 = FloatVector.fromArray(F, hi, first + 3 * L);
    FloatVector scale0 = FloatVector.fromArray(F, k, first);
    FloatVector scale1 = FloatVector.fromArray(F, k, first + L);
    FloatVector scale2 = FloatVector.fromArray(F, k, first + 2 * L);
    FloatVector scale3 = FloatVector.fromArray(F, k, first + 3 * L);
    FloatVector shift0 = FloatVector.fromArray(F, b, first);
    FloatVector shift1 = FloatVector.fromArray(F, b, first + L);
    FloatVector shift2 = FloatVector.fromArray(F, b, first + 2 * L);
    FloatVector shift3 = FloatVector.fromArray(F, b, first + 3 * L);
    for (int row = 0, at = 0; row < rows; row++, at += stride) {
      FloatVector y0 = FloatVector.fromArray(F, x, xFrom + at).sub(mean0).fma(scale0, shift0);
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
      FloatVector y1 = FloatVector.fromArray(F, x, xFrom + at + L).sub(mean1).fma(scale1, shift1);
      if (z != null) {
        y1 = y1.add(FloatVector.fromArray(F, z, zFrom + at + L));
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
          FloatVector.fromArray(F, x, xFrom + at + 2 * L).sub(mean2).fma(scale2, shift2);
      if (z != null) {
        y2 = y2.add(FloatVector.fromArray(F, z, zFrom + at + 2 * L));
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
          FloatVector.fromArray(F, x, xFrom + at + 3 * L).sub(mean3).fma(scale3, shift3);
      if (z != null) {
        y3 = y3.add(FloatVector.fromArray(F, z, zFrom + at + 3 * L));
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
      y1.intoArray(y, yFrom + at + L);
      y2.intoArray(y, yFrom + at + 2 * L);
      y3.intoArray(y, yFrom + at + 3 * L);
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

  /**
   * As {@link RowVectorKernels#repeat}, but rows of which some fill four vectors as just these: a
   * row's coefficients then stay in registers. SiLU has no registers left, nor waits for memory.
   */
  static int repeat(int length, int stride, Curve curve) {
    int narrow = RowVectorKernels.narrow(length, stride);
    return narrow * length == 4 * L && curve.kind != Curve.Kind.SILU
        ? narrow
        : RowVectorKernels.repeat(length, stride);
  }

  /**
   * Rows in each of two stretches that are walked side by side, as {@link
   * RowVectorKernels#quarter}.
   */
  static int half(int rows) {
    return Math.max(0, rows / 2 - 1 | 1);
  }
}
