package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What makes two momenta the same. */
class MomentumTest {
  @Test
  void equalOnesTakeTheSameShareHoweverTheyAreWritten() {
    assertThat(Momentum.decay(0.75))
        .isEqualTo(Momentum.update(0.25))
        .hasSameHashCodeAs(Momentum.update(0.25))
        .isNotEqualTo(Momentum.update(0.75))
        .isNotEqualTo(Momentum.decay(0.75).zeroDebiased())
        .isNotEqualTo(Momentum.cumulative());
    assertThat(Momentum.decay(0.75).hashCode()).isNotEqualTo(Momentum.decay(0.5).hashCode());
  }

  @Test
  void sharesAreOfAKindAndCumulativeOfAnother() {
    Momentum decay = Momentum.decay(0.9);
    assertThat(decay.sameKind(Momentum.update(0.3))).isTrue();
    assertThat(Momentum.cumulative().sameKind(Momentum.cumulative())).isTrue();
    assertThat(decay.sameKind(Momentum.cumulative())).isFalse();
    assertThat(decay.sameKind(decay.zeroDebiased())).isFalse();
  }
}
