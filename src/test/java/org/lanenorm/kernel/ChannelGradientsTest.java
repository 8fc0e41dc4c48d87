package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gradient sums and the coefficients made of them, by formulas and by numbers that are exact. */
class ChannelGradientsTest {
  /** Float part and rest: 2^25 and 1, 3 and 2^-30. */
  private static final double[] MEANS = {0x1p25 + 1, 3 + 0x1p-30, 0};

  private static final double[] INV_STD = {0.5, 2, 4};
  private static final float[] GAMMA = {2, -3, 0.5f};

  @Test
  void sumsBelongToTheirChannelsAndMoveToTheMean() {
    ChannelGradients gradients = new ChannelGradients(3);
    add(gradients, 0, 3);
    // again from nothing, two segments at an index of their own
    gradients.start(MEANS, 0, 2);
    gradients.add(new double[] {7, 1, 10}, new double[] {7, 3, 30}, 1, 0, 2);
    gradients.add(new double[] {4, 20}, new double[] {5, 50}, 0, 0, 2);
    gradients.finish(0, 1);
    assertThat(gradients.hi).containsExactly(0x1p25f, 3, 0);
    assertThat(dBeta(gradients)).containsExactly(5, 30, 6);
    // S(dy*(x - mean)) = S(dy*(x - hi)) - (mean - hi)*S(dy), in channel 0 alone as yet
    assertThat(products(gradients)).containsExactly(8 - 1 * 5, 80, 60);
    gradients.finish(1, 2);
    assertThat(products(gradients)[1]).isEqualTo(80 - 0x1p-30 * 30);
    float[] dGamma = new float[3];
    gradients.dGamma(INV_STD, dGamma);
    assertThat(dGamma).containsExactly(1.5f, 160, 240);
  }

  @Test
  void coefficientsCanBeRepeatedWhereNoneIsExtreme() {
    ChannelGradients plain = new ChannelGradients(3);
    add(plain, 0, 3);
    plain.compute(INV_STD, GAMMA, 8, 0, 3);
    ChannelGradients repeated = new ChannelGradients(9);
    assertThat(repeated.repeat(plain, 2)).isTrue();
    assertThat(repeated.hi).containsExactly(ChannelAffineTest.thenZeros(plain.hi));
    assertThat(repeated.k).containsExactly(ChannelAffineTest.thenZeros(plain.k));
    assertThat(repeated.p).containsExactly(ChannelAffineTest.thenZeros(plain.p));
    assertThat(repeated.q).containsExactly(ChannelAffineTest.thenZeros(plain.q));
    plain.compute(new double[] {1, 1e39, 1}, null, 8, 0, 3);
    assertThat(repeated.repeat(plain, 3)).isFalse();
    assertThat(repeated.k[8]).isZero();
  }

  @Test
  void parameterGradientsAreAddedAtAnIndex() {
    ChannelGradients gradients = new ChannelGradients(3);
    add(gradients, 0, 3);
    double[] dGamma = {1, 1, 1, 1};
    double[] dBeta = {1, 1, 1, 1};
    gradients.addTo(INV_STD, dGamma, dBeta, 1);
    assertThat(dGamma).containsExactly(1, 1 + 10, 1 + 80, 1 + 240);
    assertThat(dBeta).containsExactly(1, 3, 5, 7);
    gradients.addTo(null, dGamma, dBeta, 1);
    assertThat(dGamma).containsExactly(1, 11 + 20, 81 + 40, 241 + 60);
  }

  @Test
  void oneElementPerChannelIsItsOwnSum() {
    ChannelGradients gradients = new ChannelGradients(3);
    add(gradients, 0, 3);
    float[] x = {9, 5, 7, 8};
    float[] dy = {9, 9, 2, -3, 0.5f};
    gradients.ofElements(x, 1, dy, 2, new double[] {1, 3, 10});
    assertThat(dBeta(gradients)).containsExactly(2, -3, 0.5f);
    assertThat(products(gradients)).containsExactly(2 * 4, -3 * 4, 0.5 * -2);
  }

  /** dx = k*dy + p*(x - mean) - k*S(dy)/M by the formulas of the class. */
  @Test
  void coefficientsAreTheFormulas() {
    ChannelGradients gradients = new ChannelGradients(3);
    add(gradients, 0, 3);
    gradients.compute(INV_STD, GAMMA, 8, 1, 3);
    assertThat(gradients.k).containsExactly(0, -6, 2);
    // -k*invStd^2*product/M
    assertThat(gradients.p).containsExactly(0, 6 * 4 * 40 / 8f, -2 * 16 * 60 / 8f);
    // -k*S(dy)/M, and the mean's rest is too small to be seen
    assertThat(gradients.shift).containsExactly(0, 6 * 4 / 8.0, -2 * 6 / 8.0);
    assertThat(gradients.q).containsExactly(0, 3, -1.5f);
    gradients.compute(INV_STD, null, 8, 0, 1);
    assertThat(gradients.k[0]).isEqualTo(0.5f);
    assertThat(gradients.p[0]).isEqualTo(-0.125f * 20 / 8);
    // q = -k*S(dy)/M - p*(mean - hi), where mean - hi is 1
    assertThat(gradients.q[0]).isEqualTo(-0.5f * 2 / 8 + 0.125f * 20 / 8);
    assertThat(gradients.anyExtreme(0, 3)).isFalse();
  }

  @Test
  void aDivisorThatIsMoreThanTheRootHasItsOwnDerivative() {
    ChannelGradients gradients = new ChannelGradients(3);
    add(gradients, 0, 3);
    gradients.setInvRoot(new double[] {1, 10, 1});
    gradients.compute(INV_STD, GAMMA, 8, 1, 2);
    assertThat(gradients.p[1]).isEqualTo(6 * 2 * 10 * 40 / 8f);
    gradients.setInvRoot(null);
    gradients.compute(INV_STD, GAMMA, 8, 1, 2);
    assertThat(gradients.p[1]).isEqualTo(6 * 4 * 40 / 8f);
  }

  @Test
  void withoutAMeanNothingIsShifted() {
    ChannelGradients gradients = new ChannelGradients(3);
    add(gradients, 0, 3);
    gradients.setUncentered();
    gradients.compute(INV_STD, GAMMA, 8, 0, 3);
    assertThat(gradients.shift).containsExactly(0, 0, 0);
    assertThat(gradients.p[2]).isEqualTo(-2 * 16 * 60 / 8f);
  }

  /** Where epsilon is nearly 0 the slope of a constant channel is 0*infinity, and means 0. */
  @Test
  void aChannelWithoutProductsHasNoSlope() {
    ChannelGradients gradients = new ChannelGradients(2);
    gradients.start(new double[2], 0, 2);
    gradients.add(new double[] {2, 2}, new double[] {0, 1}, 0, 0, 2);
    gradients.compute(new double[] {1e110, 1e110}, null, 8, 0, 2);
    assertThat(gradients.slope).containsExactly(0, Double.NEGATIVE_INFINITY);
    gradients.computeGroups(1, new double[] {1e110, 1e110}, null, 8);
    assertThat(gradients.slope).containsExactly(0, Double.NEGATIVE_INFINITY);
    // nothing hides that invStd itself is not a number
    gradients.start(new double[2], 0, 2);
    gradients.add(new double[] {2, 2}, new double[] {Double.NaN, 1}, 0, 0, 2);
    gradients.compute(new double[] {1, 1}, null, 8, 0, 2);
    assertThat(gradients.slope[0]).isNaN();
  }

  /**
   * Against the formula over the group's channels: dx = invStd*(gamma*dy - sum(gamma*S(dy))/count -
   * xHat*sum(gamma*S(dy*xHat))/count).
   */
  @ParameterizedTest
  @CsvSource({"true", "false"})
  void groupsShareTheirSlopeAndShift(boolean withGamma) {
    double[] sums = {1, 2, 3, 5};
    double[] products = {2, -3, 4, 7};
    float[] gamma = {2, -1, 3, 0.5f};
    double[] invStd = {0.5, 0.5, 2, 2};
    ChannelGradients gradients = new ChannelGradients(4);
    gradients.start(new double[] {1, 1, 6, 6}, 0, 4);
    gradients.add(sums, products, 0, 0, 4);
    gradients.computeGroups(2, invStd, withGamma ? gamma : null, 10);
    float x = 7;
    float dy = 3;
    for (int c = 0; c < 4; c++) {
      int first = c / 2 * 2;
      double r = invStd[first];
      double mean = first == 0 ? 1 : 6;
      double sum = 0;
      double product = 0;
      for (int i = first; i < first + 2; i++) {
        sum += (withGamma ? gamma[i] : 1) * sums[i];
        product += (withGamma ? gamma[i] : 1) * products[i] * r;
      }
      double xHat = (x - mean) * r;
      double expected = r * ((withGamma ? gamma[c] : 1) * dy - sum / 10 - xHat * product / 10);
      double dx = gradients.k[c] * dy + gradients.p[c] * (x - gradients.hi[c]) + gradients.q[c];
      assertThat(dx).isCloseTo(expected, within(1e-6));
    }
  }

  /** Each reason for double by itself, at its limit and just inside. */
  @ParameterizedTest
  @CsvSource({
    // mean, product, sum, invStd
    "0, 1, 1, 1, false",
    "0x1p103, 1, 1, 1, true",
    "-0x1p103, 1, 1, 1, true",
    "0x1.fffffep102, 0, 1, 1, false",
    "0, 0, 0, 0x1p-126, false",
    "0, 0, 0, 0x1p-127, true",
    "0, 1, 0, 0x1p-50, true",
    "0, 0x1p30, 0, 0x1p-50, false",
    "0, 1, 0, 0x1p50, true",
    "0, 0, 0x1p100, 0x1p30, true",
    "0, 0, 0x1p90, 0x1p30, false"
  })
  void aChannelIsExtremeWhereCoefficientsDoNotFit(
      String mean, String product, String sum, String invStd, boolean extreme) {
    ChannelGradients gradients = new ChannelGradients(2);
    double[] invStds = {1, Double.parseDouble(invStd)};
    gradients.start(new double[] {0, Double.parseDouble(mean)}, 0, 2);
    double[] sums = {1, Double.parseDouble(sum)};
    gradients.add(sums, new double[] {1, Double.parseDouble(product)}, 0, 0, 2);
    gradients.compute(invStds, null, 1, 0, 2);
    assertThat(gradients.extreme(0)).isFalse();
    assertThat(gradients.extreme(1)).isEqualTo(extreme);
    assertThat(gradients.anyExtreme(0, 2)).isEqualTo(extreme);
    assertThat(gradients.anyExtreme(0, 1)).isFalse();
  }

  @Test
  void channelsCanBeSaidToBePlain() {
    ChannelGradients gradients = new ChannelGradients(3);
    gradients.compute(new double[] {1e39, 1e39, 1e39}, null, 1, 0, 3);
    gradients.setPlain(1, 2);
    assertThat(gradients.extreme(0)).isTrue();
    assertThat(gradients.extreme(1)).isFalse();
    assertThat(gradients.extreme(2)).isTrue();
  }

  @Test
  void theySayWhatTheirDivisorIs() {
    ChannelGradients gradients = new ChannelGradients(3);
    double[] invRoot = {1, 2, 3};
    assertThat(gradients.centered()).isTrue();
    assertThat(gradients.ofRoot(INV_STD)).isSameAs(INV_STD);
    gradients.setUncentered();
    gradients.setInvRoot(invRoot);
    assertThat(gradients.centered()).isFalse();
    assertThat(gradients.ofRoot(INV_STD)).isSameAs(invRoot);
  }

  /** S(dy) 2, 4, 6 and S(dy*(x - hi)) 20, 40, 60. */
  private static void add(ChannelGradients gradients, int from, int to) {
    gradients.start(MEANS, from, to);
    gradients.add(new double[] {2, 4, 6}, new double[] {20, 40, 60}, 0, from, to);
  }

  private static float[] dBeta(ChannelGradients gradients) {
    float[] dBeta = new float[3];
    gradients.dBeta(dBeta);
    return dBeta;
  }

  private static double[] products(ChannelGradients gradients) {
    double[] products = new double[3];
    gradients.addTo(null, products, new double[3], 0);
    return products;
  }
}
