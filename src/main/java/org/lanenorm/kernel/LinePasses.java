package org.lanenorm.kernel;

import java.util.Arrays;

/**
 * Layer and RMS normalization: the D elements (n, 0, s) to (n, D - 1, s) of a tensor are a line,
 * normalized by its own statistics, with gamma and beta along it. The lines of an image are the
 * channels of another one with D positions, whose moments, gradient sums and elementwise passes are
 * those of {@link Passes}: where a line's elements follow one another (rows, NHWC) some images'
 * lines lie one after the other, else (NCHW) those of one image alternate. Either way the sums of a
 * line follow the order of D positions, and have the same bits. Owns what it needs between calls;
 * used by one thread at a time.
 */
public final class LinePasses {
  private final Kernels kernels;
  private final Team team;
  private final int size;
  private final boolean centered;
  private final double inside;
  private final double outside;
  private final Images images;

  /** 1 and -0.0, which change nothing, where a layer has one of gamma and beta. */
  private final float[] ones;

  private final float[] zeros;

  /** The mean of what has been normalized already. */
  private final double[] noMean;

  /** Per member of the team; the last one for calls that are not shared by images. */
  private final Own[] own;

  private boolean last;
  private int spatial;

  /** An order of so many channels and their passes. */
  private record Lines(int count, boolean alternate, Segments order, Passes passes) {}

  /** Work arrays of one thread. */
  private final class Own {
    final Team threads;
    final Passes parameters;
    final ChannelGradients ofParameters = new ChannelGradients(size);
    double[] mean = new double[0];
    double[] m2;
    double[] invStd;
    double[] invRoot;
    ChannelAffine affine;
    ChannelGradients gradients;

    /** gamma*dOutput, then xHat, of a part. */
    float[] scaled = new float[0];

    float[] xHat = new float[0];

    /** The latest two, as the last part may have fewer lines. */
    private Lines latest;

    private Lines other;
    private Segments latestOrder;
    private Segments otherOrder;

    Own(Team threads) {
      this.threads = threads;
      parameters = new Passes(kernels, threads, size);
    }

    /** Work arrays for so many lines of D positions. */
    Lines lines(int count, boolean alternate) {
      if (latest == null || latest.count != count || latest.alternate != alternate) {
        Lines before = latest;
        latest = other;
        other = before;
        if (latest == null || latest.count != count || latest.alternate != alternate) {
          Segments order = new Segments(alternate, 1, count, size);
          latest = new Lines(count, alternate, order, new Passes(kernels, threads, count));
        }
        grow(count);
      }
      return latest;
    }

    private void grow(int count) {
      if (mean.length < count) {
        mean = new double[count];
        m2 = new double[count];
        invStd = new double[count];
        affine = new ChannelAffine(count);
        gradients = new ChannelGradients(count);
        if (outside != 0) {
          invRoot = new double[count];
          gradients.setInvRoot(invRoot);
        }
        if (!centered) {
          gradients.setUncentered();
        }
      }
    }

    /** The order of so many images' channels, which gamma and beta belong to. */
    Segments order(int batch) {
      if (latestOrder == null || !fits(latestOrder, batch)) {
        Segments before = latestOrder;
        latestOrder = otherOrder;
        otherOrder = before;
        if (latestOrder == null || !fits(latestOrder, batch)) {
          latestOrder = new Segments(last, batch, size, spatial);
        }
      }
      return latestOrder;
    }

    private boolean fits(Segments order, int batch) {
      return order.count() == batch * spatial && order.imageStride() == size * spatial;
    }

    void forgetOrders() {
      latestOrder = null;
      otherOrder = null;
    }
  }

  /**
   * For a layer of D elements.
   *
   * @param centered whether the mean is subtracted; else xHat = x/sqrt(mean(x^2) + epsilon)
   * @param inside added to the variance, inside the root
   * @param outside added to the root
   */
  public LinePasses(
      Kernels kernels, Team team, int size, boolean centered, double inside, double outside) {
    this.kernels = kernels;
    this.team = team;
    this.size = size;
    this.centered = centered;
    this.inside = inside;
    this.outside = outside;
    images = new Images(team);
    ones = new float[size];
    Arrays.fill(ones, 1);
    zeros = new float[size];
    Arrays.fill(zeros, -0.0f);
    noMean = new double[size];
    own = new Own[team.limit() + 1];
  }

  private Own own(int member) {
    if (own[member] == null) {
      own[member] = new Own(member == team.limit() ? team : Team.SEQUENTIAL);
    }
    return own[member];
  }

  private void prepare(boolean channelsLast, int positions) {
    if (last != channelsLast || spatial != positions) {
      for (Own w : own) {
        if (w != null) {
          w.forgetOrders();
        }
      }
      last = channelsLast;
      spatial = positions;
    }
  }

  /** Whether the lines of an image alternate: NCHW with more than one of them. */
  private boolean alternate() {
    return !last && spatial > 1;
  }

  /** Images whose lines are taken at a time. */
  private int together(int images) {
    return alternate() ? 1 : images;
  }

  /**
   * Normalizes a batch of at least one element. The statistics of line (n, s) go to index n*S + s;
   * where it is not centered they are those around 0: mean 0 and M2 = sum(x^2).
   *
   * @param gamma null for 1
   * @param beta null for 0
   */
  public void forward(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      boolean channelsLast,
      int batch,
      int positions,
      float[] gamma,
      float[] beta,
      double[] mean,
      double[] m2,
      double[] invStd) {
    prepare(channelsLast, positions);
    int imageSize = size * positions;
    int parts = Images.parts(batch, imageSize);
    if (!images.shared(batch, imageSize)) {
      int perPart = Images.perPart(imageSize);
      for (int part = 0, first = 0; part < parts; part++, first += perPart) {
        int end = Math.min(batch, first + perPart);
        int member = team.limit();
        forward(x, xOffset, y, yOffset, first, end, gamma, beta, mean, m2, invStd, member);
      }
      return;
    }
    images.share(
        batch,
        imageSize,
        0,
        parts,
        (first, end, index, member) ->
            forward(x, xOffset, y, yOffset, first, end, gamma, beta, mean, m2, invStd, member));
  }

  private void forward(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      int first,
      int end,
      float[] gamma,
      float[] beta,
      double[] mean,
      double[] m2,
      double[] invStd,
      int member) {
    Own w = own(member);
    int together = together(end - first);
    for (int n = first; n < end; n += together) {
      int at = n * size * spatial;
      Lines lines = w.lines(together * spatial, alternate());
      moments(x, xOffset + at, lines, w);
      System.arraycopy(w.mean, 0, mean, n * spatial, lines.count);
      System.arraycopy(w.m2, 0, m2, n * spatial, lines.count);
      System.arraycopy(w.invStd, 0, invStd, n * spatial, lines.count);
      normalize(x, xOffset + at, y, yOffset + at, lines, gamma, beta, w);
    }
  }

  private void moments(float[] x, int xAt, Lines lines, Own w) {
    lines.passes.moments(x, xAt, lines.order, w.mean, w.m2);
    for (int i = 0; i < lines.count; i++) {
      if (!centered) {
        w.m2[i] += size * w.mean[i] * w.mean[i];
        w.mean[i] = 0;
      }
      w.invStd[i] = 1 / (root(w.m2[i]) + outside);
    }
  }

  private double root(double m2) {
    return Math.sqrt(m2 / size + inside);
  }

  private void normalize(
      float[] x, int xAt, float[] y, int yAt, Lines lines, float[] gamma, float[] beta, Own w) {
    w.affine.compute(w.mean, w.invStd, null, null, 0, lines.count);
    if (gamma == null && beta == null) {
      lines.passes.normalize(x, xAt, y, yAt, lines.order, w.affine);
      return;
    }
    Kernels able = w.affine.anyExtreme(0, lines.count) ? ScalarKernels.INSTANCE : kernels;
    able.normalizeElements(
        x,
        xAt,
        y,
        yAt,
        lines.order,
        w.affine,
        gamma == null ? ones : gamma,
        beta == null ? zeros : beta);
  }

  /** The gradients of {@link #forward}; each of the three outputs may be null. */
  public void backward(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      boolean channelsLast,
      int batch,
      int positions,
      float[] gamma,
      double[] mean,
      double[] m2,
      double[] invStd,
      float[] dGamma,
      float[] dBeta) {
    prepare(channelsLast, positions);
    int imageSize = size * positions;
    int parts = imageSize == 0 ? 0 : Images.parts(batch, imageSize);
    boolean shared = parts > 0 && images.shared(batch, imageSize);
    int together = images.together(shared);
    images.start(size, shared);
    for (int from = 0; from < parts; from += together) {
      int to = Math.min(parts, from + together);
      if (shared) {
        share(
            x, xOffset, dy, dyOffset, dx, dxOffset, batch, gamma, mean, m2, invStd, dGamma, dBeta,
            from, to);
      } else {
        int first = from * Images.perPart(imageSize);
        int end = Math.min(batch, first + Images.perPart(imageSize));
        backward(
            x,
            xOffset,
            dy,
            dyOffset,
            dx,
            dxOffset,
            first,
            end,
            gamma,
            mean,
            m2,
            invStd,
            dGamma,
            dBeta,
            0,
            team.limit());
      }
      images.add(size, to - from);
    }
    images.finish(dGamma, dBeta);
  }

  private void share(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      int batch,
      float[] gamma,
      double[] mean,
      double[] m2,
      double[] invStd,
      float[] dGamma,
      float[] dBeta,
      int from,
      int to) {
    images.share(
        batch,
        size * spatial,
        from,
        to,
        (first, end, index, member) ->
            backward(
                x, xOffset, dy, dyOffset, dx, dxOffset, first, end, gamma, mean, m2, invStd, dGamma,
                dBeta, index, member));
  }

  private void backward(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      int first,
      int end,
      float[] gamma,
      double[] mean,
      double[] m2,
      double[] invStd,
      float[] dGamma,
      float[] dBeta,
      int index,
      int member) {
    Own w = own(member);
    int together = together(end - first);
    int imageSize = size * spatial;
    int elements = (end - first) * imageSize;
    if (dGamma != null && w.xHat.length < elements) {
      w.xHat = new float[elements];
    }
    if (dGamma != null) {
      for (int n = first; n < end; n += together) {
        Lines lines = statistics(n, together, mean, m2, invStd, w);
        int at = xOffset + n * imageSize;
        normalize(x, at, w.xHat, (n - first) * imageSize, lines, null, null, w);
      }
    }
    if (dGamma != null || dBeta != null) {
      // dBeta alone reads no x
      float[] factors = dGamma == null ? dy : w.xHat;
      int dyAt = dyOffset + first * imageSize;
      int factorsAt = dGamma == null ? dyAt : 0;
      Segments order = w.order(end - first);
      w.parameters.gradientSums(factors, factorsAt, dy, dyAt, order, noMean, w.ofParameters);
      w.ofParameters.addTo(null, images.dGamma, images.dBeta, index * size);
    }
    for (int n = first; n < end && dx != null; n += together) {
      Lines lines = statistics(n, together, mean, m2, invStd, w);
      inputGradient(x, xOffset, dy, dyOffset, dx, dxOffset, n * imageSize, lines, gamma, w);
    }
  }

  /** The saved statistics of the lines of some images. */
  private Lines statistics(
      int n, int together, double[] mean, double[] m2, double[] invStd, Own w) {
    Lines lines = w.lines(together * spatial, alternate());
    System.arraycopy(mean, n * spatial, w.mean, 0, lines.count);
    System.arraycopy(invStd, n * spatial, w.invStd, 0, lines.count);
    for (int i = 0; i < lines.count && w.invRoot != null; i++) {
      double root = root(m2[n * spatial + i]);
      // a constant line: x - mean is 0, and no change of the root changes y
      w.invRoot[i] = root == 0 ? 0 : 1 / root;
    }
    return lines;
  }

  private void inputGradient(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      int at,
      Lines lines,
      float[] gamma,
      Own w) {
    float[] scaled = dy;
    int scaledAt = dyOffset + at;
    if (gamma != null) {
      int elements = lines.count * size;
      if (w.scaled.length < elements) {
        w.scaled = new float[elements];
      }
      kernels.scaleElements(dy, scaledAt, w.scaled, 0, lines.order, gamma);
      scaled = w.scaled;
      scaledAt = 0;
    }
    lines.passes.backward(
        x,
        xOffset + at,
        scaled,
        scaledAt,
        dx,
        dxOffset + at,
        lines.order,
        w.mean,
        w.invStd,
        null,
        w.gradients);
  }
}
