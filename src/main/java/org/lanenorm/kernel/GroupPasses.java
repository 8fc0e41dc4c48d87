package org.lanenorm.kernel;

/**
 * Group normalization image by image. An image is a batch of one: its channels' moments and
 * gradient sums are those of {@link Passes}, and those of a group's channels are merged in order in
 * double. Owns what it needs between calls; used by one thread at a time.
 */
public final class GroupPasses {
  private final Kernels kernels;
  private final Team team;
  private final int channels;
  private final int groups;
  private final int together;
  private final double epsilon;
  private final Images images;

  /** Per member of the team; the last one for calls that are not shared by images. */
  private final Own[] own;

  /** The order of one image of the latest shape. */
  private Segments order;

  /** Of an image of one position, whose groups are lines of neighbours in either layout. */
  private final Segments flat;

  private boolean orderIsLast;

  /** Work arrays of one thread. */
  private static final class Own {
    final Passes passes;
    final Passes ofGroups;
    final double[] mean;
    final double[] m2;
    final double[] invStd;
    final double[] groupMean;
    final double[] groupM2;
    final double[] drift;
    final ChannelAffine affine;
    final ChannelGradients gradients;

    Own(Kernels kernels, Team team, int channels, int groups) {
      passes = new Passes(kernels, team, channels);
      ofGroups = new Passes(kernels, team, groups);
      mean = new double[channels];
      m2 = new double[channels];
      invStd = new double[channels];
      groupMean = new double[groups];
      groupM2 = new double[groups];
      drift = new double[groups];
      affine = new ChannelAffine(channels);
      gradients = new ChannelGradients(channels);
    }
  }

  /** For a layer of C channels in groups of C/G neighbours. */
  public GroupPasses(Kernels kernels, Team team, int channels, int groups, double epsilon) {
    this.kernels = kernels;
    this.team = team;
    this.channels = channels;
    this.groups = groups;
    this.epsilon = epsilon;
    together = channels / groups;
    flat = new Segments(false, 1, groups, together);
    images = new Images(team);
    own = new Own[team.limit() + 1];
  }

  private Own own(int member) {
    if (own[member] == null) {
      Team threads = member == team.limit() ? team : Team.SEQUENTIAL;
      own[member] = new Own(kernels, threads, channels, groups);
    }
    return own[member];
  }

  private void prepare(boolean last, int spatial) {
    if (order == null || orderIsLast != last || order.count() != spatial) {
      order = new Segments(last, 1, channels, spatial);
      orderIsLast = last;
    }
  }

  /**
   * Normalizes a batch of at least one element. The statistics of group g of image n go to index
   * n*G + g.
   */
  public void forward(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      boolean last,
      int batch,
      int spatial,
      float[] gamma,
      float[] beta,
      double[] mean,
      double[] m2,
      double[] invStd) {
    prepare(last, spatial);
    int size = channels * spatial;
    if (!images.shared(batch, size)) {
      forward(x, xOffset, y, yOffset, 0, batch, gamma, beta, mean, m2, invStd, team.limit());
      return;
    }
    images.share(
        batch,
        size,
        0,
        Images.parts(batch, size),
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
    int size = order.imageStride();
    for (int n = first, at = first * size; n < end; n++, at += size) {
      moments(x, xOffset + at, w);
      double count = (double) order.count() * together;
      System.arraycopy(w.groupMean, 0, mean, n * groups, groups);
      System.arraycopy(w.groupM2, 0, m2, n * groups, groups);
      for (int i = n * groups; i < (n + 1) * groups; i++) {
        invStd[i] = 1 / Math.sqrt(m2[i] / count + epsilon);
      }
      spread(w, n, mean, invStd);
      w.affine.compute(w.mean, w.invStd, gamma, beta, 0, channels);
      w.passes.normalize(x, xOffset + at, y, yOffset + at, order, w.affine);
    }
  }

  private void moments(float[] x, int xAt, Own w) {
    if (order.count() == 1) {
      // channels of one element have no moments worth the name
      w.ofGroups.moments(x, xAt, flat, w.groupMean, w.groupM2);
    } else {
      w.passes.moments(x, xAt, order, w.mean, w.m2);
      merge(w);
    }
  }

  /** The channels of a group are merged as the segments of a channel are. */
  private void merge(Own w) {
    int count = order.count();
    for (int c = 0; c < channels; c++) {
      int g = c / together;
      boolean first = c % together == 0;
      ChannelReduction.add(
          first, count, w.mean, w.m2, c - g, g, g + 1, w.groupMean, w.groupM2, w.drift);
    }
    ChannelReduction.finish((double) count * together, 0, groups, w.groupMean, w.groupM2, w.drift);
  }

  /** From the groups of image n to its channels. */
  private void spread(Own w, int n, double[] mean, double[] invStd) {
    for (int c = 0; c < channels; c++) {
      w.mean[c] = mean[n * groups + c / together];
      w.invStd[c] = invStd[n * groups + c / together];
    }
  }

  /** The gradients of {@link #forward}; each of the three outputs may be null. */
  public void backward(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      boolean last,
      int batch,
      int spatial,
      float[] gamma,
      double[] mean,
      double[] invStd,
      float[] dGamma,
      float[] dBeta) {
    prepare(last, spatial);
    int size = channels * spatial;
    int parts = size == 0 ? 0 : Images.parts(batch, size);
    boolean shared = parts > 0 && images.shared(batch, size);
    int together = images.together(shared);
    images.start(channels, shared);
    for (int from = 0; from < parts; from += together) {
      int to = Math.min(parts, from + together);
      if (shared) {
        share(x, xOffset, dy, dyOffset, dx, dxOffset, batch, gamma, mean, invStd, from, to);
      } else {
        int first = from * Images.perPart(size);
        int end = Math.min(batch, first + Images.perPart(size));
        int member = team.limit();
        backward(
            x, xOffset, dy, dyOffset, dx, dxOffset, first, end, gamma, mean, invStd, 0, member);
      }
      images.add(channels, to - from);
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
      double[] invStd,
      int from,
      int to) {
    images.share(
        batch,
        order.imageStride(),
        from,
        to,
        (first, end, index, member) ->
            backward(
                x, xOffset, dy, dyOffset, dx, dxOffset, first, end, gamma, mean, invStd, index,
                member));
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
      double[] invStd,
      int index,
      int member) {
    Own w = own(member);
    int size = order.imageStride();
    for (int n = first, at = first * size; n < end; n++, at += size) {
      spread(w, n, mean, invStd);
      if (order.count() == 1) {
        w.gradients.ofElements(x, xOffset + at, dy, dyOffset + at, w.mean);
      } else {
        w.passes.gradientSums(x, xOffset + at, dy, dyOffset + at, order, w.mean, w.gradients);
      }
      w.gradients.addTo(w.invStd, images.dGamma, images.dBeta, index * channels);
      if (dx != null) {
        double count = (double) order.count() * together;
        w.gradients.computeGroups(together, w.invStd, gamma, count);
        w.passes.inputGradient(
            x, xOffset + at, dy, dyOffset + at, dx, dxOffset + at, order, w.gradients);
      }
    }
  }
}
