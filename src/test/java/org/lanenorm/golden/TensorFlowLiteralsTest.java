package org.lanenorm.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;
import static org.lanenorm.Tensors.assertClose;
import static org.lanenorm.Tensors.permuted;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Conventions;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.Momentum;
import org.lanenorm.RunningStatistics;
import org.lanenorm.SavedStatistics;
import org.lanenorm.SingleValuePolicy;
import org.lanenorm.TensorShape;

/**
 * TensorFlow, tensorflow/core/kernels/fused_batch_norm_op_test.cc unless said otherwise; its
 * tolerance is 0.01.
 */
class TensorFlowLiteralsTest {
  private static final double TOLERANCE = 0.01;
  private static final TensorShape NHWC = TensorShape.nhwc(1, 1, 6, 2);
  private static final float[] X = {5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 15, 15};
  private static final double[] Y = {
    -3.86, -3.86, -1.51, -1.51, 0.83, 0.83, 3.17, 3.17, 5.51, 5.51, 7.86, 7.86
  };
  private static final float[] SCALE = {4, 4};
  private static final float[] OFFSET = {2, 2};

  /** FusedBatchNormOpTest, Training: exponential_avg_factor 1. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void training(Layout layout) {
    BatchNorm norm = layer(1).build();
    train(norm, layout);
    assertClose(norm.runningStatistics().means(), TOLERANCE, 10, 10);
    assertClose(norm.runningStatistics().variances(), TOLERANCE, 14, 14);
  }

  /** FusedBatchNormOpTest, TrainingRunningMean: exponential_avg_factor 0.5 from 6 and 16. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void trainingMovesRunningStatisticsHalfWay(Layout layout) {
    BatchNorm norm =
        layer(0.5).runningStatistics(new double[] {6, 6}, new double[] {16, 16}).build();
    train(norm, layout);
    assertClose(norm.runningStatistics().means(), TOLERANCE, 8, 8);
    assertClose(norm.runningStatistics().variances(), TOLERANCE, 15, 15);
  }

  /** FusedBatchNormOpTest, Inference. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void inference(Layout layout) {
    TensorShape shape = NHWC.withLayout(layout);
    double[] mean = {10, 10};
    double[] variance = {11.67, 11.67};
    float[] x = permuted(X, NHWC, shape);
    float[] y = new float[12];
    layer(0.5).runningStatistics(mean, variance).build().forwardInference(x, y, shape);
    assertClose(permuted(y, shape, NHWC), TOLERANCE, Y);

    FrozenBatchNorm.of(mean, variance, 1e-3, SCALE, OFFSET).apply(x, x, shape);
    assertClose(permuted(x, shape, NHWC), TOLERANCE, Y);
  }

  /** The kernel divides by max(n - 1, 1), so that one value has the variance 0. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void oneValueMovesTheRunningVarianceTowardsZero(Layout layout) {
    BatchNorm norm =
        layer(0.5)
            .runningStatistics(new double[] {6, 6}, new double[] {16, 16})
            .singleValuePolicy(SingleValuePolicy.BETA)
            .build();
    norm.forwardTraining(new float[] {8, 10}, new float[2], TensorShape.of(layout, 1, 2, 1, 1));
    assertThat(norm.runningStatistics().means()).containsExactly(7, 8);
    assertThat(norm.runningStatistics().variances()).containsExactly(8, 8);
  }

  /**
   * tensorflow/python/training/moving_averages_test.py: testAssignMovingAverage, and _CheckDecay
   * with zero_debias, where the average of a constant is the constant from the first step on.
   */
  @Test
  void zeroDebiasForgetsWhatTheAverageStartedFrom() {
    Momentum momentum = Momentum.decay(0.25).zeroDebiased();
    RunningStatistics running =
        new RunningStatistics(2, Conventions.tensorflowFused().withMomentum(momentum));
    running.update(ChannelMoments.of(2, new double[] {1, 2}, new double[2]));
    assertThat(running.means()).containsExactly(1, 2);

    running.set(new double[2], new double[2], 0);
    for (int step = 0; step < 2; step++) {
      running.update(ChannelMoments.of(2, new double[] {40, 40}, new double[] {10, 10}));
      assertThat(running.means()).containsExactly(40, 40);
      assertThat(running.variances()).containsExactly(10, 10);
    }

    // its formula: an average from 0, divided by 1 - decay^t
    double biased = 40 * (1 - Math.pow(0.25, 2)) * 0.25 + 7 * (1 - 0.25);
    running.update(ChannelMoments.of(2, new double[] {7, 7}, new double[2]));
    assertThat(running.mean(0)).isCloseTo(biased / (1 - Math.pow(0.25, 3)), offset(1e-14));
  }

  /** FusedBatchNormOpTest, EmptyInput: no channels and no positions. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void emptyInput(Layout layout) {
    SavedStatistics saved =
        BatchNorm.builder(0)
            .build()
            .forwardTraining(new float[0], new float[0], TensorShape.of(layout, 1, 0, 1, 0));
    assertThat(saved.count()).isZero();
  }

  /** FusedBatchNormGradOpTest, Simple. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void gradient(Layout layout) {
    TensorShape shape = NHWC.withLayout(layout);
    float[] x = permuted(new float[] {1, 1, 7, 7, 4, 4, -3, -3, -11, -11, 13, 13}, NHWC, shape);
    float[] dOutput = permuted(new float[] {2, 2, 9, 9, -4, -4, 5, 5, 8, 8, 7, 7}, NHWC, shape);
    BatchNorm norm = layer(1).build();
    SavedStatistics saved = norm.forwardTraining(x, new float[12], shape);
    assertThat(saved.mean(0)).isCloseTo(1.833, offset(5e-4));
    assertThat(saved.variance(1)).isCloseTo(57.472, offset(5e-4));

    float[] dInput = new float[12];
    float[] dGamma = new float[2];
    float[] dBeta = new float[2];
    norm.backward(x, dOutput, saved, dInput, dGamma, dBeta, shape);
    assertClose(
        permuted(dInput, shape, NHWC),
        TOLERANCE,
        new double[] {-1.34, -1.34, 2.47, 2.47, -4.44, -4.44, 0.17, 0.17, 1.60, 1.60, 1.53, 1.53});
    assertClose(dGamma, TOLERANCE, -1.6488, -1.6488);
    assertClose(dBeta, TOLERANCE, 27, 27);
  }

  private static void train(BatchNorm norm, Layout layout) {
    TensorShape shape = NHWC.withLayout(layout);
    float[] y = new float[12];
    norm.forwardTraining(permuted(X, NHWC, shape), y, shape);
    assertClose(permuted(y, shape, NHWC), TOLERANCE, Y);
  }

  private static BatchNorm.Builder layer(double averageFactor) {
    return BatchNorm.builder(2)
        .gamma(SCALE)
        .beta(OFFSET)
        .convention(Conventions.tensorflowFused())
        .epsilon(1e-3)
        .momentum(Momentum.update(averageFactor));
  }
}
