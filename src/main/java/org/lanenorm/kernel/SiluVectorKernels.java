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
   * As {@link FusedVectorKernels#planes}. Two vectors a turn, neither of which waits for the other:
   * with one, the scheduler fills with what waits for a chain of twenty operations. Both are read
   * before the two before them are written, which the last one of a plane overlaps.
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
    FloatVector top = FloatVector.broadcast(F, Curve.MOST);
    IntVector most = top.reinterpretAsInts();
    IntVector least = FloatVector.broadcast(F, Curve.LEAST).reinterpretAsInts();
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
    int second = Math.min(L, end);
    for (int c = from; c < to; c++) {
      int at = (c - from) * stride;
      FloatVector mean = FloatVector.broadcast(F, hi[c]);
      FloatVector scale = FloatVector.broadcast(F, k[c]);
      FloatVector shift = FloatVector.broadcast(F, b[c]);
      int j0 = at;
      int j1 = at + second;
      FloatVector next0 = FloatVector.fromArray(F, x, xFrom + j0).sub(mean).fma(scale, shift);
      FloatVector next1 = FloatVector.fromArray(F, x, xFrom + j1).sub(mean).fma(scale, shift);
      if (z != null) {
        next0 = next0.add(FloatVector.fromArray(F, z, zFrom + j0));
        next1 = next1.add(FloatVector.fromArray(F, z, zFrom + j1));
      }
      for (int i = 0; i < length; i += 2 * L) {
        FloatVector v0 = next0;
        FloatVector v1 = next1;
        j0 = at + Math.min(i + 2 * L, end);
        j1 = at + Math.min(i + 3 * L, end);
        next0 = FloatVector.fromArray(F, x, xFrom + j0).sub(mean).fma(scale, shift);
        next1 = FloatVector.fromArray(F, x, xFrom + j1).sub(mean).fma(scale, shift);
        if (z != null) {
          next0 = next0.add(FloatVector.fromArray(F, z, zFrom + j0));
          next1 = next1.add(FloatVector.fromArray(F, z, zFrom + j1));
        }
        // floats of one sign are ordered as their bits are; NaN comes back in the end
        IntVector bits0 = v0.reinterpretAsInts().lanewise(VectorOperators.MIN, most);
        FloatVector a0 = bits0.lanewise(VectorOperators.UMIN, least).reinterpretAsFloats();
        FloatVector t0 = a0.fma(log2E, round);
        FloatVector n0 = t0.sub(round);
        FloatVector r0 = n0.fma(low, n0.fma(high, a0));
        FloatVector q0 = p6.fma(r0, p5).fma(r0, p4).fma(r0, p3).fma(r0, p2);
        q0 = q0.fma(r0, minusOne).fma(r0, one);
        IntVector e0 = t0.reinterpretAsInts().lanewise(VectorOperators.LSHL, Curve.EXPONENT);
        e0 = e0.add(q0.reinterpretAsInts());
        FloatVector u0 = a0.div(e0.reinterpretAsFloats().add(scaled)).mul(scaled);
        u0 = v0.blend(u0, v0.compare(VectorOperators.LT, top));
        IntVector bits1 = v1.reinterpretAsInts().lanewise(VectorOperators.MIN, most);
        FloatVector a1 = bits1.lanewise(VectorOperators.UMIN, least).reinterpretAsFloats();
        FloatVector t1 = a1.fma(log2E, round);
        FloatVector n1 = t1.sub(round);
        FloatVector r1 = n1.fma(low, n1.fma(high, a1));
        FloatVector q1 = p6.fma(r1, p5).fma(r1, p4).fma(r1, p3).fma(r1, p2);
        q1 = q1.fma(r1, minusOne).fma(r1, one);
        IntVector e1 = t1.reinterpretAsInts().lanewise(VectorOperators.LSHL, Curve.EXPONENT);
        e1 = e1.add(q1.reinterpretAsInts());
        FloatVector u1 = a1.div(e1.reinterpretAsFloats().add(scaled)).mul(scaled);
        u1 = v1.blend(u1, v1.compare(VectorOperators.LT, top));
        u0.intoArray(y, yFrom + at + Math.min(i, end));
        u1.intoArray(y, yFrom + at + Math.min(i + L, end));
      }
    }
  }

  /**
   * Rows of coefficients of their length, a whole number of vectors, in two stretches that are
   * walked side by side.
   */
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
    FloatVector top = FloatVector.broadcast(F, Curve.MOST);
    IntVector most = top.reinterpretAsInts();
    IntVector least = FloatVector.broadcast(F, Curve.LEAST).reinterpretAsInts();
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
    int together = FusedVectorKernels.half(rows);
    for (int row = 0; row < rows - together; row++) {
      // the last few, which have no partner, twice at once
      int at = (row < together ? row : row + together) * stride;
      int apart = row < together ? together * stride : 0;
      int c = coefficients;
      FloatVector mean = FloatVector.fromArray(F, hi, c);
      FloatVector scale = FloatVector.fromArray(F, k, c);
      FloatVector shift = FloatVector.fromArray(F, b, c);
      FloatVector next0 = FloatVector.fromArray(F, x, xFrom + at).sub(mean).fma(scale, shift);
      FloatVector next1 =
          FloatVector.fromArray(F, x, xFrom + at + apart).sub(mean).fma(scale, shift);
      if (z != null) {
        next0 = next0.add(FloatVector.fromArray(F, z, zFrom + at));
        next1 = next1.add(FloatVector.fromArray(F, z, zFrom + at + apart));
      }
      for (int i = 0; i < length; i += L) {
        FloatVector v0 = next0;
        FloatVector v1 = next1;
        int ahead = Math.min(i + L, end);
        int j = at + ahead;
        c = coefficients + ahead;
        mean = FloatVector.fromArray(F, hi, c);
        scale = FloatVector.fromArray(F, k, c);
        shift = FloatVector.fromArray(F, b, c);
        next0 = FloatVector.fromArray(F, x, xFrom + j).sub(mean).fma(scale, shift);
        next1 = FloatVector.fromArray(F, x, xFrom + j + apart).sub(mean).fma(scale, shift);
        if (z != null) {
          next0 = next0.add(FloatVector.fromArray(F, z, zFrom + j));
          next1 = next1.add(FloatVector.fromArray(F, z, zFrom + j + apart));
        }
        IntVector bits0 = v0.reinterpretAsInts().lanewise(VectorOperators.MIN, most);
        FloatVector a0 = bits0.lanewise(VectorOperators.UMIN, least).reinterpretAsFloats();
        FloatVector t0 = a0.fma(log2E, round);
        FloatVector n0 = t0.sub(round);
        FloatVector r0 = n0.fma(low, n0.fma(high, a0));
        FloatVector q0 = p6.fma(r0, p5).fma(r0, p4).fma(r0, p3).fma(r0, p2);
        q0 = q0.fma(r0, minusOne).fma(r0, one);
        IntVector e0 = t0.reinterpretAsInts().lanewise(VectorOperators.LSHL, Curve.EXPONENT);
        e0 = e0.add(q0.reinterpretAsInts());
        FloatVector u0 = a0.div(e0.reinterpretAsFloats().add(scaled)).mul(scaled);
        u0 = v0.blend(u0, v0.compare(VectorOperators.LT, top));
        IntVector bits1 = v1.reinterpretAsInts().lanewise(VectorOperators.MIN, most);
        FloatVector a1 = bits1.lanewise(VectorOperators.UMIN, least).reinterpretAsFloats();
        FloatVector t1 = a1.fma(log2E, round);
        FloatVector n1 = t1.sub(round);
        FloatVector r1 = n1.fma(low, n1.fma(high, a1));
        FloatVector q1 = p6.fma(r1, p5).fma(r1, p4).fma(r1, p3).fma(r1, p2);
        q1 = q1.fma(r1, minusOne).fma(r1, one);
        IntVector e1 = t1.reinterpretAsInts().lanewise(VectorOperators.LSHL, Curve.EXPONENT);
        e1 = e1.add(q1.reinterpretAsInts());
        FloatVector u1 = a1.div(e1.reinterpretAsFloats().add(scaled)).mul(scaled);
        u1 = v1.blend(u1, v1.compare(VectorOperators.LT, top));
        u0.intoArray(y, yFrom + at + i);
        u1.intoArray(y, yFrom + at + i + apart);
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
