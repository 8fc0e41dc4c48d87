package org.lanenorm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementwise passes over one image whose channels are normalized each by itself while gamma and
 * beta belong to the position: the lines of layer norm. Where a line's elements follow one another
 * its coefficients are broadcast and gamma and beta are vectors; where those of the lines alternate
 * it is the other way round.
 */
final class ElementVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final int L = F.length();

  private ElementVectorKernels() {}

  static void normalize(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      Segments order,
      ChannelAffine affine,
      float[] gamma,
      float[] beta) {
    int lines = order.channels();
    int positions = order.count();
    if (order.channelsLast()) {
      for (int s = 0, at = 0; s < positions; s++, at += lines) {
        across(x, xOffset + at, y, yOffset + at, lines, affine, gamma[s], beta[s]);
      }
    } else {
      for (int c = 0, at = 0; c < lines; c++, at += positions) {
        along(x, xOffset + at, y, yOffset + at, positions, affine, c, gamma, beta);
      }
    }
  }

  /** One line. */
  private static void along(
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int length,
      ChannelAffine affine,
      int c,
      float[] gamma,
      float[] beta) {
    float hi = affine.hi[c];
    float k = affine.k[c];
    float b = affine.b[c];
    FloatVector mean = FloatVector.broadcast(F, hi);
    FloatVector scale = FloatVector.broadcast(F, k);
    FloatVector shift = FloatVector.broadcast(F, b);
    int i = 0;
    for (; i <= length - 4 * L; i += 4 * L) {
      int j = i + L;
      int l = j + L;
      int m = l + L;
      FloatVector y0 = FloatVector.fromArray(F, x, xAt + i).sub(mean).fma(scale, shift);
      FloatVector y1 = FloatVector.fromArray(F, x, xAt + j).sub(mean).fma(scale, shift);
      FloatVector y2 = FloatVector.fromArray(F, x, xAt + l).sub(mean).fma(scale, shift);
      FloatVector y3 = FloatVector.fromArray(F, x, xAt + m).sub(mean).fma(scale, shift);
      y0.fma(FloatVector.fromArray(F, gamma, i), FloatVector.fromArray(F, beta, i))
          .intoArray(y, yAt + i);
      y1.fma(FloatVector.fromArray(F, gamma, j), FloatVector.fromArray(F, beta, j))
          .intoArray(y, yAt + j);
      y2.fma(FloatVector.fromArray(F, gamma, l), FloatVector.fromArray(F, beta, l))
          .intoArray(y, yAt + l);
      y3.fma(FloatVector.fromArray(F, gamma, m), FloatVector.fromArray(F, beta, m))
          .intoArray(y, yAt + m);
    }
    for (; i <= length - L; i += L) {
      FloatVector xHat = FloatVector.fromArray(F, x, xAt + i).sub(mean).fma(scale, shift);
      FloatVector g = FloatVector.fromArray(F, gamma, i);
      xHat.fma(g, FloatVector.fromArray(F, beta, i)).intoArray(y, yAt + i);
    }
    for (; i < length; i++) {
      float xHat = Fma.fma(x[xAt + i] - hi, k, b);
      y[yAt + i] = Fma.fma(xHat, gamma[i], beta[i]);
    }
  }

  /** One position of all lines. */
  private static void across(
      float[] x,
      int xAt,
      float[] y,
      int yAt,
      int length,
      ChannelAffine affine,
      float gamma,
      float beta) {
    float[] hi = affine.hi;
    float[] k = affine.k;
    float[] b = affine.b;
    FloatVector scale = FloatVector.broadcast(F, gamma);
    FloatVector shift = FloatVector.broadcast(F, beta);
    int i = 0;
    for (; i <= length - 3 * L; i += 3 * L) {
      int j = i + L;
      int l = j + L;
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
      y0.fma(scale, shift).intoArray(y, yAt + i);
      y1.fma(scale, shift).intoArray(y, yAt + j);
      y2.fma(scale, shift).intoArray(y, yAt + l);
    }
    for (; i <= length - L; i += L) {
      FloatVector d = FloatVector.fromArray(F, x, xAt + i).sub(FloatVector.fromArray(F, hi, i));
      d = d.fma(FloatVector.fromArray(F, k, i), FloatVector.fromArray(F, b, i));
      d.fma(scale, shift).intoArray(y, yAt + i);
    }
    for (; i < length; i++) {
      float xHat = Fma.fma(x[xAt + i] - hi[i], k[i], b[i]);
      y[yAt + i] = Fma.fma(xHat, gamma, beta);
    }
  }

  static void scale(float[] x, int xOffset, float[] y, int yOffset, Segments order, float[] gamma) {
    int lines = order.channels();
    int positions = order.count();
    if (order.channelsLast()) {
      for (int s = 0, at = 0; s < positions; s++, at += lines) {
        scaleAcross(x, xOffset + at, y, yOffset + at, lines, gamma[s]);
      }
    } else {
      for (int c = 0, at = 0; c < lines; c++, at += positions) {
        scaleAlong(x, xOffset + at, y, yOffset + at, positions, gamma);
      }
    }
  }

  private static void scaleAlong(
      float[] x, int xAt, float[] y, int yAt, int length, float[] gamma) {
    int i = 0;
    for (; i <= length - 6 * L; i += 6 * L) {
      int j = i + L;
      int l = j + L;
      int m = l + L;
      int o = m + L;
      int p = o + L;
      FloatVector y0 = FloatVector.fromArray(F, x, xAt + i).mul(FloatVector.fromArray(F, gamma, i));
      FloatVector y1 = FloatVector.fromArray(F, x, xAt + j).mul(FloatVector.fromArray(F, gamma, j));
      FloatVector y2 = FloatVector.fromArray(F, x, xAt + l).mul(FloatVector.fromArray(F, gamma, l));
      FloatVector y3 = FloatVector.fromArray(F, x, xAt + m).mul(FloatVector.fromArray(F, gamma, m));
      FloatVector y4 = FloatVector.fromArray(F, x, xAt + o).mul(FloatVector.fromArray(F, gamma, o));
      FloatVector y5 = FloatVector.fromArray(F, x, xAt + p).mul(FloatVector.fromArray(F, gamma, p));
      y0.intoArray(y, yAt + i);
      y1.intoArray(y, yAt + j);
      y2.intoArray(y, yAt + l);
      y3.intoArray(y, yAt + m);
      y4.intoArray(y, yAt + o);
      y5.intoArray(y, yAt + p);
    }
    for (; i <= length - L; i += L) {
      FloatVector.fromArray(F, x, xAt + i)
          .mul(FloatVector.fromArray(F, gamma, i))
          .intoArray(y, yAt + i);
    }
    for (; i < length; i++) {
      y[yAt + i] = x[xAt + i] * gamma[i];
    }
  }

  private static void scaleAcross(float[] x, int xAt, float[] y, int yAt, int length, float gamma) {
    FloatVector factor = FloatVector.broadcast(F, gamma);
    int i = 0;
    for (; i <= length - 8 * L; i += 8 * L) {
      int j = i + L;
      int l = j + L;
      int m = l + L;
      int o = m + L;
      int p = o + L;
      int q = p + L;
      int r = q + L;
      FloatVector y0 = FloatVector.fromArray(F, x, xAt + i).mul(factor);
      FloatVector y1 = FloatVector.fromArray(F, x, xAt + j).mul(factor);
      FloatVector y2 = FloatVector.fromArray(F, x, xAt + l).mul(factor);
      FloatVector y3 = FloatVector.fromArray(F, x, xAt + m).mul(factor);
      FloatVector y4 = FloatVector.fromArray(F, x, xAt + o).mul(factor);
      FloatVector y5 = FloatVector.fromArray(F, x, xAt + p).mul(factor);
      FloatVector y6 = FloatVector.fromArray(F, x, xAt + q).mul(factor);
      FloatVector y7 = FloatVector.fromArray(F, x, xAt + r).mul(factor);
      y0.intoArray(y, yAt + i);
      y1.intoArray(y, yAt + j);
      y2.intoArray(y, yAt + l);
      y3.intoArray(y, yAt + m);
      y4.intoArray(y, yAt + o);
      y5.intoArray(y, yAt + p);
      y6.intoArray(y, yAt + q);
      y7.intoArray(y, yAt + r);
    }
    for (; i <= length - L; i += L) {
      FloatVector.fromArray(F, x, xAt + i).mul(factor).intoArray(y, yAt + i);
    }
    for (; i < length; i++) {
      y[yAt + i] = x[xAt + i] * gamma;
    }
  }
}
