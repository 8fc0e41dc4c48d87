package org.lanenorm.kernel;

/**
 * The passes over tensors that do not lie in arrays of floats, with the kernels of those that do:
 * pieces are copied to floats in a cache, taken by the kernels as if they were tensors, and what
 * comes of them is copied back. Reductions go tile by tile ({@link Tiling}) or, by vectors through
 * planes, piece by piece, elementwise passes window by window: elements that follow one another in
 * memory.
 *
 * <p>What {@link StoredVectorKernels} and {@link StoredRowVectorKernels} take where it lies is not
 * copied: large tensors of one kind of storage, nearly whole.
 *
 * <p>All that is read of a window is read before any of it is written, so that results may replace
 * inputs. Used by one thread at a time, as {@link Passes}.
 *
 * <p>Windows and tiles are small: what is written to them must stay in a first-level cache beside
 * what streams through it. In NHWC, where kernels lay out coefficients for short rows, several rows
 * are joined to one and that is done once for all windows.
 */
public final class StoredPasses {
  /**
   * Floats of a window. While the kernels work at one, memory fetches the next: the shorter it is,
   * the more of it.
   */
  private static final int WINDOW = 1024;

  /** Of long rows, and where kernels first lay out coefficients: it must be worth that. */
  private static final int LONG_WINDOW = 8192;

  /** Rows of a window in NHWC: four share the reading of their coefficients. */
  private static final int ROWS = 4;

  /** Shorter rows are joined to so many floats at least. */
  private static final int ROW = WINDOW / ROWS;

  /** As in {@link Passes}: bytes that are read a second time right after the first. */
  private static final int GROUP_BYTES = 3_200_000;

  /** Picoseconds of one thread per element and step, roughly. */
  private static final int PICOS = 200;

  /** Shorter runs are copied, several in one go. */
  private static final int LONG_RUN = WINDOW;

  private enum Step {
    MOMENTS,
    GRADIENTS,
    NORMALIZE,
    INPUT_GRADIENT,
    FROZEN_GRADIENT
  }

  private final Kernels kernels;
  private final Team team;
  private final int channels;
  private final Member[] members;
  private final Team.Task tile = this::tile;
  private final Team.Task segment = this::segment;
  private final Team.Task cells = this::cells;
  private final Team.Task windows = this::windows;

  /** Results of all segments, at segment*C + c. */
  private double[] segmentFirst = new double[0];

  private double[] segmentSecond = new double[0];
  private final double[] drift;

  // Of one call, for all threads that work at it.

  private Segments order;
  private Elements x;
  private Elements z;
  private Elements dy;

  /** y or dx. */
  private Elements result;

  private Elements dz;
  private ChannelAffine affine;
  private ChannelAffine scale;
  private Curve curve;
  private ChannelGradients gradients;

  // Of one step of it.

  private Step step;
  private int fromChannel;
  private int toChannel;
  private int parts;

  /** Segments whose pieces are taken together. */
  private int segmentsTogether;

  /** Whether {@link #rowsJoined} rows are taken as one, whose coefficients have been laid out. */
  private boolean joins;

  /**
   * Whether {@link StoredRowVectorKernels} do the step, as far as they go: whole rows, long runs.
   */
  private boolean inPlace;

  private final int rowsJoined;
  private Segments joined;
  private ChannelAffine joinedAffine;
  private ChannelAffine joinedScale;
  private ChannelGradients joinedGradients;

  /** One thread's own. */
  private static final class Member {
    final Scratch scratch = new Scratch();
    final short[] stage = new short[Elements.STAGE];
    float[] a = new float[0];
    float[] b = new float[0];
    float[] c = new float[0];
    float[] shift = new float[0];
    float[] hi = new float[0];
    double[] first = new double[0];
    double[] second = new double[0];

    /** The orders of a piece of a plane, a window or what is left of the plane. */
    private final Segments window = plane(WINDOW);

    private Segments rest = plane(0);

    void grow(int length, int width) {
      if (a.length < length) {
        a = new float[length];
        b = new float[length];
        c = new float[length];
      }
      int cells = Math.max(width, Segments.MOST_TOGETHER);
      if (shift.length < cells) {
        shift = new float[cells];
        hi = new float[cells];
        first = new double[cells];
        second = new double[cells];
      }
    }

    Segments piece(int length) {
      if (length == WINDOW) {
        return window;
      }
      if (rest.spatial() != length) {
        rest = plane(length);
      }
      return rest;
    }

    private static Segments plane(int length) {
      return new Segments(false, 1, 1, length);
    }
  }

  /** For a layer of C channels. */
  public StoredPasses(Kernels kernels, Team team, int channels) {
    this.kernels = kernels;
    this.team = team;
    this.channels = channels;
    members = new Member[team.limit()];
    drift = new double[channels];
    rowsJoined = rowsJoined(channels);
  }

  /** Joined rows are a whole number of vectors, or else long enough to be taken as they are. */
  private static int rowsJoined(int channels) {
    int c = Math.max(1, channels);
    int whole = Segments.LANES / Math.min(Segments.LANES, Integer.lowestOneBit(c));
    return whole * c <= 2 * ROW ? whole * ((ROW - 1) / (whole * c) + 1) : (2 * ROW - 1) / c + 1;
  }

  private Member member(int index) {
    if (members[index] == null) {
      members[index] = new Member();
    }
    return members[index];
  }

  private void begin(Segments order, Elements x) {
    this.order = order;
    this.x = x;
    joins = false;
    inPlace = false;
    int length = Math.multiplyExact(order.segments(), channels);
    if (segmentFirst.length < length) {
      segmentFirst = new double[length];
      segmentSecond = new double[length];
    }
  }

  /** Holds no tensor any longer. */
  private void end() {
    x = null;
    z = null;
    dy = null;
    result = null;
    dz = null;
    affine = null;
    scale = null;
    gradients = null;
  }

  /**
   * Channels whose second read should come from a cache, where that can be had by taking only some
   * of them.
   */
  private int group() {
    if (order.channelsLast()) {
      return Math.max(1, channels);
    }
    long bytes = bytes(x) + bytes(z) + bytes(dy);
    return (int)
        Math.max(1, Math.min(channels, GROUP_BYTES / (bytes * Math.max(1, order.count()))));
  }

  private static long bytes(Elements elements) {
    return elements == null ? 0 : elements.format().bytes();
  }

  private int threads() {
    long elements = (long) order.count() * (toChannel - fromChannel);
    return Passes.threads(team, elements, PICOS, 0);
  }

  /** Mean and M2 of every channel, as {@link Passes#moments}. */
  public void moments(Elements x, Segments order, double[] mean, double[] m2) {
    try {
      begin(order, x);
      moments(0, channels, mean, m2);
    } finally {
      end();
    }
  }

  private void moments(int from, int to, double[] mean, double[] m2) {
    reduce(Step.MOMENTS, from, to);
    for (int segment = 0; segment < order.segments(); segment++) {
      ChannelReduction.add(
          segment == 0,
          order.count(segment),
          segmentFirst,
          segmentSecond,
          segment * channels,
          from,
          to,
          mean,
          m2,
          drift);
    }
    ChannelReduction.finish(order.count(), from, to, mean, m2, drift);
  }

  /** As {@link Passes#trainingForward}. */
  public void trainingForward(
      Elements x,
      Elements y,
      Segments order,
      double[] mean,
      double[] m2,
      double epsilon,
      double[] invStd,
      float[] gamma,
      float[] beta,
      ChannelAffine affine) {
    try {
      begin(order, x);
      int group = group();
      for (int from = 0; from < channels; from += group) {
        int to = Math.min(channels, from + group);
        moments(from, to, mean, m2);
        kernels.coefficients(
            mean, m2, order.count(), epsilon, invStd, gamma, beta, affine, from, to);
        result = y;
        this.affine = affine;
        curve = Curve.IDENTITY;
        map(Step.NORMALIZE, from, to);
      }
    } finally {
      end();
    }
  }

  /** As {@link FusedPasses#fused}, and as {@link Passes#normalize} without z and curve. */
  public void fused(
      Elements x, Elements z, Elements y, Segments order, ChannelAffine affine, Curve curve) {
    try {
      beginFused(x, z, y, order, affine, curve);
      map(Step.NORMALIZE, 0, channels);
    } finally {
      end();
    }
  }

  /** The same for some positions and channels of an image, by the caller alone. */
  public void fused(
      Elements x,
      Elements z,
      Elements y,
      Segments order,
      int image,
      int position,
      int positions,
      int from,
      int to,
      ChannelAffine affine,
      Curve curve) {
    try {
      beginFused(x, z, y, order, affine, curve);
      step = Step.NORMALIZE;
      int first = image * order.spatial() + position;
      if (channels > 1 && order.channelsLast()) {
        box(first, first + positions, from, to, 0, 1);
      } else {
        int begin = channels == 1 ? first : position;
        int row = channels == 1 ? 0 : image;
        box(row, row + 1, from, to, begin, begin + positions);
      }
    } finally {
      end();
    }
  }

  private void beginFused(
      Elements x, Elements z, Elements y, Segments order, ChannelAffine affine, Curve curve) {
    begin(order, x);
    this.z = z;
    result = y;
    this.affine = affine;
    this.curve = curve;
  }

  /**
   * Gradient sums and dInput, as {@link Passes#backward}.
   *
   * @param dx null leaves dInput out
   */
  public void backward(
      Elements x,
      Elements dy,
      Elements dx,
      Segments order,
      double[] mean,
      double[] invStd,
      float[] gamma,
      ChannelGradients gradients) {
    try {
      begin(order, x);
      this.dy = dy;
      this.gradients = gradients;
      curve = Curve.IDENTITY;
      result = dx;
      int group = dx == null ? Math.max(1, channels) : group();
      for (int from = 0; from < channels; from += group) {
        int to = Math.min(channels, from + group);
        gradientSums(from, to, mean);
        if (dx != null) {
          kernels.coefficients(gradients, invStd, gamma, order.count(), from, to);
          map(Step.INPUT_GRADIENT, from, to);
        }
      }
    } finally {
      end();
    }
  }

  private void gradientSums(int from, int to, double[] mean) {
    gradients.start(mean, from, to);
    reduce(Step.GRADIENTS, from, to);
    for (int segment = 0; segment < order.segments(); segment++) {
      gradients.add(segmentFirst, segmentSecond, segment * channels, from, to);
    }
    gradients.finish(from, to);
  }

  /**
   * As {@link FusedPasses#frozenBackward}, with dz computed anew for the sums and for itself, so
   * that both take it before it is rounded.
   *
   * @param x null where the curve is the identity and products are not asked for
   * @param dx null leaves it out
   * @param dz null leaves it out
   * @param gradients null leaves the sums out
   */
  public void frozenBackward(
      Elements x,
      Elements z,
      Elements dy,
      Elements dx,
      Elements dz,
      Segments order,
      double[] mean,
      ChannelAffine affine,
      ChannelAffine scale,
      Curve curve,
      ChannelGradients gradients) {
    try {
      beginFused(x, z, dx, order, affine, curve);
      this.dy = dy;
      this.dz = dz;
      this.scale = scale;
      this.gradients = gradients;
      int group = group();
      for (int from = 0; from < channels; from += group) {
        int to = Math.min(channels, from + group);
        if (gradients != null) {
          gradientSums(from, to, mean);
        }
        if (dx != null || dz != null) {
          map(Step.FROZEN_GRADIENT, from, to);
        }
      }
    } finally {
      end();
    }
  }

  /** Fills the results of all segments of the channels [from, to). */
  private void reduce(Step reduction, int from, int to) {
    step = reduction;
    fromChannel = from;
    toChannel = to;
    int threads = threads();
    Team.Task task = tile;
    int tasks;
    if (pieces()) {
      task = cells;
      segmentsTogether = order.segmentsTogether();
      if (threads > 1) {
        segmentsTogether =
            Math.min(segmentsTogether, ceil(order.segments(), Passes.parts(threads)));
      }
      tasks = strips() * ceil(order.segments(), segmentsTogether);
    } else if (x != null
        && kernels.vectors()
        && StoredVectorKernels.take(x, order)
        && (reduction == Step.MOMENTS || curve.isIdentity() && dy.alike(x))) {
      task = segment;
      tasks = order.segments();
    } else {
      tasks = order.tiling().tiles(from, to);
    }
    team.run(threads, tasks, task);
  }

  /** A segment of NHWC read where it lies; tile by tile where its values are needed again. */
  private void segment(int index, int memberIndex) {
    Member own = member(memberIndex);
    own.grow((int) order.sampleOrPartial(), channels);
    if (!sums(index, own)) {
      int strips = order.tiling().tiles(0, channels) / order.segments();
      for (int strip = 0; strip < strips; strip++) {
        tile(index * strips + strip, memberIndex);
      }
      return;
    }
    keep(index, 0, channels, 0, own);
  }

  private boolean sums(int segment, Member own) {
    if (step == Step.MOMENTS) {
      StoredVectorKernels.momentSums(
          x, order, segment, own.shift, own.first, own.second, own.a, own.stage, own.scratch);
    } else {
      StoredVectorKernels.gradientSums(
          x,
          dy,
          order,
          segment,
          gradients.hi,
          own.first,
          own.second,
          own.a,
          own.b,
          own.stage,
          own.scratch);
    }
    return results(segment, 0, channels, 0, own) == channels;
  }

  /**
   * Of the sums of some channels, at {@code at} on, makes a segment's moments or gradients; returns
   * the first channel where that takes values anew.
   */
  private int results(int segment, int from, int to, int at, Member own) {
    return step == Step.MOMENTS
        ? ChannelReduction.segmentMoments(
            null, 0, order, segment, from, to, own.shift, own.first, own.second, at, own.scratch)
        : ChannelReduction.segmentGradients(
            null,
            0,
            null,
            0,
            order,
            segment,
            from,
            to,
            gradients.hi,
            own.first,
            own.second,
            at,
            own.scratch);
  }

  private void keep(int segment, int from, int to, int at, Member own) {
    int kept = segment * channels + from;
    System.arraycopy(own.first, at, segmentFirst, kept, to - from);
    System.arraycopy(own.second, at, segmentSecond, kept, to - from);
  }

  /** Whether a reduction goes through planes piece by piece. */
  private boolean pieces() {
    return kernels.vectors()
        && !order.channelsLast()
        && !order.packed()
        && order.count() > Segments.SLOTS * Segments.LANES;
  }

  private int strips() {
    return ceil(toChannel - fromChannel, order.channelsTogether());
  }

  private static int ceil(int n, int part) {
    return (n + part - 1) / part;
  }

  /**
   * Some segments of some channels, piece by piece; tile by tile where their values are needed
   * again.
   */
  private void cells(int index, int memberIndex) {
    Member own = member(memberIndex);
    int strips = strips();
    int firstSegment = index / strips * segmentsTogether;
    int endSegment = Math.min(order.segments(), firstSegment + segmentsTogether);
    int from = fromChannel + index % strips * order.channelsTogether();
    int to = Math.min(toChannel, from + order.channelsTogether());
    sumPieces(firstSegment, endSegment, from, to, own);
    int at = 0;
    for (int i = firstSegment; i < endSegment; i++, at += to - from) {
      for (int c = from; c < to; c++) {
        int done = results(i, c, to, at + c - from, own);
        keep(i, c, done, at + c - from, own);
        c = done;
        if (c < to) {
          // in the place of the first cell, which has been kept
          tile(i, i + 1, c, c + 1, own);
        }
      }
    }
  }

  /**
   * A piece is what a segment has in an image, or a block where images are small. They are taken in
   * the order in which they lie in memory, which is then read in long runs, and each one's sums are
   * added to those of its segments so far.
   */
  private void sumPieces(int firstSegment, int endSegment, int from, int to, Member own) {
    Tiling tiling = order.tiling();
    Scratch scratch = own.scratch;
    int width = to - from;
    int cells = (endSegment - firstSegment) * width;
    float[] lanes = scratch.lanes(cells);
    int endBlock = order.endBlock(endSegment - 1);
    int last;
    for (int first = order.firstBlock(firstSegment); first < endBlock; first = last) {
      last = Math.min(order.endOfImage(first), endBlock);
      for (int c = from; c < to; c += tiling.width) {
        int next = Math.min(to, c + tiling.width);
        int end;
        for (int block = first; block < last; block = end) {
          int segment = order.segment(block);
          end = Math.min(order.endBlock(segment), last);
          int begin = order.firstOfBlock(block);
          read(begin, order.firstOfBlock(end), c, next, own);
          int cell = (segment - firstSegment) * width + c - from;
          int base = tiling.offset(begin);
          if (step == Step.MOMENTS) {
            NchwVectorKernels.addSquares(
                own.a,
                base,
                tiling.order,
                block,
                end,
                next - c,
                own.shift,
                own.first,
                cell,
                lanes,
                scratch);
          } else {
            NchwVectorKernels.addProducts(
                x == null ? own.b : own.a,
                own.b,
                base,
                tiling.order,
                block,
                end,
                next - c,
                gradients.hi,
                c,
                cell,
                lanes,
                scratch);
          }
        }
      }
    }
    NchwVectorKernels.fold(lanes, cells, own.first, own.second);
  }

  /** Copies the elements [begin, end) of the channels [from, to): x to a, dy or dz to b. */
  private void read(int begin, int end, int from, int to, Member own) {
    Tiling tiling = order.tiling();
    own.grow(tiling.length(begin, end), tiling.width);
    if (x != null) {
      tiling.read(x, begin, end, from, to, own.a, kernels, own.stage);
    }
    if (step == Step.GRADIENTS) {
      tiling.read(dy, begin, end, from, to, own.b, kernels, own.stage);
      if (!curve.isIdentity()) {
        activatedGradient(tiling, begin, end, from, to, own);
      }
    }
  }

  private void tile(int index, int memberIndex) {
    Tiling tiling = order.tiling();
    int from = tiling.firstChannel(index, fromChannel, toChannel);
    tile(
        tiling.firstSegment(index, fromChannel, toChannel),
        tiling.endSegment(index, fromChannel, toChannel),
        from,
        Math.min(toChannel, from + tiling.width),
        member(memberIndex));
  }

  private void tile(int firstSegment, int endSegment, int from, int to, Member own) {
    Tiling tiling = order.tiling();
    int begin = tiling.begin(firstSegment);
    read(begin, tiling.end(endSegment), from, to, own);
    if (step == Step.GRADIENTS) {
      System.arraycopy(gradients.hi, from, own.hi, 0, to - from);
    }
    Segments ofTile = tiling.order;
    int offset = tiling.offset(begin);
    int together = ofTile.segmentsTogether();
    int width = ofTile.channelsTogether();
    for (int c = 0; c < to - from; c += width) {
      int next = Math.min(to - from, c + width);
      for (int segment = firstSegment; segment < endSegment; segment += together) {
        int last = Math.min(endSegment, segment + together);
        sums(ofTile, offset, segment, last, c, next, own);
        for (int i = segment; i < last; i++) {
          keep(i, from + c, from + next, (i - segment) * (next - c), own);
        }
      }
    }
  }

  /** Turns dy, in b, into dz = act'(v)*dy. */
  private void activatedGradient(Tiling tiling, int begin, int end, int from, int to, Member own) {
    if (z != null) {
      tiling.read(z, begin, end, from, to, own.c, kernels, own.stage);
    }
    Segments ofTile = tiling.order;
    int spatial = order.spatial();
    boolean one = tiling.width == 1;
    boolean last = ofTile.channelsLast();
    int offset = tiling.offset(begin) - from * ofTile.run();
    able(from, to)
        .fused(
            own.a,
            offset,
            z == null ? null : own.c,
            offset,
            own.c,
            offset,
            ofTile,
            one ? 0 : last ? begin : begin / spatial,
            one ? 1 : last ? end : end / spatial,
            from,
            to,
            one ? begin : 0,
            one ? end : ofTile.run(),
            affine,
            Curve.IDENTITY,
            own.scratch);
    kernels.gradient(own.c, own.b, 0, own.b, 0, tiling.length(begin, end), curve);
  }

  private Kernels able(int from, int to) {
    return affine.anyExtreme(from, to) ? ScalarKernels.INSTANCE : kernels;
  }

  private void sums(
      Segments ofTile, int offset, int firstSegment, int endSegment, int from, int to, Member own) {
    float[] values = x == null ? own.b : own.a;
    if (step == Step.MOMENTS) {
      kernels.momentSums(
          values,
          offset,
          ofTile,
          firstSegment,
          endSegment,
          from,
          to,
          own.shift,
          own.first,
          own.second,
          own.scratch);
      kernels.segmentMoments(
          values,
          offset,
          ofTile,
          firstSegment,
          endSegment,
          from,
          to,
          own.shift,
          own.first,
          own.second,
          own.scratch);
    } else {
      kernels.gradientSums(
          values,
          offset,
          own.b,
          offset,
          ofTile,
          firstSegment,
          endSegment,
          from,
          to,
          own.hi,
          own.first,
          own.second,
          own.scratch);
      kernels.segmentGradients(
          values,
          offset,
          own.b,
          offset,
          ofTile,
          firstSegment,
          endSegment,
          from,
          to,
          own.hi,
          own.first,
          own.second,
          own.scratch);
    }
  }

  /** An elementwise step over the channels [from, to) of all rows. */
  private void map(Step elementwise, int from, int to) {
    step = elementwise;
    fromChannel = from;
    toChannel = to;
    joins = order.channelsLast() && join();
    inPlace = inPlace();
    // as many units as parts can be cut at: rows, or channels where there are few rows
    boolean byRows = byRows();
    int units = byRows ? order.rows() : to - from;
    int threads = threads();
    parts = threads > 1 ? Math.min(Passes.parts(threads), units) : 1;
    if (parts > 1) {
      team.run(threads, parts, windows);
    } else {
      box(0, order.rows(), from, to, 0, order.run());
    }
  }

  /** Whether the step is done by vectors where its tensors lie. */
  private boolean inPlace() {
    if (!kernels.vectors() || x == null || result == null || !result.alike(x)) {
      return false;
    }
    if (!x.offHeap() && !(order.channelsLast() && x.bfloat16())) {
      return false;
    }
    return switch (step) {
      case NORMALIZE ->
          z == null && curve.isIdentity() && !affine.anyExtreme(fromChannel, toChannel);
      case INPUT_GRADIENT -> dy.alike(x) && !gradients.anyExtreme(fromChannel, toChannel);
      default -> false;
    };
  }

  /** Lays out the coefficients of joined rows, if there are any and no channel is extreme. */
  private boolean join() {
    if (rowsJoined == 1 || rowsJoined > order.rows()) {
      return false;
    }
    if (joined == null) {
      int length = rowsJoined * channels;
      joined = new Segments(true, 1, length, 1);
      joinedAffine = new ChannelAffine(length);
      joinedScale = new ChannelAffine(length);
      joinedGradients = new ChannelGradients(length);
    }
    return (affine == null || joinedAffine.repeat(affine, rowsJoined))
        && (scale == null || joinedScale.repeat(scale, rowsJoined))
        && (step != Step.INPUT_GRADIENT || joinedGradients.repeat(gradients, rowsJoined));
  }

  private boolean byRows() {
    return order.channelsLast() || order.rows() >= 4 * team.limit();
  }

  private void windows(int part, int memberIndex) {
    if (byRows()) {
      int rows = order.rows();
      box(
          Passes.cut(rows, part, parts),
          Passes.cut(rows, part + 1, parts),
          fromChannel,
          toChannel,
          0,
          order.run(),
          member(memberIndex));
    } else {
      int width = toChannel - fromChannel;
      box(
          0,
          order.rows(),
          fromChannel + Passes.cut(width, part, parts),
          fromChannel + Passes.cut(width, part + 1, parts),
          0,
          order.run(),
          member(memberIndex));
    }
  }

  private void box(int firstRow, int endRow, int from, int to, int begin, int end) {
    box(firstRow, endRow, from, to, begin, end, member(0));
  }

  /** The elements [begin, end) of each run of the channels [from, to) of the rows. */
  private void box(int firstRow, int endRow, int from, int to, int begin, int end, Member own) {
    int run = order.run();
    int rowLength = order.rowLength();
    boolean wholeRuns = begin == 0 && end == run;
    boolean wholeRows = wholeRuns && from == 0 && to == channels;
    int floats =
        order.channelsLast()
            ? Math.max(WINDOW, Math.min(ROWS * rowLength, LONG_WINDOW))
            : order.packed() ? LONG_WINDOW : WINDOW;
    own.grow(joins ? ROWS * joined.rowLength() : floats, 0);
    int first = firstRow;
    if (inPlace && order.channelsLast() && wholeRows) {
      first += rowsInPlace(first * rowLength, endRow - first);
    }
    while (joins && endRow - first >= rowsJoined) {
      int count = Math.min(ROWS, (endRow - first) / rowsJoined);
      window(true, first * rowLength, 0, count, 0, joined.channels(), 0, 1, own);
      first += count * rowsJoined;
    }
    int rows = wholeRows ? Math.max(1, floats / Math.max(1, rowLength)) : 1;
    int width = wholeRuns ? Math.max(1, floats / Math.max(1, run)) : 1;
    for (int row = first; row < endRow; row += rows) {
      int nextRow = Math.min(endRow, row + rows);
      int together = nextRow - row > 1 ? channels : width;
      for (int c = from; c < to; c += together) {
        int next = Math.min(to, c + together);
        int done = inPlace && wholeRuns && run >= LONG_RUN ? runsInPlace(row, c, next) : 0;
        for (int i = begin + done; i < end; i += floats) {
          window(false, 0, row, nextRow, c, next, i, Math.min(end, i + floats), own);
        }
      }
    }
  }

  /** Does rows that make whole vectors, joined or not; returns how many. */
  private int rowsInPlace(int at, int rows) {
    int together = joins ? rowsJoined : 1;
    int length = together * order.rowLength();
    if (length % StoredRowVectorKernels.PAIR != 0 || length < ROW) {
      return 0;
    }
    int count = rows / together;
    if (step == Step.NORMALIZE) {
      ChannelAffine coefficients = joins ? joinedAffine : affine;
      StoredRowVectorKernels.normalizeRows(x, result, at, count, length, coefficients);
    } else {
      ChannelGradients coefficients = joins ? joinedGradients : gradients;
      StoredRowVectorKernels.inputGradientRows(x, dy, result, at, count, length, coefficients);
    }
    return count * together;
  }

  /** Does the runs of the channels [c, next) of a row up to what makes no turn; returns where. */
  private int runsInPlace(int row, int c, int next) {
    int run = order.run();
    int length = run - run % StoredRowVectorKernels.TURN;
    for (int channel = c; channel < next; channel++) {
      int at = row * order.rowLength() + channel * run;
      if (step == Step.NORMALIZE) {
        StoredRowVectorKernels.normalizeRun(x, result, at, length, affine, channel);
      } else {
        StoredRowVectorKernels.inputGradientRun(x, dy, result, at, length, gradients, channel);
      }
    }
    return length;
  }

  /**
   * Elements that follow one another: whole rows, or runs of a row, or a part of a run.
   *
   * @param joins whether they are joined rows
   * @param base where the tensor's rows begin, or the first of joined ones
   */
  private void window(
      boolean joins,
      int base,
      int row,
      int nextRow,
      int c,
      int next,
      int begin,
      int end,
      Member own) {
    Segments rows = joins ? joined : order;
    int run = rows.run();
    int origin = row * rows.rowLength() + c * run + begin;
    int at = base + origin;
    int length = (nextRow - row - 1) * rows.rowLength() + (next - c - 1) * run + end - begin;
    switch (step) {
      case NORMALIZE -> {
        x.read(at, own.a, 0, length, kernels, own.stage);
        activated(rows, row, nextRow, c, next, begin, end, at, length, own);
        result.write(own.a, 0, at, length, kernels, own.stage);
      }
      case INPUT_GRADIENT -> {
        x.read(at, own.a, 0, length, kernels, own.stage);
        dy.read(at, own.b, 0, length, kernels, own.stage);
        boolean whole = begin == 0 && end == run;
        // a part of a plane is a plane
        Segments ofPiece = whole ? rows : own.piece(length);
        int offset = whole ? -origin : -c * length;
        ChannelGradients coefficients = joins ? joinedGradients : gradients;
        Kernels able = coefficients.anyExtreme(c, next) ? ScalarKernels.INSTANCE : kernels;
        able.inputGradient(
            own.a,
            offset,
            own.b,
            offset,
            own.b,
            offset,
            ofPiece,
            whole ? row : 0,
            whole ? nextRow : 1,
            c,
            next,
            coefficients,
            own.scratch);
        result.write(own.b, 0, at, length, kernels, own.stage);
      }
      case FROZEN_GRADIENT -> {
        dy.read(at, own.b, 0, length, kernels, own.stage);
        if (!curve.isIdentity()) {
          x.read(at, own.a, 0, length, kernels, own.stage);
          activated(rows, row, nextRow, c, next, begin, end, at, length, own);
          kernels.gradient(own.a, own.b, 0, own.b, 0, length, curve);
        }
        if (dz != null) {
          dz.write(own.b, 0, at, length, kernels, own.stage);
        }
        if (result != null) {
          ChannelAffine coefficients = joins ? joinedScale : scale;
          Curve none = Curve.IDENTITY;
          fused(own.b, null, rows, row, nextRow, c, next, begin, end, coefficients, none, own);
          result.write(own.b, 0, at, length, kernels, own.stage);
        }
      }
      default -> throw new AssertionError(step);
    }
  }

  /** Of x, in a: v = (x - mean)*k + beta + z, and where the step is the forward's also act(v). */
  private void activated(
      Segments rows,
      int row,
      int nextRow,
      int c,
      int next,
      int begin,
      int end,
      int at,
      int length,
      Member own) {
    if (z != null) {
      z.read(at, own.c, 0, length, kernels, own.stage);
    }
    Curve last = step == Step.NORMALIZE ? curve : Curve.IDENTITY;
    ChannelAffine coefficients = rows == order ? affine : joinedAffine;
    float[] residual = z == null ? null : own.c;
    fused(own.a, residual, rows, row, nextRow, c, next, begin, end, coefficients, last, own);
  }

  private void fused(
      float[] values,
      float[] residual,
      Segments rows,
      int row,
      int nextRow,
      int c,
      int next,
      int begin,
      int end,
      ChannelAffine coefficients,
      Curve last,
      Member own) {
    int origin = row * rows.rowLength() + c * rows.run() + begin;
    Kernels able = coefficients.anyExtreme(c, next) ? ScalarKernels.INSTANCE : kernels;
    if (residual == null && last.isIdentity() && begin == 0 && end == rows.run()) {
      able.normalize(
          values, -origin, values, -origin, rows, row, nextRow, c, next, coefficients, own.scratch);
      return;
    }
    able.fused(
        values,
        -origin,
        residual,
        -origin,
        values,
        -origin,
        rows,
        row,
        nextRow,
        c,
        next,
        begin,
        end,
        coefficients,
        last,
        own.scratch);
  }
}
