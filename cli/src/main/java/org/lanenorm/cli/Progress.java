package org.lanenorm.cli;

import java.io.PrintWriter;
import java.time.Duration;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A progress bar on standard error for work that takes longer than a second; elsewhere than on a
 * terminal, a line every ten seconds. Short work shows nothing. Used from any thread.
 */
final class Progress implements AutoCloseable {
  private static final long PATIENCE_NANOS = 1_000_000_000L;
  private static final long LINE_NANOS = 10_000_000_000L;
  private static final int WIDTH = 79;

  private final String task;
  private final long total;
  private final PrintWriter err;
  private final boolean terminal;
  private final long start = System.nanoTime();
  private long lastLine = start;
  private long done;
  private ProgressBar bar;

  /**
   * Starts to count.
   *
   * @param total how much there is to do, in any unit
   * @param err standard error
   */
  Progress(String task, long total, PrintWriter err) {
    this.task = task;
    this.total = total;
    this.err = err;
    // the launcher knows; System.console() tells of standard input and output only
    this.terminal = Boolean.getBoolean("lanenorm.terminal");
  }

  /** Some more is done. */
  synchronized void step(long amount) {
    done += amount;
    long now = System.nanoTime();
    if (terminal && bar == null && done < total && now - start > PATIENCE_NANOS) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(total)
              .startsFrom(done, Duration.ofNanos(now - start))
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(200)
              .setConsumer(new DelegatingProgressBarConsumer(this::show, WIDTH))
              .build();
    }
    if (bar != null) {
      bar.stepTo(done);
    } else if (!terminal && done < total && now - lastLine > LINE_NANOS) {
      lastLine = now;
      err.println(task + ": " + 100 * done / total + " %");
      err.flush();
    }
  }

  private void show(String text) {
    err.print('\r' + text);
    err.flush();
  }

  /** Wipes the bar away. */
  @Override
  public synchronized void close() {
    if (bar != null) {
      bar.close();
      show(" ".repeat(WIDTH) + '\r');
    }
  }
}
