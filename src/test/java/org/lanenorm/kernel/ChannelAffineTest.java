package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lanenorm.Tensors.assertSameBits;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The coefficients of y = fma(x - hi, k, b), and which channels they do not fit. */
class ChannelAffineTest {
  private static final double[] MEANS = {5, 0.1, 1e6 + 0.03};
  private static final double[] INV_STD = {9, 0.7, 1.25};
  private static final float[] GAMMA = {9, -0.3f, 8};
  private static final float[] BETA = {9, 0.9f, -0.1f};

  @Test
  void coefficientsAreTheFormulasOfTheirChannelsAlone() {
    ChannelAffine affine = new ChannelAffine(3);
    affine.compute(MEANS, INV_STD, GAMMA, BETA, 1, 3);
    assertThat(affine.k[0]).isZero();
    for (int c = 1; c < 3; c++) {
      assertThat(affine.hi[c]).isEqualTo((float) MEANS[c]);
      assertThat(affine.k[c]).isEqualTo((float) (GAMMA[c] * INV_STD[c]));
      double rest = MEANS[c] - (float) MEANS[c];
      assertThat(affine.b[c]).isEqualTo((float) (BETA[c] - rest * (GAMMA[c] * INV_STD[c])));
      assertThat(affine.extreme(c)).isFalse();
      assertThat(affine.of(c, 2.5f))
          .isEqualTo(Math.fma(2.5f - affine.hi[c], affine.k[c], affine.b[c]));
    }
    // the rest of this mean is not 0, so that its sign above matters
    assertThat(MEANS[2] - affine.hi[2]).isGreaterThan(0.01);
  }

  @Test
  void gammaIsOneAndBetaZeroWhereThereAreNone() {
    ChannelAffine affine = new ChannelAffine(3);
    affine.compute(MEANS, INV_STD, null, null, 0, 3);
    assertThat(affine.k[1]).isEqualTo(0.7f);
    assertThat(affine.b[0]).isZero();
  }

  @Test
  void scalesHaveNeitherMeanNorShift() {
    ChannelAffine affine = new ChannelAffine(3);
    affine.computeScale(INV_STD, GAMMA, 1, 2);
    assertThat(affine.k).containsExactly(0, (float) (GAMMA[1] * INV_STD[1]), 0);
    affine.computeScale(INV_STD, null, 1, 2);
    assertThat(affine.k[1]).isEqualTo(0.7f);
    // the sign of a zero stays
    assertSameBits(new float[] {affine.of(1, 0), affine.of(1, -0f)}, new float[] {0, -0f});
  }

  /** An extreme channel is computed in double: its numbers would not fit a float. */
  @Test
  void extremeChannelsAreExactWhereFloatsAreNot() {
    ChannelAffine affine = new ChannelAffine(1);
    affine.compute(new double[] {0x1p110}, new double[] {0x1p-110}, null, new float[] {3}, 0, 1);
    assertThat(affine.extreme(0)).isTrue();
    assertThat(affine.of(0, 0x1p111f)).isEqualTo(4);
    affine.compute(new double[] {-0x1p120}, new double[] {0x1p-119}, new float[] {6}, null, 0, 1);
    assertThat(affine.of(0, 0x1p127f)).isEqualTo(6 * (256 + 2));
  }

  /** Each limit, met and missed by as little as there is. */
  @ParameterizedTest
  @CsvSource({
    "0, 1, false",
    "0x1p103, 1, true",
    "-0x1p103, 1, true",
    "0x1.fffffffffffffp102, 1, false",
    "-0x1.fffffffffffffp102, 1, false",
    "0, 0, false",
    "0, 0x1p-126, false",
    "0, 0x1.fffffcp-127, true",
    "0, -0x1p-127, true",
    "0, 1e-300, true",
    "0, 0x1.fffffep127, false",
    "0, 1e39, true",
    "0, -1e39, true",
    "0, Infinity, false",
    "0, NaN, false",
    "NaN, 1, false"
  })
  void aChannelIsExtremeWhereCoefficientsDoNotFit(String mean, String factor, boolean extreme) {
    ChannelAffine affine = new ChannelAffine(3);
    double[] means = {0, Double.parseDouble(mean), 0};
    double[] factors = {1, Double.parseDouble(factor), 1};
    affine.compute(means, factors, null, null, 0, 3);
    assertThat(affine.extreme(1)).isEqualTo(extreme);
    assertThat(affine.anyExtreme(0, 3)).isEqualTo(extreme);
    assertThat(affine.anyExtreme(1, 2)).isEqualTo(extreme);
    assertThat(affine.anyExtreme(0, 1)).isFalse();
    assertThat(affine.anyExtreme(2, 3)).isFalse();
  }

  @Test
  void channelsCanBeSaidToBePlain() {
    ChannelAffine affine = new ChannelAffine(3);
    affine.compute(new double[3], new double[] {1e39, 1e39, 1e39}, null, null, 0, 3);
    affine.setPlain(1, 2);
    assertThat(affine.extreme(0)).isTrue();
    assertThat(affine.extreme(1)).isFalse();
    assertThat(affine.extreme(2)).isTrue();
  }

  @Test
  void coefficientsCanBeRepeatedWhereNoneIsExtreme() {
    ChannelAffine plain = new ChannelAffine(3);
    plain.compute(MEANS, INV_STD, GAMMA, BETA, 0, 3);
    ChannelAffine repeated = new ChannelAffine(9);
    assertThat(repeated.repeat(plain, 2)).isTrue();
    assertThat(repeated.hi).containsExactly(thenZeros(plain.hi));
    assertThat(repeated.k).containsExactly(thenZeros(plain.k));
    assertThat(repeated.b).containsExactly(thenZeros(plain.b));
    plain.compute(new double[] {0, 0, 0x1p103}, INV_STD, GAMMA, BETA, 0, 3);
    assertThat(repeated.repeat(plain, 3)).isFalse();
    assertThat(repeated.hi[8]).isZero();
  }

  /** a, b, c, a, b, c, 0, 0, 0. */
  static float[] thenZeros(float[] values) {
    return new float[] {values[0], values[1], values[2], values[0], values[1], values[2], 0, 0, 0};
  }

  /** The rest of a mean of 2^102 is up to 2^77, and times k it may be too large for b. */
  @Test
  void aChannelIsExtremeWhereItsShiftDoesNotFit() {
    ChannelAffine affine = new ChannelAffine(1);
    affine.compute(new double[] {0x1.000001p102}, new double[] {0x1p60}, null, null, 0, 1);
    assertThat(affine.extreme(0)).isTrue();
    affine.compute(new double[] {0x1.000001p102}, new double[] {0x1p40}, null, null, 0, 1);
    assertThat(affine.extreme(0)).isFalse();
  }

  @Test
  void meansBeyondFloatsKeepAFiniteFloatPart() {
    assertThat(ChannelAffine.high(1e300)).isEqualTo(Float.MAX_VALUE);
    assertThat(ChannelAffine.high(-1e300)).isEqualTo(-Float.MAX_VALUE);
    assertThat(ChannelAffine.high(0.1)).isEqualTo(0.1f);
    assertThat(ChannelAffine.high(Double.NaN)).isNaN();
  }
}
