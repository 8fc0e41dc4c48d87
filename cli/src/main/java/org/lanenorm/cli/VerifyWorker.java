package org.lanenorm.cli;

import org.lanenorm.Lanenorm;
import org.lanenorm.Layout;

/**
 * The part of verify that runs in a JVM of its own, as a JVM has one back end for life: every case
 * in both layouts on 1 and 4 threads. Prints lines of words separated by tabs:
 *
 * <pre>
 * backend  NAME                             first
 * digest   CASE  VARIANT  RESULT  HEX       per case, layout and threads, and result
 * error    CASE  RESULT  UNITS              per case and result
 * done     CASE                             last of each case
 * </pre>
 */
final class VerifyWorker {
  private static final double EPSILON = 1e-5;
  private static final int[] THREADS = {1, 4};

  private VerifyWorker() {}

  /**
   * Runs all cases.
   *
   * @param args the back end to expect: with another one, its name is printed and nothing run
   */
  public static void main(String[] args) {
    try {
      line("backend", Lanenorm.backend());
    } catch (IllegalStateException e) {
      line("backend", "none: " + e.getMessage());
      return;
    }
    if (Lanenorm.backend().equals(args[0])) {
      VerifyCase.ALL.forEach(VerifyWorker::run);
    }
  }

  private static void run(VerifyCase verifyCase) {
    VerifyResults first = null;
    for (Layout layout : Layout.values()) {
      for (int count : THREADS) {
        try (Threads threads = new Threads(count)) {
          VerifyResults results = VerifyResults.of(verifyCase, layout, EPSILON, threads);
          results
              .digests()
              .forEach(
                  (name, hex) ->
                      line("digest", verifyCase.name(), layout + "/" + count, name, hex));
          first = first == null ? results : first;
        }
      }
    }
    // the other variants have the same bits, or the digests tell
    VerifyErrors.of(verifyCase, first, EPSILON)
        .forEach((name, units) -> line("error", verifyCase.name(), name, units.toString()));
    line("done", verifyCase.name());
  }

  private static void line(String... words) {
    System.out.println(String.join("\t", words));
  }
}
