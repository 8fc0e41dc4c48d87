package org.lanenorm.verify;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** The worst errors seen, per kind of data. Safe for any number of threads. */
public final class WorstErrors {
  /** Of kernels whose errors nobody asked for. */
  static final WorstErrors IGNORED = new WorstErrors();

  /** What was measured. */
  public enum Quantity {
    MEAN("mean", "u(|mean| + std)", 4),
    VARIANCE("variance", "u*variance", 8),
    OUTPUT("y", "u(|gamma*xHat| + |beta| + |k|(u|mean| + std/2))", 8),
    GRADIENT("gradients", "their bound", 1);

    private final String label;
    private final String unit;
    private final int allowed;

    Quantity(String label, String unit, int allowed) {
      this.label = label;
      this.unit = unit;
      this.allowed = allowed;
    }

    /** How many times its bound it may take. */
    double of(Tolerance tolerance) {
      return switch (this) {
        case MEAN -> tolerance.mean();
        case VARIANCE -> tolerance.variance();
        case OUTPUT -> tolerance.output();
        case GRADIENT -> tolerance.gradients();
      };
    }
  }

  private static final class Row {
    long channels;
    final double[] worst = new double[Quantity.values().length];
  }

  private final Map<HardData, Row> rows = new EnumMap<>(HardData.class);

  /** One more channel whose moments were looked at. */
  public synchronized void count(HardData kind) {
    row(kind).channels++;
  }

  /** An error as a share of Lanenorm's bound. */
  public synchronized void record(HardData kind, Quantity quantity, double share) {
    double[] worst = row(kind).worst;
    // Math.max keeps a NaN, which is worse than any number
    worst[quantity.ordinal()] = Math.max(worst[quantity.ordinal()], share * quantity.allowed);
  }

  private Row row(HardData kind) {
    return rows.computeIfAbsent(kind, ignored -> new Row());
  }

  /** Whether nothing was measured. */
  public synchronized boolean isEmpty() {
    return rows.isEmpty();
  }

  /** The worst error of any channel of this kind, in the quantity's unit; 0 if there was none. */
  public synchronized double worst(HardData kind, Quantity quantity) {
    Row row = rows.get(kind);
    return row == null ? 0 : row.worst[quantity.ordinal()];
  }

  /** A table of all kinds, and what its units are. */
  @Override
  public synchronized String toString() {
    StringBuilder text = new StringBuilder("u = 2^-24\n");
    for (Quantity quantity : Quantity.values()) {
      text.append(
          String.format(
              "  %-9s in %s, at most %d%n", quantity.label, quantity.unit, quantity.allowed));
    }
    text.append(String.format("%-20s %9s", "kind", "channels"));
    for (Quantity quantity : Quantity.values()) {
      text.append(String.format(" %9s", quantity.label));
    }
    text.append('\n');
    rows.forEach(
        (kind, row) -> {
          text.append(String.format("%-20s %9d", kind, row.channels));
          for (double worst : row.worst) {
            text.append(String.format(Locale.ROOT, " %9.3f", worst));
          }
          text.append('\n');
        });
    return text.toString();
  }
}
