package org.lanenorm.jmh.report;

import org.lanenorm.Layout;
import org.lanenorm.jmh.report.Results.Setting;

/** What the report says. */
final class Sentences {
  private Sentences() {}

  /**
   * What to say of one operation.
   *
   * @param operation its title
   * @param advice in two or three words
   * @param layout that the advice is for, null for none
   * @param reason of it
   */
  record Sentence(String operation, String advice, Layout layout, String reason) {
    String text() {
      return operation + ": " + advice + ". " + reason;
    }
  }

  /** Which layout to choose for an operation of a shape. */
  static Sentence layout(Results results, Setting setting, Operation operation) {
    Estimate nchw = results.time(setting, operation, Maker.LANENORM, Layout.NCHW);
    Estimate nhwc = results.time(setting, operation, Maker.LANENORM, Layout.NHWC);
    String title = operation.title();
    if (nchw == null && nhwc == null) {
      return new Sentence(title, "not measured", null, "Only others were.");
    }
    Estimate only = nchw == null ? nhwc : nhwc == null ? nchw : null;
    if (setting.rows()) {
      return new Sentence(
          title,
          "no choice",
          null,
          "Rows lie in memory in one order only; a call takes "
              + Words.microseconds(only == null ? nchw : only)
              + ".");
    }
    if (only != null) {
      return new Sentence(
          title,
          "cannot tell",
          null,
          "Only "
              + (nchw == null ? Layout.NHWC : Layout.NCHW)
              + " was measured: "
              + Words.microseconds(only)
              + ".");
    }
    Verdict verdict = Verdict.of(nchw, nhwc, results.floor(setting, operation));
    String both = "NCHW takes " + Words.microseconds(nchw) + ", NHWC " + Words.microseconds(nhwc);
    return switch (verdict.outcome()) {
      case FIRST -> choose(title, Layout.NCHW, Layout.NHWC, verdict);
      case SECOND -> choose(title, Layout.NHWC, Layout.NCHW, verdict);
      case WITHIN_NOISE ->
          new Sentence(
              title, "either layout", null, "The difference is within noise: " + both + ".");
      case TOO_NOISY ->
          new Sentence(title, "cannot tell", null, "The noise is too large: " + both + ".");
      case NOT_COMPILED ->
          new Sentence(
              title, "cannot tell", null, "Measured before the code was compiled: " + both + ".");
      case TOO_FEW ->
          new Sentence(
              title, "cannot tell", null, both + ", with too few iterations for an error.");
    };
  }

  private static Sentence choose(String title, Layout shorter, Layout longer, Verdict verdict) {
    return new Sentence(
        title, "choose " + shorter, shorter, longer + " takes " + times(verdict) + " as long.");
  }

  /** How the best peer in a layout compares; null if there is none, or nothing to compare. */
  static String peers(Results results, Setting setting, Operation operation, Layout layout) {
    Estimate ours = results.time(setting, operation, Maker.LANENORM, layout);
    Maker best = null;
    for (Maker peer : Maker.PEERS) {
      Estimate time = results.time(setting, operation, peer, layout);
      if (time != null
          && (best == null
              || time.score() < results.time(setting, operation, best, layout).score())) {
        best = peer;
      }
    }
    if (best == null || ours == null || ours.cold(results.floor(setting, operation))) {
      return null;
    }
    // a peer may well take 100 times the floor
    Verdict verdict = Verdict.of(ours, results.time(setting, operation, best, layout), null);
    String where = setting.rows() ? "" : " in " + layout;
    return "The fastest peer"
        + where
        + ", "
        + best.title()
        + ", "
        + switch (verdict.outcome()) {
          case FIRST -> "takes " + times(verdict) + " as long as Lanenorm.";
          case SECOND -> "is faster: Lanenorm takes " + times(verdict) + " as long.";
          case WITHIN_NOISE -> "differs by less than the noise.";
          default -> "cannot be compared: the noise is too large.";
        };
  }

  /** A ratio with its interval: 1.34 times (1.30 to 1.38). */
  private static String times(Verdict verdict) {
    return "%s times (%s to %s)"
        .formatted(
            Words.number(verdict.ratio()),
            Words.number(verdict.low()),
            Words.number(verdict.high()));
  }

  /** What to say of a run that was disturbed; null of one that was not. */
  static String noise(Results results) {
    long noisy =
        results.times().values().stream()
            .filter(time -> time.relativeError() > Verdict.NOISY)
            .count();
    long cold = results.settings().stream().mapToLong(setting -> cold(results, setting)).sum();
    if (noisy + cold == 0) {
      return null;
    }
    String ofAll = " of " + results.times().size() + " times ";
    return (noisy == 0
            ? ""
            : noisy + ofAll + "have an error of more than " + Words.percent(Verdict.NOISY) + ". ")
        + (cold == 0
            ? ""
            : cold
                + ofAll
                + "are over "
                + Estimate.COLD
                + " times their floor: measured before the code was compiled. ")
        + "The machine did other work, or the run was too short.";
  }

  private static long cold(Results results, Setting setting) {
    return results.operations(setting).stream()
        .mapToLong(
            operation ->
                results.layouts(setting, operation, Maker.LANENORM).stream()
                    .map(layout -> results.time(setting, operation, Maker.LANENORM, layout))
                    .filter(time -> time.cold(results.floor(setting, operation)))
                    .count())
        .sum();
  }

  /** The report for a terminal. */
  static String summary(Results results) {
    StringBuilder text = new StringBuilder();
    for (Setting setting : results.settings()) {
      text.append(setting.title()).append('\n');
      for (Operation operation : results.operations(setting)) {
        text.append("  ").append(layout(results, setting, operation).text()).append('\n');
      }
    }
    String noise = noise(results);
    return noise == null ? text.toString() : text + "note: " + noise + "\n";
  }
}
