package org.lanenorm.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;
import static org.lanenorm.Tensors.assertClose;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Conventions;
import org.lanenorm.Layout;
import org.lanenorm.RunningStatistics;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;

/**
 * The question-and-answer thread "Keras batchnorm layer moving average for variance": one constant
 * batch, 10,000 steps, momentum 0.99, epsilon 1e-3, and a moving variance that is neither the
 * batch's variance nor Bessel's. It is n/(n - (1 + epsilon)) of it, the correction of Keras 2.1.4
 * to 2.3.1 (keras/layers/normalization.py, pull request 9028); and its averages stop short of their
 * limits, because they are float32.
 */
class KerasMovingVarianceThreadTest {
  private static final int STEPS = 10_000;

  private static final double[] TRAIN_MEAN = {
    0.42588575, 0.47785879, 0.32170309, 0.49151921, 0.355046, 0.60104636
  };
  private static final double[] TRAIN_VAR = {
    0.03949981, 0.05228663, 0.04027516, 0.02522536, 0.10261097, 0.0838988
  };
  private static final double[] MOVING_MEAN = {
    0.4258843, 0.47785735, 0.32170165, 0.49151778, 0.35504454, 0.60104346
  };
  private static final double[] MOVING_VAR = {
    0.04938692, 0.06537427, 0.05035637, 0.03153942, 0.12829503, 0.10489936
  };

  /** How far from its limit the thread's float32 average stopped, at most: 2.9e-6. */
  private static final double STALL = 3e-6;

  @Test
  void theDataAreThoseOfTheThread() {
    // printed with 8 decimals
    assertClose(SeedThree.mean(SeedThree.exact()), 5.1e-9, TRAIN_MEAN);
    assertClose(SeedThree.variance(SeedThree.exact()), 5.1e-9, TRAIN_VAR);
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void batchMomentsAreTheThreadsTrainMeanAndTrainVar(Layout layout) {
    ChannelMoments moments = ChannelMoments.of(SeedThree.floats(), shape(layout));
    assertThat(moments.count()).isEqualTo(5);
    // 5e-9 of printing, 3e-8 of rounding each input to float32, the rest is the promised 4u
    assertClose(moments.means(), 1e-7, TRAIN_MEAN);
    assertClose(moments.variances(), 1e-7, TRAIN_VAR);
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void tenThousandStepsArriveAtTheLimitOfWhichTheThreadFellShort(Layout layout) {
    BatchNorm norm =
        BatchNorm.builder(SeedThree.COLUMNS).convention(Conventions.keras2Legacy()).build();
    float[] x = SeedThree.floats();
    float[] y = new float[x.length];
    SavedStatistics saved = new SavedStatistics(SeedThree.COLUMNS);
    for (int step = 0; step < STEPS; step++) {
      norm.forwardTraining(x, 0, y, 0, shape(layout), saved);
    }
    RunningStatistics running = norm.runningStatistics();
    assertClose(running.means(), STALL, MOVING_MEAN);
    assertClose(running.variances(), STALL, MOVING_VAR);
    for (int c = 0; c < SeedThree.COLUMNS; c++) {
      assertWithinOneFloatUlp(running.mean(c), saved.mean(c));
      assertWithinOneFloatUlp(running.variance(c), saved.variance(c) * 5 / 3.999);
    }
  }

  @Test
  void runningStatisticsArriveAtNumpysOwnMeanAndVariance() {
    double[] mean = SeedThree.mean(SeedThree.exact());
    double[] variance = SeedThree.variance(SeedThree.exact());
    double[] m2 = Arrays.stream(variance).map(v -> v * SeedThree.ROWS).toArray();
    ChannelMoments batch = ChannelMoments.of(SeedThree.ROWS, mean, m2);
    RunningStatistics running =
        new RunningStatistics(SeedThree.COLUMNS, Conventions.keras2Legacy());
    for (int step = 0; step < STEPS; step++) {
      running.update(batch);
    }
    for (int c = 0; c < SeedThree.COLUMNS; c++) {
      assertWithinOneFloatUlp(running.mean(c), mean[c]);
      assertWithinOneFloatUlp(running.variance(c), variance[c] * 5 / 3.999);
      assertThat(running.updates(c)).isEqualTo(STEPS);
    }
  }

  /** Else the two tests above could not fail. */
  @Test
  void aFloat32AverageStallsWhereTheThreadDid() {
    double[] limit = SeedThree.mean(SeedThree.rounded());
    for (int c = 0; c < SeedThree.COLUMNS; c++) {
      float running = 0;
      float batch = (float) limit[c];
      for (int step = 0; step < STEPS; step++) {
        running -= (running - batch) * (float) (1 - 0.99); // Keras 2's form of the update
      }
      // 24 bits at 0.4 are 3e-8 apart; what is left of the gap, times 0.01, rounds to nothing
      assertThat(limit[c] - running).as("channel %d", c).isBetween(1.4e-6, STALL);
      assertThat((double) running).isCloseTo(MOVING_MEAN[c], offset(1e-7));
      assertThat(Math.abs(running - limit[c])).isGreaterThan(40 * Math.ulp(batch));
    }
  }

  private static void assertWithinOneFloatUlp(double actual, double limit) {
    assertThat(actual).isCloseTo(limit, offset((double) Math.ulp((float) limit)));
  }

  private static TensorShape shape(Layout layout) {
    return TensorShape.of(layout, SeedThree.ROWS, SeedThree.COLUMNS);
  }
}
