package org.lanenorm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Normalizing and dInput of elements that are read and written where they lie: floats off-heap and,
 * in NHWC, bfloat16 in arrays. While a window that was copied is computed nothing is fetched: out
 * of cache that took 1.3 to 2 times as long.
 */
final class StoredRowVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();
  private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());
  private static final VectorSpecies<Short> S =
      VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));
  private static final ByteOrder NATIVE = ByteOrder.nativeOrder();
  private static final int INFINITY = HalfVectorKernels.INFINITY;

  /** Rows are a multiple of it. */
  static final int PAIR = 2 * L;

  /** Floats of a turn of the loops over runs, which take whole turns. */
  static final int TURN = 4 * L;

  private StoredRowVectorKernels() {}

  /**
   * y = fma(x - hi, k, b) of rows of so many coefficients, which follow one another. Off-heap four
   * at a time, from distant places: one that is left over stands for all four, which are read
   * before any is written.
   */
  static void normalizeRows(
      Elements x, Elements y, int at, int rows, int length, ChannelAffine affine) {
    if (!x.offHeap()) {
      for (int row = 0, i = at; row < rows; row++, i += length) {
        row(x.halves(), x.at() + i, y.halves(), y.at() + i, length, affine.hi, affine.k, affine.b);
      }
      return;
    }
    long stride = (long) Float.BYTES * length;
    long from = (long) Float.BYTES * at;
    int quarter = RowVectorKernels.quarter(rows);
    for (int row = 0; row < quarter; row++, from += stride) {
      fourRows(
          x.segment(), y.segment(), from, quarter * stride, length, affine.hi, affine.k, affine.b);
    }
    from += 3 * quarter * stride;
    for (int row = 4 * quarter; row < rows; row++, from += stride) {
      fourRows(x.segment(), y.segment(), from, 0, length, affine.hi, affine.k, affine.b);
    }
  }

  /** A row of bfloat16, narrowed as by {@link HalfVectorKernels}. */
  private static void row(
      short[] x, int xAt, short[] y, int yAt, int length, float[] hi, float[] k, float[] b) {
    for (int i = 0; i < length; i += 2 * L) {
      int j = i + L;
      IntVector bits0 =
          ((IntVector) ShortVector.fromArray(S, x, xAt + i).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(FloatVector.fromArray(F, hi, i))
              .fma(FloatVector.fromArray(F, k, i), FloatVector.fromArray(F, b, i))
              .reinterpretAsInts();
      IntVector bits1 =
          ((IntVector) ShortVector.fromArray(S, x, xAt + j).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(FloatVector.fromArray(F, hi, j))
              .fma(FloatVector.fromArray(F, k, j), FloatVector.fromArray(F, b, j))
              .reinterpretAsInts();
      IntVector rounded0 =
          bits0
              .add(0x7fff)
              .add(bits0.lanewise(VectorOperators.LSHR, 16).and(1))
              .blend(
                  bits0.or(0x00400000),
                  bits0.and(0x7fffffff).compare(VectorOperators.GT, INFINITY));
      IntVector rounded1 =
          bits1
              .add(0x7fff)
              .add(bits1.lanewise(VectorOperators.LSHR, 16).and(1))
              .blend(
                  bits1.or(0x00400000),
                  bits1.and(0x7fffffff).compare(VectorOperators.GT, INFINITY));
      ((ShortVector)
              rounded0.lanewise(VectorOperators.LSHR, 16).convertShape(VectorOperators.I2S, S, 0))
          .intoArray(y, yAt + i);
      ((ShortVector)
              rounded1.lanewise(VectorOperators.LSHR, 16).convertShape(VectorOperators.I2S, S, 0))
          .intoArray(y, yAt + j);
    }
  }

  /**
   * dx = fma(dy, k, fma(x - hi, p, q)) of such rows, two at a time off-heap: four of three tensors
   * would be more streams than memory serves at full speed.
   */
  static void inputGradientRows(
      Elements x,
      Elements dy,
      Elements dx,
      int at,
      int rows,
      int length,
      ChannelGradients gradients) {
    if (!x.offHeap()) {
      for (int row = 0, i = at; row < rows; row++, i += length) {
        row(
            x.halves(),
            x.at() + i,
            dy.halves(),
            dy.at() + i,
            dx.halves(),
            dx.at() + i,
            length,
            gradients.hi,
            gradients.k,
            gradients.p,
            gradients.q);
      }
      return;
    }
    long stride = (long) Float.BYTES * length;
    long from = (long) Float.BYTES * at;
    int half = FusedVectorKernels.half(rows);
    for (int row = 0; row < half; row++, from += stride) {
      twoRows(
          x.segment(),
          dy.segment(),
          dx.segment(),
          from,
          half * stride,
          length,
          gradients.hi,
          gradients.k,
          gradients.p,
          gradients.q);
    }
    from += half * stride;
    for (int row = 2 * half; row < rows; row++, from += stride) {
      twoRows(
          x.segment(),
          dy.segment(),
          dx.segment(),
          from,
          0,
          length,
          gradients.hi,
          gradients.k,
          gradients.p,
          gradients.q);
    }
  }

  private static void row(
      short[] x,
      int xAt,
      short[] dy,
      int dyAt,
      short[] dx,
      int dxAt,
      int length,
      float[] hi,
      float[] k,
      float[] p,
      float[] q) {
    for (int i = 0; i < length; i += 2 * L) {
      int j = i + L;
      FloatVector inner0 =
          ((IntVector) ShortVector.fromArray(S, x, xAt + i).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(FloatVector.fromArray(F, hi, i))
              .fma(FloatVector.fromArray(F, p, i), FloatVector.fromArray(F, q, i));
      FloatVector inner1 =
          ((IntVector) ShortVector.fromArray(S, x, xAt + j).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(FloatVector.fromArray(F, hi, j))
              .fma(FloatVector.fromArray(F, p, j), FloatVector.fromArray(F, q, j));
      IntVector bits0 =
          ((IntVector)
                  ShortVector.fromArray(S, dy, dyAt + i).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .fma(FloatVector.fromArray(F, k, i), inner0)
              .reinterpretAsInts();
      IntVector bits1 =
          ((IntVector)
                  ShortVector.fromArray(S, dy, dyAt + j).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .fma(FloatVector.fromArray(F, k, j), inner1)
              .reinterpretAsInts();
      IntVector rounded0 =
          bits0
              .add(0x7fff)
              .add(bits0.lanewise(VectorOperators.LSHR, 16).and(1))
              .blend(
                  bits0.or(0x00400000),
                  bits0.and(0x7fffffff).compare(VectorOperators.GT, INFINITY));
      IntVector rounded1 =
          bits1
              .add(0x7fff)
              .add(bits1.lanewise(VectorOperators.LSHR, 16).and(1))
              .blend(
                  bits1.or(0x00400000),
                  bits1.and(0x7fffffff).compare(VectorOperators.GT, INFINITY));
      ((ShortVector)
              rounded0.lanewise(VectorOperators.LSHR, 16).convertShape(VectorOperators.I2S, S, 0))
          .intoArray(dx, dxAt + i);
      ((ShortVector)
              rounded1.lanewise(VectorOperators.LSHR, 16).convertShape(VectorOperators.I2S, S, 0))
          .intoArray(dx, dxAt + j);
    }
  }

  /** As {@link #normalizeRows}, of a run of one channel. */
  static void normalizeRun(
      Elements x, Elements y, int at, int length, ChannelAffine affine, int c) {
    long from = (long) Float.BYTES * at;
    run(x.segment(), y.segment(), from, length, affine.hi[c], affine.k[c], affine.b[c]);
  }

  static void inputGradientRun(
      Elements x, Elements dy, Elements dx, int at, int length, ChannelGradients gradients, int c) {
    long from = (long) Float.BYTES * at;
    run(
        x.segment(),
        dy.segment(),
        dx.segment(),
        from,
        length,
        gradients.hi[c],
        gradients.k[c],
        gradients.p[c],
        gradients.q[c]);
  }

  private static void fourRows(
      MemorySegment x,
      MemorySegment y,
      long at,
      long apart,
      int length,
      float[] hi,
      float[] k,
      float[] b) {
    for (int i = 0; i < length; i += L) {
      FloatVector mean = FloatVector.fromArray(F, hi, i);
      FloatVector scale = FloatVector.fromArray(F, k, i);
      FloatVector shift = FloatVector.fromArray(F, b, i);
      long j = at + (long) Float.BYTES * i;
      long l = j + apart;
      long m = l + apart;
      long n = m + apart;
      FloatVector a0 = FloatVector.fromMemorySegment(F, x, j, NATIVE).sub(mean).fma(scale, shift);
      FloatVector a1 = FloatVector.fromMemorySegment(F, x, l, NATIVE).sub(mean).fma(scale, shift);
      FloatVector a2 = FloatVector.fromMemorySegment(F, x, m, NATIVE).sub(mean).fma(scale, shift);
      FloatVector a3 = FloatVector.fromMemorySegment(F, x, n, NATIVE).sub(mean).fma(scale, shift);
      a0.intoMemorySegment(y, j, NATIVE);
      a1.intoMemorySegment(y, l, NATIVE);
      a2.intoMemorySegment(y, m, NATIVE);
      a3.intoMemorySegment(y, n, NATIVE);
    }
  }

  private static void twoRows(
      MemorySegment x,
      MemorySegment dy,
      MemorySegment dx,
      long at,
      long apart,
      int length,
      float[] hi,
      float[] k,
      float[] p,
      float[] q) {
    for (int i = 0; i < length; i += L) {
      FloatVector mean = FloatVector.fromArray(F, hi, i);
      FloatVector scale = FloatVector.fromArray(F, k, i);
      FloatVector slope = FloatVector.fromArray(F, p, i);
      FloatVector shift = FloatVector.fromArray(F, q, i);
      long j = at + (long) Float.BYTES * i;
      long l = j + apart;
      FloatVector a0 = FloatVector.fromMemorySegment(F, x, j, NATIVE).sub(mean).fma(slope, shift);
      FloatVector a1 = FloatVector.fromMemorySegment(F, x, l, NATIVE).sub(mean).fma(slope, shift);
      a0 = FloatVector.fromMemorySegment(F, dy, j, NATIVE).fma(scale, a0);
      a1 = FloatVector.fromMemorySegment(F, dy, l, NATIVE).fma(scale, a1);
      a0.intoMemorySegment(dx, j, NATIVE);
      a1.intoMemorySegment(dx, l, NATIVE);
    }
  }

  private static void run(
      MemorySegment x, MemorySegment y, long at, int length, float hi, float k, float b) {
    FloatVector mean = FloatVector.broadcast(F, hi);
    FloatVector scale = FloatVector.broadcast(F, k);
    FloatVector shift = FloatVector.broadcast(F, b);
    long apart = (long) Float.BYTES * L;
    for (int i = 0; i < length; i += 4 * L) {
      long j = at + (long) Float.BYTES * i;
      long l = j + apart;
      long m = l + apart;
      long n = m + apart;
      FloatVector a0 = FloatVector.fromMemorySegment(F, x, j, NATIVE).sub(mean).fma(scale, shift);
      FloatVector a1 = FloatVector.fromMemorySegment(F, x, l, NATIVE).sub(mean).fma(scale, shift);
      FloatVector a2 = FloatVector.fromMemorySegment(F, x, m, NATIVE).sub(mean).fma(scale, shift);
      FloatVector a3 = FloatVector.fromMemorySegment(F, x, n, NATIVE).sub(mean).fma(scale, shift);
      a0.intoMemorySegment(y, j, NATIVE);
      a1.intoMemorySegment(y, l, NATIVE);
      a2.intoMemorySegment(y, m, NATIVE);
      a3.intoMemorySegment(y, n, NATIVE);
    }
  }

  private static void run(
      MemorySegment x,
      MemorySegment dy,
      MemorySegment dx,
      long at,
      int length,
      float hi,
      float k,
      float p,
      float q) {
    FloatVector mean = FloatVector.broadcast(F, hi);
    FloatVector scale = FloatVector.broadcast(F, k);
    FloatVector slope = FloatVector.broadcast(F, p);
    FloatVector shift = FloatVector.broadcast(F, q);
    long apart = (long) Float.BYTES * L;
    for (int i = 0; i < length; i += 4 * L) {
      long j = at + (long) Float.BYTES * i;
      long l = j + apart;
      long m = l + apart;
      long n = m + apart;
      FloatVector a0 = FloatVector.fromMemorySegment(F, x, j, NATIVE).sub(mean).fma(slope, shift);
      FloatVector a1 = FloatVector.fromMemorySegment(F, x, l, NATIVE).sub(mean).fma(slope, shift);
      FloatVector a2 = FloatVector.fromMemorySegment(F, x, m, NATIVE).sub(mean).fma(slope, shift);
      FloatVector a3 = FloatVector.fromMemorySegment(F, x, n, NATIVE).sub(mean).fma(slope, shift);
      a0 = FloatVector.fromMemorySegment(F, dy, j, NATIVE).fma(scale, a0);
      a1 = FloatVector.fromMemorySegment(F, dy, l, NATIVE).fma(scale, a1);
      a2 = FloatVector.fromMemorySegment(F, dy, m, NATIVE).fma(scale, a2);
      a3 = FloatVector.fromMemorySegment(F, dy, n, NATIVE).fma(scale, a3);
      a0.intoMemorySegment(dx, j, NATIVE);
      a1.intoMemorySegment(dx, l, NATIVE);
      a2.intoMemorySegment(dx, m, NATIVE);
      a3.intoMemorySegment(dx, n, NATIVE);
    }
  }
}
