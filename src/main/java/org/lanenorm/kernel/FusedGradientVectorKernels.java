package org.lanenorm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Gradients of an activation, of v that is given or that is normalized anew in the same loop.
 *
 * <p>The last vector of a run overlaps the one before it, and is read before that is written.
 */
final class FusedGradientVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();

  /** Coefficients that leave v as it is. */
  private static final float[] ZERO = {0};

  private static final float[] ONE = {1};
  private static final float[] MINUS_ZERO = {-0.0f};

  private FusedGradientVectorKernels() {}

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
    int repeat = planes ? 1 : FusedVectorKernels.repeat(length, stride, curve);
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

  /** Rows of at least a vector, of coefficients of their length, or planes of a channel each. */
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
      SiluVectorKernels.siluGradientRows(
          x, xFrom, z, zFrom, dy, dyFrom, dz, dzFrom, rows, stride, length, hi, k, b, first,
          planes);
    } else if (!planes && length == 4 * L) {
      fourVectors(x, xFrom, z, zFrom, dy, dyFrom, dz, dzFrom, rows, stride, hi, k, b, first, curve);
    } else if (!planes && length % L == 0) {
      twoRows(
          x, xFrom, z, zFrom, dy, dyFrom, dz, dzFrom, rows, stride, length, hi, k, b, first, curve);
    } else {
      simpleGradientRows(
          x, xFrom, z, zFrom, dy, dyFrom, dz, dzFrom, rows, stride, length, hi, k, b, first, planes,
          curve);
    }
  }

  /** A vector is read before the one before it is written, which the last one of a row overlaps. */
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

  /** Rows of four vectors, whose coefficients stay in registers. */
  private static void fourVectors(
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
      float[] hi,
      float[] k,
      float[] b,
      int first,
      Curve curve) {
    boolean leaky = curve.kind == Curve.Kind.LEAKY;
    boolean swish = curve.kind == Curve.Kind.HARD_SWISH;
    FloatVector floor = FloatVector.broadcast(F, curve.floor);
    FloatVector cap = FloatVector.broadcast(F, swish ? 3 : curve.cap);
    FloatVector slope = FloatVector.broadcast(F, curve.slope);
    FloatVector third = FloatVector.broadcast(F, Curve.THIRD);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
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
      FloatVector v0 = FloatVector.fromArray(F, x, xFrom + at).sub(mean0).fma(scale0, shift0);
      if (z != null) {
        v0 = v0.add(FloatVector.fromArray(F, z, zFrom + at));
      }
      FloatVector d0 = FloatVector.fromArray(F, dy, dyFrom + at);
      VectorMask<Float> below0 = v0.compare(VectorOperators.LE, floor);
      VectorMask<Float> above0 = v0.compare(VectorOperators.GE, cap);
      if (swish) {
        d0 = v0.fma(third, half).mul(d0).blend(d0, above0).blend(zero, below0);
      } else if (leaky) {
        d0 = d0.blend(d0.mul(slope), below0);
      } else {
        d0 = d0.blend(zero, below0).blend(zero, above0);
      }
      FloatVector v1 = FloatVector.fromArray(F, x, xFrom + at + L).sub(mean1).fma(scale1, shift1);
      if (z != null) {
        v1 = v1.add(FloatVector.fromArray(F, z, zFrom + at + L));
      }
      FloatVector d1 = FloatVector.fromArray(F, dy, dyFrom + at + L);
      VectorMask<Float> below1 = v1.compare(VectorOperators.LE, floor);
      VectorMask<Float> above1 = v1.compare(VectorOperators.GE, cap);
      if (swish) {
        d1 = v1.fma(third, half).mul(d1).blend(d1, above1).blend(zero, below1);
      } else if (leaky) {
        d1 = d1.blend(d1.mul(slope), below1);
      } else {
        d1 = d1.blend(zero, below1).blend(zero, above1);
      }
      FloatVector v2 =
          FloatVector.fromArray(F, x, xFrom + at + 2 * L).sub(mean2).fma(scale2, shift2);
      if (z != null) {
        v2 = v2.add(FloatVector.fromArray(F, z, zFrom + at + 2 * L));
      }
      FloatVector d2 = FloatVector.fromArray(F, dy, dyFrom + at + 2 * L);
      VectorMask<Float> below2 = v2.compare(VectorOperators.LE, floor);
      VectorMask<Float> above2 = v2.compare(VectorOperators.GE, cap);
      if (swish) {
        d2 = v2.fma(third, half).mul(d2).blend(d2, above2).blend(zero, below2);
      } else if (leaky) {
        d2 = d2.blend(d2.mul(slope), below2);
      } else {
        d2 = d2.blend(zero, below2).blend(zero, above2);
      }
      FloatVector v3 =
          FloatVector.fromArray(F, x, xFrom + at + 3 * L).sub(mean3).fma(scale3, shift3);
      if (z != null) {
        v3 = v3.add(FloatVector.fromArray(F, z, zFrom + at + 3 * L));
      }
      FloatVector d3 = FloatVector.fromArray(F, dy, dyFrom + at + 3 * L);
      VectorMask<Float> below3 = v3.compare(VectorOperators.LE, floor);
      VectorMask<Float> above3 = v3.compare(VectorOperators.GE, cap);
      if (swish) {
        d3 = v3.fma(third, half).mul(d3).blend(d3, above3).blend(zero, below3);
      } else if (leaky) {
        d3 = d3.blend(d3.mul(slope), below3);
      } else {
        d3 = d3.blend(zero, below3).blend(zero, above3);
      }
      d0.intoArray(dz, dzFrom + at);
      d1.intoArray(dz, dzFrom + at + L);
      d2.intoArray(dz, dzFrom + at + 2 * L);
      d3.intoArray(dz, dzFrom + at + 3 * L);
    }
  }

  /**
   * Rows of whole vectors in two stretches that are walked side by side: of three tensors, memory
   * serves as many streams faster than those of four stretches.
   */
  private static void twoRows(
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
      int coefficients,
      Curve curve) {
    boolean leaky = curve.kind == Curve.Kind.LEAKY;
    boolean swish = curve.kind == Curve.Kind.HARD_SWISH;
    FloatVector floor = FloatVector.broadcast(F, curve.floor);
    FloatVector cap = FloatVector.broadcast(F, swish ? 3 : curve.cap);
    FloatVector slope = FloatVector.broadcast(F, curve.slope);
    FloatVector third = FloatVector.broadcast(F, Curve.THIRD);
    FloatVector half = FloatVector.broadcast(F, 0.5f);
    FloatVector zero = FloatVector.zero(F);
    int together = FusedVectorKernels.half(rows);
    for (int row = 0; row < rows - together; row++) {
      // the last few, which have no partner, twice at once
      int at = (row < together ? row : row + together) * stride;
      int apart = row < together ? together * stride : 0;
      for (int end = at + length - L, j = coefficients; at <= end; at += L, j += L) {
        FloatVector mean = FloatVector.fromArray(F, hi, j);
        FloatVector scale = FloatVector.fromArray(F, k, j);
        FloatVector shift = FloatVector.fromArray(F, b, j);
        FloatVector v0 = FloatVector.fromArray(F, x, xFrom + at).sub(mean).fma(scale, shift);
        if (z != null) {
          v0 = v0.add(FloatVector.fromArray(F, z, zFrom + at));
        }
        FloatVector d0 = FloatVector.fromArray(F, dy, dyFrom + at);
        VectorMask<Float> below0 = v0.compare(VectorOperators.LE, floor);
        VectorMask<Float> above0 = v0.compare(VectorOperators.GE, cap);
        if (swish) {
          d0 = v0.fma(third, half).mul(d0).blend(d0, above0).blend(zero, below0);
        } else if (leaky) {
          d0 = d0.blend(d0.mul(slope), below0);
        } else {
          d0 = d0.blend(zero, below0).blend(zero, above0);
        }
        FloatVector v1 =
            FloatVector.fromArray(F, x, xFrom + at + apart).sub(mean).fma(scale, shift);
        if (z != null) {
          v1 = v1.add(FloatVector.fromArray(F, z, zFrom + at + apart));
        }
        FloatVector d1 = FloatVector.fromArray(F, dy, dyFrom + at + apart);
        VectorMask<Float> below1 = v1.compare(VectorOperators.LE, floor);
        VectorMask<Float> above1 = v1.compare(VectorOperators.GE, cap);
        if (swish) {
          d1 = v1.fma(third, half).mul(d1).blend(d1, above1).blend(zero, below1);
        } else if (leaky) {
          d1 = d1.blend(d1.mul(slope), below1);
        } else {
          d1 = d1.blend(zero, below1).blend(zero, above1);
        }
        d0.intoArray(dz, dzFrom + at);
        d1.intoArray(dz, dzFrom + at + apart);
      }
    }
  }
}
