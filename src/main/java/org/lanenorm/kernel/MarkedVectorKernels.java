package org.lanenorm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * One bit of each element that tells the side of an activation's corner: made in the loop that
 * activates where rows are whole words, or of y; and the gradient that reads it.
 */
final class MarkedVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();
  private static final VectorSpecies<Integer> I = F.withLanes(int.class).check(int.class);

  /**
   * Floats of y that are marked together, from the second-level cache. What fits the first one was
   * up to 1.8 times slower in NHWC: memory serves long streams better.
   */
  private static final int MARKED = 1 << 15;

  /** Bit l in lane l. */
  private static final int[] LANE_BITS = laneBits();

  private MarkedVectorKernels() {}

  private static int[] laneBits() {
    int[] bits = new int[L];
    for (int lane = 0; lane < L; lane++) {
      bits[lane] = 1 << lane;
    }
    return bits;
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
    int repeat = planes ? 1 : FusedVectorKernels.repeat(length, stride, curve);
    boolean fourVectors = !planes && length * repeat == 4 * L;
    // a word has one to four times four vectors
    int group = fourVectors ? Long.SIZE / length : repeat;
    int together = (endRow - firstRow) / group;
    int done = 0;
    if (length * group % Long.SIZE == 0 && first % Long.SIZE == 0 && length > 0) {
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
      if (fourVectors) {
        markedFourVectors(
            x,
            xOffset + first,
            z,
            zOffset + first,
            y,
            yOffset + first,
            together,
            hi,
            k,
            b,
            c,
            curve,
            bits,
            bitsOffset + first / Long.SIZE);
      } else if (!planes) {
        markedTwoRows(
            x,
            xOffset + first,
            z,
            zOffset + first,
            y,
            yOffset + first,
            together,
            length * group,
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
      done = together * group;
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
          FusedVectorKernels.fused(
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
   * Rows of four vectors that follow one another, whose coefficients stay in registers, and their
   * bits.
   */
  private static void markedFourVectors(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] y,
      int yFrom,
      int words,
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
    FloatVector mean0 = FloatVector.fromArray(F, hi, coefficients);
    FloatVector mean1 = FloatVector.fromArray(F, hi, coefficients + L);
    FloatVector mean2 = FloatVector.fromArray(F, hi, coefficients + 2 * L);
    FloatVector mean3 = FloatVector.fromArray(F, hi, coefficients + 3 * L);
    FloatVector scale0 = FloatVector.fromArray(F, k, coefficients);
    FloatVector scale1 = FloatVector.fromArray(F, k, coefficients + L);
    FloatVector scale2 = FloatVector.fromArray(F, k, coefficients + 2 * L);
    FloatVector scale3 = FloatVector.fromArray(F, k, coefficients + 3 * L);
    FloatVector shift0 = FloatVector.fromArray(F, b, coefficients);
    FloatVector shift1 = FloatVector.fromArray(F, b, coefficients + L);
    FloatVector shift2 = FloatVector.fromArray(F, b, coefficients + 2 * L);
    FloatVector shift3 = FloatVector.fromArray(F, b, coefficients + 3 * L);
    int at = 0;
    for (int word = 0; word < words; word++) {
      long clear = 0;
      for (int j = 0; j < Long.SIZE; j += 4 * L, at += 4 * L) {
        FloatVector v0 = FloatVector.fromArray(F, x, xFrom + at).sub(mean0).fma(scale0, shift0);
        if (z != null) {
          v0 = v0.add(FloatVector.fromArray(F, z, zFrom + at));
        }
        FloatVector v1 = FloatVector.fromArray(F, x, xFrom + at + L).sub(mean1).fma(scale1, shift1);
        if (z != null) {
          v1 = v1.add(FloatVector.fromArray(F, z, zFrom + at + L));
        }
        FloatVector v2 =
            FloatVector.fromArray(F, x, xFrom + at + 2 * L).sub(mean2).fma(scale2, shift2);
        if (z != null) {
          v2 = v2.add(FloatVector.fromArray(F, z, zFrom + at + 2 * L));
        }
        FloatVector v3 =
            FloatVector.fromArray(F, x, xFrom + at + 3 * L).sub(mean3).fma(scale3, shift3);
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
      bits[first + word] = ~clear;
    }
  }

  /**
   * Rows of whole words that follow one another, in two stretches that are walked side by side, and
   * their bits: those of four stretches need more registers than there are.
   */
  private static void markedTwoRows(
      float[] x,
      int xFrom,
      float[] z,
      int zFrom,
      float[] y,
      int yFrom,
      int rows,
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
    int together = FusedVectorKernels.half(rows);
    for (int row = 0; row < rows - together; row++) {
      // the last few, which have no partner, twice at once
      int at = (row < together ? row : row + together) * length;
      int apart = row < together ? together * length : 0;
      int index = first + at / Long.SIZE;
      int c = coefficients;
      for (int i = 0; i < length; i += Long.SIZE, index++) {
        long clear0 = 0;
        long clear1 = 0;
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
          y0.intoArray(y, yFrom + at);
          y1.intoArray(y, yFrom + at + apart);
        }
        bits[index] = ~clear0;
        bits[index + apart / Long.SIZE] = ~clear1;
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
