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
   * Rows shorter than this are taken together: a loop over fewer vectors costs more to enter than
   * to run, and the scalar end of a longer row costs less than coefficients that outgrow the
   * first-level cache.
   */
  private static final int LONG_ROW = 512;

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
    int repeat = repeat(length, stride);
    float[] hi = affine.hi;
    float[] k = affine.k;
    float[] b = affine.b;
    if (run > 1 || repeat > 1 || from > 0) {
      scratch.growTiles(length * repeat);
      hi = tile(affine.hi, from, to, run, repeat, scratch.tileA);
      k = tile(affine.k, from, to, run, repeat, scratch.tileB);
      b = tile(affine.b, from, to, run, repeat, scratch.tileC);
    }
    int rows = endRow - firstRow;
    int at = firstRow * stride + from * run;
    int together = rows / repeat;
    rows(x, xOffset + at, y, yOffset + at, together, length * repeat, stride * repeat, hi, k, b);
    int done = together * repeat;
    at += done * stride;
    rows(
        x,
        xOffset + at,
        y,
        yOffset + at,
        Math.min(1, rows - done),
        (rows - done) * length,
        0,
        hi,
        k,
        b);
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
    int whole = F.loopBound(length);
    for (int row = 0; row < rows; row++, xAt += stride, yAt += stride) {
      for (int i = 0; i < whole; i += L) {
        load(x, xAt + i).sub(load(hi, i)).fma(load(k, i), load(b, i)).intoArray(y, yAt + i);
      }
      for (int i = whole; i < length; i++) {
        y[yAt + i] = Fma.fma(x[xAt + i] - hi[i], k[i], b[i]);
      }
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
    int repeat = repeat(length, stride);
    float[] hi = gradients.hi;
    float[] k = gradients.k;
    float[] p = gradients.p;
    float[] q = gradients.q;
    if (run > 1 || repeat > 1 || from > 0) {
      scratch.growTiles(length * repeat);
      hi = tile(gradients.hi, from, to, run, repeat, scratch.tileA);
      k = tile(gradients.k, from, to, run, repeat, scratch.tileB);
      p = tile(gradients.p, from, to, run, repeat, scratch.tileC);
      q = tile(gradients.q, from, to, run, repeat, scratch.tileD);
    }
    int rows = endRow - firstRow;
    int at = firstRow * stride + from * run;
    int together = rows / repeat;
    rows(
        x,
        xOffset + at,
        dy,
        dyOffset + at,
        dx,
        dxOffset + at,
        together,
        length * repeat,
        stride * repeat,
        hi,
        k,
        p,
        q);
    int done = together * repeat;
    at += done * stride;
    rows(
        x,
        xOffset + at,
        dy,
        dyOffset + at,
        dx,
        dxOffset + at,
        Math.min(1, rows - done),
        (rows - done) * length,
        0,
        hi,
        k,
        p,
        q);
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
    int whole = F.loopBound(length);
    for (int row = 0; row < rows; row++, xAt += stride, dyAt += stride, dxAt += stride) {
      for (int i = 0; i < whole; i += L) {
        FloatVector inner = load(x, xAt + i).sub(load(hi, i)).fma(load(p, i), load(q, i));
        load(dy, dyAt + i).fma(load(k, i), inner).intoArray(dx, dxAt + i);
      }
      for (int i = whole; i < length; i++) {
        dx[dxAt + i] = Fma.fma(dy[dyAt + i], k[i], Fma.fma(x[xAt + i] - hi[i], p[i], q[i]));
      }
    }
  }

  /** How many rows are taken at a time: only rows that follow one another can be. */
  private static int repeat(int length, int stride) {
    if (length != stride || length == 0 || length >= LONG_ROW) {
      return 1;
    }
    return Segments.LANES * Math.max(1, LONG_ROW / (Segments.LANES * length));
  }

  /**
   * Each of the coefficients [from, to) {@code run} times in a row, and all of that {@code repeat}
   * times.
   */
  private static float[] tile(
      float[] coefficients, int from, int to, int run, int repeat, float[] tile) {
    int length = 0;
    for (int c = from; c < to; c++) {
      for (int i = 0; i < run; i++) {
        tile[length++] = coefficients[c];
      }
    }
    NhwcVectorKernels.repeat(tile, length, repeat);
    return tile;
  }

  private static FloatVector load(float[] x, int i) {
    return FloatVector.fromArray(F, x, i);
  }
}
