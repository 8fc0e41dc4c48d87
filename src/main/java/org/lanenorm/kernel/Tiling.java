package org.lanenorm.kernel;

/**
 * How a tensor that is not an array of floats is cut into tiles that the reductions of {@link
 * Kernels} take as if they were tensors: some segments of some channels, packed densely, with the
 * order of a tensor of so many channels. Blocks and segments depend on N and S alone, so that the
 * tile's are the tensor's. Some blocks of a segment may be such a tile too.
 */
final class Tiling {
  /** Where channels come first, what is copied in one go at least, in elements. */
  private static final int RUN = 512;

  /** Floats of a tile where that leaves a choice: half of a first-level cache. */
  private static final int SMALL = 4096;

  /** In NHWC a tile holds a segment whole; its rows should not be too short, nor outgrow L2. */
  private static final int LARGE = 1 << 16;

  private final Segments whole;

  /** Of the tile: N, {@link #width} channels, S. */
  final Segments order;

  /** Channels of a tile. */
  final int width;

  /** Segments of a tile. */
  final int segments;

  Tiling(Segments whole) {
    this.whole = whole;
    int perSegment = Math.max(1, whole.count() / Math.max(1, whole.segments()));
    int most;
    if (whole.channelsLast()) {
      most = Math.max(2 * Segments.LANES, LARGE / perSegment);
    } else {
      // a single channel's elements follow one another through all images
      boolean planes = whole.spatial() > Segments.SLOTS * Segments.LANES;
      most = planes ? 1 : (RUN - 1) / Math.max(1, whole.spatial()) + 1;
    }
    int strips = (whole.channels() + most - 1) / most;
    width = strips == 0 ? 1 : (whole.channels() + strips - 1) / strips;
    segments = whole.channelsLast() ? 1 : Math.max(1, SMALL / (width * perSegment));
    order = whole.ofChannels(width);
  }

  /** How many tiles the channels [from, to) make. */
  int tiles(int from, int to) {
    return strips(from, to) * groups();
  }

  private int strips(int from, int to) {
    return (to - from + width - 1) / width;
  }

  private int groups() {
    return (whole.segments() + segments - 1) / segments;
  }

  /** Tiles of the same segments follow one another, as their channels do in memory. */
  int firstSegment(int tile, int from, int to) {
    return tile / strips(from, to) * segments;
  }

  int endSegment(int tile, int from, int to) {
    return Math.min(whole.segments(), firstSegment(tile, from, to) + segments);
  }

  int firstChannel(int tile, int from, int to) {
    return from + tile % strips(from, to) * width;
  }

  private boolean ofImages() {
    return width > 1 && !whole.channelsLast();
  }

  /** The first logical element of a tile, m = n*S + s. */
  int begin(int firstSegment) {
    int m = whole.firstElement(firstSegment);
    return ofImages() ? m / whole.spatial() * whole.spatial() : m;
  }

  /** The last one and 1. */
  int end(int endSegment) {
    int m = whole.firstElement(endSegment);
    int spatial = whole.spatial();
    return ofImages()
        ? (int) Math.min(whole.count(), ((long) m + spatial - 1) / spatial * spatial)
        : m;
  }

  /** Floats that a tile of the elements [begin, end) takes. */
  int length(int begin, int end) {
    return (end - begin) * width;
  }

  /** The offset that makes a tile, for the kernels, the tensor from its channel on. */
  int offset(int begin) {
    return -begin * width;
  }

  /** Copies the elements [begin, end) of the channels [from, to) to a tile. */
  void read(
      Elements x,
      int begin,
      int end,
      int from,
      int to,
      float[] tile,
      Kernels kernels,
      short[] stage) {
    int channels = whole.channels();
    int spatial = whole.spatial();
    if (to - from == channels) {
      x.read(begin * channels, tile, 0, (end - begin) * channels, kernels, stage);
    } else if (whole.channelsLast()) {
      for (int m = begin, at = 0; m < end; m++, at += width) {
        x.read(m * channels + from, tile, at, to - from, kernels, stage);
      }
    } else {
      for (int m = begin; m < end; ) {
        int image = m / spatial;
        int next = Math.min(end, (image + 1) * spatial);
        int at = (image * channels + from) * spatial + m % spatial;
        // of one channel a part of an image, of several the image whole
        int length = (to - from - 1) * spatial + next - m;
        x.read(at, tile, (m - begin) * width, length, kernels, stage);
        m = next;
      }
    }
  }
}
