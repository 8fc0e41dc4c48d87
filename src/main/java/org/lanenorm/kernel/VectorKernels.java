package org.lanenorm.kernel;

/** The Vector API kernels: each call goes to those of its layout. */
final class VectorKernels implements Kernels {
  static final VectorKernels INSTANCE = new VectorKernels();

  /**
   * Channels of so many elements are finished one by one, which costs nothing beside them. Vectors
   * that are used once in so long a call would be boxed for the first thousand calls, until C2 has
   * compiled them.
   */
  static final int LONG_CHANNEL = 4096;

  /** Of 128 bits, two channels at a time gain nothing, and C2 boxes vectors of half a width. */
  private static final boolean WIDE = VectorWidth.SPECIES.vectorBitSize() > 128;

  private VectorKernels() {}

  @Override
  public String name() {
    return "vector-" + VectorWidth.SPECIES.vectorBitSize();
  }

  @Override
  public boolean vectors() {
    return true;
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
    if (order.channelsLast()) {
      NhwcVectorKernels.momentSums(x, xOffset, order, firstSegment, shift, sum, square, scratch);
    } else {
      NchwVectorKernels.momentSums(
          x, xOffset, order, firstSegment, endSegment, from, to, shift, sum, square, scratch);
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
    if (order.channelsLast()) {
      ReferenceVectorKernels.rows(
          x, xOffset, order, firstSegment, origin, sum, square, reach, scratch);
    } else if (order.count() >= Segments.LANES) {
      ReferenceVectorKernels.planes(
          x,
          xOffset,
          order,
          firstSegment,
          endSegment,
          from,
          to,
          origin,
          sum,
          square,
          reach,
          scratch);
    } else {
      ReferenceSums.sums(
          x,
          xOffset,
          order,
          firstSegment,
          endSegment,
          from,
          to,
          origin,
          sum,
          square,
          reach,
          scratch);
    }
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
    if (WIDE) {
      ChannelVectorKernels.segmentMoments(
          x, xOffset, order, firstSegment, endSegment, from, to, shift, sum, square, scratch);
    } else {
      ScalarKernels.INSTANCE.segmentMoments(
          x, xOffset, order, firstSegment, endSegment, from, to, shift, sum, square, scratch);
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
    if (WIDE && count < LONG_CHANNEL) {
      ChannelVectorKernels.coefficients(
          mean, m2, count, epsilon, invStd, gamma, beta, affine, from, to);
    } else {
      ScalarKernels.INSTANCE.coefficients(
          mean, m2, count, epsilon, invStd, gamma, beta, affine, from, to);
    }
  }

  @Override
  public void coefficients(
      ChannelGradients gradients, double[] invStd, float[] gamma, double count, int from, int to) {
    if (WIDE && count < LONG_CHANNEL) {
      ChannelVectorKernels.coefficients(gradients, invStd, gamma, count, from, to);
    } else {
      ScalarKernels.INSTANCE.coefficients(gradients, invStd, gamma, count, from, to);
    }
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
    if (order.channelsLast()) {
      NhwcVectorKernels.gradientSums(
          x, xOffset, dy, dyOffset, order, firstSegment, hi, sum, product, scratch);
    } else {
      NchwVectorKernels.gradientSums(
          x,
          xOffset,
          dy,
          dyOffset,
          order,
          firstSegment,
          endSegment,
          from,
          to,
          hi,
          sum,
          product,
          scratch);
    }
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
    if (WIDE) {
      ChannelVectorKernels.segmentGradients(
          x,
          xOffset,
          dy,
          dyOffset,
          order,
          firstSegment,
          endSegment,
          from,
          to,
          hi,
          sum,
          product,
          scratch);
    } else {
      ScalarKernels.INSTANCE.segmentGradients(
          x,
          xOffset,
          dy,
          dyOffset,
          order,
          firstSegment,
          endSegment,
          from,
          to,
          hi,
          sum,
          product,
          scratch);
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
    if (order.channelsLast() || order.packed()) {
      RowVectorKernels.normalize(
          x, xOffset, y, yOffset, order, firstRow, endRow, from, to, affine, scratch);
    } else {
      NchwVectorKernels.normalize(
          x, xOffset, y, yOffset, order, firstRow, endRow, from, to, affine);
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
    if (order.channelsLast() || order.packed()) {
      RowVectorKernels.inputGradient(
          x, xOffset, dy, dyOffset, dx, dxOffset, order, firstRow, endRow, from, to, gradients,
          scratch);
    } else {
      NchwVectorKernels.inputGradient(
          x, xOffset, dy, dyOffset, dx, dxOffset, order, firstRow, endRow, from, to, gradients);
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
    FusedVectorKernels.fused(
        x, xOffset, z, zOffset, y, yOffset, order, firstRow, endRow, from, to, begin, end, affine,
        curve, scratch);
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
    MarkedVectorKernels.marked(
        x,
        xOffset,
        z,
        zOffset,
        y,
        yOffset,
        order,
        firstRow,
        endRow,
        from,
        to,
        affine,
        curve,
        bits,
        bitsOffset,
        scratch);
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
    FusedGradientVectorKernels.fusedGradient(
        x, xOffset, z, zOffset, dy, dyOffset, dz, dzOffset, order, firstRow, endRow, from, to,
        affine, curve, scratch);
  }

  @Override
  public void gradient(
      float[] v, float[] dy, int dyFrom, float[] dx, int dxFrom, int length, Curve curve) {
    FusedGradientVectorKernels.gradient(v, dy, dyFrom, dx, dxFrom, length, curve);
  }

  @Override
  public void mark(float[] y, int yFrom, int words, Curve curve, long[] bits, int at) {
    MarkedVectorKernels.mark(y, yFrom, words, curve, bits, at);
  }

  @Override
  public void gate(
      float[] dy, int dyFrom, float[] dz, int dzFrom, int words, Curve curve, long[] bits, int at) {
    MarkedVectorKernels.gate(dy, dyFrom, dz, dzFrom, words, curve, bits, at);
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
    ElementVectorKernels.normalize(x, xOffset, y, yOffset, order, affine, gamma, beta);
  }

  @Override
  public void scaleElements(
      float[] x, int xOffset, float[] y, int yOffset, Segments order, float[] gamma) {
    ElementVectorKernels.scale(x, xOffset, y, yOffset, order, gamma);
  }

  @Override
  public void widenBfloat16(short[] from, int fromAt, float[] to, int toAt, int length) {
    HalfVectorKernels.widenBfloat16(from, fromAt, to, toAt, length);
  }

  @Override
  public void widenFloat16(short[] from, int fromAt, float[] to, int toAt, int length) {
    HalfVectorKernels.widenFloat16(from, fromAt, to, toAt, length);
  }

  @Override
  public void narrowBfloat16(float[] from, int fromAt, short[] to, int toAt, int length) {
    HalfVectorKernels.narrowBfloat16(from, fromAt, to, toAt, length);
  }
}
