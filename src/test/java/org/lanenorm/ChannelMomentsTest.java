package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Moments as a value: known numbers, bytes, equality. Property-tests have their accuracy. */
class ChannelMomentsTest {
  private static final ChannelMoments MOMENTS =
      ChannelMoments.of(3, new double[] {2, -0.5}, new double[] {6, 0});

  @ParameterizedTest
  @EnumSource(Layout.class)
  void theMomentsOfATensorAreThoseOfItsChannels(Layout layout) {
    TensorShape shape = TensorShape.of(layout, 2, 2, 2);
    float[] x = new float[9];
    float[][] channels = {{1, 2, 3, 6}, {5, 5, 5, 5}};
    for (int m = 0; m < 4; m++) {
      for (int c = 0; c < 2; c++) {
        x[1 + shape.index(m / 2, c, m % 2)] = channels[c][m];
      }
    }
    ChannelMoments moments = ChannelMoments.of(x, 1, shape);
    assertThat(moments.count()).isEqualTo(4);
    assertThat(moments.means()).containsExactly(3, 5);
    assertThat(moments.m2(0)).isEqualTo(14);
    assertThat(moments.m2(1)).isZero();
    Mask mask = Mask.of(new boolean[] {true, false, true, false}, shape);
    assertThat(ChannelMoments.of(x, 1, shape, mask))
        .isEqualTo(ChannelMoments.of(2, new double[] {2, 5}, new double[] {2, 0}));
    ErrorBounds bounds = new ErrorBounds(2);
    assertThat(ChannelMoments.of(x, 1, shape, bounds)).isEqualTo(moments);
    assertThat(bounds.variance(0)).isPositive().isLessThan(1e-5);
    Storage stored = Storage.of(x, 1, 8);
    assertThat(ChannelMoments.of(stored, shape)).isEqualTo(moments);
    assertThat(ChannelMoments.of(stored, shape, mask))
        .isEqualTo(ChannelMoments.of(x, 1, shape, mask));
    float[] unshifted = new float[8];
    System.arraycopy(x, 1, unshifted, 0, 8);
    assertThat(ChannelMoments.of(unshifted, shape)).isEqualTo(moments);
  }

  @Test
  void variancesDivideByTheCountAndByOneLess() {
    assertThat(MOMENTS.channels()).isEqualTo(2);
    assertThat(MOMENTS.variance(0)).isEqualTo(2);
    assertThat(MOMENTS.unbiasedVariance(0)).isEqualTo(3);
    assertThat(MOMENTS.variances()).containsExactly(2, 0);
  }

  @Test
  void tooFewElementsHaveNoVariance() {
    assertThat(ChannelMoments.empty(1).variance(0)).isNaN();
    ChannelMoments one = ChannelMoments.of(1, new double[] {5}, new double[] {0});
    assertThat(one.variance(0)).isZero();
    assertThat(one.unbiasedVariance(0)).isNaN();
    ChannelMoments two = ChannelMoments.of(2, new double[] {5}, new double[] {8});
    assertThat(two.unbiasedVariance(0)).isEqualTo(8);
  }

  @Test
  void theyAreCopiedInAndOut() {
    double[] mean = {1};
    double[] m2 = {2};
    ChannelMoments moments = ChannelMoments.of(1, mean, m2);
    mean[0] = m2[0] = 9;
    moments.means()[0] = 9;
    moments.variances()[0] = 9;
    assertThat(moments.mean(0)).isEqualTo(1);
    assertThat(moments.m2(0)).isEqualTo(2);
  }

  @Test
  void nothingIsTheIdentityOfMerging() {
    ChannelMoments nothing = ChannelMoments.of(0, new double[] {7, 7}, new double[] {7, 7});
    assertThat(nothing).isEqualTo(ChannelMoments.empty(2));
    assertThat(nothing.mean(1)).isZero();
    assertThat(MOMENTS.merge(nothing)).isEqualTo(MOMENTS);
    assertThat(nothing.merge(MOMENTS)).isEqualTo(MOMENTS);
  }

  /** 1, 2, 3 and 7, 9 of a channel; of the other -0.5 three times and 2 twice. */
  @Test
  void mergingGivesTheMomentsOfAllElements() {
    ChannelMoments merged =
        MOMENTS.merge(ChannelMoments.of(2, new double[] {8, 2}, new double[] {2, 0}));
    assertThat(merged.count()).isEqualTo(5);
    Tensors.assertClose(merged.means(), 1e-15, 4.4, 0.5);
    Tensors.assertClose(merged.variances(), 1e-14, (8 + 43.2) / 5, 7.5 / 5);
  }

  @Test
  void onlyMomentsOfAsManyChannelsMerge() {
    assertThatThrownBy(() -> MOMENTS.merge(ChannelMoments.empty(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("other must have 2 channels, but had 3");
  }

  /** As the table in the documentation has them; little-endian. */
  @Test
  void bytesAreThoseOfTheDocumentation() {
    byte[] bytes = MOMENTS.toBytes();
    assertThat(HexFormat.of().formatHex(bytes))
        .isEqualTo(
            "4c4e434d"
                + "01000000"
                + "0300000000000000"
                + "02000000"
                + "0000000000000040"
                + "000000000000e0bf"
                + "0000000000001840"
                + "0000000000000000");
    assertThat(ChannelMoments.fromBytes(bytes)).isEqualTo(MOMENTS);
    ChannelMoments nothing = ChannelMoments.empty(3);
    assertThat(ChannelMoments.fromBytes(nothing.toBytes())).isEqualTo(nothing);
    ChannelMoments ofNothing = ChannelMoments.empty(0);
    assertThat(ChannelMoments.fromBytes(ofNothing.toBytes())).isEqualTo(ofNothing);
  }

  /** A mean or M2 of -0 is 0 and has to be so in bytes that compare equal. */
  @Test
  void bytesOfNothingMayHoldNegativeZeros() {
    byte[] bytes = ChannelMoments.empty(1).toBytes();
    bytes[27] = bytes[35] = (byte) 0x80;
    assertThat(ChannelMoments.fromBytes(bytes)).isEqualTo(ChannelMoments.empty(1));
  }

  @Test
  void bytesOfNothingHoldNoMoments() {
    for (int at : new int[] {26, 34}) {
      byte[] bytes = ChannelMoments.empty(1).toBytes();
      bytes[at] = 1;
      assertThatThrownBy(() -> ChannelMoments.fromBytes(bytes))
          .hasMessageContaining("of channel 0");
    }
  }

  @Test
  void equalMomentsHaveTheSameCountAndBits() {
    ChannelMoments same = ChannelMoments.of(3, new double[] {2, -0.5}, new double[] {6, 0});
    assertThat(same).isEqualTo(MOMENTS).hasSameHashCodeAs(MOMENTS);
    ChannelMoments[] others = {
      ChannelMoments.of(4, new double[] {2, -0.5}, new double[] {6, 0}),
      ChannelMoments.of(3, new double[] {2, -0.25}, new double[] {6, 0}),
      ChannelMoments.of(3, new double[] {2, -0.5}, new double[] {6, 1})
    };
    for (ChannelMoments other : others) {
      assertThat(other).isNotEqualTo(MOMENTS);
    }
    assertThat(others[1].hashCode()).isNotEqualTo(MOMENTS.hashCode());
    assertThat(others[2].hashCode()).isNotEqualTo(MOMENTS.hashCode());
    assertThat(MOMENTS).isNotEqualTo("moments");
    assertThat(MOMENTS).hasToString("moments of 2 channels, 3 elements each");
  }
}
