package org.lanenorm.jmh.report;

/**
 * Which of two times is shorter, and by how much.
 *
 * @param outcome which
 * @param ratio the longer time over the shorter one, at least 1
 * @param low the least ratio that both confidence intervals allow
 * @param high the greatest; infinite where the shorter time's interval reaches 0
 */
record Verdict(Outcome outcome, double ratio, double low, double high) {
  /** What can be said. */
  enum Outcome {
    /** The first is shorter. */
    FIRST,
    /** The second is. */
    SECOND,
    /** The intervals overlap: the two are not known to differ. */
    WITHIN_NOISE,
    /** At least one has no interval. */
    UNKNOWN
  }

  /** Compares two times. */
  static Verdict of(Estimate first, Estimate second) {
    boolean firstLeads = first.score() <= second.score();
    Estimate shorter = firstLeads ? first : second;
    Estimate longer = firstLeads ? second : first;
    Outcome outcome;
    if (!first.bounded() || !second.bounded()) {
      outcome = Outcome.UNKNOWN;
    } else if (longer.low() <= shorter.high()) {
      outcome = Outcome.WITHIN_NOISE;
    } else {
      outcome = firstLeads ? Outcome.FIRST : Outcome.SECOND;
    }
    return new Verdict(
        outcome,
        longer.score() / shorter.score(),
        longer.low() / shorter.high(),
        longer.high() / Math.max(shorter.low(), 0));
  }
}
