package org.lanenorm.properties;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestPlan;
import org.lanenorm.Lanenorm;
import org.lanenorm.verify.HardData;

/** The worst errors seen in this run, per kind of data; reported when all tests are done. */
public final class Accuracy {
  /** Found by the test platform as a service. */
  public static final class AtTheEnd implements TestExecutionListener {
    @Override
    public void testPlanExecutionFinished(TestPlan plan) {
      if (!OF_THE_LIBRARY.rows.isEmpty()) {
        OF_THE_LIBRARY.report();
      }
    }
  }

  /** What the properties of the library write to. */
  static final Accuracy OF_THE_LIBRARY = new Accuracy();

  private static final Path FILE =
      Path.of("target", System.getProperty("lanenorm.test.accuracyFile", "accuracy.txt"));

  /** What was measured. */
  enum Quantity {
    MEAN("mean", "u(|mean| + std)", 4),
    VARIANCE("variance", "u*variance", 8),
    OUTPUT("y", "u(|gamma*xHat| + |beta| + |k|(u|mean| + std/2))", 8),
    GRADIENT("gradients", "their bound", 1);

    final String label;
    final String unit;
    final int allowed;

    Quantity(String label, String unit, int allowed) {
      this.label = label;
      this.unit = unit;
      this.allowed = allowed;
    }
  }

  private static final class Row {
    long channels;
    final double[] worst = new double[Quantity.values().length];
  }

  private final Map<HardData, Row> rows = new EnumMap<>(HardData.class);

  /** One more channel whose moments were looked at. */
  synchronized void count(HardData kind) {
    row(kind).channels++;
  }

  /** An error in the quantity's unit. */
  synchronized void record(HardData kind, Quantity quantity, double error) {
    double[] worst = row(kind).worst;
    // Math.max keeps a NaN, which is worse than any number
    worst[quantity.ordinal()] = Math.max(worst[quantity.ordinal()], error);
  }

  private Row row(HardData kind) {
    return rows.computeIfAbsent(kind, ignored -> new Row());
  }

  /** Prints the table and writes it to target/. */
  synchronized void report() {
    StringBuilder text = new StringBuilder("Worst errors on ");
    text.append(Lanenorm.backend()).append(", u = 2^-24\n");
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
    System.out.print(text);
    try {
      Files.createDirectories(FILE.getParent());
      Files.writeString(FILE, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
