package org.lanenorm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementwise passes where neighbours belong to different channels: NHWC, and NCHW with images
 * smaller than a superrow. A row meets coefficients of its own length. Short rows and rows that no
 * vector divides are taken 16 at a time, with the coefficients repeated: 16 rows of any length are
 * a whole number of vectors.
 */
final class RowVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();

  /**
   * Rows of at least so many floats are taken as they are: their scalar end costs less than
   * coefficients that outgrow the first-level cache.
   */
  private static final int LONG_ROW = 512;

  /** Shorter rows are taken together up to this: a loop costs as much to enter as 16 vectors. */
  private static final int SHORT_ROW = 256;

  /**
   * Rows, or several end to end, of three or four vectors keep their coefficients in registers: no
   * array of floats begins at a cache line, so that loading them costs as much as two lines of
   * data, and memory is read in one run. A row of 64 channels took 0.65 to 0.75 of the time.
   */
  private static final int NARROW = 4 * L;

  /** Of so many, the 35 at most that are left cost nothing. */
  private static final int MANY_ROWS = 1024;

  /** From so many rows on, laying the coefficients out anew costs nothing beside them. */
  private static final int ENOUGH_ROWS = 16;

  /**
   * Elements of tensors, in arrays of at least as many, whose results are written from a cache line
   * on: 1 to 8 MB, which run at the speed of an outer cache. They took 0.82 to 0.97 of the time;
   * smaller and larger ones gained nothing, or lost as much.
   */
  private static final int LEAST_ALIGNED = 1 << 18;

  private static final int MOST_ALIGNED = 1 << 21;

  /**
   * Where the first cache line of a large array begins: collectors that cut the heap in regions
   * give an array of half a region a whole one, at whose start is a header of 16 bytes. Where that
   * does not hold, nothing is lost.
   */
  private static final int FIRST_LINE = (64 - 16) / Float.BYTES;

  private RowVectorKernels() {}

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
      ChannelAffine affine,
      Scratch scratch) {
    int stride = order.rowLength();
    int run = order.run();
    int length = (to - from) * run;
    int narrow = narrow(length, stride);
    int repeat = narrow > 0 ? narrow : repeat(length, stride);
    int whole = length * repeat;
    int at = firstRow * stride + from * run;
    int rows = endRow - firstRow;
    int ahead = ahead(y, yOffset + at, order, length, rows);
    float[] hi = affine.hi;
    float[] k = affine.k;
    float[] b = affine.b;
    if (ahead > 0) {
      row(x, xOffset + at, y, yOffset + at, 0, ahead, hi, k, b);
    }
    if (run > 1 || repeat > 1 || from > 0 || ahead > 0) {
      scratch.growTiles(whole);
      hi = tile(affine.hi, from, to, run, repeat, ahead, scratch.tileA);
      k = tile(affine.k, from, to, run, repeat, ahead, scratch.tileB);
      b = tile(affine.b, from, to, run, repeat, ahead, scratch.tileC);
    }
    int left = rows * length - ahead;
    int together = left / Math.max(1, whole);
    at += ahead;
    if (narrow > 0) {
      narrowRows(x, xOffset + at, y, yOffset + at, together, whole, hi, k, b);
    } else {
      rows(x, xOffset + at, y, yOffset + at, together, whole, stride * repeat, hi, k, b);
    }
    at += together * repeat * stride;
    left -= together * whole;
    rows(x, xOffset + at, y, yOffset + at, Math.min(1, left), left, 0, hi, k, b);
  }

  /**
   * Elements before the first vector that begins where a vector of a cache line does, of results at
   * {@code at}; 0 where that is not known or not worth it. Rows then begin so many channels later.
   */
  private static int ahead(float[] y, int at, Segments order, int length, int rows) {
    int elements = order.count() * order.channels();
    return length == order.rowLength()
            && order.run() == 1
            && length >= L
            && rows >= ENOUGH_ROWS
            && elements <= MOST_ALIGNED
            && y.length >= LEAST_ALIGNED
        ? (FIRST_LINE - at) & (L - 1)
        : 0;
  }

  /** Rows that follow one another, of three or four vectors: the last two may be the same. */
  private static void narrowRows(
      float[] x,
      int xFrom,
      float[] y,
      int yFrom,
      int rows,
      int length,
      float[] hi,
      float[] k,
      float[] b) {
    int last = length - L;
    FloatVector mean0 = FloatVector.fromArray(F, hi, 0);
    FloatVector mean1 = FloatVector.fromArray(F, hi, L);
    FloatVector mean2 = FloatVector.fromArray(F, hi, 2 * L);
    FloatVector mean3 = FloatVector.fromArray(F, hi, last);
    FloatVector scale0 = FloatVector.fromArray(F, k, 0);
    FloatVector scale1 = FloatVector.fromArray(F, k, L);
    FloatVector scale2 = FloatVector.fromArray(F, k, 2 * L);
    FloatVector scale3 = FloatVector.fromArray(F, k, last);
    FloatVector shift0 = FloatVector.fromArray(F, b, 0);
    FloatVector shift1 = FloatVector.fromArray(F, b, L);
    FloatVector shift2 = FloatVector.fromArray(F, b, 2 * L);
    FloatVector shift3 = FloatVector.fromArray(F, b, last);
    for (int row = 0, at = 0; row < rows; row++, at += length) {
      int i = xFrom + at;
      // all are read before any is written, as y may be x
      FloatVector y0 = FloatVector.fromArray(F, x, i).sub(mean0).fma(scale0, shift0);
      FloatVector y1 = FloatVector.fromArray(F, x, i + L).sub(mean1).fma(scale1, shift1);
      FloatVector y2 = FloatVector.fromArray(F, x, i + 2 * L).sub(mean2).fma(scale2, shift2);
      FloatVector y3 = FloatVector.fromArray(F, x, i + last).sub(mean3).fma(scale3, shift3);
      int j = yFrom + at;
      y0.intoArray(y, j);
      y1.intoArray(y, j + L);
      y2.intoArray(y, j + 2 * L);
      y3.intoArray(y, j + last);
    }
  }

  private static void rows(
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int rows,
      int length,
      int stride,
      float[] hi,
      float[] k,
      float[] b) {
    int quarter = quarter(rows);
    for (int row = 0, at = 0; row < quarter; row++, at += stride) {
      fourRows(x, xAt + at, y, yAt + at, length, quarter * stride, hi, k, b);
    }
    for (int row = 4 * quarter, at = row * stride; row < rows; row++, at += stride) {
      row(x, xAt + at, y, yAt + at, 0, length, hi, k, b);
    }
  }

  /**
   * Rows in each of four stretches that are walked side by side: four rows share the reading of the
   * coefficients, and memory serves four distant streams as fast as one or faster, but four rows of
   * one page at a third of the speed. An odd number, as four streams that lie a multiple of 4 KB
   * apart would meet in the same few lines of the first-level cache. Of many rows some are left for
   * the loop over one row on purpose: with a handful per call C2 took thousands of calls to compile
   * it, and it left 30 to 100 KB of boxed vectors in each.
   */
  static int quarter(int rows) {
    return Math.max(0, rows / 4 - (rows < MANY_ROWS ? 1 : 8) | 1);
  }

  private static void fourRows(
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int length,
      int stride,
      float[] hi,
      float[] k,
      float[] b) {
    int whole = F.loopBound(length);
    for (int i = 0; i < whole; i += L) {
      FloatVector mean = FloatVector.fromArray(F, hi, i);
      FloatVector scale = FloatVector.fromArray(F, k, i);
      FloatVector shift = FloatVector.fromArray(F, b, i);
      int j = xAt + i;
      FloatVector y0 = FloatVector.fromArray(F, x, j).sub(mean).fma(scale, shift);
      FloatVector y1 = FloatVector.fromArray(F, x, j + stride).sub(mean).fma(scale, shift);
      FloatVector y2 = FloatVector.fromArray(F, x, j + 2 * stride).sub(mean).fma(scale, shift);
      FloatVector y3 = FloatVector.fromArray(F, x, j + 3 * stride).sub(mean).fma(scale, shift);
      j = yAt + i;
      y0.intoArray(y, j);
      y1.intoArray(y, j + stride);
      y2.intoArray(y, j + 2 * stride);
      y3.intoArray(y, j + 3 * stride);
    }
    if (whole < length) {
      for (int row = 0; row < 4; row++) {
        row(x, xAt + row * stride, y, yAt + row * stride, whole, length, hi, k, b);
      }
    }
  }

  private static void row(
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int from,
      int length,
      float[] hi,
      float[] k,
      float[] b) {
    int i = from;
    for (; i <= length - 4 * L; i += 4 * L) {
      int j = i + L;
      int l = j + L;
      int m = l + L;
      FloatVector y0 =
          FloatVector.fromArray(F, x, xAt + i)
              .sub(FloatVector.fromArray(F, hi, i))
              .fma(FloatVector.fromArray(F, k, i), FloatVector.fromArray(F, b, i));
      FloatVector y1 =
          FloatVector.fromArray(F, x, xAt + j)
              .sub(FloatVector.fromArray(F, hi, j))
              .fma(FloatVector.fromArray(F, k, j), FloatVector.fromArray(F, b, j));
      FloatVector y2 =
          FloatVector.fromArray(F, x, xAt + l)
              .sub(FloatVector.fromArray(F, hi, l))
              .fma(FloatVector.fromArray(F, k, l), FloatVector.fromArray(F, b, l));
      FloatVector y3 =
          FloatVector.fromArray(F, x, xAt + m)
              .sub(FloatVector.fromArray(F, hi, m))
              .fma(FloatVector.fromArray(F, k, m), FloatVector.fromArray(F, b, m));
      y0.intoArray(y, yAt + i);
      y1.intoArray(y, yAt + j);
      y2.intoArray(y, yAt + l);
      y3.intoArray(y, yAt + m);
    }
    for (; i <= length - L; i += L) {
      FloatVector d = FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, hi, i));
      d = d.fma(FloatVector.fromArray(F, k, i), FloatVector.fromArray(F, b, i));
      d.intoArray(y, yAt + i);
    }
    for (; i < length; i++) {
      y[yAt + i] = Fma.fma(x[xAt + i] - hi[i], k[i], b[i]);
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
      ChannelGradients gradients,
      Scratch scratch) {
    int stride = order.rowLength();
    int run = order.run();
    int length = (to - from) * run;
    int narrow = narrow(length, stride);
    int repeat = narrow > 0 ? narrow : repeat(length, stride);
    int whole = length * repeat;
    int at = firstRow * stride + from * run;
    int rows = endRow - firstRow;
    int ahead = ahead(dx, dxOffset + at, order, length, rows);
    float[] hi = gradients.hi;
    float[] k = gradients.k;
    float[] p = gradients.p;
    float[] q = gradients.q;
    if (ahead > 0) {
      row(x, xOffset + at, dy, dyOffset + at, dx, dxOffset + at, 0, ahead, hi, k, p, q);
    }
    if (run > 1 || repeat > 1 || from > 0 || ahead > 0) {
      scratch.growTiles(whole);
      hi = tile(gradients.hi, from, to, run, repeat, ahead, scratch.tileA);
      k = tile(gradients.k, from, to, run, repeat, ahead, scratch.tileB);
      p = tile(gradients.p, from, to, run, repeat, ahead, scratch.tileC);
      q = tile(gradients.q, from, to, run, repeat, ahead, scratch.tileD);
    }
    int left = rows * length - ahead;
    int together = left / Math.max(1, whole);
    at += ahead;
    int xAt = xOffset + at;
    int dyAt = dyOffset + at;
    int dxAt = dxOffset + at;
    if (narrow > 0) {
      narrowRows(x, xAt, dy, dyAt, dx, dxAt, together, whole, hi, k, p, q);
    } else {
      rows(x, xAt, dy, dyAt, dx, dxAt, together, whole, stride * repeat, hi, k, p, q);
    }
    at += together * repeat * stride;
    left -= together * whole;
    rows(
        x,
        xOffset + at,
        dy,
        dyOffset + at,
        dx,
        dxOffset + at,
        Math.min(1, left),
        left,
        0,
        hi,
        k,
        p,
        q);
  }

  private static void narrowRows(
      float[] x,
      int xFrom,
      float[] dy,
      int dyFrom,
      float[] dx,
      int dxFrom,
      int rows,
      int length,
      float[] hi,
      float[] k,
      float[] p,
      float[] q) {
    int last = length - L;
    FloatVector mean0 = FloatVector.fromArray(F, hi, 0);
    FloatVector mean1 = FloatVector.fromArray(F, hi, L);
    FloatVector mean2 = FloatVector.fromArray(F, hi, 2 * L);
    FloatVector mean3 = FloatVector.fromArray(F, hi, last);
    FloatVector scale0 = FloatVector.fromArray(F, k, 0);
    FloatVector scale1 = FloatVector.fromArray(F, k, L);
    FloatVector scale2 = FloatVector.fromArray(F, k, 2 * L);
    FloatVector scale3 = FloatVector.fromArray(F, k, last);
    FloatVector slope0 = FloatVector.fromArray(F, p, 0);
    FloatVector slope1 = FloatVector.fromArray(F, p, L);
    FloatVector slope2 = FloatVector.fromArray(F, p, 2 * L);
    FloatVector slope3 = FloatVector.fromArray(F, p, last);
    FloatVector shift0 = FloatVector.fromArray(F, q, 0);
    FloatVector shift1 = FloatVector.fromArray(F, q, L);
    FloatVector shift2 = FloatVector.fromArray(F, q, 2 * L);
    FloatVector shift3 = FloatVector.fromArray(F, q, last);
    for (int row = 0, at = 0; row < rows; row++, at += length) {
      int i = xFrom + at;
      FloatVector dx0 = FloatVector.fromArray(F, x, i).sub(mean0).fma(slope0, shift0);
      FloatVector dx1 = FloatVector.fromArray(F, x, i + L).sub(mean1).fma(slope1, shift1);
      FloatVector dx2 = FloatVector.fromArray(F, x, i + 2 * L).sub(mean2).fma(slope2, shift2);
      FloatVector dx3 = FloatVector.fromArray(F, x, i + last).sub(mean3).fma(slope3, shift3);
      i = dyFrom + at;
      dx0 = FloatVector.fromArray(F, dy, i).fma(scale0, dx0);
      dx1 = FloatVector.fromArray(F, dy, i + L).fma(scale1, dx1);
      dx2 = FloatVector.fromArray(F, dy, i + 2 * L).fma(scale2, dx2);
      dx3 = FloatVector.fromArray(F, dy, i + last).fma(scale3, dx3);
      i = dxFrom + at;
      dx0.intoArray(dx, i);
      dx1.intoArray(dx, i + L);
      dx2.intoArray(dx, i + 2 * L);
      dx3.intoArray(dx, i + last);
    }
  }

  private static void rows(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      float[] dx,
      int dxAt,
      int rows,
      int length,
      int stride,
      float[] hi,
      float[] k,
      float[] p,
      float[] q) {
    int half = half(rows);
    int apart = half * stride;
    for (int row = 0, at = 0; row < half; row++, at += stride) {
      twoRows(x, xAt + at, dy, dyAt + at, dx, dxAt + at, length, apart, hi, k, p, q);
    }
    for (int row = 2 * half, at = row * stride; row < rows; row++, at += stride) {
      row(x, xAt + at, dy, dyAt + at, dx, dxAt + at, 0, length, hi, k, p, q);
    }
  }

  /**
   * As {@link #quarter}, of two stretches: four of three tensors each are more streams than memory
   * serves at full speed, 1.2 to 1.4 times slower where rows are long.
   */
  private static int half(int rows) {
    return Math.max(0, rows / 2 - (rows < MANY_ROWS ? 1 : 16) | 1);
  }

  private static void twoRows(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      float[] dx,
      int dxAt,
      int length,
      int stride,
      float[] hi,
      float[] k,
      float[] p,
      float[] q) {
    int i = 0;
    for (; i <= length - 2 * L; i += 2 * L) {
      FloatVector mean0 = FloatVector.fromArray(F, hi, i);
      FloatVector scale0 = FloatVector.fromArray(F, k, i);
      FloatVector slope0 = FloatVector.fromArray(F, p, i);
      FloatVector shift0 = FloatVector.fromArray(F, q, i);
      FloatVector mean1 = FloatVector.fromArray(F, hi, i + L);
      FloatVector scale1 = FloatVector.fromArray(F, k, i + L);
      FloatVector slope1 = FloatVector.fromArray(F, p, i + L);
      FloatVector shift1 = FloatVector.fromArray(F, q, i + L);
      int j = xAt + i;
      FloatVector a0 = FloatVector.fromArray(F, x, j).sub(mean0).fma(slope0, shift0);
      FloatVector a1 = FloatVector.fromArray(F, x, j + L).sub(mean1).fma(slope1, shift1);
      j += stride;
      FloatVector b0 = FloatVector.fromArray(F, x, j).sub(mean0).fma(slope0, shift0);
      FloatVector b1 = FloatVector.fromArray(F, x, j + L).sub(mean1).fma(slope1, shift1);
      j = dyAt + i;
      a0 = FloatVector.fromArray(F, dy, j).fma(scale0, a0);
      a1 = FloatVector.fromArray(F, dy, j + L).fma(scale1, a1);
      j += stride;
      b0 = FloatVector.fromArray(F, dy, j).fma(scale0, b0);
      b1 = FloatVector.fromArray(F, dy, j + L).fma(scale1, b1);
      j = dxAt + i;
      a0.intoArray(dx, j);
      a1.intoArray(dx, j + L);
      j += stride;
      b0.intoArray(dx, j);
      b1.intoArray(dx, j + L);
    }
    if (i < length) {
      row(x, xAt, dy, dyAt, dx, dxAt, i, length, hi, k, p, q);
      row(x, xAt + stride, dy, dyAt + stride, dx, dxAt + stride, i, length, hi, k, p, q);
    }
  }

  private static void row(
      float[] x,
      int xAt,
      float[] dy,
      int dyAt,
      float[] dx,
      int dxAt,
      int from,
      int length,
      float[] hi,
      float[] k,
      float[] p,
      float[] q) {
    // three vectors a turn make the method too long to be inlined: where it was, into a loop that
    // seldom ran, its vectors stayed objects in one JVM of fourteen
    int i = from;
    for (; i <= length - 3 * L; i += 3 * L) {
      int j = i + L;
      int l = j + L;
      FloatVector dx0 =
          FloatVector.fromArray(F, x, xAt + i)
              .sub(FloatVector.fromArray(F, hi, i))
              .fma(FloatVector.fromArray(F, p, i), FloatVector.fromArray(F, q, i));
      FloatVector dx1 =
          FloatVector.fromArray(F, x, xAt + j)
              .sub(FloatVector.fromArray(F, hi, j))
              .fma(FloatVector.fromArray(F, p, j), FloatVector.fromArray(F, q, j));
      FloatVector dx2 =
          FloatVector.fromArray(F, x, xAt + l)
              .sub(FloatVector.fromArray(F, hi, l))
              .fma(FloatVector.fromArray(F, p, l), FloatVector.fromArray(F, q, l));
      FloatVector.fromArray(F, dy, dyAt + i)
          .fma(FloatVector.fromArray(F, k, i), dx0)
          .intoArray(dx, dxAt + i);
      FloatVector.fromArray(F, dy, dyAt + j)
          .fma(FloatVector.fromArray(F, k, j), dx1)
          .intoArray(dx, dxAt + j);
      FloatVector.fromArray(F, dy, dyAt + l)
          .fma(FloatVector.fromArray(F, k, l), dx2)
          .intoArray(dx, dxAt + l);
    }
    for (; i <= length - L; i += L) {
      FloatVector inner = FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, hi, i));
      inner = inner.fma(FloatVector.fromArray(F, p, i), FloatVector.fromArray(F, q, i));
      FloatVector.fromArray(F, dy, dyAt + i)
          .fma(FloatVector.fromArray(F, k, i), inner)
          .intoArray(dx, dxAt + i);
    }
    for (; i < length; i++) {
      dx[dxAt + i] = Fma.fma(dy[dyAt + i], k[i], Fma.fma(x[xAt + i] - hi[i], p[i], q[i]));
    }
  }

  /** As {@link #repeat}, where that is {@link #NARROW}; else 0. */
  static int narrow(int length, int stride) {
    if (length != stride || length == 0 || length > NARROW) {
      return 0;
    }
    int whole = L / Math.min(L, Integer.lowestOneBit(length));
    int rows = whole * (NARROW / (whole * length));
    return rows * length > 2 * L ? rows : 0;
  }

  /** How many rows are taken at a time: only rows that follow one another can be. */
  static int repeat(int length, int stride) {
    if (length != stride || length == 0 || length >= LONG_ROW) {
      return 1;
    }
    // the fewest that are a whole number of vectors: L is a power of two
    int whole = L / Math.min(L, Integer.lowestOneBit(length));
    return whole * Math.max(1, SHORT_ROW / (whole * length));
  }

  /**
   * Each of the coefficients [from, to) {@code run} times in a row, and all of that {@code repeat}
   * times.
   */
  static float[] tile(float[] coefficients, int from, int to, int run, int repeat, float[] tile) {
    return tile(coefficients, from, to, run, repeat, 0, tile);
  }

  /** The same, from the one after the first {@code ahead} on, of which there are more. */
  private static float[] tile(
      float[] coefficients, int from, int to, int run, int repeat, int ahead, float[] tile) {
    int length = 0;
    for (int c = from; c < to; c++) {
      for (int i = 0; i < run; i++) {
        tile[length++] = coefficients[c];
      }
    }
    if (ahead > 0) {
      System.arraycopy(tile, ahead, tile, 0, length - ahead);
      System.arraycopy(coefficients, from, tile, length - ahead, ahead);
    }
    NhwcVectorKernels.repeat(tile, length, repeat);
    return tile;
  }
}
