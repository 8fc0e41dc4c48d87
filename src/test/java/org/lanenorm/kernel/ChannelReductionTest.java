package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

/**
 * From sums to moments. Which sums are taken as they are and which are made anew in double is seen
 * by giving false ones: moments that belong to the false sums, or to the elements.
 */
class ChannelReductionTest {
  private static final int OFFSET = 3;

  // Moments of a segment

  /**
   * 16 elements: 15 times 1 and once 17, of mean 2 and M2 240. The false sums given with K = 10
   * would make the mean 10 + sum/16, M2 = square - sum^2/16.
   */
  @ParameterizedTest
  @CsvSource({
    // enough: nothing is off
    "16, 16, 100, true",
    // S((x - K)^2) may be 1.5 times M2, and no more
    "16, 16, 48, true",
    "16, 16, 47.99, false",
    "16, -16, 48, true",
    // squares may have underflowed below 2^-110
    "16, 0, 0x1p-110, true",
    "16, 0, 0x1.fffffffffffffp-111, false",
    // floats overflowed
    "16, 0, 0x1p127, true",
    "16, 0, Infinity, false",
    "16, Infinity, Infinity, false",
    "16, NaN, NaN, false",
    // fewer elements than lanes
    "15, 0, 100, false",
    "17, 0, 100, true"
  })
  void sumsAreTakenWhereFloatWasEnough(int n, String given, String givenSquare, boolean taken) {
    float[] x = new float[n];
    Arrays.fill(x, 1);
    x[n - 1] = 17;
    double s1 = Double.parseDouble(given);
    double s2 = Double.parseDouble(givenSquare);
    double[] sum = {-1, s1, -1};
    double[] square = {-1, s2, -1};
    // without values it can only say that it needed them
    assertThat(
            ChannelReduction.segmentMoments(
                null,
                0,
                order(n),
                0,
                0,
                1,
                new float[] {10},
                new double[] {s1},
                new double[] {s2},
                0,
                new Scratch()))
        .isEqualTo(taken ? 1 : 0);
    assertThat(
            ChannelReduction.segmentMoments(
                x, 0, order(n), 0, 0, 1, new float[] {-1, 10, -1}, sum, square, 1, new Scratch()))
        .isOne();
    double mean = 1 + 16.0 / n;
    assertThat(sum).containsExactly(-1, taken ? 10 + s1 / n : mean, -1);
    assertThat(square[0]).isEqualTo(-1);
    assertThat(square[1]).isEqualTo(taken ? s2 - s1 * s1 / n : 256 - 256.0 / n);
    assertThat(square[2]).isEqualTo(-1);
  }

  /**
   * No square is above 0: next to a K of 2^-38 or more they would not have underflowed, and then
   * all elements are K. The elements here are others, to show who was believed.
   */
  @ParameterizedTest
  @CsvSource({
    "0x1p-38, true",
    "-0x1p-38, true",
    "1, true",
    "0x1.fffffep-39, false",
    "-0x1.fffffep-39, false",
    "0, false",
  })
  void aSumOfNoSquaresMeansAConstantUnlessTheyMayHaveUnderflowed(String k, boolean taken) {
    float[] x = new float[16];
    x[15] = 0x1p-70f;
    double[] sum = {0};
    double[] square = {0};
    float shift = Float.parseFloat(k);
    assertThat(
            ChannelReduction.segmentMoments(
                null, 0, order(16), 0, 0, 1, new float[] {shift}, sum, square, 0, new Scratch()))
        .isEqualTo(taken ? 1 : 0);
    sum[0] = 0;
    square[0] = 0;
    ChannelReduction.segmentMoments(
        x, 0, order(16), 0, 0, 1, new float[] {shift}, sum, square, 0, new Scratch());
    assertThat(sum[0]).isEqualTo(taken ? shift : 0x1p-74);
    assertThat(square[0]).isEqualTo(taken ? 0 : 0x1p-140 - 0x1p-144);
  }

  @Test
  void aChannelOfNegativeZerosHasTheMeanZero() {
    float[] x = new float[16];
    Arrays.fill(x, -0f);
    double[] sum = {0};
    ChannelReduction.segmentMoments(
        x, 0, order(16), 0, 0, 1, new float[] {-0f}, sum, new double[1], 0, new Scratch());
    assertThat(Double.doubleToRawLongBits(sum[0])).isZero();
  }

  /** A dead channel is told from one with a single smallest number at any place. */
  @ParameterizedTest
  @MethodSource("smallShapes")
  void oneElementThatIsNotZeroIsFoundAnywhere(TensorShape shape) {
    Segments order = SegmentsTest.order(shape);
    for (int c = 0; c < shape.channels(); c++) {
      for (float others : new float[] {0, 5}) {
        float[] x = new float[OFFSET + shape.length()];
        Arrays.fill(x, others);
        for (int m = 0; m < shape.count(); m++) {
          x[OFFSET + SegmentsTest.index(shape, m, c)] = 0;
        }
        assertThat(moments(x, order, c, 0)).containsExactly(0, 0);
        for (int m = 0; m < shape.count(); m++) {
          int at = OFFSET + SegmentsTest.index(shape, m, c);
          x[at] = 0x1p-100f;
          double mean = moments(x, order, c, 0)[0];
          assertThat(Math.abs(mean * shape.count() - 0x1p-100)).isLessThan(1e-13 * 0x1p-100);
          x[at] = 0;
        }
      }
    }
  }

  /** Four chains, and what is left of the last four goes to the first. */
  @ParameterizedTest
  @ValueSource(ints = {3, 4, 8, 11})
  void sumsInDoubleHaveOneOrder(int n) {
    Random random = new Random(n);
    float[] x = new float[n];
    double[] sums = new double[4];
    double[] squares = new double[4];
    for (int i = 0; i < n; i++) {
      x[i] = (float) Math.scalb(random.nextGaussian(), random.nextInt(40));
      double d = (double) x[i] - x[0];
      int chain = i < n - n % 4 ? i % 4 : 0;
      sums[chain] += d;
      squares[chain] += d * d;
    }
    double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    double square = (squares[0] + squares[1]) + (squares[2] + squares[3]);
    assertThat(moments(pad(x), order(n), 0, Double.NaN))
        .containsExactly(x[0] + sum / n, square - sum * sum / n);
  }

  /** Integers, so that every order gives the same: what is tested is which elements are met. */
  @ParameterizedTest
  @MethodSource("smallShapes")
  void momentsInDoubleAreThoseOfTheSegmentsElements(TensorShape shape) {
    Segments order = SegmentsTest.order(shape);
    float[] x = integers(OFFSET + shape.length(), 1);
    for (int c = 0; c < shape.channels(); c++) {
      double k = x[OFFSET + SegmentsTest.index(shape, 0, c)];
      double sum = 0;
      double square = 0;
      for (int m = 0; m < shape.count(); m++) {
        double d = x[OFFSET + SegmentsTest.index(shape, m, c)] - k;
        sum += d;
        square += d * d;
      }
      int n = shape.count();
      assertThat(moments(x, order, c, Double.NaN))
          .containsExactly(k + sum / n, square - sum * sum / n);
    }
  }

  /** Of the second segment too, and no element of the first. */
  @Test
  void everySegmentHasItsOwnMoments() {
    TensorShape shape = TensorShape.rows(2048, 2);
    Segments order = SegmentsTest.order(shape);
    float[] x = integers(shape.length(), 2);
    double[] sum = {0, 0};
    double[] square = {Double.NaN, Double.NaN};
    ChannelReduction.segmentMoments(
        x, 0, order, 1, 0, 2, new float[2], sum, square, 0, new Scratch());
    for (int c = 0; c < 2; c++) {
      double total = 0;
      for (int m = 1024; m < 2048; m++) {
        total += x[2 * m + c];
      }
      assertThat(sum[c]).isEqualTo(total / 1024);
    }
  }

  @Test
  void aNanStays() {
    float[] x = {1, Float.NaN};
    double[] moments = moments(pad(x), order(2), 0, Double.NaN);
    assertThat(moments).containsExactly(Double.NaN, Double.NaN);
  }

  /** Mean and M2 of channel c from the sum 0 and the sum of squares given, with K = 0. */
  private static double[] moments(float[] x, Segments order, int c, double givenSquare) {
    double[] sum = {0};
    double[] square = {givenSquare};
    ChannelReduction.segmentMoments(
        x, OFFSET, order, 0, c, c + 1, new float[1], sum, square, 0, new Scratch());
    return new double[] {sum[0], square[0]};
  }

  // Many segments, many sets

  /** 1, 2, 3 and 7, 9: mean 4.4, M2 2 + 2 + 6*6*6/5. */
  @Test
  void mergingIsChansUpdate() {
    double[] mean = {9, 2, 9};
    double[] m2 = {9, 2, 9};
    ChannelReduction.merge(3, mean, m2, 2, new double[] {1, 8, 1}, new double[] {1, 2, 1}, 1, 2);
    assertThat(mean).containsExactly(9, 2 + 6 * (2 / 5.0), 9);
    assertThat(m2).containsExactly(9, 2 + (2 + 36 * (3 * (2 / 5.0))), 9);
  }

  @Test
  void anEmptySideChangesNothing() {
    double[] mean = {1, 2, 3};
    double[] m2 = {4, 5, 6};
    double[] otherMean = {10, 20, 30};
    double[] otherM2 = {40, 50, 60};
    ChannelReduction.merge(5, mean, m2, 0, otherMean, otherM2, 0, 3);
    assertThat(mean).containsExactly(1, 2, 3);
    assertThat(m2).containsExactly(4, 5, 6);
    ChannelReduction.merge(0, mean, m2, 5, otherMean, otherM2, 1, 2);
    assertThat(mean).containsExactly(1, 20, 3);
    assertThat(m2).containsExactly(4, 50, 6);
  }

  /** Counts whose sum is beyond a long: as numbers they are added in double. */
  @Test
  void countsAreAddedInDouble() {
    double[] mean = {0};
    ChannelReduction.merge(
        Long.MAX_VALUE, mean, new double[1], Long.MAX_VALUE, new double[] {4}, new double[1], 0, 1);
    assertThat(mean[0]).isEqualTo(2);
  }

  /**
   * Segments of 4, 2 and 2 elements, means 1, 5 and 3: mean 2.5, M2 = 6 + 4*2.25 + 2*6.25 + 2*0.25.
   */
  @Test
  void segmentsAreAddedAroundTheFirstOnesMean() {
    double[] mean = {99, 99, 99};
    double[] m2 = {99, 99, 99};
    double[] drift = {99, 99, 99};
    double[] means = {-1, 1, 5, 3};
    double[] squares = {-1, 1, 2, 3};
    ChannelReduction.add(true, 4, means, squares, 0, 1, 2, mean, m2, drift);
    ChannelReduction.add(false, 2, means, squares, 1, 1, 2, mean, m2, drift);
    ChannelReduction.add(false, 2, means, squares, 2, 1, 2, mean, m2, drift);
    ChannelReduction.finish(8, 1, 2, mean, m2, drift);
    assertThat(mean).containsExactly(99, 2.5, 99);
    assertThat(m2).containsExactly(99, 6 + 9 + 12.5 + 0.5, 99);
  }

  @Test
  void aSeriesEndsWithoutANegativeM2() {
    double[] m2 = {1};
    ChannelReduction.finish(2, 0, 1, new double[1], m2, new double[] {2});
    assertThat(m2[0]).isZero();
  }

  @Test
  void invStdIsOneOverTheRootOfVarianceAndEpsilon() {
    double[] invStd = {7, 7, 7};
    ChannelReduction.invStd(new double[] {1, 14, 1}, 4, 0.5, invStd, 1, 2);
    assertThat(invStd).containsExactly(7, 0.5, 7);
  }

  /** Of the channels 2 to 5 the third overflowed: those before it are done, the rest is not. */
  @Test
  void withoutValuesItStopsAtTheFirstChannelThatNeedsThem() {
    double infinite = Double.POSITIVE_INFINITY;
    double[] sum = {0, 16, 16, 0, 16};
    double[] square = {0, 64, 64, infinite, 64};
    assertThat(
            ChannelReduction.segmentMoments(
                null, 0, order(16), 0, 2, 6, new float[5], sum, square, 1, new Scratch()))
        .isEqualTo(4);
    assertThat(sum).containsExactly(0, 1, 1, 0, 16);
    assertThat(square).containsExactly(0, 48, 48, infinite, 64);
    assertThat(
            ChannelReduction.segmentGradients(
                null, 0, null, 0, order(16), 0, 2, 6, new float[6], sum, square, 1, new Scratch()))
        .isEqualTo(4);
  }

  // Gradient sums of a segment

  /**
   * 16 elements with dy = 1 and x - hi = 2: sums 16 and 32 where the false ones given are not
   * believed, each for its own reason.
   */
  @ParameterizedTest
  @CsvSource({
    "5, 7, true, true",
    "0, 0, true, true",
    "-5, -7, true, true",
    "0x1p-140, 7, true, true",
    "5, 0x1p-110, true, true",
    "5, -0x1p-110, true, true",
    "5, 0x1.fffffffffffffp-111, true, false",
    "5, -0x1.fffffffffffffp-111, true, false",
    "Infinity, 7, false, true",
    "-Infinity, 7, false, true",
    "NaN, 7, false, true",
    "5, Infinity, true, false",
    "5, NaN, true, false",
    "NaN, NaN, false, false"
  })
  void gradientSumsAreTakenWhereFloatWasEnough(
      String given, String givenProduct, boolean sumTaken, boolean productTaken) {
    float[] x = new float[16];
    float[] dy = new float[16];
    Arrays.fill(x, 5);
    Arrays.fill(dy, 1);
    double[] sum = {-1, Double.parseDouble(given), -1};
    double[] product = {-1, Double.parseDouble(givenProduct), -1};
    double[] expectedSum = {-1, sumTaken ? sum[1] : 16, -1};
    double[] expectedProduct = {-1, productTaken ? product[1] : 32, -1};
    float[] hi = {3};
    assertThat(
            ChannelReduction.segmentGradients(
                null, 0, null, 0, order(16), 0, 0, 1, hi, sum, product, 1, new Scratch()))
        .isEqualTo(sumTaken && productTaken ? 1 : 0);
    assertThat(
            ChannelReduction.segmentGradients(
                x, 0, dy, 0, order(16), 0, 0, 1, hi, sum, product, 1, new Scratch()))
        .isOne();
    assertThat(sum).containsExactly(expectedSum);
    assertThat(product).containsExactly(expectedProduct);
  }

  @ParameterizedTest
  @MethodSource("smallShapes")
  void gradientSumsInDoubleAreThoseOfTheSegmentsElements(TensorShape shape) {
    Segments order = SegmentsTest.order(shape);
    float[] x = integers(OFFSET + shape.length(), 4);
    float[] dy = integers(1 + shape.length(), 5);
    int channels = shape.channels();
    float[] hi = {2, -3, 4};
    double[] sum = new double[channels];
    double[] product = new double[channels];
    Arrays.fill(sum, Double.NaN);
    Arrays.fill(product, Double.NaN);
    ChannelReduction.segmentGradients(
        x, OFFSET, dy, 1, order, 0, 0, channels, hi, sum, product, 0, new Scratch());
    for (int c = 0; c < channels; c++) {
      double s = 0;
      double p = 0;
      for (int m = 0; m < shape.count(); m++) {
        int i = SegmentsTest.index(shape, m, c);
        s += dy[1 + i];
        p += dy[1 + i] * (x[OFFSET + i] - hi[c]);
      }
      assertThat(sum[c]).isEqualTo(s);
      assertThat(product[c]).isEqualTo(p);
    }
  }

  /** One segment each: packed, rows, images of less and more than a block, with tails. */
  static Stream<TensorShape> smallShapes() {
    List<int[]> sizes =
        List.of(
            new int[] {1, 1, 1},
            new int[] {7, 3, 5},
            new int[] {21, 2, 1},
            new int[] {5, 2, 17},
            new int[] {3, 1, 35},
            new int[] {2, 2, 66},
            new int[] {2, 2, 263});
    return Stream.of(Layout.values())
        .flatMap(layout -> sizes.stream().map(s -> TensorShape.of(layout, s[0], s[1], s[2])));
  }

  /** n elements of one channel. */
  private static Segments order(int n) {
    return new Segments(false, n, 1, 1);
  }

  private static float[] pad(float[] x) {
    float[] padded = new float[OFFSET + x.length];
    System.arraycopy(x, 0, padded, OFFSET, x.length);
    return padded;
  }

  private static float[] integers(int length, long seed) {
    Random random = new Random(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = random.nextInt(-50, 51);
    }
    return values;
  }
}
