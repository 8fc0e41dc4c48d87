package org.lanenorm.kernel;

/**
 * The passes in which a residual and an activation follow normalizing, and back. They share the
 * plain passes' threads and scratch, and their rules: used by one thread at a time.
 */
public final class FusedPasses {
  private final Passes passes;

  // Of the training call that runs: what the passes that it is made of need beyond their own.

  private Curve curve;
  private long[] bits;
  private int bitsOffset;

  /** Residual of a forward; null for none. */
  private float[] z;

  private int zOffset;

  /** The gradient that a backward is given. */
  private float[] dOutput;

  private int dOutputOffset;

  /** Beside these. */
  public FusedPasses(Passes passes) {
    this.passes = passes;
  }

  /** y = act((x - mean)*k + beta + z) over the whole tensor; z may be null. */
  public void fused(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Segments order,
      ChannelAffine affine,
      Curve curve) {
    int threads = passes.threads(order);
    if (threads == 1) {
      fused(
          x,
          xOffset,
          z,
          zOffset,
          y,
          yOffset,
          order,
          0,
          order.rows(),
          0,
          passes.channels,
          0,
          order.run(),
          affine,
          curve,
          0);
      return;
    }
    passes.share(
        order,
        threads,
        (firstRow, endRow, from, to, member) ->
            fused(
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
                0,
                order.run(),
                affine,
                curve,
                member));
  }

  /** The same for some positions and channels of an image, by the caller alone. */
  public void fused(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Segments order,
      int image,
      int position,
      int positions,
      int from,
      int to,
      ChannelAffine affine,
      Curve curve) {
    int first = image * order.spatial() + position;
    int firstRow = passes.channels == 1 ? 0 : order.channelsLast() ? first : image;
    int rows = passes.channels > 1 && order.channelsLast() ? positions : 1;
    int begin = passes.channels == 1 ? first : order.channelsLast() ? 0 : position;
    int end = begin + (passes.channels > 1 && order.channelsLast() ? 1 : positions);
    fused(
        x,
        xOffset,
        z,
        zOffset,
        y,
        yOffset,
        order,
        firstRow,
        firstRow + rows,
        from,
        to,
        begin,
        end,
        affine,
        curve,
        0);
  }

  private void fused(
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
      int member) {
    Kernels able = affine.anyExtreme(from, to) ? ScalarKernels.INSTANCE : passes.kernels;
    able.fused(
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
        begin,
        end,
        affine,
        curve,
        passes.scratch[member]);
  }

  /** dz = act'(v)*dy for the channels [from, to) of some rows, of v as {@link #fused} has it. */
  private void gradient(
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
      int member) {
    if (curve.isIdentity()) {
      return;
    }
    Kernels able = affine.anyExtreme(from, to) ? ScalarKernels.INSTANCE : passes.kernels;
    able.fusedGradient(
        x,
        xOffset,
        z,
        zOffset,
        dy,
        dyOffset,
        dz,
        dzOffset,
        order,
        firstRow,
        endRow,
        from,
        to,
        affine,
        curve,
        passes.scratch[member]);
  }

  /**
   * The gradients of {@link #fused}: dz = act'(v)*dy, its sums, and dx = k*dz; where the curve is
   * the identity dz is dy. In NCHW a few channels at a time, as {@link Passes#trainingForward}, and
   * in NHWC a segment of all channels, so that each step finds what the one before it made in a
   * cache.
   *
   * @param x null where the curve is the identity and products are not asked for
   * @param dx null leaves it out
   * @param dz may be dy, z or dx, not x
   * @param gradients receives the sums, of dz*dz where x is null; null leaves them out
   */
  public void frozenBackward(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      float[] dz,
      int dzOffset,
      Segments order,
      double[] mean,
      ChannelAffine affine,
      ChannelAffine scale,
      Curve curve,
      ChannelGradients gradients) {
    float[] values = x == null ? dz : x;
    int valuesOffset = x == null ? dzOffset : xOffset;
    int channels = passes.channels;
    int threads = passes.threads(order);
    if (threads > 1) {
      passes.share(
          order,
          threads,
          (firstRow, endRow, from, to, member) ->
              gradient(
                  x, xOffset, z, zOffset, dy, dyOffset, dz, dzOffset, order, firstRow, endRow, from,
                  to, affine, curve, member));
      if (gradients != null) {
        passes.gradientSums(values, valuesOffset, dz, dzOffset, order, mean, gradients);
      }
      if (dx != null) {
        passes.normalize(dz, dzOffset, dx, dxOffset, order, scale);
      }
    } else if (order.channelsLast()) {
      if (gradients != null) {
        gradients.start(mean, 0, channels);
      }
      for (int segment = 0; segment < order.segments(); segment++) {
        int row = order.firstElement(segment);
        int end = order.firstElement(segment + 1);
        gradient(
            x, xOffset, z, zOffset, dy, dyOffset, dz, dzOffset, order, row, end, 0, channels,
            affine, curve, 0);
        if (gradients != null) {
          passes.addGradients(values, valuesOffset, dz, dzOffset, order, segment, gradients);
        }
        if (dx != null) {
          passes.normalize(dz, dzOffset, dx, dxOffset, order, row, end, 0, channels, scale, 0);
        }
      }
      if (gradients != null) {
        gradients.finish(0, channels);
      }
    } else {
      int group = passes.group(order, 8);
      int rows = order.rows();
      for (int from = 0; from < channels; from += group) {
        int to = Math.min(channels, from + group);
        gradient(
            x, xOffset, z, zOffset, dy, dyOffset, dz, dzOffset, order, 0, rows, from, to, affine,
            curve, 0);
        if (gradients != null) {
          passes.gradientSums(
              values, valuesOffset, dz, dzOffset, order, mean, gradients, from, to, 0);
        }
        if (dx != null) {
          passes.normalize(dz, dzOffset, dx, dxOffset, order, 0, rows, from, to, scale, 0);
        }
      }
    }
  }

  /**
   * As {@link Passes#trainingForward}, of y = act((x - mean)*k + beta + z).
   *
   * @param z null for none; y may be z
   * @param bits receives a bit per element of y, where the curve has them
   */
  public void trainingForward(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Curve curve,
      long[] bits,
      int bitsOffset,
      Segments order,
      double[] mean,
      double[] m2,
      double epsilon,
      double[] invStd,
      float[] gamma,
      float[] beta,
      ChannelAffine affine) {
    FusedPasses fused = z == null && curve.isIdentity() ? null : this;
    begin(curve, bits, bitsOffset, z, zOffset, null, 0);
    try {
      passes.trainingForward(
          x, xOffset, y, yOffset, order, mean, m2, epsilon, invStd, gamma, beta, affine, fused);
    } finally {
      end();
    }
  }

  /** y = act((x - mean)*k + beta + z) and its bits, from coefficients that have been computed. */
  public void activate(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Curve curve,
      long[] bits,
      int bitsOffset,
      Segments order,
      ChannelAffine affine) {
    begin(curve, bits, bitsOffset, z, zOffset, null, 0);
    try {
      activate(x, xOffset, y, yOffset, order, affine, passes.threads(order));
    } finally {
      end();
    }
  }

  /**
   * As {@link Passes#backward}, of {@link #trainingForward}.
   *
   * @param dz receives act'(v)*dOutput, the gradient by z, and dx is made of it; may be dOutput
   */
  public void backward(
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      float[] dz,
      int dzOffset,
      float[] dx,
      int dxOffset,
      Curve curve,
      long[] bits,
      int bitsOffset,
      Segments order,
      double[] mean,
      double[] invStd,
      float[] gamma,
      ChannelGradients gradients) {
    FusedPasses fused = curve.hasBits() ? this : null;
    begin(curve, bits, bitsOffset, null, 0, dOutput, dOutputOffset);
    try {
      passes.backward(
          x, xOffset, dz, dzOffset, dx, dxOffset, order, mean, invStd, gamma, gradients, fused);
    } finally {
      end();
    }
  }

  private void begin(
      Curve curve,
      long[] bits,
      int bitsOffset,
      float[] z,
      int zOffset,
      float[] dOutput,
      int dOutputOffset) {
    this.curve = curve;
    this.bits = bits;
    this.bitsOffset = bitsOffset;
    this.z = z;
    this.zOffset = zOffset;
    this.dOutput = dOutput;
    this.dOutputOffset = dOutputOffset;
  }

  /** Nothing of the caller's is held between its calls. */
  private void end() {
    begin(null, null, 0, null, 0, null, 0);
  }

  /** {@link #activate} over the whole tensor, by so many threads. */
  void activate(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      Segments order,
      ChannelAffine affine,
      int threads) {
    if (z == null && curve.isIdentity()) {
      passes.normalize(x, xOffset, y, yOffset, order, affine, threads);
      return;
    }
    if (threads == 1) {
      activate(x, xOffset, y, yOffset, order, 0, order.rows(), 0, passes.channels, affine, 0);
      return;
    }
    passes.share(
        order,
        threads,
        (firstRow, endRow, from, to, member) ->
            activate(x, xOffset, y, yOffset, order, firstRow, endRow, from, to, affine, member));
  }

  /** The channels [from, to) of some rows by one thread. */
  void activate(
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
      int member) {
    if (!curve.hasBits()) {
      fused(
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
          0,
          order.run(),
          affine,
          curve,
          member);
      return;
    }
    Kernels able = affine.anyExtreme(from, to) ? ScalarKernels.INSTANCE : passes.kernels;
    int together = from == 0 && to == passes.channels ? endRow - firstRow : 1;
    for (int row = firstRow; row < endRow; row += together) {
      able.marked(
          x,
          xOffset,
          z,
          zOffset,
          y,
          yOffset,
          order,
          row,
          row + together,
          from,
          to,
          affine,
          curve,
          bits,
          bitsOffset,
          passes.scratch[member]);
    }
  }

  /** dz = act'(v)*dOutput over the whole tensor, by so many threads. */
  void gate(float[] dz, int dzOffset, Segments order, int threads) {
    if (threads == 1) {
      gate(dz, dzOffset, order, 0, order.rows(), 0, passes.channels);
      return;
    }
    passes.share(
        order,
        threads,
        (firstRow, endRow, from, to, member) ->
            gate(dz, dzOffset, order, firstRow, endRow, from, to));
  }

  /** The channels [from, to) of some rows. */
  void gate(float[] dz, int dzOffset, Segments order, int firstRow, int endRow, int from, int to) {
    boolean wholeRows = from == 0 && to == passes.channels;
    int rowLength = order.rowLength();
    for (int row = firstRow; row < endRow; row = wholeRows ? endRow : row + 1) {
      int first = row * rowLength + from * order.run();
      int end = wholeRows ? endRow * rowLength : row * rowLength + to * order.run();
      Bits.gate(
          passes.kernels,
          dOutput,
          dOutputOffset,
          dz,
          dzOffset,
          first,
          end,
          curve,
          bits,
          bitsOffset);
    }
  }
}
