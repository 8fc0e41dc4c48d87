package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The averages by themselves, moved by moments that are known. */
class RunningStatisticsTest {
  private static final ChannelMoments FIVE =
      ChannelMoments.of(5, new double[] {3}, new double[] {10});

  @Test
  void theyStartFromMeanZeroAndVarianceOne() {
    RunningStatistics running = statistics(Momentum.update(0.1), VarianceConvention.BIASED, 0);
    assertThat(running.mean(0)).isZero();
    assertThat(running.variance(0)).isEqualTo(1);
    assertThat(running.updates(0)).isZero();
  }

  @Test
  void theConventionsDivideByTheirOwnSampleSize() {
    assertThat(varianceAfter(VarianceConvention.BIASED, 0.5)).isEqualTo(10 / 5.0);
    assertThat(varianceAfter(VarianceConvention.UNBIASED, 0.5)).isEqualTo(10 / 4.0);
    assertThat(varianceAfter(VarianceConvention.UNBIASED_CLAMPED, 0.5)).isEqualTo(10 / 4.0);
    // one rounding: the formula of Keras multiplies by n/(n - (1 + epsilon)) instead
    assertThat(varianceAfter(VarianceConvention.KERAS_LEGACY, 1e-3))
        .isCloseTo(10 / 5.0 * (5 / 3.999), offset(1e-15));
  }

  @Test
  void aBatchTooSmallForItsConventionMovesTheMeanAlone() {
    for (double epsilon : new double[] {4, 1e3}) {
      RunningStatistics running =
          statistics(Momentum.update(0.5), VarianceConvention.KERAS_LEGACY, epsilon);
      running.update(FIVE); // 5 - (1 + 4) is not above 0
      assertThat(running.mean(0)).isEqualTo(1.5);
      assertThat(running.variance(0)).isEqualTo(1);
    }
  }

  @Test
  void updateIsTheComplementOfDecay() {
    RunningStatistics update = statistics(Momentum.update(0.25), VarianceConvention.BIASED, 0);
    RunningStatistics decay = statistics(Momentum.decay(0.75), VarianceConvention.BIASED, 0);
    for (int step = 0; step < 3; step++) {
      update.update(FIVE);
      decay.update(FIVE);
    }
    assertThat(update.mean(0)).isEqualTo(decay.mean(0)).isEqualTo(3 * (1 - 0.421875));
    assertThat(update.variance(0)).isEqualTo(decay.variance(0)).isEqualTo(2 - 0.421875);
  }

  /**
   * Several batches of several channels, by the definition; at share 1 no digit of them is lost.
   */
  @ParameterizedTest
  @MethodSource("averages")
  void channelsMoveByTheirFormula(Momentum momentum, Spread spread, double[] shares) {
    Convention convention =
        Conventions.pytorch()
            .withEpsilon(0)
            .withMomentum(momentum)
            .withSpread(spread)
            .withVarianceConvention(VarianceConvention.UNBIASED);
    RunningStatistics running = new RunningStatistics(2, convention);
    double[] mean = new double[2];
    double[] kept = {1, 1};
    for (int batch = 0; batch < shares.length; batch++) {
      double[] batchMean = {batch + 1e-20, 1 << 20};
      double[] m2 = {12, batch};
      running.update(4, batchMean, m2, new boolean[2]);
      for (int c = 0; c < 2; c++) {
        double variance = m2[c] / 3;
        double share = shares[batch];
        mean[c] = share == 1 ? batchMean[c] : mean[c] + share * (batchMean[c] - mean[c]);
        double of = spread == Spread.VARIANCE ? variance : Math.sqrt(variance);
        kept[c] = share == 1 ? of : kept[c] + share * (of - kept[c]);
      }
      assertThat(running.means()).containsExactly(mean);
      assertThat(running.spreads()).containsExactly(kept);
      assertThat(running.updates(1)).isEqualTo(batch + 1);
    }
  }

  static Stream<Arguments> averages() {
    // share of the t-th batch of zeroDebiased: s/(1 - (1 - s)^t)
    return Stream.of(Spread.values())
        .flatMap(
            spread ->
                Stream.of(
                    Arguments.of(Momentum.update(0.5), spread, new double[] {0.5, 0.5, 0.5}),
                    Arguments.of(Momentum.update(1), spread, new double[] {1, 1, 1}),
                    Arguments.of(Momentum.update(1).zeroDebiased(), spread, new double[] {1, 1, 1}),
                    Arguments.of(Momentum.cumulative(), spread, new double[] {1, 0.5, 1 / 3.0})));
  }

  @Test
  void channelsToBeSkippedStayAsTheyAre() {
    RunningStatistics running =
        new RunningStatistics(2, Momentum.update(1), VarianceConvention.BIASED, 0);
    running.update(2, new double[] {3, 5}, new double[] {8, 2}, new boolean[] {true, false});
    assertThat(running.means()).containsExactly(0, 5);
    assertThat(running.variances()).containsExactly(1, 1);
    assertThat(running.updates(0)).isZero();
    assertThat(running.updates(1)).isEqualTo(1);
  }

  @Test
  void momentsOfNothingMoveNothing() {
    RunningStatistics running = statistics(Momentum.cumulative(), VarianceConvention.BIASED, 0);
    running.update(FIVE);
    running.update(ChannelMoments.empty(1));
    assertThat(running.mean(0)).isEqualTo(3);
    assertThat(running.variance(0)).isEqualTo(2);
    assertThat(running.updates(0)).isEqualTo(1);
  }

  @Test
  void settingThemCopiesAndKeepsTheNumberOfUpdates() {
    RunningStatistics running = statistics(Momentum.update(0.5), VarianceConvention.BIASED, 0);
    running.update(FIVE);
    double[] mean = {7};
    double[] variance = {0};
    running.set(mean, variance);
    mean[0] = variance[0] = 9;
    running.means()[0] = 11;
    assertThat(running.mean(0)).isEqualTo(7);
    assertThat(running.variance(0)).isZero();
    assertThat(running.updates(0)).isEqualTo(1);
  }

  /** The average over 4 batches goes on with a share of 1/5. */
  @Test
  void storedStatisticsGoOnFromTheirNumberOfUpdates() {
    RunningStatistics running = statistics(Momentum.cumulative(), VarianceConvention.BIASED, 0);
    running.set(new double[] {8}, new double[] {7}, 4);
    assertThat(running.mean(0)).isEqualTo(8);
    assertThat(running.variance(0)).isEqualTo(7);
    running.update(FIVE);
    assertThat(running.mean(0)).isEqualTo(7);
    assertThat(running.variance(0)).isEqualTo(6);
    assertThat(running.updates(0)).isEqualTo(5);
  }

  @Test
  void fromNoUpdatesOnTheNextBatchReplacesThem() {
    RunningStatistics running = statistics(Momentum.cumulative(), VarianceConvention.BIASED, 0);
    running.set(new double[] {8}, new double[] {7}, 0);
    running.update(FIVE);
    assertThat(running.mean(0)).isEqualTo(3);
    assertThat(running.variance(0)).isEqualTo(2);
  }

  /** The smallest n that a convention can do with, and the one below. */
  @ParameterizedTest
  @CsvSource({
    "BIASED, 0, 1, 6",
    "UNBIASED, 0, 2, 6",
    "UNBIASED_CLAMPED, 0, 1, 6",
    "KERAS_LEGACY, 0.5, 2, 12",
    "KERAS_LEGACY, 1, 3, 6"
  })
  void aConventionNeedsElementsEnough(
      VarianceConvention convention, double epsilon, int least, double variance) {
    assertThat(convention.of(6, least, epsilon)).isEqualTo(variance);
    assertThat(convention.of(6, least - 1, epsilon)).isNaN();
  }

  @Test
  void aPopulationReplacesThemInTheirConvention() {
    RunningStatistics running = statistics(Momentum.cumulative(), VarianceConvention.UNBIASED, 0);
    assertThat(running.convention()).isEqualTo(VarianceConvention.UNBIASED);
    running.update(FIVE);
    running.set(ChannelMoments.of(3, new double[] {9}, new double[] {8}));
    assertThat(running.mean(0)).isEqualTo(9);
    assertThat(running.variance(0)).isEqualTo(4);
    assertThat(running.updates(0)).isEqualTo(1);
  }

  private static double varianceAfter(VarianceConvention convention, double epsilon) {
    RunningStatistics running = statistics(Momentum.decay(0), convention, epsilon);
    running.set(new double[1], new double[1]);
    running.update(FIVE);
    return running.variance(0);
  }

  private static RunningStatistics statistics(
      Momentum momentum, VarianceConvention convention, double epsilon) {
    return new RunningStatistics(1, momentum, convention, epsilon);
  }
}
