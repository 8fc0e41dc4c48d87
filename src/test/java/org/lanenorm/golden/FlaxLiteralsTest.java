package org.lanenorm.golden;

import static org.lanenorm.Tensors.assertClose;
import static org.lanenorm.Tensors.normal;
import static org.lanenorm.Tensors.permuted;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanenorm.BatchNorm;
import org.lanenorm.Conventions;
import org.lanenorm.Layout;
import org.lanenorm.Momentum;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;

/** What Flax' own test states of its layer: tests/linen/linen_test.py, test_batch_norm. */
class FlaxLiteralsTest {

  /** N(0, 1) of (4, 3, 2), channels last, momentum 0.9; its tolerances are 1e-4. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void runningStatisticsTakeATenthOfTheBiasedOnes(Layout layout) {
    TensorShape nwc = TensorShape.nwc(4, 3, 2);
    TensorShape shape = nwc.withLayout(layout);
    float[] x = normal(nwc.length(), 0);
    float[] y = new float[x.length];
    BatchNorm norm =
        BatchNorm.builder(2)
            .convention(Conventions.flax().withMomentum(Momentum.decay(0.9)))
            .build();
    SavedStatistics saved = norm.forwardTraining(permuted(x, nwc, shape), y, shape);
    y = permuted(y, shape, nwc);
    for (int c = 0; c < 2; c++) {
      double mean = 0;
      double square = 0;
      double yMean = 0;
      double ySquare = 0;
      for (int i = c; i < x.length; i += 2) {
        mean += x[i] / 12.0;
        square += x[i] * x[i] / 12.0;
        yMean += y[i] / 12.0;
        ySquare += y[i] * y[i] / 12.0;
      }
      double variance = square - mean * mean;
      assertClose(new double[] {yMean, ySquare - yMean * yMean}, 1e-4, 0, 1);
      assertClose(
          new double[] {norm.runningStatistics().mean(c), norm.runningStatistics().variance(c)},
          1e-6,
          0.1 * mean,
          0.9 + 0.1 * variance);
      assertClose(new double[] {saved.variance(c)}, 1e-6, variance);
    }
  }
}
