package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.lanenorm.Tensors.assertClose;
import static org.lanenorm.Tensors.assertSameBits;
import static org.lanenorm.Tensors.normal;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a layer does with a convention, and says of it; numbers of the frameworks are in golden. */
class ConventionTest {
  private static final TensorShape SHAPE = TensorShape.nchw(3, 4, 5, 7);
  private static final Convention STD_KEPT = Conventions.keras1(0, "1.0.5").withEpsilon(0.25);

  /**
   * Defaults as the frameworks' own signatures have them: torch/nn/modules/batchnorm.py (2.13);
   * batch_normalization.py of Keras 3.15 and 2.15; keras/layers/normalization.py of 2.3.1, 1.0.5,
   * 1.0.6, 1.0.7, 1.0.8 and 1.2.0; onnx/defs/nn/defs.cc; FusedBatchNormV3 of
   * tensorflow/core/ops/nn_ops.cc; flax/linen/normalization.py (0.12).
   */
  @Test
  void theDefaultsAreThoseOfTheFrameworks() {
    assertDefaults(Conventions.pytorch(), "update(0.1)", 1e-5);
    assertDefaults(Conventions.keras3(), "decay(0.99)", 1e-3);
    assertDefaults(Conventions.tfKeras2(true), "decay(0.99)", 1e-3);
    assertDefaults(Conventions.tfKeras2(false), "decay(0.99)", 1e-3);
    assertDefaults(Conventions.keras2Legacy(), "decay(0.99)", 1e-3);
    assertDefaults(Conventions.onnx(15), "decay(0.9)", 1e-5);
    assertDefaults(Conventions.tensorflowFused(), "update(1.0)", 1e-4);
    assertDefaults(Conventions.flax(), "decay(0.99)", 1e-5);
    for (int mode = 0; mode < 3; mode++) {
      assertDefaults(Conventions.keras1(mode, "1.0.5"), "decay(0.9)", 1e-6);
      assertDefaults(Conventions.keras1(mode, "1.0.6"), "decay(0.9)", 1e-6);
      assertDefaults(Conventions.keras1(mode, "1.0.7"), "decay(0.99)", 1e-6);
      assertDefaults(Conventions.keras1(mode, "1.0.8"), "decay(0.99)", 1e-5);
      assertDefaults(Conventions.keras1(mode, "1.1.2"), "decay(0.99)", 1e-5);
      assertDefaults(Conventions.keras1(mode, "1.2.0"), "decay(0.99)", 1e-3);
    }
  }

  private static void assertDefaults(Convention convention, String momentum, double epsilon) {
    assertThat(convention.momentum()).as(convention.name()).hasToString(momentum);
    assertThat(convention.epsilon()).as(convention.name()).isEqualTo(epsilon);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1.0.0, BOTH, STANDARD_DEVIATION, RUNNING",
    "0, 1.0.5, BOTH, STANDARD_DEVIATION, RUNNING",
    "0, 1.0.6, INSIDE_SQRT, VARIANCE, RUNNING",
    "0, 1.2.2, INSIDE_SQRT, VARIANCE, RUNNING",
    "1, 1.0.4, ON_STD, VARIANCE, SAMPLE",
    "1, 1.0.5, BOTH, VARIANCE, SAMPLE",
    "1, 1.2.2, BOTH, VARIANCE, SAMPLE",
    "2, 1.0.4, BOTH, VARIANCE, BATCH",
    "2, 1.0.6, INSIDE_SQRT, VARIANCE, BATCH"
  })
  void keras1ChangedItsModesUnderTheirNames(
      int mode, String version, EpsilonPlacement place, Spread spread, InferenceStatistics by) {
    Convention convention = Conventions.keras1(mode, version);
    assertThat(convention.epsilonPlacement()).isEqualTo(place);
    assertThat(convention.spread()).isEqualTo(spread);
    assertThat(convention.inferenceStatistics()).isEqualTo(by);
    assertThat(convention.varianceConvention()).isEqualTo(VarianceConvention.BIASED);
  }

  /** The operator changed in 1, 6, 7, 9, 14 and 15. */
  @ParameterizedTest
  @CsvSource({"1, 1", "5, 1", "6, 6", "8, 7", "13, 9", "14, 14", "15, 15", "25, 15"})
  void anOpsetHasTheOperatorOfItsTime(int opset, int version) {
    assertThat(Conventions.onnx(opset).name()).isEqualTo("ONNX BatchNormalization-" + version);
  }

  @Test
  void aLayerPrintsTheFormulasItComputes() {
    assertThat(BatchNorm.builder(64).build())
        .hasToString(
            "BatchNorm(64 channels: y = (x - mean)/sqrt(variance + 1e-5)*gamma + beta;"
                + " inference y = (x - runningMean)/sqrt(runningVariance + 1e-5)*gamma + beta;"
                + " runningMean += 0.1*(mean - runningMean);"
                + " runningVariance += 0.1*(M2/(M - 1) - runningVariance))");
    assertThat(layer(1, Conventions.keras1(0, "1.0.5")).gamma(null).build())
        .hasToString(
            "BatchNorm(1 channels: y = (x - mean)/(sqrt(variance + 1e-6) + 1e-6) + beta;"
                + " inference y = (x - runningMean)/(runningStd + 1e-6) + beta;"
                + " runningMean += (1 - 0.9)*(mean - runningMean);"
                + " runningStd += (1 - 0.9)*(sqrt(M2/M + 1e-6) - runningStd))");
    assertThat(layer(2, Conventions.keras1(2, "1.2.2")).beta(null).build())
        .hasToString(
            "BatchNorm(2 channels: y = (x - mean)/sqrt(variance + 0.001)*gamma,"
                + " in inference as in training)");
    assertThat(Conventions.keras1(1, "1.0.4"))
        .hasToString(
            "Keras 1.0.4, mode 1: y = (x - mean)/(sqrt(variance) + 1e-6)*gamma + beta,"
                + " mean and variance of each sample over its last axis");
    assertThat(layer(1, Conventions.keras2Legacy().withMomentum(Momentum.cumulative())).build())
        .asString()
        .endsWith("runningVariance += 1/t*(M2/(M - (1 + 0.001)) - runningVariance))");
    assertThat(
            layer(
                    1,
                    Conventions.tensorflowFused().withMomentum(Momentum.update(0.1).zeroDebiased()))
                .build())
        .asString()
        .endsWith("runningVariance += 0.1/(1 - 0.9^t)*(M2/max(M - 1, 1) - runningVariance))");
    assertThat(layer(1, Conventions.flax()).epsilon(0).build())
        .asString()
        .contains("y = (x - mean)/sqrt(variance)*gamma", "y = (x - runningMean)/sqrt(runningVar");
  }

  @Test
  void aFrozenLayerPrintsTheFormulaItComputes() {
    assertThat(layer(3, STD_KEPT).build().freeze())
        .hasToString("FrozenBatchNorm(3 channels: y = (x - mean)/(std + 0.25)*gamma + beta)");
    assertThat(FrozenBatchNorm.of(new double[2], new double[2], 1e-3, null, null))
        .hasToString("FrozenBatchNorm(2 channels: y = (x - mean)/sqrt(variance + 0.001))");
  }

  /** x = -1, 1 has mean 0 and variance 1: with epsilon 0.25 the divisors are three. */
  @ParameterizedTest
  @CsvSource({"INSIDE_SQRT, 1.1180339887", "ON_STD, 1.25", "BOTH, 1.3680339887"})
  void epsilonStandsWhereTheConventionHasIt(EpsilonPlacement placement, double divisor) {
    Convention convention =
        Conventions.flax()
            .withEpsilon(0.25)
            .withEpsilonPlacement(placement)
            .withMomentum(Momentum.update(1));
    for (Spread spread : Spread.values()) {
      BatchNorm norm = layer(1, convention.withSpread(spread)).build();
      float[] x = {-1, 1};
      float[] y = new float[2];
      SavedStatistics saved = norm.forwardTraining(x, y, TensorShape.rows(2, 1));
      assertClose(y, 1e-7, -1 / divisor, 1 / divisor);
      assertThat(saved.invStd(0)).isCloseTo(1 / divisor, offset(1e-9));
      norm.forwardInference(x, y, TensorShape.rows(2, 1));
      assertClose(y, 1e-7, -1 / divisor, 1 / divisor);
    }
  }

  @Test
  void aRunningStandardDeviationAveragesDeviations() {
    RunningStatistics running =
        new RunningStatistics(1, STD_KEPT.withMomentum(Momentum.update(0.5)));
    running.update(ChannelMoments.of(4, new double[1], new double[] {8}));
    // sqrt(2 + 0.25) = 1.5, half way from 1
    assertThat(running.spread(0)).isEqualTo(1.25);
    assertThat(running.variance(0)).isEqualTo(1.5625);
    assertThat(running.variances()).containsExactly(1.5625);
    running.set(running.means(), running.spreads());
    assertThat(running.spreads()).containsExactly(1.25);
    assertThat(running)
        .hasToString(
            "running statistics of 1 channels, momentum update(0.5), std sqrt(M2/M + 0.25)");
  }

  @Test
  void theBuilderTakesWhatFollowsTheConvention() {
    BatchNorm norm =
        BatchNorm.builder(1)
            .epsilon(7)
            .convention(Conventions.keras3())
            .momentum(Momentum.decay(0.5))
            .build();
    assertThat(norm.epsilon()).isEqualTo(1e-3);
    assertThat(norm.convention()).isEqualTo(Conventions.keras3().withMomentum(Momentum.decay(0.5)));
    assertThat(norm.convention().name()).isEqualTo("Keras 3");
    assertThat(
            BatchNorm.builder(1)
                .varianceConvention(VarianceConvention.BIASED)
                .build()
                .convention()
                .name())
        .isEqualTo("custom");
  }

  /** As the layer did before there were conventions, to the bit. */
  @ParameterizedTest
  @EnumSource(VarianceConvention.class)
  void aConventionIsWhatItsPartsAre(VarianceConvention variance) {
    Convention convention =
        Conventions.keras3()
            .withEpsilon(0.125)
            .withMomentum(Momentum.update(0.25))
            .withVarianceConvention(variance);
    BatchNorm whole = layer(4, convention).build();
    BatchNorm parts =
        BatchNorm.builder(4)
            .epsilon(0.125)
            .momentum(Momentum.update(0.25))
            .varianceConvention(variance)
            .build();
    float[] x = normal(SHAPE.length(), 1);
    float[] y = new float[x.length];
    float[] expected = new float[x.length];
    whole.forwardTraining(x, y, SHAPE);
    parts.forwardTraining(x, expected, SHAPE);
    assertSameBits(y, expected);
    assertThat(whole.runningStatistics().variances())
        .containsExactly(parts.runningStatistics().variances());
    RunningStatistics running = new RunningStatistics(4, Momentum.update(0.25), variance, 0.125);
    running.update(ChannelMoments.of(x, SHAPE));
    assertThat(running.variances()).containsExactly(parts.runningStatistics().variances());
  }

  /** By halves: the t-th share is (1/2)/(1 - 2^-t). */
  @Test
  void aDebiasedAverageIsTheWeightedMeanOfItsBatches() {
    Momentum momentum = Momentum.decay(0.5).zeroDebiased();
    assertThat(momentum).hasToString("decay(0.5).zeroDebiased()");
    assertThat(momentum).isEqualTo(Momentum.update(0.5).zeroDebiased());
    assertThat(momentum).isNotEqualTo(Momentum.decay(0.5));
    RunningStatistics running = new RunningStatistics(1, Conventions.flax().withMomentum(momentum));
    double[] batches = {3, 5, 11, -2};
    for (double batch : batches) {
      running.update(ChannelMoments.of(1, new double[] {batch}, new double[1]));
    }
    double mean = (1 * 3 + 2 * 5 + 4 * 11 + 8 * -2) / 15.0;
    assertThat(running.mean(0)).isCloseTo(mean, offset(1e-14));
    assertThat(running.variance(0)).isZero();
    assertThat(Momentum.update(1).zeroDebiased().shareOfNew(3)).isEqualTo(1);
  }

  /** A decay so near 1 that 1 - decay^t has lost its digits unless taken with care. */
  @Test
  void debiasingKeepsItsDigitsNearDecayOne() {
    Momentum momentum = Momentum.update(1e-15).zeroDebiased();
    // then it is the plain average, up to t*1e-15
    assertThat(momentum.shareOfNew(1)).isEqualTo(1);
    assertThat(momentum.shareOfNew(4)).isCloseTo(0.25, offset(1e-14));
    assertThat(momentum.shareOfNew(Long.MAX_VALUE)).isCloseTo(1e-15, offset(1e-30));
  }

  @Test
  void aMomentumIsWrittenEitherWay() {
    assertThat(Momentum.decay(0.99).asUpdate()).hasToString("update(0.01)");
    assertThat(Momentum.update(0.1).asDecay()).hasToString("decay(0.9)");
    assertThat(Momentum.update(0.1).asDecay().asUpdate()).isEqualTo(Momentum.update(0.1));
    assertThat(Momentum.decay(0.99).zeroDebiased().asUpdate())
        .hasToString("update(0.01).zeroDebiased()");
    Momentum same = Momentum.decay(0.25);
    assertThat(same.asDecay()).isSameAs(same);
  }

  private static BatchNorm.Builder layer(int channels, Convention convention) {
    return BatchNorm.builder(channels).convention(convention);
  }
}
