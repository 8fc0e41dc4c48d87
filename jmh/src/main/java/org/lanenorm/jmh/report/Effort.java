package org.lanenorm.jmh.report;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * How long to measure.
 *
 * @param rounds every benchmark runs once in each, in a JVM of its own; a machine that slows down
 *     for a minute then slows all of them down
 * @param warmups iterations that do not count; Vector API code is compiled in half a second on an
 *     idle machine, in more on a busy one
 * @param warmup time of one
 * @param iterations that do count
 * @param iteration time of one
 */
record Effort(int rounds, int warmups, TimeValue warmup, int iterations, TimeValue iteration) {
  static final Effort NORMAL =
      new Effort(3, 4, TimeValue.milliseconds(500), 5, TimeValue.milliseconds(200));

  static final Effort QUICK =
      new Effort(2, 4, TimeValue.milliseconds(300), 5, TimeValue.milliseconds(100));

  /** A JVM's start and end. */
  private static final double JVM_SECONDS = 0.7;

  /** Making the data and comparing the result with the oracle's. */
  private static final double SECONDS_PER_ELEMENT = 2.5e-7;

  /** For a machine on which the compiler gets too little time. */
  Effort patient() {
    return new Effort(rounds, 4 * warmups, warmup, iterations, iteration);
  }

  /** About how long one benchmark takes in one round. */
  double seconds(long elements) {
    return JVM_SECONDS
        + SECONDS_PER_ELEMENT * elements
        + 1e-3 * warmups * warmup.convertTo(TimeUnit.MILLISECONDS)
        + 1e-3 * iterations * iteration.convertTo(TimeUnit.MILLISECONDS);
  }
}
