package org.lanenorm.golden;

import static org.lanenorm.Tensors.U;
import static org.lanenorm.Tensors.assertClose;
import static org.lanenorm.Tensors.floats;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanenorm.BatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.Momentum;
import org.lanenorm.TensorShape;
import org.lanenorm.VarianceConvention;

/**
 * The NumPy article's {@code batchnorm_forward(x (N, D), gamma, beta, bn_param)} (the exercise of
 * Stanford's CS231n, assignment 2): decay 0.9, the biased variance into an average that starts from
 * zeros, epsilon inside the root; mode "test" normalizes by the averages. Rows printed by NumPy
 * 2.4.6 in double for the data of {@link SeedThree}.
 */
class NumpyArticleTest {
  private static final double EPSILON = 1e-5;
  private static final double DECAY = 0.9;
  private static final double[] GAMMA = {0.5, 0.75, 1, 1.25, 1.5, 1.75};
  private static final double[] BETA = {-0.5, -0.25, 0, 0.25, 0.5, 0.75};

  private static final double[] TRAIN_FIRST_ROW = {
    -0.18578837013227828, 0.5052620741759042, -0.15344576904627727,
    0.40193272424846205, 3.0186946591847796, 2.533690071673833
  };
  private static final double[] RUNNING_MEAN_AFTER_3 = {
    0.11541503692711257, 0.12949973181497315, 0.0871815378421041,
    0.1332017069132327, 0.09621746723737382, 0.16288356299926982
  };
  private static final double[] RUNNING_VAR_AFTER_3 = {
    0.010704447904770306, 0.01416967620080812, 0.010914569585384296,
    0.006836073554483225, 0.027807571745112145, 0.022736574422503292
  };
  private static final double[] TEST_FIRST_ROW = {
    1.6030831270345582, 3.3945392447215346, 1.9491188604146776,
    5.954938984691454, 7.6654346815481675, 9.259941881401737
  };

  /** 2^-25 for each input's rounding to float32, times a slope (gamma/std) of at most 16. */
  private static final double INPUT_ROUNDING = 16 * 0x1p-25;

  @ParameterizedTest
  @EnumSource(Layout.class)
  void trainModeNormalizesByTheBatchAndTestModeByTheAverages(Layout layout) {
    BatchNorm norm = layer();
    TensorShape shape = TensorShape.of(layout, SeedThree.ROWS, SeedThree.COLUMNS);
    float[] y = new float[shape.length()];

    for (int pass = 0; pass < 3; pass++) {
      norm.forwardTraining(SeedThree.floats(), y, shape);
    }
    assertClose(firstRow(y), INPUT_ROUNDING + 8 * U * 3.1, TRAIN_FIRST_ROW);
    // 4u(|mean| + std) and 8u*variance, both below 1e-7 here
    assertClose(norm.runningStatistics().means(), 1e-7, RUNNING_MEAN_AFTER_3);
    assertClose(norm.runningStatistics().variances(), 1e-7, RUNNING_VAR_AFTER_3);

    norm.forwardInference(SeedThree.floats(), y, shape);
    // the averages' own 1e-7 is worth at most 10*1e-7/(2*0.0068) in y
    assertClose(firstRow(y), INPUT_ROUNDING + 1e-4, TEST_FIRST_ROW);
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void everyElementAgreesWithTheArticlesFormulas(Layout layout) {
    BatchNorm norm = layer();
    TensorShape shape = TensorShape.of(layout, SeedThree.ROWS, SeedThree.COLUMNS);
    double[] x = SeedThree.rounded();
    double[] mean = SeedThree.mean(x);
    double[] variance = SeedThree.variance(x);
    float[] y = new float[shape.length()];

    norm.forwardTraining(SeedThree.floats(), y, shape);
    // |y| <= 4: 8u(|gamma*xHat| + |beta|)
    assertClose(y, 8 * U * 4, formula(x, mean, variance));

    norm.forwardInference(SeedThree.floats(), y, shape);
    double[] runningMean = norm.runningStatistics().means();
    double[] runningVariance = norm.runningStatistics().variances();
    for (int c = 0; c < SeedThree.COLUMNS; c++) {
      mean[c] *= 1 - DECAY;
      variance[c] *= 1 - DECAY;
    }
    assertClose(runningMean, 4 * U * 0.1, mean);
    assertClose(runningVariance, 8 * U * 0.0103, variance);
    // |y| <= 26
    assertClose(y, 8 * U * 26, formula(x, runningMean, runningVariance));
  }

  private static BatchNorm layer() {
    return BatchNorm.builder(SeedThree.COLUMNS)
        .gamma(floats(GAMMA))
        .beta(floats(BETA))
        .epsilon(EPSILON)
        .momentum(Momentum.decay(DECAY))
        .varianceConvention(VarianceConvention.BIASED)
        .runningStatistics(new double[SeedThree.COLUMNS], new double[SeedThree.COLUMNS])
        .build();
  }

  private static double[] formula(double[] x, double[] mean, double[] variance) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int c = i % SeedThree.COLUMNS;
      y[i] = GAMMA[c] * ((x[i] - mean[c]) / Math.sqrt(variance[c] + EPSILON)) + BETA[c];
    }
    return y;
  }

  private static float[] firstRow(float[] y) {
    return Arrays.copyOf(y, SeedThree.COLUMNS);
  }
}
