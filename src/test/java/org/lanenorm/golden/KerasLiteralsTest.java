package org.lanenorm.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lanenorm.Tensors.U;
import static org.lanenorm.Tensors.assertClose;
import static org.lanenorm.Tensors.floats;
import static org.lanenorm.Tensors.permuted;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Convention;
import org.lanenorm.Conventions;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.Mask;
import org.lanenorm.Momentum;
import org.lanenorm.RunningStatistics;
import org.lanenorm.SingleValuePolicy;
import org.lanenorm.TensorShape;

/** Numbers that Keras' own tests and issues state. */
class KerasLiteralsTest {

  /** Keras 3, keras/src/ops/nn_test.py, test_moments; the values by numpy.mean and numpy.var. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void momentsOfSmallIntegersAndTwoOutliers(Layout layout) {
    float[] x = {0, 1, 2, 3, 4, 100, -200};
    for (TensorShape shape :
        new TensorShape[] {TensorShape.of(layout, 7, 1), TensorShape.of(layout, 1, 1, 7)}) {
      ChannelMoments moments = ChannelMoments.of(x, shape);
      // 4u(|mean| + std) and 8u*variance
      assertClose(moments.means(), 4 * U * 97, -90 / 7.0);
      assertClose(moments.variances(), 8 * U * 6982, 6981.836734693878);
    }
  }

  /** Keras 3, keras/src/ops/nn_test.py, the synchronized moments over two replicas. */
  @Test
  void synchronizedMomentsAreMergedMoments() {
    ChannelMoments first = ChannelMoments.of(new float[] {5, 9}, TensorShape.rows(2, 1));
    ChannelMoments second = ChannelMoments.of(new float[] {1, 3}, TensorShape.rows(2, 1));
    ChannelMoments replica =
        ChannelMoments.of(new float[] {5, 9, 1, 3}, TensorShape.nchw(1, 1, 2, 2));
    for (ChannelMoments merged :
        new ChannelMoments[] {first.merge(second), second.merge(first), replica.merge(replica)}) {
      assertThat(merged.mean(0)).isEqualTo(4.5);
      assertThat(merged.variance(0)).isEqualTo(8.75);
    }
  }

  /** Keras 3, keras/src/ops/nn_test.py, test_batch_normalization. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void batchNormalizationOfTwoRows(Layout layout) {
    TensorShape rows = TensorShape.rows(2, 3);
    TensorShape shape = TensorShape.of(layout, 2, 3);
    float[] x = permuted(floats(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), rows, shape);
    double[] mean = {0.2, 0.3, 0.4};
    double[] variance = {4, 16, 64};
    float[] scale = {10, 20, 30};
    float[] offset = {5, 10, 15};
    float[] y = new float[6];

    Convention keras3 = Conventions.keras3().withEpsilon(1e-7);
    FrozenBatchNorm.of(mean, variance, keras3, scale, offset).apply(x, y, shape);
    assertClose(permuted(y, shape, rows), 8 * U * 17, 4.5, 9.5, 14.625, 6, 11, 15.75);

    FrozenBatchNorm.of(mean, variance, 1e-7, null, null).apply(x, y, shape);
    assertClose(permuted(y, shape, rows), 8 * U * 0.1, -0.05, -0.025, -0.0125, 0.1, 0.05, 0.025);
  }

  /**
   * Keras 3, keras/src/layers/normalization/batch_normalization_test.py,
   * test_bachnorm_ignore_masked_values, the masked steps left out: momentum 0 takes the batch's own
   * mean and biased variance.
   */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void momentumZeroKeepsNothingOfTheOldStatistics(Layout layout) {
    TensorShape steps = TensorShape.nwc(10, 2, 2);
    float[] x = new float[40];
    for (int i = 0; i < 40; i += 4) {
      x[i] = 1;
      x[i + 2] = 2;
      x[i + 1] = x[i + 3] = 5;
    }
    TensorShape shape = steps.withLayout(layout);
    BatchNorm norm = layer(2, Momentum.decay(0), Conventions.keras3()).build();
    norm.forwardTraining(permuted(x, steps, shape), new float[40], shape);
    assertThat(norm.runningStatistics().means()).containsExactly(1.5, 5);
    assertThat(norm.runningStatistics().variances()).containsExactly(0.25, 0);
  }

  /**
   * The same test with its masked steps: two of four in each of ten sequences, 0.1 in all their
   * channels.
   */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void maskedValuesAreIgnored(Layout layout) {
    TensorShape steps = TensorShape.nwc(10, 4, 2);
    float[] x = new float[80];
    boolean[] valid = new boolean[40];
    for (int n = 0; n < 10; n++) {
      float[] sequence = {1, 5, 2, 5, 0.1f, 0.1f, 0.1f, 0.1f};
      System.arraycopy(sequence, 0, x, 8 * n, 8);
      valid[4 * n] = valid[4 * n + 1] = true;
    }
    TensorShape shape = steps.withLayout(layout);
    BatchNorm norm = layer(2, Momentum.decay(0), Conventions.keras3()).build();
    float[] y = new float[80];
    norm.forwardTraining(permuted(x, steps, shape), y, shape, Mask.of(valid, shape));
    assertThat(norm.runningStatistics().means()).containsExactly(1.5, 5);
    assertThat(norm.runningStatistics().variances()).containsExactly(0.25, 0);
    // (1 - 1.5)/sqrt(0.25 + 0.001), beta, its opposite, beta, and 0 where masked
    double first = -0.5 / Math.sqrt(0.251);
    assertClose(
        Arrays.copyOf(permuted(y, shape, steps), 8), 8 * U * 2, first, 0, -first, 0, 0, 0, 0, 0);
  }

  /** Keras 3, the same file, test_input_fully_masked: y is 0. */
  @Test
  void whereAllIsMaskedTheOutputIsZero() {
    TensorShape shape = TensorShape.rows(4, 5);
    float[] y = new float[20];
    Arrays.fill(y, 3);
    BatchNorm norm = layer(5, Momentum.decay(0.99), Conventions.keras3()).build();
    norm.forwardTraining(new float[20], y, shape, Mask.of(new boolean[4], shape));
    assertThat(y).containsOnly(0);
  }

  /** Keras 2.15, batch_normalization_test.py, test_bessels_correction: ranks 4 and 5, fused. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void fusedLayersCorrectTheVarianceByBessel(Layout layout) {
    for (TensorShape shape :
        new TensorShape[] {
          TensorShape.of(layout, 2, 1, 1, 1), TensorShape.of(layout, 2, 1, 1, 1, 1)
        }) {
      BatchNorm norm =
          layer(1, Momentum.decay(0.5), Conventions.tfKeras2(true))
              .runningStatistics(new double[1], new double[1])
              .build();
      norm.forwardTraining(new float[] {0, 2}, new float[2], shape);
      assertThat(norm.runningStatistics().variance(0)).isEqualTo(1);
    }
  }

  /**
   * Keras 2.15, batch_normalization_test.py: test_batchnorm_mixed_precision_does_not_overflow (one
   * pass) and test_can_be_used_in_multiple_graphs (three passes, of which the second meets a
   * variance of 1 with epsilon 1e-3 beside it).
   */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void plusAndMinusAThousandBecomePlusAndMinusOne(Layout layout) {
    TensorShape shape = TensorShape.of(layout, 2, 1, 1, 1);
    BatchNorm norm = layer(1, Momentum.decay(0.99), Conventions.tfKeras2(true)).build();
    float[] x = {-1000, 1000};
    norm.forwardTraining(x, x, shape);
    assertClose(x, 8 * U, -1, 1);
    norm.forwardTraining(x, x, shape);
    norm.forwardTraining(x, x, shape);
    // printed with 4 decimals; 1/sqrt(1.001) is 0.99950037
    assertClose(x, 1e-6, -0.9995004, 0.9995004);
  }

  /**
   * Keras 2.15, batch_normalization_test.py,
   * test_eager_batchnorm_in_custom_model_call_with_tf_function: ten batches that are the single
   * value 0.5, at rank 2 and so with the biased variance, which is 0. The test's literals are the
   * roundings of 0.5*(1 - 0.99^10) and 0.99^10, with tolerances 3e-3 and 3e-2.
   */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void tenBatchesOfTheSingleValueOneHalf(Layout layout) {
    BatchNorm norm =
        layer(1, Momentum.decay(0.99), Conventions.tfKeras2(false))
            .singleValuePolicy(SingleValuePolicy.BETA)
            .build();
    for (int step = 0; step < 10; step++) {
      float[] y = {Float.NaN};
      norm.forwardTraining(new float[] {0.5f}, y, TensorShape.of(layout, 1, 1));
      assertThat(y).containsExactly(0);
    }
    RunningStatistics running = norm.runningStatistics();
    assertClose(running.means(), 3e-3, 0.047);
    assertClose(running.variances(), 3e-2, 0.9);
    // ten roundings in double
    assertClose(running.means(), 1e-15, 0.5 * (1 - Math.pow(0.99, 10)));
    assertClose(running.variances(), 1e-15, Math.pow(0.99, 10));
  }

  /** Keras issue 10443 (Keras 2.2.0): X = [1, 2, 3, 4], momentum 0, both initializers 0. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void keras22TookEpsilonForAPartOfTheSampleSize(Layout layout) {
    BatchNorm norm =
        layer(1, Momentum.decay(0), Conventions.keras2Legacy())
            .runningStatistics(new double[1], new double[1])
            .build();
    norm.forwardTraining(new float[] {1, 2, 3, 4}, new float[4], TensorShape.of(layout, 4, 1));
    assertThat(norm.runningStatistics().mean(0)).isEqualTo(2.5);
    // the literal is a float32: half an ulp of it
    assertClose(norm.runningStatistics().variances(), 0x1p-24, 1.6672224);
  }

  private static BatchNorm.Builder layer(int channels, Momentum momentum, Convention of) {
    return BatchNorm.builder(channels).convention(of.withMomentum(momentum));
  }
}
