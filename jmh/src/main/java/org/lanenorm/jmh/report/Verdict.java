package org.lanenorm.jmh.report;

/**
 * Which of two times is shorter, and by how much.
 *
 * @param outcome which, or why that cannot be told
 * @param ratio the longer time over the shorter one, at least 1
 * @param low the least ratio that both confidence intervals allow
 * @param high the greatest; infinite where the shorter time's interval reaches 0
 */
record Verdict(Outcome outcome, double ratio, double low, double high) {
  /** A relative error above which two times that overlap may differ by much. */
  static final double NOISY = 0.1;

  /** One above which an interval is not to be trusted: what strays so far strays to one side. */
  private static final double WILD = 0.5;

  /** What can be said. */
  enum Outcome {
    /** The first is shorter. */
    FIRST,
    /** The second is. */
    SECOND,
    /** The intervals overlap, and are small: it does not matter. */
    WITHIN_NOISE,
    /** The intervals overlap and at least one is large, or one is beyond belief. */
    TOO_NOISY,
    /** At least one was measured before the code was compiled. */
    NOT_COMPILED,
    /** At least one has no interval. */
    TOO_FEW
  }

  /**
   * Compares two times.
   *
   * @param floor what memory alone takes, null if that is not known
   */
  static Verdict of(Estimate first, Estimate second, Estimate floor) {
    boolean firstLeads = first.score() <= second.score();
    Estimate shorter = firstLeads ? first : second;
    Estimate longer = firstLeads ? second : first;
    return new Verdict(
        outcome(first, second, floor),
        longer.score() / shorter.score(),
        longer.low() / shorter.high(),
        longer.high() / Math.max(shorter.low(), 0));
  }

  private static Outcome outcome(Estimate first, Estimate second, Estimate floor) {
    if (!first.bounded() || !second.bounded()) {
      return Outcome.TOO_FEW;
    }
    if (first.cold(floor) || second.cold(floor)) {
      return Outcome.NOT_COMPILED;
    }
    double error = Math.max(first.relativeError(), second.relativeError());
    boolean overlap = first.low() <= second.high() && second.low() <= first.high();
    if (error > WILD || (overlap && error > NOISY)) {
      return Outcome.TOO_NOISY;
    }
    if (overlap) {
      return Outcome.WITHIN_NOISE;
    }
    return first.score() < second.score() ? Outcome.FIRST : Outcome.SECOND;
  }
}
