package org.lanenorm.kernel;

/**
 * The passes over memory that make up a call: which segments and channels, in which order, by which
 * thread. Owns what the passes need between calls, so that the steady state allocates nothing; used
 * by one thread at a time.
 */
public final class Passes {
  // Picoseconds of one thread per element, roughly, in caches (AVX-512): what Team.threads asks
  // for.

  private static final int MOMENTS = 100;
  private static final int NORMALIZE = 100;
  private static final int TRAINING = 220;
  private static final int GRADIENT_SUMS = 180;
  private static final int INPUT_GRADIENT = 150;
  private static final int BACKWARD = 340;

  /** Nanoseconds that a reduction takes for each channel, however few its elements. */
  private static final int PER_CHANNEL = 12;

  /**
   * Bytes of x that are normalized right after their moments are known, in NCHW, so that the second
   * read comes from a cache. A group that fits the second level (400 KB) was slower: one or two
   * channels of an image are too short a run of memory.
   */
  private static final int GROUP_BYTES = 3_200_000;

  final Kernels kernels;
  private final Team team;
  final int channels;

  /** Per member of the team. */
  final Scratch[] scratch;

  /** Sums of some segments and channels, per member of the team. */
  private final float[][] shift;

  private final double[][] first;
  private final double[][] second;

  /** Results of all segments, at segment*C + c, where threads share a reduction by segments. */
  private double[] segmentFirst;

  private double[] segmentSecond;

  /** How far the segments' means lie from the first one's, times their counts. */
  private final double[] drift;

  /** What also sums the segments of {@link #moments}; null for nothing. */
  private ChannelBounds bounds;

  /** For a layer of C channels. */
  public Passes(Kernels kernels, Team team, int channels) {
    this.kernels = kernels;
    this.team = team;
    this.channels = channels;
    int members = team.limit();
    scratch = new Scratch[members];
    shift = new float[members][];
    first = new double[members][];
    second = new double[members][];
    segmentFirst = new double[0];
    segmentSecond = new double[0];
    drift = new double[channels];
    prepare(0);
  }

  private void prepare(int member) {
    if (scratch[member] == null) {
      scratch[member] = new Scratch();
      int cells = Math.max(channels, Segments.MOST_TOGETHER);
      shift[member] = new float[cells];
      first[member] = new double[cells];
      second[member] = new double[cells];
    }
  }

  /** Lets moments, until told otherwise, take the sums of bounds as well; null for no longer. */
  public void watch(ChannelBounds bounds) {
    this.bounds = bounds;
  }

  /** Threads for an elementwise pass. */
  int threads(Segments order) {
    return threads(order, NORMALIZE, 0);
  }

  private int threads(Segments order, int picos, int perChannel) {
    return threads(team, (long) order.count() * channels, picos, (long) perChannel * channels);
  }

  /** Threads for a reduction alone. */
  private int reductionThreads(Segments order, int picos) {
    return divisible(order) ? threads(order, picos, PER_CHANNEL) : 1;
  }

  /**
   * Threads for a reduction and an elementwise pass. Where only the latter can be shared it counts
   * half: the other threads find in their caches nothing of what the caller has just read.
   */
  private int threads(Segments order, int picos, int elementwise, int perChannel) {
    return divisible(order)
        ? threads(order, picos, perChannel)
        : threads(order, elementwise / 2, 0);
  }

  /** Threads for a call that takes so many picoseconds per element and nanoseconds besides. */
  static int threads(Team team, long elements, int picos, long nanos) {
    return team.threads(elements * picos / 1000 + nanos);
  }

  /** Whether so many threads share a reduction by channels; else by segments. */
  private boolean byChannels(Segments order, int threads) {
    return !order.channelsLast() && channels >= 2 * threads;
  }

  /** Channels whose second read should come from cache, at so many bytes read per element. */
  int group(Segments order, long bytes) {
    return (int)
        Math.max(1, Math.min(channels, GROUP_BYTES / (bytes * Math.max(1, order.count()))));
  }

  /** Whether threads can share a reduction. A segment of NHWC, of all channels, is one's alone. */
  private boolean divisible(Segments order) {
    return order.segments() > 1 || byChannels(order, team.limit());
  }

  /** Whether threads share an elementwise pass by rows; else by channels. */
  private static boolean byRows(Segments order, int threads) {
    return order.channelsLast() || order.rows() >= parts(threads);
  }

  /** Part {@code index} of {@code parts} equal parts of n things begins here. */
  static int cut(int n, int index, int parts) {
    return (int) ((long) n * index / parts);
  }

  /** Parts of a pass: a thread that is held up leaves some of its own to the others. */
  static int parts(int threads) {
    return 4 * threads;
  }

  private void growSegments(Segments order) {
    long length = (long) order.segments() * channels;
    if (segmentFirst.length < length) {
      segmentFirst = new double[Math.toIntExact(length)];
      segmentSecond = new double[segmentFirst.length];
    }
  }

  /** Mean and M2 of every channel over a tensor of at least one element per channel. */
  public void moments(float[] x, int xOffset, Segments order, double[] mean, double[] m2) {
    moments(x, xOffset, order, mean, m2, reductionThreads(order, MOMENTS));
  }

  private void moments(
      float[] x, int xOffset, Segments order, double[] mean, double[] m2, int threads) {
    if (threads == 1 || !divisible(order)) {
      moments(x, xOffset, order, 0, channels, mean, m2, 0);
    } else if (byChannels(order, threads)) {
      int parts = Math.min(parts(threads), channels);
      team.run(
          threads,
          parts,
          (index, member) -> {
            prepare(member);
            moments(
                x,
                xOffset,
                order,
                cut(channels, index, parts),
                cut(channels, index + 1, parts),
                mean,
                m2,
                member);
          });
    } else {
      keepMoments(x, xOffset, order, threads);
      addMoments(order, true, mean, m2, drift);
      ChannelReduction.finish(order.count(), 0, channels, mean, m2, drift);
    }
  }

  /** Mean and M2 of every segment of every channel, kept until {@link #addMoments}. */
  public void keepMoments(float[] x, int xOffset, Segments order) {
    keepMoments(x, xOffset, order, reductionThreads(order, MOMENTS));
  }

  private void keepMoments(float[] x, int xOffset, Segments order, int threads) {
    growSegments(order);
    if (threads == 1) {
      keepMoments(x, xOffset, order, 0, order.segments(), 0);
      return;
    }
    team.run(
        threads,
        order.segments(),
        (segment, member) -> {
          prepare(member);
          keepMoments(x, xOffset, order, segment, segment + 1, member);
        });
  }

  private void keepMoments(
      float[] x, int xOffset, Segments order, int firstSegment, int endSegment, int member) {
    int segments = order.segmentsTogether(bounds != null);
    int width = order.channelsTogether(bounds != null);
    for (int c = 0; c < channels; c += width) {
      int end = Math.min(channels, c + width);
      for (int segment = firstSegment; segment < endSegment; segment += segments) {
        int last = Math.min(endSegment, segment + segments);
        segmentMoments(x, xOffset, order, segment, last, c, end, member);
        keep(segment, last, c, end, member);
      }
    }
  }

  /**
   * Adds the segments kept to those of other tensors before it; {@link ChannelReduction#finish}
   * ends the series.
   *
   * @param first whether there are none before it
   */
  public void addMoments(
      Segments order, boolean first, double[] mean, double[] m2, double[] drift) {
    for (int segment = 0; segment < order.segments(); segment++) {
      ChannelReduction.add(
          first && segment == 0,
          order.count(segment),
          segmentFirst,
          segmentSecond,
          segment * channels,
          0,
          channels,
          mean,
          m2,
          drift);
    }
  }

  /** The channels [from, to) by one thread. */
  private void moments(
      float[] x,
      int xOffset,
      Segments order,
      int from,
      int to,
      double[] mean,
      double[] m2,
      int member) {
    int segments = order.segmentsTogether(bounds != null);
    int width = order.channelsTogether(bounds != null);
    for (int c = from; c < to; c += width) {
      int end = Math.min(to, c + width);
      for (int segment = 0; segment < order.segments(); segment += segments) {
        int endSegment = Math.min(order.segments(), segment + segments);
        segmentMoments(x, xOffset, order, segment, endSegment, c, end, member);
        for (int i = segment; i < endSegment; i++) {
          int at = (i - segment) * (end - c);
          add(order, i, first[member], second[member], at, c, end, mean, m2);
        }
      }
    }
    // one segment has not drifted
    if (order.segments() > 1) {
      ChannelReduction.finish(order.count(), from, to, mean, m2, drift);
    }
  }

  /** Keeps the results of segments of some channels until those of all segments are there. */
  private void keep(int firstSegment, int endSegment, int from, int to, int member) {
    for (int segment = firstSegment; segment < endSegment; segment++) {
      int at = (segment - firstSegment) * (to - from);
      int kept = segment * channels + from;
      System.arraycopy(first[member], at, segmentFirst, kept, to - from);
      System.arraycopy(second[member], at, segmentSecond, kept, to - from);
    }
  }

  private void add(
      Segments order,
      int segment,
      double[] segmentMean,
      double[] segmentM2,
      int at,
      int from,
      int to,
      double[] mean,
      double[] m2) {
    ChannelReduction.add(
        segment == 0,
        order.count(segment),
        segmentMean,
        segmentM2,
        at - from,
        from,
        to,
        mean,
        m2,
        drift);
  }

  private void segmentMoments(
      float[] x,
      int xOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      int member) {
    float[] k = shift[member];
    double[] sum = first[member];
    double[] square = second[member];
    Scratch own = scratch[member];
    if (bounds != null) {
      // first: what it waits for, the other then finds in a cache
      bounds.add(kernels, x, xOffset, order, firstSegment, endSegment, from, to, own);
    }
    kernels.momentSums(x, xOffset, order, firstSegment, endSegment, from, to, k, sum, square, own);
    kernels.segmentMoments(
        x, xOffset, order, firstSegment, endSegment, from, to, k, sum, square, own);
  }

  /**
   * Moments, invStd = 1/sqrt(M2/M + epsilon), coefficients and normalizing in one go; in NCHW a few
   * channels at a time, so that the second read of x comes from cache.
   */
  public void trainingForward(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      Segments order,
      double[] mean,
      double[] m2,
      double epsilon,
      double[] invStd,
      float[] gamma,
      float[] beta,
      ChannelAffine affine) {
    trainingForward(
        x, xOffset, y, yOffset, order, mean, m2, epsilon, invStd, gamma, beta, affine, null);
  }

  /**
   * The same.
   *
   * @param fused normalizes instead; null for none
   */
  void trainingForward(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      Segments order,
      double[] mean,
      double[] m2,
      double epsilon,
      double[] invStd,
      float[] gamma,
      float[] beta,
      ChannelAffine affine,
      FusedPasses fused) {
    int threads = threads(order, TRAINING, NORMALIZE, PER_CHANNEL);
    if (order.channelsLast() || threads > 1 && !byChannels(order, threads)) {
      moments(x, xOffset, order, mean, m2, threads);
      kernels.coefficients(
          mean, m2, order.count(), epsilon, invStd, gamma, beta, affine, 0, channels);
      if (fused == null) {
        normalize(x, xOffset, y, yOffset, order, affine, threads);
      } else {
        fused.activate(x, xOffset, y, yOffset, order, affine, threads);
      }
      return;
    }
    int group = group(order, 4);
    if (threads == 1) {
      for (int from = 0; from < channels; from += group) {
        trainingForward(
            x,
            xOffset,
            y,
            yOffset,
            order,
            mean,
            m2,
            epsilon,
            invStd,
            gamma,
            beta,
            affine,
            fused,
            from,
            Math.min(channels, from + group),
            0);
      }
    } else {
      int size = Math.min(group, (channels - 1) / parts(threads) + 1);
      team.run(
          threads,
          (channels + size - 1) / size,
          (index, member) -> {
            prepare(member);
            trainingForward(
                x,
                xOffset,
                y,
                yOffset,
                order,
                mean,
                m2,
                epsilon,
                invStd,
                gamma,
                beta,
                affine,
                fused,
                index * size,
                Math.min(channels, (index + 1) * size),
                member);
          });
    }
  }

  private void trainingForward(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      Segments order,
      double[] mean,
      double[] m2,
      double epsilon,
      double[] invStd,
      float[] gamma,
      float[] beta,
      ChannelAffine affine,
      FusedPasses fused,
      int from,
      int to,
      int member) {
    moments(x, xOffset, order, from, to, mean, m2, member);
    kernels.coefficients(mean, m2, order.count(), epsilon, invStd, gamma, beta, affine, from, to);
    int rows = order.rows();
    if (fused == null) {
      normalize(x, xOffset, y, yOffset, order, 0, rows, from, to, affine, member);
    } else {
      fused.activate(x, xOffset, y, yOffset, order, 0, rows, from, to, affine, member);
    }
  }

  /**
   * Coefficients by constant statistics, invStd = 1/sqrt(variance + epsilon): those of one element
   * whose M2 is the variance.
   */
  public void coefficients(
      double[] mean,
      double[] variance,
      Segments order,
      double epsilon,
      double[] invStd,
      float[] gamma,
      float[] beta,
      ChannelAffine affine) {
    Kernels able = order.count() < VectorKernels.LONG_CHANNEL ? kernels : ScalarKernels.INSTANCE;
    able.coefficients(mean, variance, 1, epsilon, invStd, gamma, beta, affine, 0, channels);
  }

  /** y = (x - mean)*k + beta over the whole tensor. */
  public void normalize(
      float[] x, int xOffset, float[] y, int yOffset, Segments order, ChannelAffine affine) {
    normalize(x, xOffset, y, yOffset, order, affine, threads(order));
  }

  /** The same by so many threads. */
  void normalize(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      Segments order,
      ChannelAffine affine,
      int threads) {
    if (threads == 1) {
      normalize(x, xOffset, y, yOffset, order, 0, order.rows(), 0, channels, affine, 0);
      return;
    }
    share(
        order,
        threads,
        (firstRow, endRow, from, to, member) ->
            normalize(x, xOffset, y, yOffset, order, firstRow, endRow, from, to, affine, member));
  }

  /** A part of an elementwise pass. */
  interface Part {
    void run(int firstRow, int endRow, int from, int to, int member);
  }

  /** Cuts an elementwise pass by rows or by channels and lets so many threads do the parts. */
  void share(Segments order, int threads, Part part) {
    boolean byRows = byRows(order, threads);
    int units = byRows ? order.rows() : channels;
    int parts = Math.min(parts(threads), units);
    team.run(
        threads,
        parts,
        (index, member) -> {
          prepare(member);
          int first = cut(units, index, parts);
          int end = cut(units, index + 1, parts);
          if (byRows) {
            part.run(first, end, 0, channels, member);
          } else {
            part.run(0, order.rows(), first, end, member);
          }
        });
  }

  void normalize(
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
    Kernels able = affine.anyExtreme(from, to) ? ScalarKernels.INSTANCE : kernels;
    able.normalize(
        x, xOffset, y, yOffset, order, firstRow, endRow, from, to, affine, scratch[member]);
  }

  /** S(dy) and S(dy*(x - mean)) of every channel, left in {@code gradients}. */
  public void gradientSums(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      double[] mean,
      ChannelGradients gradients) {
    int threads = reductionThreads(order, GRADIENT_SUMS);
    gradientSums(x, xOffset, dy, dyOffset, order, mean, gradients, threads);
  }

  private void gradientSums(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      double[] mean,
      ChannelGradients gradients,
      int threads) {
    if (threads == 1 || !divisible(order)) {
      gradientSums(x, xOffset, dy, dyOffset, order, mean, gradients, 0, channels, 0);
    } else if (byChannels(order, threads)) {
      int parts = Math.min(parts(threads), channels);
      team.run(
          threads,
          parts,
          (index, member) -> {
            prepare(member);
            gradientSums(
                x,
                xOffset,
                dy,
                dyOffset,
                order,
                mean,
                gradients,
                cut(channels, index, parts),
                cut(channels, index + 1, parts),
                member);
          });
    } else {
      gradients.start(mean, 0, channels);
      keepGradients(x, xOffset, dy, dyOffset, order, gradients, threads);
      addGradients(order, gradients);
      gradients.finish(0, channels);
    }
  }

  /**
   * Gradient sums of every segment of every channel, kept until {@link #addGradients}.
   *
   * @param gradients started with the means
   */
  public void keepGradients(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      ChannelGradients gradients) {
    int threads = reductionThreads(order, GRADIENT_SUMS);
    keepGradients(x, xOffset, dy, dyOffset, order, gradients, threads);
  }

  private void keepGradients(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      ChannelGradients gradients,
      int threads) {
    growSegments(order);
    if (threads == 1) {
      keepGradients(x, xOffset, dy, dyOffset, order, 0, order.segments(), gradients, 0);
      return;
    }
    team.run(
        threads,
        order.segments(),
        (segment, member) -> {
          prepare(member);
          keepGradients(x, xOffset, dy, dyOffset, order, segment, segment + 1, gradients, member);
        });
  }

  private void keepGradients(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      ChannelGradients gradients,
      int member) {
    int segments = order.segmentsTogether();
    int width = order.channelsTogether();
    for (int c = 0; c < channels; c += width) {
      int end = Math.min(channels, c + width);
      for (int segment = firstSegment; segment < endSegment; segment += segments) {
        int last = Math.min(endSegment, segment + segments);
        segmentGradients(x, xOffset, dy, dyOffset, order, segment, last, gradients, c, end, member);
        keep(segment, last, c, end, member);
      }
    }
  }

  /** Adds one segment of all channels, by the caller alone. */
  void addGradients(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int segment,
      ChannelGradients gradients) {
    segmentGradients(
        x, xOffset, dy, dyOffset, order, segment, segment + 1, gradients, 0, channels, 0);
    gradients.add(first[0], second[0], 0, 0, channels);
  }

  /** Adds the segments kept to {@code gradients}. */
  public void addGradients(Segments order, ChannelGradients gradients) {
    for (int segment = 0; segment < order.segments(); segment++) {
      gradients.add(segmentFirst, segmentSecond, segment * channels, 0, channels);
    }
  }

  void gradientSums(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      double[] mean,
      ChannelGradients gradients,
      int from,
      int to,
      int member) {
    gradients.start(mean, from, to);
    int segments = order.segmentsTogether();
    int width = order.channelsTogether();
    for (int c = from; c < to; c += width) {
      int end = Math.min(to, c + width);
      for (int segment = 0; segment < order.segments(); segment += segments) {
        int endSegment = Math.min(order.segments(), segment + segments);
        segmentGradients(
            x, xOffset, dy, dyOffset, order, segment, endSegment, gradients, c, end, member);
        for (int i = segment; i < endSegment; i++) {
          gradients.add(first[member], second[member], (i - segment) * (end - c) - c, c, end);
        }
      }
    }
    gradients.finish(from, to);
  }

  private void segmentGradients(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      ChannelGradients gradients,
      int from,
      int to,
      int member) {
    float[] hi = gradients.hi;
    double[] sum = first[member];
    double[] product = second[member];
    Scratch own = scratch[member];
    kernels.gradientSums(
        x, xOffset, dy, dyOffset, order, firstSegment, endSegment, from, to, hi, sum, product, own);
    kernels.segmentGradients(
        x, xOffset, dy, dyOffset, order, firstSegment, endSegment, from, to, hi, sum, product, own);
  }

  /**
   * Gradient sums and dInput in one go, as {@link #trainingForward}.
   *
   * @param dx null leaves dInput out
   */
  public void backward(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      Segments order,
      double[] mean,
      double[] invStd,
      float[] gamma,
      ChannelGradients gradients) {
    backward(x, xOffset, dy, dyOffset, dx, dxOffset, order, mean, invStd, gamma, gradients, null);
  }

  /**
   * The same.
   *
   * @param fused makes dy first; null where it is there
   */
  void backward(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      Segments order,
      double[] mean,
      double[] invStd,
      float[] gamma,
      ChannelGradients gradients,
      FusedPasses fused) {
    int threads =
        dx == null
            ? reductionThreads(order, GRADIENT_SUMS)
            : threads(order, BACKWARD, INPUT_GRADIENT, PER_CHANNEL);
    if (dx == null || order.channelsLast() || threads > 1 && !byChannels(order, threads)) {
      if (fused != null) {
        fused.gate(dy, dyOffset, order, threads);
      }
      gradientSums(x, xOffset, dy, dyOffset, order, mean, gradients, threads);
      if (dx != null) {
        kernels.coefficients(gradients, invStd, gamma, order.count(), 0, channels);
        inputGradient(x, xOffset, dy, dyOffset, dx, dxOffset, order, gradients, threads);
      }
      return;
    }
    int group = group(order, 8);
    if (threads == 1) {
      for (int from = 0; from < channels; from += group) {
        backward(
            x,
            xOffset,
            dy,
            dyOffset,
            dx,
            dxOffset,
            order,
            mean,
            invStd,
            gamma,
            gradients,
            fused,
            from,
            Math.min(channels, from + group),
            0);
      }
    } else {
      int size = Math.min(group, (channels - 1) / parts(threads) + 1);
      team.run(
          threads,
          (channels + size - 1) / size,
          (index, member) -> {
            prepare(member);
            backward(
                x,
                xOffset,
                dy,
                dyOffset,
                dx,
                dxOffset,
                order,
                mean,
                invStd,
                gamma,
                gradients,
                fused,
                index * size,
                Math.min(channels, (index + 1) * size),
                member);
          });
    }
  }

  private void backward(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      Segments order,
      double[] mean,
      double[] invStd,
      float[] gamma,
      ChannelGradients gradients,
      FusedPasses fused,
      int from,
      int to,
      int member) {
    if (fused != null) {
      fused.gate(dy, dyOffset, order, 0, order.rows(), from, to);
    }
    gradientSums(x, xOffset, dy, dyOffset, order, mean, gradients, from, to, member);
    kernels.coefficients(gradients, invStd, gamma, order.count(), from, to);
    inputGradient(
        x,
        xOffset,
        dy,
        dyOffset,
        dx,
        dxOffset,
        order,
        0,
        order.rows(),
        from,
        to,
        gradients,
        member);
  }

  /** dInput over the whole tensor from coefficients that have been computed. */
  public void inputGradient(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      Segments order,
      ChannelGradients gradients) {
    int threads = threads(order, INPUT_GRADIENT, 0);
    inputGradient(x, xOffset, dy, dyOffset, dx, dxOffset, order, gradients, threads);
  }

  private void inputGradient(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      Segments order,
      ChannelGradients gradients,
      int threads) {
    if (threads == 1) {
      inputGradient(
          x,
          xOffset,
          dy,
          dyOffset,
          dx,
          dxOffset,
          order,
          0,
          order.rows(),
          0,
          channels,
          gradients,
          0);
      return;
    }
    share(
        order,
        threads,
        (firstRow, endRow, from, to, member) ->
            inputGradient(
                x, xOffset, dy, dyOffset, dx, dxOffset, order, firstRow, endRow, from, to,
                gradients, member));
  }

  private void inputGradient(
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
      int member) {
    Kernels able = gradients.anyExtreme(from, to) ? ScalarKernels.INSTANCE : kernels;
    able.inputGradient(
        x,
        xOffset,
        dy,
        dyOffset,
        dx,
        dxOffset,
        order,
        firstRow,
        endRow,
        from,
        to,
        gradients,
        scratch[member]);
  }
}
