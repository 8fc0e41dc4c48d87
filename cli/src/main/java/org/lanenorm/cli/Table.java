package org.lanenorm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/** Columns aligned for the eye: the first to the left, the others to the right. */
final class Table {
  private static final int MAX_CHANNELS = 16;

  private final List<String[]> rows = new ArrayList<>();
  private String footer = "";

  Table(String... titles) {
    rows.add(titles);
  }

  /** A row of as many cells as there are titles. */
  void row(String... cells) {
    rows.add(cells);
  }

  /** A row for each of the first 16 channels, and how many more there are. */
  void channels(int count, IntFunction<String[]> cells) {
    for (int c = 0; c < Math.min(count, MAX_CHANNELS); c++) {
      rows.add(cells.apply(c));
    }
    if (count > MAX_CHANNELS) {
      footer = "  and " + (count - MAX_CHANNELS) + " more channels\n";
    }
  }

  /** Six digits, without those that say nothing. */
  static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e6) {
      return Long.toString((long) value);
    }
    // zeros behind the point alone: those of an exponent or of a whole number count
    return String.format(Locale.ROOT, "%.6g", value)
        .replaceFirst("(\\.[0-9]*?)0+(?=e|$)", "$1")
        .replaceFirst("\\.(?=e|$)", "");
  }

  /** Few digits, for what is only measured. */
  static String measured(double value) {
    if (value == 0) {
      return "0"; // exactly
    }
    return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
  }

  @Override
  public String toString() {
    int[] widths = new int[rows.get(0).length];
    for (String[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.length; i++) {
        String space = " ".repeat(widths[i] - row[i].length());
        line.append(i == 0 ? "  " + row[i] + space : "  " + space + row[i]);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text + footer;
  }
}
