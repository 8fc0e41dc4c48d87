package org.lanenorm.jmh.report;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;

/**
 * How far measuring is and how long it will take: on a terminal a line that is written over and
 * over, elsewhere one every ten seconds.
 */
final class Progress {
  private static final long LINE_NANOS = 10_000_000_000L;
  private static final int WIDTH = 79;

  private final Effort effort;
  private final double total;
  private final PrintWriter err;
  private final boolean terminal;
  private final long start = System.nanoTime();
  private long lastLine = start;
  private double done;

  /** What runs now. */
  private double current;

  /**
   * Starts to count.
   *
   * @param err standard error
   * @param shared whether others write to it in between
   */
  Progress(List<Task> tasks, Effort effort, PrintWriter err, boolean shared) {
    this.effort = effort;
    this.total = effort.rounds() * tasks.stream().mapToDouble(this::estimate).sum();
    this.err = err;
    // the launcher knows; System.console() tells of standard input and output only
    this.terminal = !shared && Boolean.getBoolean("lanenorm.terminal");
  }

  private double estimate(Task task) {
    return effort.seconds(task.setting().elements());
  }

  /** How long everything should take. */
  Duration total() {
    return Duration.ofSeconds((long) Math.ceil(total));
  }

  /** The task before has ended, if there was one. */
  void starts(Task task, int round) {
    done += current;
    current = estimate(task);
    String line =
        "%2d %%, %s left: %s, %s (round %d of %d)"
            .formatted(
                (int) (100 * done / total),
                Words.about(left()),
                task.setting().title(),
                task.title(),
                round,
                effort.rounds());
    long now = System.nanoTime();
    if (terminal) {
      show(line);
    } else if (now - lastLine > LINE_NANOS) {
      lastLine = now;
      err.println(line);
    }
  }

  /** By the estimate at first; after a quarter of the way by the time that was really taken. */
  private Duration left() {
    double elapsed = (System.nanoTime() - start) * 1e-9;
    double trust = Math.min(1, 4 * done / total);
    double pace = done == 0 ? 1 : trust * elapsed / done + (1 - trust);
    return Duration.ofSeconds((long) Math.ceil((total - done) * pace));
  }

  /** Wipes the line away. */
  void ends() {
    if (terminal) {
      show("");
      err.print('\r');
      err.flush();
    }
  }

  private void show(String line) {
    String fitting = line.length() > WIDTH ? line.substring(0, WIDTH) : line;
    err.print('\r' + fitting + " ".repeat(WIDTH - fitting.length()));
    err.flush();
  }
}
