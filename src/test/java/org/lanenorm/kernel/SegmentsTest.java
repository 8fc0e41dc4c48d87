package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

/** The arithmetic of {@link Segments} against the order as its javadoc states it. */
class SegmentsTest {
  /**
   * N, C, S: images below, at and above a lane group, a block and a segment; blocks and segments
   * that are and are not filled; one channel and several.
   */
  static final int[][] SIZES = {
    {1, 1, 1},
    {2, 3, 1},
    {15, 1, 1},
    {16, 2, 1},
    {17, 3, 1},
    {300, 2, 1},
    {1024, 1, 1},
    {1025, 2, 1},
    {1793, 2, 1},
    {3, 2, 5},
    {7, 3, 15},
    {140, 2, 15},
    {1, 2, 16},
    {3, 3, 16},
    {64, 1, 16},
    {65, 2, 16},
    {5, 2, 17},
    {33, 1, 33},
    {50, 2, 49},
    {10, 2, 100},
    {7, 3, 196},
    {1, 2, 255},
    {3, 2, 256},
    {9, 1, 256},
    {2, 3, 257},
    {3, 2, 272},
    {2, 2, 683},
    {1, 3, 1023},
    {2, 2, 1024},
    {3, 1, 1025},
    {1, 2, 1537},
    {2, 1, 1793},
    {2, 2, 3136}
  };

  private static final int[][] EMPTY = {{0, 2, 1}, {0, 2, 16}, {3, 2, 0}, {0, 1, 300}, {2, 0, 20}};

  /** Every size in both layouts. */
  static Stream<TensorShape> shapes() {
    return Stream.of(Layout.values())
        .flatMap(
            layout ->
                Arrays.stream(SIZES)
                    .map(size -> TensorShape.of(layout, size[0], size[1], size[2])));
  }

  static Segments order(TensorShape shape) {
    boolean channelsLast = shape.layout() == Layout.NHWC;
    return new Segments(channelsLast, shape.batch(), shape.channels(), shape.spatial());
  }

  /** Where element m of channel c lies. */
  static int index(TensorShape shape, int m, int c) {
    return shape.index(m / shape.spatial(), c, m % shape.spatial());
  }

  /** Each slot holds what the plain order puts there, read from where the order says. */
  @ParameterizedTest
  @MethodSource("shapes")
  void everySlotHoldsTheElementOfThePlainOrder(TensorShape shape) {
    Segments order = order(shape);
    int offset = 3;
    float[] x = new float[offset + shape.length()];
    for (int i = 0; i < shape.length(); i++) {
      x[offset + i] = i;
    }
    List<List<int[]>> segments = PlainOrder.segments(shape.batch(), shape.spatial());
    assertThat(order.segments()).isEqualTo(segments.size());
    assertThat(order.count()).isEqualTo(shape.count());
    assertThat(order.channels()).isEqualTo(shape.channels());
    assertThat(order.spatial()).isEqualTo(shape.spatial());
    int blocks = 0;
    for (int segment = 0; segment < segments.size(); segment++) {
      assertThat(order.firstBlock(segment)).isEqualTo(blocks);
      blocks += segments.get(segment).size();
      assertThat(order.endBlock(segment)).isEqualTo(blocks);
      assertThat(order.count(segment))
          .isEqualTo(PlainOrder.elements(segments.get(segment)).length)
          .isLessThanOrEqualTo(Segments.LONGEST);
      for (int c = 0; c < shape.channels(); c++) {
        float[] source = order.source(x, offset, segment, c, new Scratch());
        int base = order.base(offset, segment, c);
        for (int block = order.firstBlock(segment); block < blocks; block++) {
          int[] elements = segments.get(segment).get(block - order.firstBlock(segment));
          int[] expected = elements.clone();
          for (int i = 0; i < expected.length; i++) {
            expected[i] =
                expected[i] == PlainOrder.NONE ? expected[i] : index(shape, expected[i], c);
          }
          assertThat(slots(source, base, order, block)).isEqualTo(expected);
          assertThat(order.blockCount(block))
              .isEqualTo(Arrays.stream(elements).filter(m -> m != PlainOrder.NONE).count());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void segmentsFollowOneAnotherFromTheFirstElementToTheLast(TensorShape shape) {
    Segments order = order(shape);
    List<List<int[]>> segments = PlainOrder.segments(shape.batch(), shape.spatial());
    for (int segment = 0; segment < segments.size(); segment++) {
      assertThat(order.firstElement(segment))
          .isEqualTo(PlainOrder.elements(segments.get(segment))[0]);
    }
    assertThat(order.firstElement(segments.size())).isEqualTo(shape.count());
    if (!segments.isEmpty()) {
      assertThat(order.firstOfBlock(order.endBlock(segments.size() - 1))).isEqualTo(shape.count());
    }
  }

  @Test
  void theSameImagesMayHaveOtherChannels() {
    Segments order = order(TensorShape.nhwc(3, 4, 5, 6));
    Segments other = order.ofChannels(2);
    assertThat(other.channels()).isEqualTo(2);
    assertThat(other.count()).isEqualTo(60);
    assertThat(other.channelsLast()).isTrue();
    assertThat(order.tiling()).isNotNull().isSameAs(order.tiling());
  }

  /** What a kernel reads, slot by slot. */
  private static int[] slots(float[] source, int base, Segments order, int block) {
    int[] slots = new int[256];
    Arrays.fill(slots, PlainOrder.NONE);
    assertThat(order.length(block)).isEqualTo(16 * order.fullRows(block) + order.tail(block));
    for (int group = 0; group < order.groups(block); group++) {
      int at = base + order.blockOffset(block) + group * order.imageStride();
      int slot = group << order.slotShift();
      for (int j = 0; j < order.length(block); j++) {
        if (slots[16 * slot + j] != PlainOrder.NONE) {
          throw new AssertionError("two elements in slot " + slot + " of block " + block);
        }
        int row = at + j / 16 * order.rowStride();
        slots[16 * slot + j] = (int) source[row + j % 16 * order.step()];
      }
    }
    return slots;
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void theShiftIsSampledWhereThePlainOrderSamplesIt(TensorShape shape) {
    Segments order = order(shape);
    float[] x = new float[shape.length()];
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
    }
    List<List<int[]>> segments = PlainOrder.segments(shape.batch(), shape.spatial());
    for (int segment = 0; segment < segments.size(); segment++) {
      List<int[]> samples = PlainOrder.samples(segments.get(segment));
      assertThat(order.sampled(segment)).isEqualTo(!samples.isEmpty());
      int last = shape.channels() - 1;
      float[] source = order.source(x, 0, segment, last, new Scratch());
      int at = order.base(0, segment, last) + order.segmentOffset(segment);
      assertThat(source[at])
          .isEqualTo(index(shape, PlainOrder.elements(segments.get(segment))[0], last));
      for (int i = 0; i < samples.size(); i++) {
        assertThat(source[at + order.sampleOffset(segment, i)])
            .isEqualTo(index(shape, samples.get(i)[0], last));
      }
    }
  }

  /** Full blocks are runs of memory, and with the others make up every segment. */
  @ParameterizedTest
  @MethodSource("shapes")
  void runsOfFullAndPartialBlocksMakeUpEverySegment(TensorShape shape) {
    Segments order = order(shape);
    for (int segment = 0; segment < order.segments(); segment++) {
      int end = order.endBlock(segment);
      for (int block = order.firstBlock(segment); block < end; ) {
        int run = order.fullRun(block, end);
        for (int i = block; i < block + run; i++) {
          assertThat(order.full(i) && order.blockCount(i) == 256).isTrue();
          assertThat(order.blockOffset(i) - order.blockOffset(block))
              .isEqualTo((i - block) * 16 * order.rowStride());
        }
        if (run == 0) {
          run = order.partialRun(block, end);
          assertThat(run).isPositive();
          int images = 0;
          for (int i = block; i < block + run; i++) {
            assertThat(order.full(i)).isFalse();
            assertThat(order.length(i)).isEqualTo(order.length(block));
            images += order.groups(i);
          }
          assertThat(order.images(block, block + run)).isEqualTo(images);
          // it is as long as it can be
          assertThat(block + run == end || order.full(block + run)).isTrue();
        } else if (order.largeImages() && block + run < end) {
          // it is as long as it can be: what follows is another image's or not full
          boolean sameImage =
              order.blockOffset(block + run) - order.blockOffset(block)
                  == run * 16 * order.rowStride();
          assertThat(sameImage && order.full(block + run)).isFalse();
        }
        block += run;
        assertThat(block).isLessThanOrEqualTo(end);
      }
    }
  }

  /** What a walk from image to image asks. */
  @ParameterizedTest
  @MethodSource("shapes")
  void blocksKnowTheirSegmentAndLargeOnesTheirImage(TensorShape shape) {
    Segments order = order(shape);
    int blocks = order.segments() == 0 ? 0 : order.endBlock(order.segments() - 1);
    // smaller images than a superrow are one
    int stride = shape.spatial() < 16 ? Integer.MAX_VALUE : order.imageStride();
    for (int block = 0; block < blocks; block++) {
      int segment = order.segment(block);
      assertThat(segment).isLessThan(order.segments());
      assertThat(block).isBetween(order.firstBlock(segment), order.endBlock(segment) - 1);
      if (order.largeImages()) {
        int image = order.blockOffset(block) / stride;
        int first = block;
        while (first > 0 && order.blockOffset(first - 1) / stride == image) {
          first--;
        }
        int end = block + 1;
        while (end < blocks && order.blockOffset(end) / stride == image) {
          end++;
        }
        int full = 0;
        for (int i = first; i < end; i++) {
          full += order.full(i) ? 1 : 0;
        }
        assertThat(order.endOfImage(block)).isEqualTo(end);
        assertThat(order.partialBlocks()).isEqualTo(end - first - full);
        assertThat(order.segmentsPerImage()).isEqualTo((end - first) / 4);
      }
    }
  }

  /** Elementwise passes meet each element once, as one of its channel's. */
  @ParameterizedTest
  @MethodSource("shapes")
  void rowsOfRunsAreTheTensor(TensorShape shape) {
    Segments order = order(shape);
    int[] met = new int[shape.length()];
    for (int row = 0; row < order.rows(); row++) {
      for (int c = 0; c < shape.channels(); c++) {
        int at = row * order.rowLength() + c * order.run();
        for (int i = at; i < at + order.run(); i++) {
          met[i] += 1 + c;
        }
      }
    }
    int[] expected = new int[shape.length()];
    for (int m = 0; m < shape.count(); m++) {
      for (int c = 0; c < shape.channels(); c++) {
        expected[index(shape, m, c)] = 1 + c;
      }
    }
    assertThat(met).isEqualTo(expected);
    assertThat(order.rows() * order.rowLength()).isEqualTo(shape.length());
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void stridesLeadFromOneChannelAndImageToTheNext(TensorShape shape) {
    Segments order = order(shape);
    if (shape.channels() > 1) {
      assertThat(order.channelStride()).isEqualTo(index(shape, 0, 1) - index(shape, 0, 0));
    }
    if (shape.batch() > 1) {
      assertThat(order.imageStride()).isEqualTo(shape.index(1, 0, 0) - shape.index(0, 0, 0));
    }
    for (int m = 0; m < shape.count(); m++) {
      if (order.elementOffset(m) != index(shape, m, 0)) {
        throw new AssertionError("element " + m + " lies at " + order.elementOffset(m));
      }
    }
    if (shape.spatial() > 1 && !order.packed()) {
      assertThat(order.step()).isEqualTo(shape.index(0, 0, 1) - shape.index(0, 0, 0));
    }
  }

  /** Rows are the same memory in both layouts, and so is a single channel. */
  @ParameterizedTest
  @CsvSource({
    "NCHW, 5, 3, 1, true, false",
    "NHWC, 5, 3, 1, true, false",
    "NCHW, 5, 1, 1, false, false",
    "NHWC, 5, 1, 1, false, false",
    "NHWC, 5, 1, 40, false, false",
    "NHWC, 5, 3, 40, true, false",
    "NCHW, 5, 3, 40, false, false",
    "NCHW, 5, 3, 15, false, true",
    "NCHW, 5, 3, 16, false, false",
    "NHWC, 5, 3, 15, true, false",
    "NCHW, 5, 1, 15, false, false"
  })
  void smallImagesOfSeveralChannelsArePacked(
      Layout layout, int n, int c, int s, boolean channelsLast, boolean packed) {
    Segments order = order(TensorShape.of(layout, n, c, s));
    assertThat(order.channelsLast()).isEqualTo(channelsLast);
    assertThat(order.packed()).isEqualTo(packed);
    assertThat(order.step()).isEqualTo(channelsLast ? c : 1);
  }

  @Test
  void aTensorOfNothingHasNoSegments() {
    for (int[] size : EMPTY) {
      for (boolean channelsLast : new boolean[] {false, true}) {
        Segments order = new Segments(channelsLast, size[0], size[1], size[2]);
        int expected = PlainOrder.segments(size[0], size[2]).size();
        assertThat(order.segments()).as(Arrays.toString(size)).isEqualTo(expected);
        assertThat(order.segmentsTogether()).isPositive();
      }
    }
  }

  /** A reduction takes what its scratch has room for, and enough of it to overlap. */
  @ParameterizedTest
  @CsvSource({
    // rows and NHWC: a segment of all channels
    "NCHW, 5000, 7, 1, 1, 7",
    "NHWC, 9, 70, 400, 1, 70",
    // packed: a segment of one channel
    "NCHW, 9000, 7, 5, 1, 1",
    // small images: as many segments as there is room for
    "NCHW, 900, 7, 256, 146, 7",
    "NCHW, 60, 7, 256, 15, 68",
    "NCHW, 4, 700, 256, 1, 1024",
    "NCHW, 12, 7, 256, 3, 341",
    // large ones: the segments of 1, 2 or 4 whole images, or of several times as many
    "NCHW, 900, 700, 1024, 1, 1024",
    "NCHW, 900, 700, 400, 1, 1024",
    "NCHW, 900, 7, 1024, 146, 7",
    "NCHW, 900, 64, 3136, 13, 78",
    "NCHW, 900, 7, 3136, 143, 7",
    "NCHW, 900, 7, 31744, 124, 8",
    "NCHW, 900, 7, 65536, 128, 8",
    "NCHW, 3, 7, 4000000, 1024, 1",
    // one image: few
    "NCHW, 1, 7, 257, 1, 32",
    "NCHW, 1, 7, 3136, 3, 10",
    "NCHW, 1, 7, 65536, 32, 1",
    "NCHW, 0, 7, 256, 1, 1024"
  })
  void aReductionTakesSegmentsAndChannelsTogether(
      Layout layout, int n, int c, int s, int segments, int channels) {
    Segments order = order(TensorShape.of(layout, n, c, s));
    assertThat(order.segmentsTogether()).isEqualTo(segments);
    assertThat(order.channelsTogether()).isEqualTo(channels);
  }

  /** What is read twice is taken in pieces that a second-level cache holds. */
  @ParameterizedTest
  @CsvSource({
    "NHWC, 9, 70, 400, 1, 70",
    "NCHW, 9000, 7, 5, 1, 1",
    "NCHW, 900, 7, 256, 18, 7",
    "NCHW, 4, 700, 256, 1, 128",
    "NCHW, 900, 64, 3136, 13, 9",
    "NCHW, 3, 7, 4000000, 128, 1",
    "NCHW, 1, 7, 3136, 3, 10"
  })
  void aReductionThatReadsTwiceTakesFewerTogether(
      Layout layout, int n, int c, int s, int segments, int channels) {
    Segments order = order(TensorShape.of(layout, n, c, s));
    assertThat(order.segmentsTogether(true)).isEqualTo(segments);
    assertThat(order.channelsTogether(true)).isEqualTo(channels);
  }

  /** Four superrows, or what an image leaves for its last block. */
  @ParameterizedTest
  @CsvSource({
    "3, 257, 192",
    "3, 319, 192",
    "3, 320, 192",
    "3, 321, 195",
    "3, 511, 765",
    "5, 512, 320",
    "3, 3136, 192"
  })
  void aSampleOrAPartialBlockHoldsSoManyElements(int channels, int spatial, long elements) {
    assertThat(new Segments(true, 2, channels, spatial).sampleOrPartial()).isEqualTo(elements);
  }

  @ParameterizedTest
  @CsvSource({
    "16, 0, 0",
    "32, 1, 0",
    "48, 2, 1",
    "128, 3, 2",
    "144, 4, 4",
    "256, 4, 4",
    "300, 4, 4"
  })
  void imagesTakeThePowerOfTwoOfTheirSuperrows(int s, int slotShift, int quads) {
    Segments order = new Segments(false, 2, 2, s);
    assertThat(order.slotShift()).isEqualTo(slotShift);
    assertThat(order.quadsPerImage()).isEqualTo(quads);
    assertThat(order.imagesPerBlock()).isEqualTo(16 >> slotShift);
    assertThat(order.largeImages()).isEqualTo(s > 256);
  }

  /** Cut there, a batch's order is that of its parts; cut anywhere before, it is not. */
  @ParameterizedTest
  @ValueSource(
      ints = {
        1, 2, 3, 5, 12, 15, 16, 17, 32, 49, 64, 128, 129, 240, 256, 257, 500, 513, 769, 1024, 1025,
        1280, 3136, 4096, 4352
      })
  void aCutIsTheFewestImagesOfWholeSegments(int spatial) {
    int images = Segments.imagesPerCut(spatial);
    assertThat(images).isPositive();
    assertThat(isOrderOfParts(images, spatial)).isTrue();
    for (int fewer : new int[] {1, images / 2, images - 1}) {
      if (fewer > 0 && fewer < images) {
        assertThat(isOrderOfParts(fewer, spatial)).as("%s images", fewer).isFalse();
      }
    }
  }

  @Test
  void imagesOfNothingCanBeCutAnywhere() {
    assertThat(Segments.imagesPerCut(0)).isEqualTo(1);
  }

  /** Whether two parts of so many images, one after the other, are in the order of the whole. */
  private static boolean isOrderOfParts(int images, int spatial) {
    List<List<int[]>> part = PlainOrder.segments(images, spatial);
    IntStream parts = IntStream.concat(list(part, 0), list(part, images * spatial));
    IntStream whole = list(PlainOrder.segments(2 * images, spatial), 0);
    return Arrays.equals(parts.toArray(), whole.toArray());
  }

  /** The slots of all segments, counted from {@code first} on, each segment ended by a mark. */
  private static IntStream list(List<List<int[]>> segments, int first) {
    return segments.stream()
        .flatMapToInt(
            segment ->
                IntStream.concat(
                    segment.stream()
                        .flatMapToInt(Arrays::stream)
                        .map(m -> m == PlainOrder.NONE ? m : m + first),
                    IntStream.of(Integer.MIN_VALUE)));
  }
}
