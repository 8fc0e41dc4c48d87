package org.lanenorm.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What verify's back ends said, compared and laid out. */
final class VerifyReport {
  private static final String REFERENCE_VARIANT = "NCHW/1";
  private static final int MAX_NAMES = 4;

  /** What one back end said. */
  static final class Outcome {
    /** By case, variant (layout and threads) and result. */
    final Map<List<String>, String> digests = new LinkedHashMap<>();

    /** By case and result. */
    final Map<List<String>, Double> errors = new LinkedHashMap<>();

    /** The back end that really ran. */
    String backend = "none";

    /** Cases that were finished. */
    int cases;

    /** Why it ended badly, null if it did not. */
    String failure;

    /** A line of {@link VerifyWorker}; returns whether it ends a case. */
    boolean take(String line) {
      String[] words = line.split("\t");
      switch (words[0]) {
        case "backend" -> backend = words[1];
        case "digest" -> digests.put(List.of(words[1], words[2], words[3]), words[4]);
        case "error" -> errors.put(List.of(words[1], words[2]), Double.valueOf(words[3]));
        case "done" -> cases++;
        default -> throw new IllegalStateException("a worker said " + line);
      }
      return words[0].equals("done");
    }
  }

  private final String reference;
  private final Map<String, Outcome> outcomes;
  private int wrong;

  /**
   * Of all back ends.
   *
   * @param reference the one that the others are compared with
   * @param outcomes by the back end that was asked for
   */
  VerifyReport(String reference, Map<String, Outcome> outcomes) {
    this.reference = reference;
    this.outcomes = outcomes;
  }

  /** Whether {@link #text} found nothing that is not as it must be. */
  boolean right() {
    return wrong == 0;
  }

  String text() {
    wrong = 0;
    String errors = errors();
    String backends = backends();
    return "Errors against the oracle, the worst of all back ends, in units of u = 2^-24\n"
        + errors
        + "\nBits against the "
        + reference
        + " back end: moments, y, running statistics and gradients\n"
        + backends
        + (wrong == 0 ? "all as it must be\n" : "NOT as it must be: see the !\n");
  }

  private String errors() {
    Set<String> results = VerifyErrors.ALLOWED.keySet();
    Table table = new Table(row("shape", results.stream().toList(), "bits"));
    for (VerifyCase verifyCase : VerifyCase.ALL) {
      Set<String> differing = new TreeSet<>();
      outcomes.values().forEach(o -> differing.addAll(differing(verifyCase.name(), o)));
      table.row(
          row(
              verifyCase.name(),
              results.stream().map(result -> error(verifyCase.name(), result)).toList(),
              differing.isEmpty() ? "same" : "! OTHER"));
    }
    table.row(
        row(
            "allowed",
            results.stream().map(result -> Table.number(VerifyErrors.ALLOWED.get(result))).toList(),
            ""));
    return table.toString();
  }

  private static String[] row(String first, List<String> middle, String last) {
    String[] row = new String[middle.size() + 2];
    row[0] = first;
    for (int i = 0; i < middle.size(); i++) {
      row[i + 1] = middle.get(i);
    }
    row[row.length - 1] = last;
    return row;
  }

  private String error(String name, String result) {
    double worst = -1;
    for (Outcome outcome : outcomes.values()) {
      worst = Math.max(worst, outcome.errors.getOrDefault(List.of(name, result), -1.0));
    }
    if (worst < 0) {
      return "-";
    }
    boolean beyond = worst > VerifyErrors.ALLOWED.get(result);
    wrong += beyond ? 1 : 0;
    return (beyond ? "! " : "") + Table.measured(worst);
  }

  /** The results of a case that have other bits than the reference in any variant. */
  private Set<String> differing(String name, Outcome outcome) {
    Map<List<String>, String> expected = outcomes.get(reference).digests;
    return outcome.digests.entrySet().stream()
        .filter(digest -> digest.getKey().get(0).equals(name))
        .filter(
            digest -> {
              String result = digest.getKey().get(2);
              return !digest
                  .getValue()
                  .equals(expected.get(List.of(name, REFERENCE_VARIANT, result)));
            })
        .map(digest -> digest.getKey().get(2))
        .collect(Collectors.toSet());
  }

  private String backends() {
    Table table = new Table("back end", "shapes", "results", "");
    outcomes.forEach(
        (backend, outcome) ->
            table.row(
                backend,
                Integer.toString(outcome.cases),
                Integer.toString(outcome.digests.size()),
                verdict(backend, outcome)));
    return table.toString();
  }

  private String verdict(String backend, Outcome outcome) {
    if (outcome.failure != null) {
      wrong++;
      return "! " + outcome.failure;
    }
    if (!outcome.backend.equals(backend)) {
      return "not available here (" + outcome.backend + ")";
    }
    Set<String> differing = new TreeSet<>();
    VerifyCase.ALL.forEach(c -> differing.addAll(differing(c.name(), outcome)));
    if (differing.isEmpty()) {
      return "the same bits";
    }
    wrong++;
    return "! OTHER bits of "
        + differing.stream().limit(MAX_NAMES).collect(Collectors.joining(", "))
        + (differing.size() > MAX_NAMES ? " and more" : "");
  }
}
