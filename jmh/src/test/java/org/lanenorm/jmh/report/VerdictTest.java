package org.lanenorm.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.lanenorm.jmh.report.Verdict.Outcome;

class VerdictTest {
  private static Estimate time(double score, double error) {
    return new Estimate(score, score - error, score + error);
  }

  @Test
  void theShorterOfTwoThatDoNotOverlapIsNamed() {
    Verdict verdict = Verdict.of(time(10, 1), time(20, 2));
    assertThat(verdict.outcome()).isEqualTo(Outcome.FIRST);
    assertThat(verdict.ratio()).isEqualTo(2);
    assertThat(verdict.low()).isCloseTo(18.0 / 11, within(1e-12));
    assertThat(verdict.high()).isCloseTo(22.0 / 9, within(1e-12));
    assertThat(Verdict.of(time(20, 2), time(10, 1)))
        .isEqualTo(new Verdict(Outcome.SECOND, verdict.ratio(), verdict.low(), verdict.high()));
  }

  @Test
  void overlappingIntervalsAreNoise() {
    assertThat(Verdict.of(time(10, 3), time(15, 3)).outcome()).isEqualTo(Outcome.WITHIN_NOISE);
    assertThat(Verdict.of(time(15, 3), time(10, 3)).outcome()).isEqualTo(Outcome.WITHIN_NOISE);
    assertThat(Verdict.of(time(10, 0), time(10, 0)).outcome()).isEqualTo(Outcome.WITHIN_NOISE);
    // one inside the other
    assertThat(Verdict.of(time(10, 9), time(12, 1)).outcome()).isEqualTo(Outcome.WITHIN_NOISE);
  }

  @Test
  void intervalsThatTouchOverlap() {
    assertThat(Verdict.of(time(10, 2), time(14, 2)).outcome()).isEqualTo(Outcome.WITHIN_NOISE);
    assertThat(Verdict.of(time(10, 2), time(14, 1.99)).outcome()).isEqualTo(Outcome.FIRST);
  }

  @Test
  void withoutAnIntervalNothingIsKnown() {
    Estimate single = new Estimate(100, Double.NaN, Double.NaN);
    assertThat(Verdict.of(time(10, 1), single).outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(Verdict.of(single, time(10, 1)).outcome()).isEqualTo(Outcome.UNKNOWN);
  }

  @Test
  void whereTheShorterMayBeNothingTheRatioHasNoUpperEnd() {
    Verdict verdict = Verdict.of(time(10, 12), time(100, 5));
    assertThat(verdict.outcome()).isEqualTo(Outcome.FIRST);
    assertThat(verdict.low()).isCloseTo(95.0 / 22, within(1e-12));
    assertThat(verdict.high()).isInfinite();
  }
}
