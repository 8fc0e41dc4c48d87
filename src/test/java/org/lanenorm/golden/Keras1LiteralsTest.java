package org.lanenorm.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lanenorm.Tensors.U;
import static org.lanenorm.Tensors.assertClose;
import static org.lanenorm.Tensors.floats;
import static org.lanenorm.Tensors.normal;
import static org.lanenorm.Tensors.permuted;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanenorm.BatchNorm;
import org.lanenorm.Convention;
import org.lanenorm.Conventions;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.InferenceStatistics;
import org.lanenorm.LayerNorm;
import org.lanenorm.Layout;
import org.lanenorm.Momentum;
import org.lanenorm.RunningStatistics;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;

/**
 * Keras 1, keras/layers/normalization.py of tags 1.0.0 to 1.2.2. Rows are those that NumPy 2.4.6
 * prints, in double, for its lines on the float32 data of {@link SeedThree}; epsilon is 0.01 there,
 * as at 1e-6 no float32 could tell the versions apart.
 */
class Keras1LiteralsTest {
  private static final float[] GAMMA = {0.5f, 0.75f, 1, 1.25f, 1.5f, 1.75f};
  private static final float[] BETA = {-0.5f, -0.25f, 0, 0.25f, 0.5f, 0.75f};
  private static final TensorShape ROWS = TensorShape.rows(SeedThree.ROWS, SeedThree.COLUMNS);

  /** Of |y| up to 3: the promised 8u, of which the mean's share is that of |gamma/std| up to 16. */
  private static final double Y = 8 * U * 8;

  private static final double[] RUNNING_MEAN = {
    0.11541503632664679, 0.1294997314870357, 0.08718153813630342,
    0.13320170745551585, 0.09621746669560668, 0.1628835650503635
  };
  private static final double[] RUNNING_STD = {
    0.789293574861322, 0.7966342517418157, 0.7897639584761311,
    0.7798624233686443, 0.8199409807176679, 0.812042289924717
  };
  private static final double[] TRAINING_ROW = {
    -0.23135501322385038, 0.4153883638710937, -0.13149260508334096,
    0.372091088906498, 2.8348045789616494, 2.3828516207800807
  };
  private static final double[] TEST_ROW = {
    -0.22764522506965934, 0.28802087911035645, 0.2547291488481999,
    0.8476133981186396, 1.9399749687453334, 2.311314677308763
  };
  private static final double[] SAMPLE_ROW_1_0_4 = {
    -0.7007090548575947, -0.02965841285403742, -1.5496835865818621,
    -0.4725195639584997, 2.1654084158248157, 2.7188485029255425
  };
  private static final double[] SAMPLE_ROW_1_0_5 = {
    -0.6829325308157201, -0.04917376319089245, -1.412430249637415,
    -0.40852700314181944, 2.017905490436345, 2.5444703077220567
  };

  /**
   * std = sqrt(mean((x - m)^2 + epsilon)), (x - m)/(std + epsilon), and an average of std from 1
   * that the test phase divides by, plus epsilon. Three steps on one batch.
   */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void mode0Of105AveragesStandardDeviationsAndAddsEpsilonTwice(Layout layout) {
    TensorShape shape = ROWS.withLayout(layout);
    BatchNorm norm = layer(Conventions.keras1(0, "1.0.5").withEpsilon(0.01));
    float[] x = permuted(SeedThree.floats(), ROWS, shape);
    float[] y = new float[x.length];
    for (int step = 0; step < 3; step++) {
      norm.forwardTraining(x, y, shape);
    }
    assertClose(firstRow(y, shape), Y, TRAINING_ROW);
    RunningStatistics running = norm.runningStatistics();
    assertClose(running.means(), 1e-7, RUNNING_MEAN);
    assertClose(running.spreads(), 1e-7, RUNNING_STD);

    norm.forwardInference(x, y, shape);
    assertClose(firstRow(y, shape), Y, TEST_ROW);
    norm.freeze().apply(x, y, shape);
    assertClose(firstRow(y, shape), Y, TEST_ROW);
    FrozenBatchNorm.of(RUNNING_MEAN, RUNNING_STD, norm.convention(), GAMMA, BETA)
        .apply(x, y, shape);
    assertClose(firstRow(y, shape), Y, TEST_ROW);
  }

  /** In 1.0.4 and 1.0.5 by mode 0's own lines, with no averages. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void mode2NormalizesByTheBatchInTestToo(Layout layout) {
    TensorShape shape = ROWS.withLayout(layout);
    BatchNorm norm = layer(Conventions.keras1(2, "1.0.5").withEpsilon(0.01));
    float[] x = permuted(SeedThree.floats(), ROWS, shape);
    float[] y = new float[x.length];
    norm.forwardInference(x, y, shape);
    assertClose(firstRow(y, shape), Y, TRAINING_ROW);
    norm.forwardTraining(x, y, shape);
    norm.forwardInference(x, x, shape);
    assertThat(x).containsExactly(y);
    assertThat(norm.runningStatistics().updates(0)).isZero();
  }

  /**
   * xHat by a layer that has each sample for a channel; gamma and beta, which run along the axis,
   * applied here.
   */
  @ParameterizedTest
  @CsvSource({"1.0.0", "1.0.4", "1.0.5", "1.2.2"})
  void mode1AddsEpsilonToTheStdAndFrom105InsideTheRootAsWell(String version) {
    Convention sampleWise = Conventions.keras1(1, version).withEpsilon(0.01);
    assertThat(sampleWise.inferenceStatistics()).isEqualTo(InferenceStatistics.SAMPLE);
    float[] y = new float[30];
    BatchNorm.builder(SeedThree.ROWS)
        .convention(sampleWise.withInferenceStatistics(InferenceStatistics.BATCH))
        .build()
        .forwardInference(SeedThree.floats(), y, TensorShape.ncw(1, 5, 6));
    double[] row = new double[6];
    Arrays.setAll(row, d -> GAMMA[d] * y[d] + BETA[d]);
    assertClose(row, Y, version.compareTo("1.0.5") < 0 ? SAMPLE_ROW_1_0_4 : SAMPLE_ROW_1_0_5);
  }

  /** The same by layer norm, which has gamma and beta along the axis. */
  @ParameterizedTest
  @CsvSource({"1.0.0", "1.0.4", "1.0.5", "1.2.2"})
  void mode1IsALayerNorm(String version) {
    float[] y = new float[30];
    LayerNorm.builder(6)
        .convention(Conventions.keras1(1, version).withEpsilon(0.01))
        .gamma(GAMMA)
        .beta(BETA)
        .build()
        .forward(SeedThree.floats(), y, TensorShape.rows(5, 6));
    assertClose(
        Arrays.copyOf(y, 6),
        Y,
        version.compareTo("1.0.5") < 0 ? SAMPLE_ROW_1_0_4 : SAMPLE_ROW_1_0_5);
  }

  /**
   * tests/keras/layers/test_normalization.py, test_batchnorm_mode_1: of arange(10), zeros and ones;
   * mean 0 and standard deviation 1, or 0 for a constant, to 0.1.
   */
  @ParameterizedTest
  @CsvSource({"1.0.0", "1.2.2"})
  void mode1OfItsOwnTest(String version) {
    float[] x = floats(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    x = Arrays.copyOf(x, 30);
    Arrays.fill(x, 20, 30, 1);
    SavedStatistics saved =
        BatchNorm.builder(3)
            .convention(
                Conventions.keras1(1, version).withInferenceStatistics(InferenceStatistics.BATCH))
            .build()
            .forwardTraining(x, x, TensorShape.ncw(1, 3, 10));
    assertThat(saved.variance(0)).isEqualTo(8.25);
    double mean = 0;
    double square = 0;
    for (int i = 0; i < 10; i++) {
      mean += x[i] / 10;
      square += x[i] * x[i] / 10;
    }
    assertClose(new double[] {mean, Math.sqrt(square)}, 0.1, 0, 1);
    for (int i = 10; i < 30; i++) {
      assertThat(x[i]).isZero();
    }
  }

  /**
   * tests/keras/layers/test_normalization.py, test_batchnorm_mode_0_or_2: N(5, 10), four epochs of
   * 1,000 rows in batches of 32, momentum 0.8; predictions have mean 0 and deviation 1, to 0.1.
   */
  @ParameterizedTest
  @CsvSource({"0, 1.0.5", "0, 1.2.2", "2, 1.0.4", "2, 1.2.2"})
  void modes0And2OfTheirOwnTest(int mode, String version) {
    TensorShape all = TensorShape.rows(1000, 10);
    float[] x = normal(all.length(), 1337);
    for (int i = 0; i < x.length; i++) {
      x[i] = 5 + 10 * x[i];
    }
    BatchNorm norm =
        BatchNorm.builder(10)
            .convention(Conventions.keras1(mode, version))
            .momentum(Momentum.decay(0.8))
            .build();
    SavedStatistics saved = new SavedStatistics(10);
    float[] y = new float[x.length];
    for (int epoch = 0; epoch < 4; epoch++) {
      for (int row = 0; row < 1000; row += 32) {
        TensorShape batch = TensorShape.rows(Math.min(32, 1000 - row), 10);
        norm.forwardTraining(x, 10 * row, y, 10 * row, batch, saved);
      }
    }
    norm.forwardInference(x, y, all);
    double mean = 0;
    double square = 0;
    for (float value : y) {
      mean += value / y.length;
      square += value * value / y.length;
    }
    assertClose(new double[] {mean, Math.sqrt(square - mean * mean)}, 0.1, 0, 1);
  }

  /** What is called running_std is a variance from 1.0.6 on: the same file means another thing. */
  @Test
  void from106OnTheRunningStdIsAVariance() {
    double[] mean = {0};
    double[] stored = {4};
    float[] y = new float[1];
    Convention before = Conventions.keras1(0, "1.0.5");
    Convention after = Conventions.keras1(0, "1.0.6");
    FrozenBatchNorm.of(mean, stored, before, null, null)
        .apply(new float[] {8}, y, TensorShape.rows(1, 1));
    assertClose(y, 1e-5, 2);
    FrozenBatchNorm.of(mean, stored, after, null, null)
        .apply(new float[] {8}, y, TensorShape.rows(1, 1));
    assertClose(y, 1e-5, 4);
  }

  private static BatchNorm layer(Convention convention) {
    return BatchNorm.builder(SeedThree.COLUMNS)
        .convention(convention)
        .gamma(GAMMA)
        .beta(BETA)
        .build();
  }

  private static float[] firstRow(float[] y, TensorShape shape) {
    return Arrays.copyOf(permuted(y, shape, ROWS), SeedThree.COLUMNS);
  }
}
