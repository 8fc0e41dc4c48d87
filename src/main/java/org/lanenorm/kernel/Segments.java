package org.lanenorm.kernel;

/**
 * The canonical order in which one channel's M = N*S elements are summed, and where they lie. It is
 * a function of N and S alone, so that every layout, vector width, thread count and back end adds
 * the same numbers in the same order:
 *
 * <ul>
 *   <li><b>Superrow</b>: 16 consecutive positions s of one image, one per <b>lane</b>; the last of
 *       an image may be short. Images of fewer than 16 positions are first laid end to end and
 *       taken as one image of M positions.
 *   <li><b>Block</b>: 16 slots of a superrow each. Images of more than 16 superrows fill blocks in
 *       turn and start anew with each image; smaller images take 1, 2, 4, 8 or 16 slots each (the
 *       next power of two), several to a block. Slots and positions that hold nothing count as
 *       zero.
 *   <li>Inside a block each lane is summed over its slots by a perfect binary tree in float:
 *       neighbouring slots first.
 *   <li><b>Segment</b>: 4 blocks, about 1,024 elements; up to two blocks that would be left at the
 *       end join the last one. Each lane adds its blocks in order in float, then the 16 lanes are
 *       folded by halving in double: lane l takes lane l+8, then l+4, l+2, l+1.
 *   <li>Segments are merged in order in double.
 * </ul>
 *
 * <p>Why these numbers: 16 lanes are one 512-bit vector, two of 256 or four of 128 bits. A tree of
 * equal addends is exact and a chain of six loses about 1u, where a chain of 64 loses up to 16u (u
 * = 2^-24); more than 8 streams at once cost more than they save in NHWC, so a block is two halves
 * of 8.
 */
public final class Segments {
  static final int LANES = 16;
  static final int SLOTS = 16;

  /** The elements of a segment at most: 4 blocks and the two that may join them. */
  static final int LONGEST = 6 * SLOTS * LANES;

  /**
   * Segments, of one channel or several, that are summed together: so many that images are read in
   * runs of 100 KB and more, at half of the time of runs of 12 KB out of cache, and that their
   * lanes (192 KB) leave most of the second level alone.
   */
  static final int MOST_TOGETHER = 1024;

  /** The same of a single image, which is one run anyway: their lanes, 6 KB, stay in the first. */
  private static final int MOST_OF_ONE_IMAGE = 32;

  /** The same where all is read twice: 512 KB, which a second level still has the second time. */
  private static final int MOST_READ_TWICE = 128;

  private static final int BLOCKS_PER_SEGMENT = 4;

  private final boolean channelsLast;
  private final int batch;
  private final int channels;
  private final int spatial;

  /**
   * Images as the order sees them: one of M positions if the real ones are smaller than a superrow.
   */
  private final int images;

  private final int positions;
  private final int fullRows;
  private final int tail;
  private final int slotShift;
  private final int imagesPerBlock;
  private final int blocksPerImage;
  private final int blocks;
  private final int segments;

  /** Samples of every segment's first block, where blocks hold whole images. */
  private final int[] samples = new int[4];

  private Tiling tiling;

  /**
   * The order for a tensor.
   *
   * @param channelsLast whether element (n, c, s) lies at (n*S + s)*C + c, else at (n*C + c)*S + s
   * @param batch N
   * @param channels C
   * @param spatial S
   */
  public Segments(boolean channelsLast, int batch, int channels, int spatial) {
    // rows are the same memory in both layouts, and one channel means that its elements follow one
    // another
    this.channelsLast = (channelsLast || spatial == 1) && channels != 1;
    this.batch = batch;
    this.channels = channels;
    this.spatial = spatial;
    boolean flat = spatial < LANES;
    images = flat ? 1 : batch;
    positions = flat ? batch * spatial : spatial;
    fullRows = positions / LANES;
    tail = positions % LANES;
    int rows = fullRows + (tail > 0 ? 1 : 0);
    slotShift = rows > SLOTS ? 4 : 32 - Integer.numberOfLeadingZeros(Math.max(rows, 1) - 1);
    imagesPerBlock = SLOTS >> slotShift;
    blocksPerImage = (rows + SLOTS - 1) / SLOTS;
    blocks =
        rows > SLOTS
            ? images * blocksPerImage
            : rows == 0 ? 0 : (images + imagesPerBlock - 1) / imagesPerBlock;
    segments = blocks == 0 ? 0 : Math.max(1, (blocks + 1) / BLOCKS_PER_SEGMENT);
    int available = Math.min(images, imagesPerBlock) * fullRows;
    for (int i = 0; i < samples.length && blocksPerImage == 1 && fullRows > 0; i++) {
      int row = 5 * i * Math.min(available, SLOTS) / SLOTS;
      samples[i] = row / fullRows * imageStride() + row % fullRows * rowStride();
    }
  }

  /**
   * The fewest images of S positions that are whole segments: cut at a multiple of it, a batch's
   * order is the order of its parts, one after the other. (The last part then needs more than half
   * a segment, or its blocks would join the segment before.)
   */
  public static int imagesPerCut(int spatial) {
    if (spatial == 0) {
      return 1;
    }
    if (spatial < LANES) {
      int segment = BLOCKS_PER_SEGMENT * SLOTS * LANES;
      return segment / gcd(segment, spatial);
    }
    int rows = (spatial - 1) / LANES + 1;
    if (rows > SLOTS) {
      return BLOCKS_PER_SEGMENT / gcd(BLOCKS_PER_SEGMENT, (rows - 1) / SLOTS + 1);
    }
    return BLOCKS_PER_SEGMENT * new Segments(false, 1, 1, spatial).imagesPerBlock;
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  boolean channelsLast() {
    return channelsLast;
  }

  int channels() {
    return channels;
  }

  /** M. */
  public int count() {
    return batch * spatial;
  }

  /** S. */
  int spatial() {
    return spatial;
  }

  int segments() {
    return segments;
  }

  /**
   * How many segments of how many channels a reduction takes at a time: in NHWC a segment of all
   * channels; where channels are packed one of one; else those of whole images, of as many channels
   * as there is room for, so that memory is read in long runs.
   */
  int segmentsTogether() {
    return segmentsTogether(false);
  }

  int channelsTogether() {
    return channelsTogether(false);
  }

  /** The same; {@code twice}: whether it reads them twice, the second time from a cache. */
  int segmentsTogether(boolean twice) {
    if (channelsLast || packed()) {
      return 1;
    }
    int cells = mostTogether(twice);
    int whole = largeImages() ? blocksPerImage / gcd(blocksPerImage, BLOCKS_PER_SEGMENT) : 1;
    int most = Math.max(1, cells / (whole * Math.max(1, channels))) * whole;
    return Math.min(Math.max(1, segments), Math.min(most, cells));
  }

  int channelsTogether(boolean twice) {
    return channelsLast ? channels : packed() ? 1 : mostTogether(twice) / segmentsTogether(twice);
  }

  private int mostTogether(boolean twice) {
    return batch == 1 ? MOST_OF_ONE_IMAGE : twice ? MOST_READ_TWICE : MOST_TOGETHER;
  }

  /** Whether images fill several blocks. */
  boolean largeImages() {
    return blocksPerImage > 1;
  }

  int firstBlock(int segment) {
    return segment * BLOCKS_PER_SEGMENT;
  }

  int endBlock(int segment) {
    return segment == segments - 1 ? blocks : (segment + 1) * BLOCKS_PER_SEGMENT;
  }

  /**
   * Whether a channel must be packed before its blocks can be read: in NCHW, images smaller than a
   * superrow.
   */
  boolean packed() {
    return !channelsLast && spatial < LANES && channels != 1;
  }

  /** Distance from a position to the next in memory (1 where channels are packed). */
  int step() {
    return channelsLast ? channels : 1;
  }

  /** Distance from a superrow to the next. */
  int rowStride() {
    return LANES * step();
  }

  /** Distance from a channel's first element to the next channel's. */
  int channelStride() {
    return channelsLast ? 1 : spatial;
  }

  /** Distance from an image to the next. */
  int imageStride() {
    return channels * spatial;
  }

  /** Where the m-th element lies, from the channel's first. */
  int elementOffset(int m) {
    return m / spatial * imageStride() + m % spatial * step();
  }

  /**
   * Runs of floats that elementwise passes walk: positions (n, s) of all channels, or images where
   * channels come first, or everything where there is one channel.
   */
  int rows() {
    return channels == 1 ? 1 : channelsLast ? batch * spatial : batch;
  }

  /** Floats in one of {@link #rows}. */
  int rowLength() {
    return channels == 1 ? count() : channelsLast ? channels : channels * spatial;
  }

  /** Neighbours of the same channel in one of {@link #rows}. */
  int run() {
    return channels == 1 ? count() : channelsLast ? 1 : spatial;
  }

  /** Where a block's first element lies, from the channel's first. */
  int blockOffset(int block) {
    return blocksPerImage > 1
        ? block / blocksPerImage * imageStride() + block % blocksPerImage * (SLOTS * rowStride())
        : block * imagesPerBlock * imageStride();
  }

  /** Images in a block. */
  int groups(int block) {
    return blocksPerImage > 1 ? 1 : Math.min(imagesPerBlock, images - block * imagesPerBlock);
  }

  /** log2 of the slots that each image of a block takes. */
  int slotShift() {
    return slotShift;
  }

  /** Full superrows of each image of a block. */
  int fullRows(int block) {
    return blocksPerImage > 1
        ? Math.min(SLOTS, fullRows - block % blocksPerImage * SLOTS)
        : fullRows;
  }

  /**
   * Positions in the short superrow that follows the full ones of each image of a block; 0 if there
   * is none.
   */
  int tail(int block) {
    return blocksPerImage > 1 && block % blocksPerImage != blocksPerImage - 1 ? 0 : tail;
  }

  /** How many whole segments an image holds. */
  int segmentsPerImage() {
    return blocksPerImage / BLOCKS_PER_SEGMENT;
  }

  /** The segment that a block belongs to. */
  int segment(int block) {
    return Math.min(block / BLOCKS_PER_SEGMENT, segments - 1);
  }

  /** The first block after a block's image, or images where it holds several. */
  int endOfImage(int block) {
    return block - block % blocksPerImage + blocksPerImage;
  }

  /** Blocks at the end of each image that are not full: 0 or 1, of images that fill several. */
  int partialBlocks() {
    return blocksPerImage - fullRows / SLOTS;
  }

  /**
   * How many blocks from this one on, before {@code end}, are full and follow one another in
   * memory.
   */
  int fullRun(int block, int end) {
    if (blocksPerImage > 1) {
      return Math.max(0, Math.min(end - block, fullRows / SLOTS - block % blocksPerImage));
    }
    return full(block) ? 1 : 0;
  }

  /** How many blocks from one that is not full on, before {@code end}, are like it. */
  int partialRun(int block, int end) {
    return blocksPerImage > 1 ? 1 : end - block;
  }

  /** Images in the blocks [firstBlock, endBlock). */
  int images(int firstBlock, int endBlock) {
    return blocksPerImage > 1
        ? 1
        : Math.min(endBlock * imagesPerBlock, images) - firstBlock * imagesPerBlock;
  }

  /** Positions of each image in a block. */
  int length(int block) {
    return fullRows(block) * LANES + tail(block);
  }

  /** Quads of slots that each image of a block takes, or 0 where it takes less than one. */
  int quadsPerImage() {
    return 1 << slotShift >> 2;
  }

  /** Whether all slots of a block hold 16 positions of one image. */
  boolean full(int block) {
    return slotShift == 4 && fullRows(block) == SLOTS;
  }

  /** Elements of one channel in a block. */
  int blockCount(int block) {
    return groups(block) * length(block);
  }

  /** Elements of one channel in a segment. */
  int count(int segment) {
    int count = 0;
    for (int block = firstBlock(segment); block < endBlock(segment); block++) {
      count += blockCount(block);
    }
    return count;
  }

  /**
   * Elements, of all channels, that the four superrows of a sample hold or a block that is not
   * full, whichever is more, of images that fill several blocks.
   */
  long sampleOrPartial() {
    return (long) Math.max(samples.length * LANES, positions % (SLOTS * LANES)) * channels;
  }

  /** The first element of a segment, m = n*S + s, and M after the last. */
  int firstElement(int segment) {
    return segment >= segments ? count() : firstOfBlock(firstBlock(segment));
  }

  /** The first element of a block, and M after the last. */
  int firstOfBlock(int block) {
    if (block >= blocks) {
      return count();
    }
    return blocksPerImage > 1
        ? block / blocksPerImage * positions + block % blocksPerImage * (SLOTS * LANES)
        : block * imagesPerBlock * positions;
  }

  /** The same N and S with other channels. */
  Segments ofChannels(int channels) {
    return new Segments(channelsLast, batch, channels, spatial);
  }

  /** How storage that is not an array of floats is cut; made where it is first asked for. */
  Tiling tiling() {
    if (tiling == null) {
      tiling = new Tiling(this);
    }
    return tiling;
  }

  /** Images in every block but the last. */
  int imagesPerBlock() {
    return imagesPerBlock;
  }

  /** Where a segment's first element lies, from the channel's first. */
  int segmentOffset(int segment) {
    return blockOffset(firstBlock(segment));
  }

  /**
   * Whether the shift of a segment is the mean of four superrows; else, where its first block has
   * no full one, it is the first element.
   */
  boolean sampled(int segment) {
    return fullRows > 0 && fullRows(firstBlock(segment)) > 0;
  }

  /**
   * Where the i-th of these four superrows lies, from the segment's first element (the 0-th there):
   * spread over the first block, so that a ramp or an odd first row does not set the shift far from
   * the data, yet near enough together to be streamed.
   */
  int sampleOffset(int segment, int i) {
    if (blocksPerImage > 1) {
      return 5 * i * fullRows(firstBlock(segment)) / SLOTS * rowStride();
    }
    return samples[i];
  }

  /** The array that holds channel c's elements of a segment: x itself, or scratch filled from x. */
  float[] source(float[] x, int offset, int segment, int c, Scratch scratch) {
    return packed() ? pack(x, offset, segment, c, scratch.packed()) : x;
  }

  /** The same for a second tensor of the shape. */
  float[] gradientSource(float[] dy, int offset, int segment, int c, Scratch scratch) {
    return packed() ? pack(dy, offset, segment, c, scratch.packedGradient()) : dy;
  }

  private float[] pack(float[] x, int offset, int segment, int c, float[] packed) {
    int from = firstBlock(segment) * SLOTS * LANES;
    int end = Math.min(endBlock(segment) * SLOTS * LANES, count());
    int s = from % spatial;
    int base = offset + (from / spatial * channels + c) * spatial;
    for (int m = from; m < end; m++) {
      packed[m - from] = x[base + s];
      if (++s == spatial) {
        s = 0;
        base += channels * spatial;
      }
    }
    return packed;
  }

  /** What {@link #blockOffset} counts from in the array that {@link #source} returns. */
  int base(int offset, int segment, int c) {
    return packed()
        ? -firstBlock(segment) * SLOTS * LANES
        : offset + (channelsLast ? c : c * spatial);
  }
}
