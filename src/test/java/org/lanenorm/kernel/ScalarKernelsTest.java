package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.lanenorm.Tensors.assertSameBits;
import static org.lanenorm.Tensors.bits;
import static org.lanenorm.Tensors.channel;
import static org.lanenorm.Tensors.normal;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

/**
 * The kernels in plain Java, bit for bit: sums against the plain order, the rest against its
 * formula, element by element. Property-tests hold the vector kernels to the same bits.
 */
class ScalarKernelsTest {
  private static final Kernels KERNELS = ScalarKernels.INSTANCE;

  /** NaN stands before every tensor, and the array ends with it: to read beyond throws. */
  private static final int OFFSET = 3;

  private static final float[] HI = {1.25f, -3, 1e6f, 0.1f};

  // Sums

  @ParameterizedTest
  @MethodSource("org.lanenorm.kernel.SegmentsTest#shapes")
  void momentSumsFollowThePlainOrder(TensorShape shape) {
    float[] x = padded(normal(shape.length(), 1));
    Segments order = SegmentsTest.order(shape);
    List<List<int[]>> segments = PlainOrder.segments(shape.batch(), shape.spatial());
    for (int[] part : parts(segments.size(), shape.channels())) {
      int cells = (part[1] - part[0]) * (part[3] - part[2]);
      float[] shift = new float[cells];
      double[] sum = new double[cells];
      double[] square = new double[cells];
      KERNELS.momentSums(
          x, OFFSET, order, part[0], part[1], part[2], part[3], shift, sum, square, new Scratch());
      int i = 0;
      for (List<int[]> segment : segments.subList(part[0], part[1])) {
        for (int c = part[2]; c < part[3]; c++, i++) {
          float[] values = channel(unpadded(x), shape, c);
          float k = PlainOrder.shift(values, segment);
          assertThat(shift[i]).isEqualTo(k);
          assertThat(sum[i]).isEqualTo(PlainOrder.sum(values, k, segment));
          assertThat(square[i]).isEqualTo(PlainOrder.products(values, k, values, k, segment));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.lanenorm.kernel.SegmentsTest#shapes")
  void gradientSumsFollowThePlainOrder(TensorShape shape) {
    float[] x = padded(normal(shape.length(), 1));
    float[] dy = padded(normal(shape.length(), 2));
    Segments order = SegmentsTest.order(shape);
    List<List<int[]>> segments = PlainOrder.segments(shape.batch(), shape.spatial());
    for (int[] part : parts(segments.size(), shape.channels())) {
      int cells = (part[1] - part[0]) * (part[3] - part[2]);
      double[] sum = new double[cells];
      double[] product = new double[cells];
      KERNELS.gradientSums(
          x,
          OFFSET,
          dy,
          OFFSET,
          order,
          part[0],
          part[1],
          part[2],
          part[3],
          HI,
          sum,
          product,
          new Scratch());
      int i = 0;
      for (List<int[]> segment : segments.subList(part[0], part[1])) {
        for (int c = part[2]; c < part[3]; c++, i++) {
          float[] values = channel(unpadded(x), shape, c);
          float[] gradients = channel(unpadded(dy), shape, c);
          assertThat(sum[i]).isEqualTo(PlainOrder.sum(gradients, 0, segment));
          assertThat(product[i])
              .isEqualTo(PlainOrder.products(gradients, 0, values, HI[c], segment));
        }
      }
    }
  }

  /** Sums that are no numbers, so that every mean is made anew from the elements of its own. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void momentsBelongToTheirSegmentsAndChannels(Layout layout) {
    TensorShape shape = TensorShape.of(layout, 3, 3, 1024);
    float[] x = normal(shape.length(), 15);
    double[] mean = new double[4];
    double[] m2 = new double[4];
    Arrays.fill(m2, Double.NaN);
    KERNELS.segmentMoments(
        padded(x),
        OFFSET,
        SegmentsTest.order(shape),
        1,
        3,
        1,
        3,
        new float[4],
        mean,
        m2,
        new Scratch());
    for (int i = 0; i < 4; i++) {
      // images 1 and 2 are these segments
      double sum = 0;
      for (int s = 0; s < 1024; s++) {
        sum += x[shape.index(1 + i / 2, 1 + i % 2, s)];
      }
      assertThat(mean[i]).isCloseTo(sum / 1024, within(1e-15));
      assertThat(m2[i]).isPositive();
    }
  }

  /** The same of gradient sums. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void gradientsBelongToTheirSegmentsAndChannels(Layout layout) {
    TensorShape shape = TensorShape.of(layout, 3, 3, 1024);
    float[] x = normal(shape.length(), 15);
    float[] dy = normal(shape.length(), 16);
    double[] sums = {Double.NaN, Double.NaN, Double.NaN, Double.NaN};
    double[] products = sums.clone();
    KERNELS.segmentGradients(
        padded(x),
        OFFSET,
        padded(dy),
        OFFSET,
        SegmentsTest.order(shape),
        1,
        3,
        1,
        3,
        HI,
        sums,
        products,
        new Scratch());
    for (int i = 0; i < 4; i++) {
      double sum = 0;
      double product = 0;
      for (int s = 0; s < 1024; s++) {
        int at = shape.index(1 + i / 2, 1 + i % 2, s);
        sum += dy[at];
        product += dy[at] * ((double) x[at] - HI[1 + i % 2]);
      }
      assertThat(sums[i]).isCloseTo(sum, within(1e-12));
      assertThat(products[i]).isCloseTo(product, within(1e-6));
    }
  }

  /** Integers, whose sums are exact in any order. */
  @Test
  void referenceSumsAreAroundTheOrigin() {
    float[] x = padded(new float[] {1, 10, 2, 20, 4, 40});
    Segments order = new Segments(true, 3, 2, 1);
    double[] sum = new double[2];
    double[] square = new double[2];
    double[] reach = new double[2];
    KERNELS.referenceSums(
        x, OFFSET, order, 0, 1, 0, 2, new float[] {1, 20}, sum, square, reach, new Scratch());
    assertThat(sum).containsExactly(0 + 1 + 3, -10 + 0 + 20);
    assertThat(square).containsExactly(0 + 1 + 9, 100 + 0 + 400);
    assertThat(reach).containsExactly(9, 400);
  }

  @Test
  void coefficientsAreThoseOfTheirClasses() {
    double[] mean = {1, 2, 3};
    double[] m2 = {5, 12, 5};
    double[] invStd = {7, 7, 7};
    ChannelAffine affine = new ChannelAffine(3);
    KERNELS.coefficients(mean, m2, 4, 1, invStd, new float[] {6, 6, 6}, null, affine, 1, 2);
    assertThat(invStd).containsExactly(7, 0.5, 7);
    assertThat(affine.k).containsExactly(0, 3, 0);
    ChannelGradients gradients = new ChannelGradients(3);
    KERNELS.coefficients(gradients, invStd, null, 4, 1, 2);
    assertThat(gradients.k).containsExactly(0, 0.5f, 0);
  }

  /** First and end segment, from and to channel: all, and the last of each. */
  private static List<int[]> parts(int segments, int channels) {
    int[] all = {0, segments, 0, channels};
    int[] last = {segments - 1, segments, channels - 1, channels};
    return segments * channels == 1 ? List.of(all) : List.of(all, last);
  }

  // Elements

  /** Several channels, one channel, rows; both layouts. */
  static Stream<TensorShape> shapes() {
    return Stream.of(Layout.values())
        .flatMap(
            layout ->
                Stream.of(
                    TensorShape.of(layout, 3, 4, 5),
                    TensorShape.of(layout, 2, 1, 7),
                    TensorShape.of(layout, 4, 3),
                    TensorShape.of(layout, 2, 4, 12)));
  }

  /** What is computed of a channel and an element: index i of each array. */
  private interface Element {
    float of(int c, int i);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void normalizeIsItsFormulaInItsRowsAndChannels(TensorShape shape) {
    float[] x = normal(shape.length(), 3);
    ChannelAffine affine = affine(shape.channels());
    Segments order = SegmentsTest.order(shape);
    for (int[] part : parts(order.rows(), shape.channels())) {
      float[] y = padded(normal(x.length, 4));
      float[] expected =
          expected(y, shape, part, 0, order.run(), (c, i) -> normalized(affine, c, x[i]));
      KERNELS.normalize(
          padded(x), OFFSET, y, OFFSET, order, part[0], part[1], part[2], part[3], affine, null);
      assertSameBits(y, expected);
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void inputGradientIsItsFormulaInItsRowsAndChannels(TensorShape shape) {
    float[] x = normal(shape.length(), 5);
    float[] dy = normal(shape.length(), 6);
    int channels = shape.channels();
    ChannelGradients g = gradients(channels);
    Segments order = SegmentsTest.order(shape);
    Element formula =
        (c, i) ->
            g.extreme(c)
                ? (float) (g.scale[c] * dy[i] + g.slope[c] * (x[i] - g.mean[c]) + g.shift[c])
                : Math.fma(dy[i], g.k[c], Math.fma(x[i] - g.hi[c], g.p[c], g.q[c]));
    for (int[] part : parts(order.rows(), channels)) {
      float[] dx = padded(normal(x.length, 7));
      float[] expected = expected(dx, shape, part, 0, order.run(), formula);
      KERNELS.inputGradient(
          padded(x),
          OFFSET,
          padded(dy),
          OFFSET,
          dx,
          OFFSET,
          order,
          part[0],
          part[1],
          part[2],
          part[3],
          g,
          null);
      assertSameBits(dx, expected);
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void fusedIsItsFormulaInAPartOfEachRun(TensorShape shape) {
    float[] x = normal(shape.length(), 8);
    float[] z = normal(shape.length(), 9);
    ChannelAffine affine = affine(shape.channels());
    Segments order = SegmentsTest.order(shape);
    int end = order.run();
    for (int[] part : parts(order.rows(), shape.channels())) {
      for (int begin : new int[] {0, end / 2}) {
        float[] y = padded(normal(x.length, 4));
        float[] expected =
            expected(
                y, shape, part, begin, end, (c, i) -> relu(normalized(affine, c, x[i]) + z[i]));
        KERNELS.fused(
            padded(x),
            OFFSET,
            padded(z),
            OFFSET,
            y,
            OFFSET,
            order,
            part[0],
            part[1],
            part[2],
            part[3],
            begin,
            end,
            affine,
            Curve.RELU,
            null);
        assertSameBits(y, expected);
        expected =
            expected(y, shape, part, 0, end - begin, (c, i) -> relu(normalized(affine, c, x[i])));
        KERNELS.fused(
            padded(x),
            OFFSET,
            null,
            0,
            y,
            OFFSET,
            order,
            part[0],
            part[1],
            part[2],
            part[3],
            0,
            end - begin,
            affine,
            Curve.RELU,
            null);
        assertSameBits(y, expected);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void fusedGradientIsItsFormulaInItsRowsAndChannels(TensorShape shape) {
    float[] x = normal(shape.length(), 8);
    float[] z = normal(shape.length(), 9);
    float[] dy = normal(shape.length(), 10);
    ChannelAffine affine = affine(shape.channels());
    Segments order = SegmentsTest.order(shape);
    for (int[] part : parts(order.rows(), shape.channels())) {
      for (float[] residual : new float[][] {null, z}) {
        float[] dz = padded(normal(x.length, 4));
        Element formula =
            (c, i) -> {
              float v = normalized(affine, c, x[i]);
              return (residual == null ? v : v + residual[i]) > 0 ? dy[i] : 0;
            };
        float[] expected = expected(dz, shape, part, 0, order.run(), formula);
        KERNELS.fusedGradient(
            padded(x),
            OFFSET,
            residual == null ? null : padded(residual),
            OFFSET,
            padded(dy),
            OFFSET,
            dz,
            OFFSET,
            order,
            part[0],
            part[1],
            part[2],
            part[3],
            affine,
            Curve.RELU,
            null);
        assertSameBits(dz, expected);
      }
    }
  }

  /**
   * All rows, the last one, and its channels but the first: bits of elements before them stay, and
   * there are none after the last.
   */
  @ParameterizedTest
  @MethodSource("shapes")
  void markedIsFusedWithTheBitsOfItsElements(TensorShape shape) {
    float[] x = normal(shape.length(), 8);
    float[] z = normal(shape.length(), 9);
    ChannelAffine affine = affine(shape.channels());
    Segments order = SegmentsTest.order(shape);
    int last = order.rows() - 1;
    int[][] beginnings = {{0, 0}, {last, 0}, {last, Math.min(1, shape.channels() - 1)}};
    for (int[] beginning : beginnings) {
      int[] part = {beginning[0], order.rows(), beginning[1], shape.channels()};
      float[] y = padded(normal(x.length, 4));
      float[] expected =
          expected(
              y, shape, part, 0, order.run(), (c, i) -> relu(normalized(affine, c, x[i]) + z[i]));
      long[] bits = {7, -1, -1, 7};
      KERNELS.marked(
          padded(x),
          OFFSET,
          padded(z),
          OFFSET,
          y,
          OFFSET,
          order,
          part[0],
          part[1],
          part[2],
          part[3],
          affine,
          Curve.RELU,
          bits,
          1,
          null);
      assertSameBits(y, expected);
      long[] expectedBits = {7, -1, -1, 7};
      int first = beginning[0] * order.rowLength() + beginning[1] * order.run();
      for (int i = first; i < x.length; i++) {
        expectedBits[1 + i / 64] &= expected[OFFSET + i] > 0 ? -1 : ~(1L << i % 64);
      }
      // none after the last, in its word
      expectedBits[1 + (x.length - 1) / 64] &= -1L >>> -x.length;
      assertThat(bits).containsExactly(expectedBits);
    }
  }

  /**
   * {@code y} with the formula at the elements [begin, end) of each run of some rows and channels.
   */
  private static float[] expected(
      float[] y, TensorShape shape, int[] part, int begin, int end, Element formula) {
    Segments order = SegmentsTest.order(shape);
    float[] expected = y.clone();
    for (int m = 0; m < shape.count(); m++) {
      for (int c = part[2]; c < part[3]; c++) {
        int at = SegmentsTest.index(shape, m, c);
        int row = at / order.rowLength();
        int inRun = at % order.rowLength() % order.run();
        if (row >= part[0] && row < part[1] && inRun >= begin && inRun < end) {
          expected[OFFSET + at] = formula.of(c, at);
        }
      }
    }
    return expected;
  }

  private static float normalized(ChannelAffine affine, int c, float x) {
    return affine.extreme(c)
        ? (float) ((x - affine.mean[c]) * affine.scale[c] + affine.shift[c])
        : Math.fma(x - affine.hi[c], affine.k[c], affine.b[c]);
  }

  private static float relu(float v) {
    return v <= 0 ? 0 : v;
  }

  @Test
  void siluAndGradientsTouchTheirSliceAlone() {
    float[] v = normal(9, 10);
    float[] dy = normal(9, 11);
    float[] y = v.clone();
    ChannelAffine same = new ChannelAffine(1);
    same.k[0] = 1;
    same.b[0] = -0.0f;
    Segments order = new Segments(false, 1, 1, 9);
    KERNELS.fused(y, 0, null, 0, y, 0, order, 0, 1, 0, 1, 2, 7, same, Curve.SILU, null);
    float[] dx = new float[9];
    KERNELS.gradient(v, dy, 1, dx, 3, 4, Curve.RELU);
    for (int i = 0; i < 9; i++) {
      boolean inside = i >= 2 && i < 7;
      assertThat(y[i]).isEqualTo(inside ? Curve.SILU.of(v[i]) : v[i]);
      int j = i - 3;
      assertThat(dx[i]).isEqualTo(j >= 0 && j < 4 && v[j] > 0 ? dy[1 + j] : 0);
    }
  }

  /** A bfloat16 is the first half of a float's bits; 1 + 2^-8 is a tie, rounded to even. */
  @Test
  void bfloat16IsTheFirstHalfOfAFloat() {
    short[] halves = {0, 0x3f80, (short) 0xc000, 0};
    float[] floats = {9, 9, 9, 9};
    KERNELS.widenBfloat16(halves, 1, floats, 2, 2);
    assertSameBits(floats, new float[] {9, 9, 1, -2});
    short[] narrowed = {7, 7, 7, 7};
    KERNELS.narrowBfloat16(new float[] {9, 0x1.02p0f, -2}, 1, narrowed, 0, 2);
    assertThat(narrowed).containsExactly((short) 0x3f81, (short) 0xc000, (short) 7, (short) 7);
    KERNELS.narrowBfloat16(new float[] {0x1.01p0f}, 0, narrowed, 3, 1);
    assertThat(narrowed[3]).isEqualTo((short) 0x3f80);
  }

  /** A sign, 5 bits of an exponent, 10 of digits: 1.5, the smallest number and -65504. */
  @Test
  void float16HasFiveBitsOfExponent() {
    short[] halves = {0, 0x3e00, 1, (short) 0xfbff, 0x3c00};
    float[] floats = {9, 9, 9, 9, 9};
    KERNELS.widenFloat16(halves, 1, floats, 2, 3);
    assertSameBits(floats, new float[] {9, 9, 1.5f, 0x1p-24f, -65504});
  }

  /** 64 elements to a word, of two words inside longer arrays. */
  @Test
  void bitsAreOfTheirWordsAndElementsAlone() {
    float[] y = padded(normal(128, 16));
    float[] dy = normal(1 + 128, 17);
    long[] bits = {7, 0, 0, 7};
    KERNELS.mark(y, OFFSET, 2, Curve.RELU, bits, 1);
    float[] dz = padded(new float[128]);
    KERNELS.gate(dy, 1, dz, OFFSET, 2, Curve.RELU, bits, 1);
    long[] expectedBits = {7, 0, 0, 7};
    float[] expected = padded(new float[128]);
    for (int i = 0; i < 128; i++) {
      if (y[OFFSET + i] > 0) {
        expectedBits[1 + i / 64] |= 1L << i % 64;
        expected[OFFSET + i] = dy[1 + i];
      }
    }
    assertThat(bits).containsExactly(expectedBits);
    assertSameBits(dz, expected);
  }

  /** Lines: hi, k and b of the channel, gamma and beta of the position. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void elementsHaveParametersOfTheirPosition(Layout layout) {
    TensorShape shape = TensorShape.of(layout, 1, 4, 6);
    Segments order = SegmentsTest.order(shape);
    float[] x = normal(shape.length(), 12);
    float[] gamma = normal(6, 13);
    float[] beta = normal(6, 14);
    ChannelAffine affine = affine(4);
    float[] y = padded(new float[x.length]);
    float[] scaled = padded(new float[x.length]);
    KERNELS.normalizeElements(padded(x), OFFSET, y, OFFSET, order, affine, gamma, beta);
    KERNELS.scaleElements(padded(x), OFFSET, scaled, OFFSET, order, gamma);
    float[] expectedY = y.clone();
    float[] expectedScaled = scaled.clone();
    for (int c = 0; c < 4; c++) {
      for (int s = 0; s < 6; s++) {
        int i = shape.index(0, c, s);
        double xHat = (x[i] - affine.mean[c]) * affine.scale[c];
        float rounded = Math.fma(x[i] - affine.hi[c], affine.k[c], affine.b[c]);
        expectedY[OFFSET + i] =
            affine.extreme(c)
                ? (float) (xHat * gamma[s] + beta[s])
                : Math.fma(rounded, gamma[s], beta[s]);
        expectedScaled[OFFSET + i] = x[i] * gamma[s];
      }
    }
    assertThat(bits(y)).isEqualTo(bits(expectedY));
    assertThat(bits(scaled)).isEqualTo(bits(expectedScaled));
  }

  @Test
  void itHasAName() {
    assertThat(KERNELS.name()).isEqualTo("scalar");
  }

  /** Channel 2, where there is one, is extreme. */
  private static ChannelAffine affine(int channels) {
    double[] means = {0.3, -2, 1e32, 40};
    double[] invStd = {1.7, 0.9, 1e-30, 3};
    float[] gamma = {1.5f, -0.7f, 0.3f, 2};
    float[] beta = {0.25f, 3, -1, 0};
    ChannelAffine affine = new ChannelAffine(channels);
    affine.compute(means, invStd, gamma, beta, 0, channels);
    return affine;
  }

  private static ChannelGradients gradients(int channels) {
    double[] sums = {3, -1, 2, 0.5};
    double[] products = {-2, 4, 1e30, 1};
    ChannelGradients gradients = new ChannelGradients(channels);
    gradients.start(new double[] {0.3, -2, 1e32, 40}, 0, channels);
    gradients.add(sums, products, 0, 0, channels);
    gradients.compute(new double[] {1.7, 0.9, 1e-30, 3}, null, 12, 0, channels);
    return gradients;
  }

  private static float[] padded(float[] values) {
    float[] padded = new float[OFFSET + values.length];
    Arrays.fill(padded, Float.NaN);
    System.arraycopy(values, 0, padded, OFFSET, values.length);
    return padded;
  }

  private static float[] unpadded(float[] padded) {
    return Arrays.copyOfRange(padded, OFFSET, padded.length);
  }
}
