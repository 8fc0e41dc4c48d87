package org.lanenorm.cli;

import java.util.Arrays;

/**
 * Time of one run: the median of many, after a warm-up that lets the JIT finish (Vector API code
 * runs 100 to 1,000 times slower in its first few tenths of a second).
 *
 * @param seconds of one run
 * @param samples how many the median is of
 */
record Timing(double seconds, int samples) {
  private static final int MIN_SAMPLES = 5;
  private static final int MAX_SAMPLES = 1001;

  /** The clock's own steps are some 30 ns: shorter runs are timed several at once. */
  private static final double MIN_SAMPLE_SECONDS = 20e-6;

  /**
   * Times a run.
   *
   * @param warmUp seconds of runs that do not count; at least one run
   * @param measured seconds of runs that do; at least five runs
   */
  static Timing of(Runnable run, double warmUp, double measured) {
    double start = now();
    double last;
    do {
      double before = now();
      run.run();
      last = now() - before;
    } while (now() - start < warmUp);
    int repeats = (int) Math.max(1, Math.min(10_000, MIN_SAMPLE_SECONDS / Math.max(last, 1e-9)));
    double[] samples = new double[MAX_SAMPLES];
    int n = 0;
    start = now();
    while (n < MIN_SAMPLES || (n < MAX_SAMPLES && now() - start < measured)) {
      double before = now();
      for (int i = 0; i < repeats; i++) {
        run.run();
      }
      samples[n++] = (now() - before) / repeats;
    }
    Arrays.sort(samples, 0, n);
    return new Timing(samples[n / 2], n);
  }

  private static double now() {
    return System.nanoTime() * 1e-9;
  }
}
