package org.lanenorm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * SiLU and its gradient in one loop with normalizing: arithmetic, not memory, sets their pace, so
 * that rows go one by one. The formulas are those of {@link Curve}.
 */
final class SiluVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();

  private SiluVectorKernels() {}

  /**
   * As {@link FusedVectorKernels#planes}. A vector is read before the one before it is written,
   * which the last one of a plane overlaps.
   */
  static void siluPlanes(
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
  static void siluRows(
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

  static void siluGradientRows(
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
}
