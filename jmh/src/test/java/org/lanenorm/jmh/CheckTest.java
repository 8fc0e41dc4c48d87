package org.lanenorm.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.lanenorm.BatchNorm;
import org.lanenorm.TensorShape;

class CheckTest {
  private static final double SLACK = 1000;

  private final TensorShape shape = TensorShape.nchw(2, 3, 8, 8);
  private final float[] x = Data.normal(shape, 1);
  private final BatchNorm layer =
      BatchNorm.builder(3).runningStatistics(Data.means(3), Data.variances(3)).build();

  @Test
  void whatTheLibraryPromisesIsHeldAgainstIt() {
    assertThatCode(() -> training(new Check(shape), 0)).doesNotThrowAnyException();
    assertThatThrownBy(() -> training(new Check(shape), 1e-4f))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("y in channel 0");
  }

  @Test
  void othersMayBeFartherOffButNotWrong() {
    Check check = new Check(shape, SLACK);
    training(check, 1e-4f);
    assertThat(check.worst()).isBetween(10.0, SLACK);
    assertThatThrownBy(() -> training(check, 0.1f)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void othersMayRoundTheMeanToFloat() {
    float[] y = new float[x.length];
    float mean = (float) layer.runningStatistics().mean(0);
    // where x is nearly the mean, nothing of y is left to measure that rounding by
    x[0] = Math.nextUp(mean);
    layer.forwardInference(x, y, shape);
    y[0] = (float) ((x[0] - mean) / Math.sqrt(layer.runningStatistics().variance(0) + 1e-5));
    assertThatThrownBy(() -> new Check(shape).inference(x, y, layer))
        .isInstanceOf(IllegalStateException.class);
    assertThatCode(() -> new Check(shape, SLACK).inference(x, y, layer)).doesNotThrowAnyException();
  }

  private void training(Check check, float wrong) {
    float[] y = new float[x.length];
    layer.forwardTraining(x, y, shape);
    y[5] += wrong;
    check.training(x, y, layer);
  }
}
