package org.lanenorm.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lanenorm.Tensors.assertClose;
import static org.lanenorm.Tensors.permuted;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanenorm.BatchNorm;
import org.lanenorm.Convention;
import org.lanenorm.Conventions;
import org.lanenorm.Layout;
import org.lanenorm.Momentum;
import org.lanenorm.RunningStatistics;
import org.lanenorm.TensorShape;

/** Numbers that PyTorch's issues and PyTorch itself print; a layer's defaults are PyTorch's. */
class PyTorchLiteralsTest {
  private static final double FOUR_DECIMALS = 5.1e-5;

  /**
   * PyTorch issue 60528: BatchNorm1d(3) on (4, 3, 4), whose element (n, c, w) is 1 + n + 4c + w.
   * The output divides by the biased deviation, the running variance takes the unbiased one.
   */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void outputTakesTheBiasedAndRunningVarianceTheUnbiasedVariance(Layout layout) {
    TensorShape ncw = TensorShape.ncw(4, 3, 4);
    TensorShape shape = ncw.withLayout(layout);
    double[] steps = {-1.8974, -1.2649, -0.6325, 0, 0.6325, 1.2649, 1.8974};
    float[] x = new float[48];
    double[] y = new double[48];
    for (int n = 0; n < 4; n++) {
      for (int c = 0; c < 3; c++) {
        for (int w = 0; w < 4; w++) {
          x[ncw.index(n, c, w)] = 1 + n + 4 * c + w;
          y[ncw.index(n, c, w)] = steps[n + w];
        }
      }
    }
    BatchNorm norm = layer(3, Conventions.pytorch());
    float[] actual = new float[48];
    norm.forwardTraining(permuted(x, ncw, shape), actual, shape);
    assertClose(permuted(actual, shape, ncw), FOUR_DECIMALS, y);
    assertClose(norm.runningStatistics().variances(), FOUR_DECIMALS, 1.1667, 1.1667, 1.1667);
  }

  /** PyTorch issue 7028: BatchNorm1d(4, momentum=1) on three rows. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void momentumOneTakesTheBatchAlone(Layout layout) {
    float[] x = {2, 15, 2, 1, 2, 17, 2, 1, -4, -2, -2, -1};
    BatchNorm norm = layer(4, Conventions.pytorch().withMomentum(Momentum.update(1)));
    norm.forwardTraining(x, new float[12], TensorShape.of(layout, 3, 4));
    RunningStatistics running = norm.runningStatistics();
    assertClose(running.means(), FOUR_DECIMALS, 0, 10, 0.6667, 0.3333);
    assertClose(running.variances(), FOUR_DECIMALS, 12, 109, 5.3333, 1.3333);
  }

  /** PyTorch issue 106366: BatchNorm2d(2) on sixteen images of 3 x 3, four each of 1, 2, 3, 4. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void sixteenConstantImages(Layout layout) {
    TensorShape nchw = TensorShape.nchw(16, 2, 3, 3);
    float[] x = new float[nchw.length()];
    for (int i = 0; i < x.length; i++) {
      x[i] = 1 + i / (4 * 2 * 9);
    }
    TensorShape shape = nchw.withLayout(layout);
    BatchNorm norm = layer(2, Conventions.pytorch());
    norm.forwardTraining(permuted(x, nchw, shape), new float[x.length], shape);
    assertClose(norm.runningStatistics().variances(), FOUR_DECIMALS, 1.0259, 1.0259);
  }

  /**
   * Measured with PyTorch 2.13: BatchNorm1d(1, momentum=None) on the batches [0, 2], [4, 6], [8,
   * 10] keeps the average of the batches' means and of their unbiased variances, not the variance
   * of all six values (11.67).
   */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void noMomentumAveragesTheBatches(Layout layout) {
    BatchNorm norm = layer(1, Conventions.pytorch().withMomentum(Momentum.cumulative()));
    for (float first = 0; first <= 8; first += 4) {
      norm.forwardTraining(
          new float[] {first, first + 2}, new float[2], TensorShape.of(layout, 2, 1));
    }
    // 1/3 is not a double: a few roundings
    assertClose(norm.runningStatistics().means(), 1e-14, 5);
    assertClose(norm.runningStatistics().variances(), 1e-14, 2);
    assertThat(norm.runningStatistics().updates(0)).isEqualTo(3);
  }

  private static BatchNorm layer(int channels, Convention convention) {
    return BatchNorm.builder(channels).convention(convention).build();
  }
}
