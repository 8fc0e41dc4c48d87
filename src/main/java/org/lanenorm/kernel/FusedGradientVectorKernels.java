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
      SiluVectorKernels.siluGradientRows(
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
}
