package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class FoldingTest {
  /** k is 2 and -0.25: nothing is rounded. */
  private static Folding exact() {
    return Folding.of(
        new double[] {1, -3}, new double[] {3, 15}, 1, new float[] {4, -1}, new float[] {10, 20});
  }

  @Test
  void whatNeedsNoRoundingIsExact() {
    FoldedWeights folded =
        exact().into(new float[] {1, 2, 3, 4}, new int[] {2, 2}, WeightLayout.OI, null);
    assertThat(folded.weights()).containsExactly(2, 4, -0.75f, -1);
    assertThat(folded.bias()).containsExactly(-2 + 10, -0.75f + 20);
    for (int c = 0; c < 2; c++) {
      assertThat(folded.weightError(c)).isBetween(0.0, 1e-14);
      assertThat(folded.maxWeightError(c)).isBetween(0.0, 1e-14);
      assertThat(folded.biasError(c)).isBetween(0.0, 1e-13);
      assertThat(folded.bound(c, 1)).isBetween(0.0, 1e-13);
    }
    assertThat(
            exact()
                .into(
                    new float[] {1, 2, 3, 4}, new int[] {2, 2}, WeightLayout.IO, new float[] {1, 1})
                .weights())
        .containsExactly(2, -0.5f, 6, -1);
  }

  @Test
  void theBiasGoesThroughTheNormalization() {
    float[] bias = {0.5f, 1};
    FoldedWeights folded = exact().into(new float[2], new int[] {2, 1, 1}, WeightLayout.OIHW, bias);
    assertThat(folded.bias()).containsExactly((0.5f - 1) * 2 + 10, (1 + 3) * -0.25f + 20);
    assertThat(bias).containsExactly(0.5f, 1);
  }

  @Test
  void groupsOfATransposedConvolutionMakeRunsOfChannels() {
    Folding folding =
        Folding.of(
            new double[4], new double[] {1, 1, 1, 1}, 0, new float[] {1, 10, 100, 1000}, null);
    float[] ones = {1, 1, 1, 1, 1, 1, 1, 1};
    // 4 inputs in 2 groups, 2 outputs each
    assertThat(folding.into(ones, new int[] {4, 2, 1}, WeightLayout.IOHW, 2, null).weights())
        .containsExactly(1, 10, 1, 10, 100, 1000, 100, 1000);
    assertThat(folding.into(ones, new int[] {1, 2, 4, 1}, WeightLayout.HWOI, null).weights())
        .containsExactly(1, 10, 100, 1000, 1, 10, 100, 1000);
  }

  @Test
  void aChannelOfGammaZeroIsItsBeta() {
    Folding folding =
        Folding.of(new double[] {7}, new double[] {2}, 1e-5, new float[1], new float[] {3});
    FoldedWeights folded =
        folding.into(new float[] {5, -5}, new int[] {1, 2}, WeightLayout.OI, new float[] {9});
    assertThat(folded.weights()).containsExactly(0, -0f);
    assertThat(folded.bias()).containsExactly(3);
    assertThat(folded.relativeWeightError(0)).isZero();
  }

  @Test
  void theReportIsAboutHalfAUnitOfFloat() {
    float[] weights = new float[3000];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) Math.sin(i);
    }
    FoldedWeights folded =
        Folding.of(new double[] {0.3}, new double[] {0.7}, 1e-5, new float[] {1.1f}, null)
            .into(weights, new int[] {1, 3000}, WeightLayout.OI, null);
    assertThat(folded.relativeWeightError(0)).isBetween(0x1p-27, 0x1p-24);
    assertThat(folded.bound(0, 2)).isCloseTo(2 * folded.weightError(0), within(1e-7));
    assertThat(folded.bound(0, 2)).isGreaterThan(folded.bound(0, 1));
    assertThat(folded.boundOfSum(0, 0)).isGreaterThanOrEqualTo(folded.biasError(0));
  }

  /** A dense layer that passes each channel on as it is. */
  @Test
  void everyConventionFoldsToWhatItsFrozenLayerComputes() {
    float[] identity = {1, 0, 0, 1};
    float[] x = {0.3f, -2};
    float[] y = new float[2];
    for (Convention convention :
        new Convention[] {
          Conventions.pytorch(),
          Conventions.keras3(),
          Conventions.pytorch().withEpsilonPlacement(EpsilonPlacement.ON_STD),
          Conventions.pytorch().withEpsilonPlacement(EpsilonPlacement.BOTH),
          Conventions.pytorch().withSpread(Spread.STANDARD_DEVIATION),
        }) {
      BatchNorm norm =
          BatchNorm.builder(2)
              .convention(convention.withEpsilon(0.1))
              .gamma(new float[] {1.5f, -0.7f})
              .beta(new float[] {0.1f, 0.2f})
              .runningStatistics(new double[] {0.25, -1}, new double[] {0.09, 4})
              .build();
      norm.freeze().apply(x, y, TensorShape.rows(1, 2));
      FoldedWeights folded =
          Folding.of(norm).into(identity, new int[] {2, 2}, WeightLayout.OI, null);
      for (int c = 0; c < 2; c++) {
        assertThat(folded.weights()[3 * c] * x[c] + folded.bias()[c])
            .as("%s", convention)
            .isCloseTo(y[c], within(1e-6f));
      }
    }
    Convention batch = Conventions.pytorch().withInferenceStatistics(InferenceStatistics.BATCH);
    BatchNorm norm = BatchNorm.builder(2).convention(batch).build();
    isRefused(() -> Folding.of(norm), "running statistics in inference");
  }

  private static void isRefused(ThrowingCallable call, String because) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessageContaining(because);
  }

  @Test
  void badParametersAreRefused() {
    double[] one = {1};
    isRefused(() -> Folding.of(one, new double[2], 1, null, null), "variance must be of length 1");
    isRefused(() -> Folding.of(one, new double[] {-1}, 1, null, null), "variance[0] must be");
    isRefused(() -> Folding.of(new double[] {Double.NaN}, one, 1, null, null), "mean[0] must be");
    isRefused(() -> Folding.of(one, one, -1, null, null), "epsilon must be finite");
    isRefused(
        () -> Folding.of(one, new double[1], 0, null, null), "variance[0] must give a divisor");
    double[] huge = {Double.MAX_VALUE};
    isRefused(() -> Folding.of(one, huge, Double.MAX_VALUE, null, null), "and gave Infinity");
    isRefused(() -> Folding.of(one, one, 1, new float[2], null), "gamma must be of length 1");
    isRefused(
        () -> Folding.of(one, one, 1, null, new float[] {Float.NaN}), "beta[0] must be finite");
    assertThatNullPointerException().isThrownBy(() -> Folding.of(null, one, 1, null, null));
  }

  @Test
  void weightsThatDoNotFitAreRefused() {
    Folding folding = exact();
    float[] four = new float[4];
    int[] square = {2, 2};
    WeightLayout oi = WeightLayout.OI;
    isRefused(() -> folding.into(four, new int[] {2, 3}, oi, null), "weights must be of length 6");
    isRefused(() -> folding.into(four, new int[] {4, 1}, oi, null), "2 output channels, but had 4");
    isRefused(() -> folding.into(four, new int[] {2, 2, 1}, oi, null), "must be 2 for layout OI");
    isRefused(
        () -> folding.into(four, square, WeightLayout.OIHW, null),
        "must be 3 to 5 for layout OIHW");
    isRefused(() -> folding.into(four, new int[] {-2, -2}, oi, null), "dimensions[0] must be");
    isRefused(
        () -> folding.into(four, new int[] {1 << 16, 1 << 16}, oi, null), "at most 2147483647");
    isRefused(() -> folding.into(four, square, oi, new float[3]), "bias must be of length 2");
    isRefused(() -> folding.into(four, square, oi, 2, null), "groups must be 1 for layout OI");
    isRefused(
        () -> folding.into(four, new int[] {2, 1, 2}, WeightLayout.IOHW, 3, null),
        "divide the 2 input channels, but was 3");
    isRefused(
        () -> folding.into(four, new int[] {2, 2, 1}, WeightLayout.IOHW, 2, null),
        "2 output channels in 2 groups, but had 4");
    isRefused(() -> folding.into(four, new int[] {2, 1, 2}, WeightLayout.IOHW, 0, null), "was 0");
    float[] nan = {0, 0, Float.NaN, 0};
    isRefused(() -> folding.into(nan, square, oi, null), "weights[2] must be finite, but was NaN");
    isRefused(
        () -> folding.into(four, square, oi, new float[] {0, Float.POSITIVE_INFINITY}),
        "bias[1] must be finite");
    float[] large = {Float.MAX_VALUE, 0, 0, 0};
    isRefused(
        () -> folding.into(large, square, oi, null),
        "weights[0] of channel 0 must fit a float when folded, but becomes 6.8");
    Folding far = Folding.of(new double[] {1e300, 0}, new double[] {1, 1}, 0, null, null);
    isRefused(() -> far.into(four, square, oi, null), "bias[0] of channel 0 must fit a float");
    assertThatNullPointerException()
        .isThrownBy(() -> folding.into(null, square, oi, null))
        .withMessageContaining("weights");
    FoldedWeights folded = folding.into(four, square, oi, null);
    isRefused(() -> folded.bound(0, -1), "maxAbs must be finite");
    isRefused(() -> folded.boundOfSum(0, Double.NaN), "sumAbs must be finite");
  }
}
