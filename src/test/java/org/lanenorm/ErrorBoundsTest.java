package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.lanenorm.Tensors.normal;

import org.junit.jupiter.api.Test;

class ErrorBoundsTest {
  private static final TensorShape SHAPE = TensorShape.nchw(2, 3, 4, 5);

  private final BatchNorm norm = BatchNorm.builder(3).build();
  private final SavedStatistics saved = new SavedStatistics(3);
  private final float[] x = normal(SHAPE.length(), 1);

  @Test
  void theyAreUnknownBeforeTheFirstCall() {
    ErrorBounds bounds = new ErrorBounds(1);
    assertThat(new double[] {bounds.mean(0), bounds.variance(0), bounds.y(0)})
        .containsOnly(Double.NaN);
  }

  @Test
  void momentsHaveNoBoundOfY() {
    ErrorBounds bounds = new ErrorBounds(3);
    norm.forwardTraining(x, 0, new float[x.length], 0, SHAPE, saved, bounds);
    assertThat(bounds.y(0)).isPositive().isLessThan(1e-5);
    ChannelMoments.of(x, 0, SHAPE, bounds);
    assertThat(bounds.mean(0)).isNotNegative().isLessThan(1e-7);
    assertThat(bounds.variance(0)).isNotNegative().isLessThan(1e-6);
    assertThat(bounds.y(0)).isNaN();
  }

  @Test
  void aRefusedCallChangesNothing() {
    ErrorBounds bounds = new ErrorBounds(3);
    norm.forwardTraining(x, 0, new float[x.length], 0, SHAPE, saved, bounds);
    double before = bounds.y(1);
    BatchNorm strict = BatchNorm.builder(3).nonFinitePolicy(NonFinitePolicy.ERROR).build();
    float[] spoiled = x.clone();
    spoiled[7] = Float.NaN;
    assertThatThrownBy(() -> strict.forwardTraining(spoiled, 0, spoiled, 0, SHAPE, saved, bounds))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(bounds.y(1)).isEqualTo(before);
    // and the next call is not watched by what the refused one began
    strict.forwardTraining(x, 0, new float[x.length], 0, SHAPE, saved);
    assertThat(bounds.y(1)).isEqualTo(before);
  }

  @Test
  void boundsOfAnotherSizeAreRefused() {
    ErrorBounds two = new ErrorBounds(2);
    float[] y = new float[x.length];
    assertThatThrownBy(() -> norm.forwardTraining(x, 0, y, 0, SHAPE, saved, two))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("bounds", "3 channels", "had 2");
    assertThatThrownBy(() -> ChannelMoments.of(x, 0, SHAPE, two))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("bounds", "3 channels", "had 2");
    assertThatThrownBy(() -> norm.forwardTraining(x, 0, y, 0, SHAPE, saved, (ErrorBounds) null))
        .isInstanceOf(NullPointerException.class)
        .hasMessageContaining("bounds");
    assertThat(y).containsOnly(0);
  }

  @Test
  void anAccumulatorNeedsThemFromTheFirstTensorOn() {
    MomentsAccumulator accumulator = new MomentsAccumulator(3);
    ErrorBounds bounds = new ErrorBounds(3);
    accumulator.add(x, 0, SHAPE);
    assertThatThrownBy(() -> accumulator.add(x, 0, SHAPE, bounds))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("bounds", "0 of 40");
    assertThat(accumulator.count()).isEqualTo(40);
    accumulator.reset();
    accumulator.add(x, 0, SHAPE, bounds);
    accumulator.add(x, 0, SHAPE, bounds);
    assertThat(bounds.mean(2)).isNotNegative().isLessThan(1e-7);
  }

  @Test
  void theBoundOfYIsInfiniteWhereYMayBe() {
    float[] gamma = {3e38f, 1e30f, 1};
    BatchNorm steep = BatchNorm.builder(3).gamma(gamma).build();
    ErrorBounds bounds = new ErrorBounds(3);
    steep.forwardTraining(x, 0, new float[x.length], 0, SHAPE, saved, bounds);
    assertThat(bounds.y(0)).isInfinite();
    assertThat(bounds.y(1)).isPositive().isLessThan(1e25);
    assertThat(bounds.y(2)).isPositive().isLessThan(1e-5);
  }
}
