package org.lanenorm.kernel;

import java.util.Arrays;

/**
 * The kernels in plain Java: what runs without the incubator module, and the plainest statement of
 * what the others must equal. Also the only ones that know extreme channels.
 */
final class ScalarKernels implements Kernels {
  static final ScalarKernels INSTANCE = new ScalarKernels();

  private static final int LANES = Segments.LANES;
  private static final int SLOTS = Segments.SLOTS;

  private ScalarKernels() {}

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public void momentSums(
      float[] x,
      int xOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] shift,
      double[] sum,
      double[] square,
      Scratch scratch) {
    float[] d = scratch.terms;
    float[] lanes = scratch.lanes(1);
    int i = 0;
    for (int segment = firstSegment; segment < endSegment; segment++) {
      for (int c = from; c < to; c++, i++) {
        float[] source = order.source(x, xOffset, segment, c, scratch);
        int base = order.base(xOffset, segment, c);
        float k = shift(source, base, order, segment, lanes);
        Arrays.fill(lanes, 0, 2 * LANES, 0);
        for (int block = order.firstBlock(segment); block < order.endBlock(segment); block++) {
          load(source, base, order, block, k, d);
          addBlock(d, d, lanes, scratch.factors);
        }
        shift[i] = k;
        sum[i] = fold(lanes, 0);
        square[i] = fold(lanes, LANES);
      }
    }
  }

  @Override
  public void referenceSums(
      float[] x,
      int xOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] origin,
      double[] sum,
      double[] square,
      double[] reach,
      Scratch scratch) {
    ReferenceSums.sums(
        x, xOffset, order, firstSegment, endSegment, from, to, origin, sum, square, reach, scratch);
  }

  @Override
  public void segmentMoments(
      float[] x,
      int xOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] shift,
      double[] sum,
      double[] square,
      Scratch scratch) {
    for (int segment = firstSegment; segment < endSegment; segment++) {
      int at = (segment - firstSegment) * (to - from);
      ChannelReduction.segmentMoments(
          x, xOffset, order, segment, from, to, shift, sum, square, at, scratch);
    }
  }

  @Override
  public void coefficients(
      double[] mean,
      double[] m2,
      double count,
      double epsilon,
      double[] invStd,
      float[] gamma,
      float[] beta,
      ChannelAffine affine,
      int from,
      int to) {
    ChannelReduction.invStd(m2, count, epsilon, invStd, from, to);
    affine.compute(mean, invStd, gamma, beta, from, to);
  }

  @Override
  public void coefficients(
      ChannelGradients gradients, double[] invStd, float[] gamma, double count, int from, int to) {
    gradients.compute(invStd, gamma, count, from, to);
  }

  @Override
  public void gradientSums(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] hi,
      double[] sum,
      double[] product,
      Scratch scratch) {
    float[] g = scratch.terms;
    float[] d = scratch.factors;
    float[] lanes = scratch.lanes(1);
    int i = 0;
    for (int segment = firstSegment; segment < endSegment; segment++) {
      for (int c = from; c < to; c++, i++) {
        float[] xs = order.source(x, xOffset, segment, c, scratch);
        float[] dys = order.gradientSource(dy, dyOffset, segment, c, scratch);
        Arrays.fill(lanes, 0, 2 * LANES, 0);
        for (int block = order.firstBlock(segment); block < order.endBlock(segment); block++) {
          load(dys, order.base(dyOffset, segment, c), order, block, 0, g);
          load(xs, order.base(xOffset, segment, c), order, block, hi[c], d);
          addBlock(g, d, lanes, d);
        }
        sum[i] = fold(lanes, 0);
        product[i] = fold(lanes, LANES);
      }
    }
  }

  /**
   * K: the mean of four of the segment's superrows, or its first element where it has no full one.
   */
  private static float shift(float[] x, int base, Segments order, int segment, float[] lanes) {
    int at = base + order.segmentOffset(segment);
    if (!order.sampled(segment)) {
      return x[at];
    }
    int a = at + order.sampleOffset(segment, 0);
    int b = at + order.sampleOffset(segment, 1);
    int c = at + order.sampleOffset(segment, 2);
    int d = at + order.sampleOffset(segment, 3);
    int step = order.step();
    for (int lane = 0; lane < LANES; lane++) {
      int i = lane * step;
      lanes[lane] = (x[a + i] + x[b + i]) + (x[c + i] + x[d + i]);
    }
    return (float) (fold(lanes, 0) / (4 * LANES));
  }

  /** Sets {@code terms} to x - k slot by slot, 0 where there is no element. */
  private static void load(float[] x, int base, Segments order, int block, float k, float[] terms) {
    Arrays.fill(terms, 0);
    int length = order.length(block);
    int step = order.step();
    int image = base + order.blockOffset(block);
    for (int group = 0; group < order.groups(block); group++, image += order.imageStride()) {
      int slot = group << order.slotShift();
      for (int j = 0; j < length; j++) {
        terms[slot * LANES + j] = x[image + j * step] - k;
      }
    }
  }

  /**
   * Adds a block's trees to the lanes: of the terms a to the first 16, of the products a*b to the
   * second. Destroys a; {@code products} may be b.
   */
  private static void addBlock(float[] a, float[] b, float[] lanes, float[] products) {
    for (int pair = 0; pair < SLOTS / 2; pair++) {
      for (int lane = 0; lane < LANES; lane++) {
        int i = 2 * pair * LANES + lane;
        int j = i + LANES;
        float product = Fma.fma(a[j], b[j], a[i] * b[i]);
        float sum = a[i] + a[j];
        products[pair * LANES + lane] = product;
        a[pair * LANES + lane] = sum;
      }
    }
    for (int left = SLOTS / 4; left >= 1; left /= 2) {
      for (int pair = 0; pair < left; pair++) {
        for (int lane = 0; lane < LANES; lane++) {
          int i = 2 * pair * LANES + lane;
          a[pair * LANES + lane] = a[i] + a[i + LANES];
          products[pair * LANES + lane] = products[i] + products[i + LANES];
        }
      }
    }
    for (int lane = 0; lane < LANES; lane++) {
      lanes[lane] += a[lane];
      lanes[LANES + lane] += products[lane];
    }
  }

  /**
   * The sum of 16 lanes from {@code at} on, by halving, in double: as many roundings again as in
   * float would be too many.
   */
  static double fold(float[] lanes, int at) {
    double a = pair(lanes, at) + pair(lanes, at + 4);
    double b = pair(lanes, at + 1) + pair(lanes, at + 5);
    double c = pair(lanes, at + 2) + pair(lanes, at + 6);
    double d = pair(lanes, at + 3) + pair(lanes, at + 7);
    return (a + c) + (b + d);
  }

  private static double pair(float[] lanes, int lane) {
    return (double) lanes[lane] + lanes[lane + LANES / 2];
  }

  @Override
  public void segmentGradients(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] hi,
      double[] sum,
      double[] product,
      Scratch scratch) {
    for (int segment = firstSegment; segment < endSegment; segment++) {
      int at = (segment - firstSegment) * (to - from);
      ChannelReduction.segmentGradients(
          x, xOffset, dy, dyOffset, order, segment, from, to, hi, sum, product, at, scratch);
    }
  }

  @Override
  public void normalize(
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
    int run = order.run();
    for (int row = firstRow; row < endRow; row++) {
      for (int c = from; c < to; c++) {
        int at = row * order.rowLength() + c * run;
        for (int i = at; i < at + run; i++) {
          y[yOffset + i] = affine.of(c, x[xOffset + i]);
        }
      }
    }
  }

  @Override
  public void inputGradient(
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
    int run = order.run();
    for (int row = firstRow; row < endRow; row++) {
      for (int c = from; c < to; c++) {
        int at = row * order.rowLength() + c * run;
        for (int i = at; i < at + run; i++) {
          float value = x[xOffset + i];
          float gradient = dy[dyOffset + i];
          dx[dxOffset + i] =
              gradients.extreme(c)
                  ? (float)
                      (gradients.scale[c] * gradient
                          + gradients.slope[c] * (value - gradients.mean[c])
                          + gradients.shift[c])
                  : Fma.fma(
                      gradient,
                      gradients.k[c],
                      Fma.fma(value - gradients.hi[c], gradients.p[c], gradients.q[c]));
        }
      }
    }
  }

  @Override
  public void fused(
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
      int begin,
      int end,
      ChannelAffine affine,
      Curve curve,
      Scratch scratch) {
    int run = order.run();
    for (int row = firstRow; row < endRow; row++) {
      for (int c = from; c < to; c++) {
        int at = row * order.rowLength() + c * run;
        for (int i = at + begin; i < at + end; i++) {
          float v = affine.of(c, x[xOffset + i]);
          y[yOffset + i] = curve.of(z == null ? v : v + z[zOffset + i]);
        }
      }
    }
  }

  @Override
  public void marked(
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
    fused(
        x, xOffset, z, zOffset, y, yOffset, order, firstRow, endRow, from, to, 0, run, affine,
        curve, scratch);
    int first = firstRow * stride + from * run;
    int end = (endRow - 1) * stride + to * run;
    Bits.mark(this, y, yOffset, first, end, order.rows() * stride, curve, bits, bitsOffset);
  }

  @Override
  public void fusedGradient(
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
    for (int row = firstRow; row < endRow; row++) {
      for (int c = from; c < to; c++) {
        int at = row * order.rowLength() + c * run;
        for (int i = at; i < at + run; i++) {
          float v = affine.of(c, x[xOffset + i]);
          v = z == null ? v : v + z[zOffset + i];
          dz[dzOffset + i] = curve.gradient(v, dy[dyOffset + i]);
        }
      }
    }
  }

  @Override
  public void gradient(
      float[] v, float[] dy, int dyFrom, float[] dx, int dxFrom, int length, Curve curve) {
    for (int i = 0; i < length; i++) {
      dx[dxFrom + i] = curve.gradient(v[i], dy[dyFrom + i]);
    }
  }

  @Override
  public void mark(float[] y, int yFrom, int words, Curve curve, long[] bits, int at) {
    for (int word = 0; word < words; word++) {
      bits[at + word] = Bits.of(y, yFrom + word * Long.SIZE, Long.SIZE, curve);
    }
  }

  @Override
  public void gate(
      float[] dy, int dyFrom, float[] dz, int dzFrom, int words, Curve curve, long[] bits, int at) {
    for (int word = 0; word < words; word++) {
      int i = word * Long.SIZE;
      Bits.gate(dy, dyFrom + i, dz, dzFrom + i, Long.SIZE, curve, bits[at + word]);
    }
  }

  @Override
  public void normalizeElements(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      Segments order,
      ChannelAffine affine,
      float[] gamma,
      float[] beta) {
    int step = order.step();
    for (int c = 0; c < order.channels(); c++) {
      int at = c * order.channelStride();
      for (int s = 0; s < order.count(); s++, at += step) {
        float value = x[xOffset + at];
        if (affine.extreme(c)) {
          double xHat = (value - affine.mean[c]) * affine.scale[c];
          y[yOffset + at] = (float) (xHat * gamma[s] + beta[s]);
        } else {
          float xHat = Fma.fma(value - affine.hi[c], affine.k[c], affine.b[c]);
          y[yOffset + at] = Fma.fma(xHat, gamma[s], beta[s]);
        }
      }
    }
  }

  @Override
  public void scaleElements(
      float[] x, int xOffset, float[] y, int yOffset, Segments order, float[] gamma) {
    boolean last = order.channelsLast();
    int rows = last ? order.count() : order.channels();
    int length = last ? order.channels() : order.count();
    for (int row = 0, at = 0; row < rows; row++) {
      for (int i = 0; i < length; i++, at++) {
        y[yOffset + at] = x[xOffset + at] * gamma[last ? row : i];
      }
    }
  }

  @Override
  public void widenBfloat16(short[] from, int fromAt, float[] to, int toAt, int length) {
    HalfFloats.widenBfloat16(from, fromAt, to, toAt, length);
  }

  @Override
  public void widenFloat16(short[] from, int fromAt, float[] to, int toAt, int length) {
    HalfFloats.widenFloat16(from, fromAt, to, toAt, length);
  }

  @Override
  public void narrowBfloat16(float[] from, int fromAt, short[] to, int toAt, int length) {
    HalfFloats.narrowBfloat16(from, fromAt, to, toAt, length);
  }
}
