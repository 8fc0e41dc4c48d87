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
 * The reductions of {@link NhwcVectorKernels} over elements that are read where they lie: halves in
 * arrays, and floats off-heap. Tiles of NHWC outgrow a first-level cache, and while a tile is
 * computed nothing is fetched: out of cache that took 1.3 to 1.7 times as long. Only of images of
 * several blocks, nearly all of which are full; what little else a segment holds is copied to
 * floats. Loops differ by format as an accessor for several would not be compiled to vectors.
 */
final class StoredVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();
  private static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());
  private static final VectorSpecies<Short> S =
      VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

  // As in HalfVectorKernels.widenFloat16.
  private static final int KEPT = HalfVectorKernels.KEPT;
  private static final float SCALE = HalfVectorKernels.SCALE;
  private static final int NO_NUMBER = HalfVectorKernels.NO_NUMBER;
  private static final int INFINITY = HalfVectorKernels.INFINITY;

  private static final ByteOrder NATIVE = ByteOrder.nativeOrder();
  private static final int LANES = Segments.LANES;

  private static final int CHUNK = NhwcVectorKernels.CHUNK;

  /** Floats that are copied of a segment at most. */
  private static final int LARGEST = 1 << 18;

  private StoredVectorKernels() {}

  /** Whether the reductions take such elements of such a tensor. */
  static boolean take(Elements x, Segments order) {
    return order.channelsLast()
        && order.largeImages()
        && order.sampleOrPartial() <= LARGEST
        && (x.halves() != null || x.offHeap());
  }

  static void momentSums(
      Elements x,
      Segments order,
      int segment,
      float[] shift,
      double[] sum,
      double[] square,
      float[] tile,
      short[] stage,
      Scratch scratch) {
    int channels = order.channels();
    int places = LANES * channels;
    scratch.growLanes(places, Math.min(places, CHUNK));
    shifts(x, order, segment, shift, sum, tile, stage, scratch);
    NhwcVectorKernels.begin(shift, channels, scratch);
    int stride = order.rowStride();
    int end = order.endBlock(segment);
    for (int block = order.firstBlock(segment); block < end; block++) {
      int at = order.blockOffset(block);
      boolean full = order.full(block);
      if (!full) {
        x.read(at, tile, 0, order.blockCount(block) * channels, VectorKernels.INSTANCE, stage);
      }
      for (int from = 0; from < places; from += CHUNK) {
        int to = Math.min(places, from + CHUNK);
        if (full) {
          squares(x, at, stride, from, to, scratch.firstHalf, scratch.secondHalf, scratch);
          int half = at + Segments.SLOTS / 2 * stride;
          squares(x, half, stride, from, to, scratch.firstOther, scratch.secondOther, scratch);
          NhwcVectorKernels.addHalves(from, to, scratch);
        } else {
          NhwcVectorKernels.partialSquares(tile, 0, order, block, from, to, scratch);
        }
      }
    }
    NhwcVectorKernels.fold(scratch.first, channels, sum);
    NhwcVectorKernels.fold(scratch.second, channels, square);
  }

  /** K of every channel, as {@link NhwcVectorKernels} takes it. */
  private static void shifts(
      Elements x,
      Segments order,
      int segment,
      float[] shift,
      double[] sum,
      float[] tile,
      short[] stage,
      Scratch scratch) {
    int places = LANES * order.channels();
    int at = order.segmentOffset(segment);
    if (!order.sampled(segment)) {
      x.read(at, shift, 0, order.channels(), VectorKernels.INSTANCE, stage);
      return;
    }
    for (int i = 0; i < 4; i++) {
      int from = at + order.sampleOffset(segment, i);
      x.read(from, tile, i * places, places, VectorKernels.INSTANCE, stage);
    }
    NhwcVectorKernels.sampleMeans(
        tile, 0, places, 2 * places, 3 * places, order.channels(), shift, sum, scratch);
  }

  private static void squares(
      Elements x,
      int at,
      int stride,
      int from,
      int to,
      float[] sums,
      float[] squares,
      Scratch scratch) {
    if (x.offHeap()) {
      long first = (long) Float.BYTES * at;
      long apart = (long) Float.BYTES * stride;
      squaresOffHeap(x.segment(), first, apart, from, to, scratch.shifts, sums, squares);
    } else if (x.format() == Elements.Format.FLOAT16) {
      squaresFloat16(x.halves(), x.at() + at, stride, from, to, scratch.shifts, sums, squares);
    } else {
      squaresBfloat16(x.halves(), x.at() + at, stride, from, to, scratch.shifts, sums, squares);
    }
  }

  static void gradientSums(
      Elements x,
      Elements dy,
      Segments order,
      int segment,
      float[] hi,
      double[] sum,
      double[] product,
      float[] xTile,
      float[] dyTile,
      short[] stage,
      Scratch scratch) {
    int channels = order.channels();
    int places = LANES * channels;
    scratch.growLanes(places, Math.min(places, CHUNK));
    NhwcVectorKernels.begin(hi, channels, scratch);
    int end = order.endBlock(segment);
    for (int block = order.firstBlock(segment); block < end; block++) {
      int at = order.blockOffset(block);
      boolean full = order.full(block);
      if (!full) {
        int length = order.blockCount(block) * channels;
        x.read(at, xTile, 0, length, VectorKernels.INSTANCE, stage);
        dy.read(at, dyTile, 0, length, VectorKernels.INSTANCE, stage);
      }
      for (int from = 0; from < places; from += CHUNK) {
        int to = Math.min(places, from + CHUNK);
        if (full) {
          for (int quad = 0; quad < 4; quad++) {
            products(x, dy, at, order.rowStride(), quad, from, to, scratch);
          }
          NhwcVectorKernels.addHalves(from, to, scratch);
        } else {
          NhwcVectorKernels.partial(xTile, 0, dyTile, 0, order, block, from, to, scratch);
        }
      }
    }
    NhwcVectorKernels.fold(scratch.first, channels, sum);
    NhwcVectorKernels.fold(scratch.second, channels, product);
  }

  /** A quarter block, as {@link NhwcVectorKernels} takes it; odd ones add to the even. */
  private static void products(
      Elements x, Elements dy, int at, int stride, int quad, int from, int to, Scratch scratch) {
    float[] sums = quad < 2 ? scratch.firstHalf : scratch.firstOther;
    float[] products = quad < 2 ? scratch.secondHalf : scratch.secondOther;
    boolean add = quad % 2 != 0;
    int first = at + 4 * quad * stride;
    if (x.offHeap()) {
      long firstByte = (long) Float.BYTES * first;
      long apart = (long) Float.BYTES * stride;
      productsOffHeap(
          x.segment(),
          firstByte,
          dy.segment(),
          firstByte,
          apart,
          from,
          to,
          add,
          scratch.shifts,
          sums,
          products);
    } else if (x.format() == Elements.Format.FLOAT16) {
      productsFloat16(
          x.halves(),
          x.at() + first,
          dy.halves(),
          dy.at() + first,
          stride,
          from,
          to,
          add,
          scratch.shifts,
          sums,
          products);
    } else {
      productsBfloat16(
          x.halves(),
          x.at() + first,
          dy.halves(),
          dy.at() + first,
          stride,
          from,
          to,
          add,
          scratch.shifts,
          sums,
          products);
    }
  }

  private static void squaresBfloat16(
      short[] x,
      int xAt,
      int stride,
      int from,
      int to,
      float[] shifts,
      float[] sums,
      float[] squares) {
    for (int i = from; i < to; i += L) {
      FloatVector shift = FloatVector.fromArray(F, shifts, i);
      int j = xAt + i;
      FloatVector d0 =
          ((IntVector) ShortVector.fromArray(S, x, j).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector d1 =
          ((IntVector)
                  ShortVector.fromArray(S, x, j + stride).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector d2 =
          ((IntVector)
                  ShortVector.fromArray(S, x, j + 2 * stride)
                      .convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector d3 =
          ((IntVector)
                  ShortVector.fromArray(S, x, j + 3 * stride)
                      .convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector d4 =
          ((IntVector)
                  ShortVector.fromArray(S, x, j + 4 * stride)
                      .convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector d5 =
          ((IntVector)
                  ShortVector.fromArray(S, x, j + 5 * stride)
                      .convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector d6 =
          ((IntVector)
                  ShortVector.fromArray(S, x, j + 6 * stride)
                      .convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector d7 =
          ((IntVector)
                  ShortVector.fromArray(S, x, j + 7 * stride)
                      .convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector sum = d0.add(d1).add(d2.add(d3)).add(d4.add(d5).add(d6.add(d7)));
      FloatVector square =
          d1.fma(d1, d0.mul(d0))
              .add(d3.fma(d3, d2.mul(d2)))
              .add(d5.fma(d5, d4.mul(d4)).add(d7.fma(d7, d6.mul(d6))));
      sum.intoArray(sums, i - from);
      square.intoArray(squares, i - from);
    }
  }

  private static void productsBfloat16(
      short[] x,
      int xAt,
      short[] dy,
      int dyAt,
      int stride,
      int from,
      int to,
      boolean add,
      float[] shifts,
      float[] sums,
      float[] products) {
    for (int i = from; i < to; i += L) {
      FloatVector shift = FloatVector.fromArray(F, shifts, i);
      int j = xAt + i;
      FloatVector d0 =
          ((IntVector) ShortVector.fromArray(S, x, j).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector d1 =
          ((IntVector)
                  ShortVector.fromArray(S, x, j + stride).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector d2 =
          ((IntVector)
                  ShortVector.fromArray(S, x, j + 2 * stride)
                      .convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector d3 =
          ((IntVector)
                  ShortVector.fromArray(S, x, j + 3 * stride)
                      .convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .sub(shift);
      j = dyAt + i;
      FloatVector g0 =
          ((IntVector) ShortVector.fromArray(S, dy, j).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats();
      FloatVector g1 =
          ((IntVector)
                  ShortVector.fromArray(S, dy, j + stride).convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats();
      FloatVector g2 =
          ((IntVector)
                  ShortVector.fromArray(S, dy, j + 2 * stride)
                      .convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats();
      FloatVector g3 =
          ((IntVector)
                  ShortVector.fromArray(S, dy, j + 3 * stride)
                      .convertShape(VectorOperators.S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats();
      FloatVector sum = g0.add(g1).add(g2.add(g3));
      FloatVector product = g1.fma(d1, g0.mul(d0)).add(g3.fma(d3, g2.mul(d2)));
      if (add) {
        sum = FloatVector.fromArray(F, sums, i - from).add(sum);
        product = FloatVector.fromArray(F, products, i - from).add(product);
      }
      sum.intoArray(sums, i - from);
      product.intoArray(products, i - from);
    }
  }

  private static void squaresFloat16(
      short[] x,
      int xAt,
      int stride,
      int from,
      int to,
      float[] shifts,
      float[] sums,
      float[] squares) {
    for (int i = from; i < to; i += L) {
      FloatVector shift = FloatVector.fromArray(F, shifts, i);
      int j = xAt + i;
      IntVector d0h =
          (IntVector) ShortVector.fromArray(S, x, j).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d0 =
          d0h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d0h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      IntVector d1h =
          (IntVector)
              ShortVector.fromArray(S, x, j + stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d1 =
          d1h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d1h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      IntVector d2h =
          (IntVector)
              ShortVector.fromArray(S, x, j + 2 * stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d2 =
          d2h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d2h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      IntVector d3h =
          (IntVector)
              ShortVector.fromArray(S, x, j + 3 * stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d3 =
          d3h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d3h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      IntVector d4h =
          (IntVector)
              ShortVector.fromArray(S, x, j + 4 * stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d4 =
          d4h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d4h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      IntVector d5h =
          (IntVector)
              ShortVector.fromArray(S, x, j + 5 * stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d5 =
          d5h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d5h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      IntVector d6h =
          (IntVector)
              ShortVector.fromArray(S, x, j + 6 * stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d6 =
          d6h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d6h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      IntVector d7h =
          (IntVector)
              ShortVector.fromArray(S, x, j + 7 * stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d7 =
          d7h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d7h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      FloatVector sum = d0.add(d1).add(d2.add(d3)).add(d4.add(d5).add(d6.add(d7)));
      FloatVector square =
          d1.fma(d1, d0.mul(d0))
              .add(d3.fma(d3, d2.mul(d2)))
              .add(d5.fma(d5, d4.mul(d4)).add(d7.fma(d7, d6.mul(d6))));
      sum.intoArray(sums, i - from);
      square.intoArray(squares, i - from);
    }
  }

  private static void productsFloat16(
      short[] x,
      int xAt,
      short[] dy,
      int dyAt,
      int stride,
      int from,
      int to,
      boolean add,
      float[] shifts,
      float[] sums,
      float[] products) {
    for (int i = from; i < to; i += L) {
      FloatVector shift = FloatVector.fromArray(F, shifts, i);
      int j = xAt + i;
      IntVector d0h =
          (IntVector) ShortVector.fromArray(S, x, j).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d0 =
          d0h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d0h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      IntVector d1h =
          (IntVector)
              ShortVector.fromArray(S, x, j + stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d1 =
          d1h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d1h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      IntVector d2h =
          (IntVector)
              ShortVector.fromArray(S, x, j + 2 * stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d2 =
          d2h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d2h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      IntVector d3h =
          (IntVector)
              ShortVector.fromArray(S, x, j + 3 * stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector d3 =
          d3h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  d3h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats()
              .sub(shift);
      j = dyAt + i;
      IntVector g0h =
          (IntVector) ShortVector.fromArray(S, dy, j).convertShape(VectorOperators.S2I, I, 0);
      FloatVector g0 =
          g0h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  g0h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats();
      IntVector g1h =
          (IntVector)
              ShortVector.fromArray(S, dy, j + stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector g1 =
          g1h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  g1h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats();
      IntVector g2h =
          (IntVector)
              ShortVector.fromArray(S, dy, j + 2 * stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector g2 =
          g2h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  g2h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats();
      IntVector g3h =
          (IntVector)
              ShortVector.fromArray(S, dy, j + 3 * stride).convertShape(VectorOperators.S2I, I, 0);
      FloatVector g3 =
          g3h.lanewise(VectorOperators.LSHL, 13)
              .and(KEPT)
              .reinterpretAsFloats()
              .mul(SCALE)
              .reinterpretAsInts()
              .lanewise(
                  VectorOperators.OR,
                  INFINITY,
                  g3h.and(NO_NUMBER).compare(VectorOperators.EQ, NO_NUMBER))
              .reinterpretAsFloats();
      FloatVector sum = g0.add(g1).add(g2.add(g3));
      FloatVector product = g1.fma(d1, g0.mul(d0)).add(g3.fma(d3, g2.mul(d2)));
      if (add) {
        sum = FloatVector.fromArray(F, sums, i - from).add(sum);
        product = FloatVector.fromArray(F, products, i - from).add(product);
      }
      sum.intoArray(sums, i - from);
      product.intoArray(products, i - from);
    }
  }

  private static void squaresOffHeap(
      MemorySegment x,
      long xAt,
      long stride,
      int from,
      int to,
      float[] shifts,
      float[] sums,
      float[] squares) {
    for (int i = from; i < to; i += L) {
      FloatVector shift = FloatVector.fromArray(F, shifts, i);
      long j = xAt + (long) Float.BYTES * i;
      FloatVector d0 = FloatVector.fromMemorySegment(F, x, j, NATIVE).sub(shift);
      FloatVector d1 = FloatVector.fromMemorySegment(F, x, j + stride, NATIVE).sub(shift);
      FloatVector d2 = FloatVector.fromMemorySegment(F, x, j + 2 * stride, NATIVE).sub(shift);
      FloatVector d3 = FloatVector.fromMemorySegment(F, x, j + 3 * stride, NATIVE).sub(shift);
      FloatVector d4 = FloatVector.fromMemorySegment(F, x, j + 4 * stride, NATIVE).sub(shift);
      FloatVector d5 = FloatVector.fromMemorySegment(F, x, j + 5 * stride, NATIVE).sub(shift);
      FloatVector d6 = FloatVector.fromMemorySegment(F, x, j + 6 * stride, NATIVE).sub(shift);
      FloatVector d7 = FloatVector.fromMemorySegment(F, x, j + 7 * stride, NATIVE).sub(shift);
      FloatVector sum = d0.add(d1).add(d2.add(d3)).add(d4.add(d5).add(d6.add(d7)));
      FloatVector square =
          d1.fma(d1, d0.mul(d0))
              .add(d3.fma(d3, d2.mul(d2)))
              .add(d5.fma(d5, d4.mul(d4)).add(d7.fma(d7, d6.mul(d6))));
      sum.intoArray(sums, i - from);
      square.intoArray(squares, i - from);
    }
  }

  private static void productsOffHeap(
      MemorySegment x,
      long xAt,
      MemorySegment dy,
      long dyAt,
      long stride,
      int from,
      int to,
      boolean add,
      float[] shifts,
      float[] sums,
      float[] products) {
    for (int i = from; i < to; i += L) {
      FloatVector shift = FloatVector.fromArray(F, shifts, i);
      long j = xAt + (long) Float.BYTES * i;
      FloatVector d0 = FloatVector.fromMemorySegment(F, x, j, NATIVE).sub(shift);
      FloatVector d1 = FloatVector.fromMemorySegment(F, x, j + stride, NATIVE).sub(shift);
      FloatVector d2 = FloatVector.fromMemorySegment(F, x, j + 2 * stride, NATIVE).sub(shift);
      FloatVector d3 = FloatVector.fromMemorySegment(F, x, j + 3 * stride, NATIVE).sub(shift);
      j = dyAt + (long) Float.BYTES * i;
      FloatVector g0 = FloatVector.fromMemorySegment(F, dy, j, NATIVE);
      FloatVector g1 = FloatVector.fromMemorySegment(F, dy, j + stride, NATIVE);
      FloatVector g2 = FloatVector.fromMemorySegment(F, dy, j + 2 * stride, NATIVE);
      FloatVector g3 = FloatVector.fromMemorySegment(F, dy, j + 3 * stride, NATIVE);
      FloatVector sum = g0.add(g1).add(g2.add(g3));
      FloatVector product = g1.fma(d1, g0.mul(d0)).add(g3.fma(d3, g2.mul(d2)));
      if (add) {
        sum = FloatVector.fromArray(F, sums, i - from).add(sum);
        product = FloatVector.fromArray(F, products, i - from).add(product);
      }
      sum.intoArray(sums, i - from);
      product.intoArray(products, i - from);
    }
  }
}
