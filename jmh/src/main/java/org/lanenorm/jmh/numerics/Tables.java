package org.lanenorm.jmh.numerics;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lanenorm.verify.HardData;

/** What came of all laws for all columns, as tables in Markdown. */
final class Tables {
  private static final String MISSING = "-";

  private final Map<Column, Map<Law, Verdict>> verdicts = new LinkedHashMap<>();

  void add(Column column, Verdict verdict) {
    verdicts
        .computeIfAbsent(column, ignored -> new EnumMap<>(Law.class))
        .put(verdict.law(), verdict);
  }

  /** A row for each law: whether it holds, in how many cases it does not, and the worst error. */
  String laws() {
    StringBuilder table = head("property");
    Map<Law, Verdict> any = verdicts.values().iterator().next();
    for (Law law : any.keySet()) {
      row(table, law.title(), laws -> cell(laws.get(law)));
    }
    return table.toString();
  }

  private static String cell(Verdict verdict) {
    if (verdict.missing()) {
      return MISSING;
    }
    boolean measured = verdict.law().quantity() != null;
    String worst = measured ? " " + number(verdict.worst()) : "";
    if (verdict.failures() == 0) {
      return "holds" + worst;
    }
    String share = percent(verdict.failures(), verdict.cases());
    return (verdict.failuresAt100() == 0 ? "x100" : "**fails**") + worst + " (" + share + ")";
  }

  private static String percent(int part, int whole) {
    double percent = 100.0 * part / whole;
    return (percent < 1 ? "under 1" : Math.round(percent)) + " %";
  }

  /** A row for each kind of data: the law's worst error. */
  String kinds(Law law) {
    StringBuilder table = head("kind of data");
    for (HardData kind : HardData.values()) {
      row(
          table,
          "`" + kind + "`",
          laws ->
              laws.get(law).missing()
                  ? MISSING
                  : number(laws.get(law).errors().worst(kind, law.quantity())));
    }
    return table.toString();
  }

  /** What the kinds are. */
  static String descriptions() {
    return "| kind of data | |\n|---|---|\n"
        + Arrays.stream(HardData.values())
            .map(kind -> "| `%s` | %s |\n".formatted(kind, kind.description()))
            .collect(Collectors.joining());
  }

  /** What was compared. */
  static String settings(List<Kernel> kernels) {
    return kernels.stream()
        .map(kernel -> "- %s: %s\n".formatted(kernel.title(), kernel.setting()))
        .collect(Collectors.joining());
  }

  private StringBuilder head(String first) {
    return new StringBuilder()
        .append(line(Stream.concat(Stream.of(first), titles())))
        .append(line(Stream.concat(Stream.of("---"), titles().map(title -> "---"))));
  }

  private Stream<String> titles() {
    return verdicts.keySet().stream().map(Column::title);
  }

  private void row(StringBuilder table, String first, Function<Map<Law, Verdict>, String> cell) {
    table.append(line(Stream.concat(Stream.of(first), verdicts.values().stream().map(cell))));
  }

  private static String line(Stream<String> cells) {
    return cells.collect(Collectors.joining(" | ", "| ", " |\n"));
  }

  /** Two digits or so, and no more. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return "inf";
    }
    if (value >= 9999.5) {
      return String.format(Locale.ROOT, "%.0e", value).replaceFirst("e\\+0*", "e");
    }
    if (value >= 99.5) {
      return String.format(Locale.ROOT, "%.0f", value);
    }
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
