package org.lanenorm.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.lanenorm.jmh.report.Verdict.Outcome;

class VerdictTest {
  private static final Estimate FLOOR = time(5, 0.1);

  private static Estimate time(double score, double error) {
    return new Estimate(score, score - error, score + error);
  }

  private static Outcome outcome(Estimate first, Estimate second) {
    return Verdict.of(first, second, FLOOR).outcome();
  }

  @Test
  void theShorterOfTwoThatDoNotOverlapIsNamed() {
    Verdict verdict = Verdict.of(time(10, 1), time(20, 2), FLOOR);
    assertThat(verdict.outcome()).isEqualTo(Outcome.FIRST);
    assertThat(verdict.ratio()).isEqualTo(2);
    assertThat(verdict.low()).isCloseTo(18.0 / 11, within(1e-12));
    assertThat(verdict.high()).isCloseTo(22.0 / 9, within(1e-12));
    assertThat(Verdict.of(time(20, 2), time(10, 1), null))
        .isEqualTo(new Verdict(Outcome.SECOND, verdict.ratio(), verdict.low(), verdict.high()));
  }

  @Test
  void overlappingIntervalsAreNoise() {
    assertThat(outcome(time(100, 3), time(105, 3))).isEqualTo(Outcome.WITHIN_NOISE);
    assertThat(outcome(time(105, 3), time(100, 3))).isEqualTo(Outcome.WITHIN_NOISE);
    assertThat(outcome(time(10, 0), time(10, 0))).isEqualTo(Outcome.WITHIN_NOISE);
    // one inside the other
    assertThat(outcome(time(100, 9), time(103, 1))).isEqualTo(Outcome.WITHIN_NOISE);
  }

  @Test
  void intervalsThatTouchOverlap() {
    assertThat(outcome(time(100, 2), time(104, 2))).isEqualTo(Outcome.WITHIN_NOISE);
    assertThat(outcome(time(100, 2), time(104, 1.99))).isEqualTo(Outcome.FIRST);
    assertThat(outcome(time(104, 1.99), time(100, 2))).isEqualTo(Outcome.SECOND);
  }

  @Test
  void overlappingIntervalsThatAreLargeTellNothing() {
    assertThat(outcome(time(100, 10), time(100, 1))).isEqualTo(Outcome.WITHIN_NOISE);
    assertThat(outcome(time(100, 11), time(100, 1))).isEqualTo(Outcome.TOO_NOISY);
    assertThat(outcome(time(100, 1), time(110, 20))).isEqualTo(Outcome.TOO_NOISY);
  }

  @Test
  void anErrorOfHalfATimeTellsNothingEvenWithoutAnOverlap() {
    assertThat(outcome(time(10, 1), time(100, 50))).isEqualTo(Outcome.FIRST);
    assertThat(outcome(time(10, 1), time(100, 51))).isEqualTo(Outcome.TOO_NOISY);
    assertThat(outcome(time(10, 6), time(100, 1))).isEqualTo(Outcome.TOO_NOISY);
  }

  @Test
  void whatTakesAHundredFloorsWasNotCompiled() {
    assertThat(outcome(time(10, 1), time(500, 1))).isEqualTo(Outcome.FIRST);
    assertThat(outcome(time(10, 1), time(501, 1))).isEqualTo(Outcome.NOT_COMPILED);
    assertThat(outcome(time(501, 1), time(10, 1))).isEqualTo(Outcome.NOT_COMPILED);
    assertThat(Verdict.of(time(10, 1), time(501, 1), null).outcome()).isEqualTo(Outcome.FIRST);
  }

  @Test
  void withoutAnIntervalNothingIsKnown() {
    Estimate single = new Estimate(100, Double.NaN, Double.NaN);
    assertThat(outcome(time(10, 1), single)).isEqualTo(Outcome.TOO_FEW);
    assertThat(outcome(single, time(10, 1))).isEqualTo(Outcome.TOO_FEW);
  }

  @Test
  void whereTheShorterMayBeNothingTheRatioHasNoUpperEnd() {
    Verdict verdict = Verdict.of(time(10, 12), time(100, 5), FLOOR);
    assertThat(verdict.low()).isCloseTo(95.0 / 22, within(1e-12));
    assertThat(verdict.high()).isInfinite();
  }
}
