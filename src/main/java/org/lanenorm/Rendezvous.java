package org.lanenorm;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Where K workers meet: the last one to come does the work that all have come for, and then all go
 * on. Nobody waits for one that will not come: the first thing that goes wrong ends the rendezvous
 * for good, for those who wait and for those who come later. Meeting allocates nothing.
 */
final class Rendezvous {
  private final long patienceNanos;

  /** Who has come to this meeting. */
  private final boolean[] here;

  private int come;
  private long meetings;

  /** What those that are here have come for. */
  private Runnable work;

  /** How the work of the last meeting was refused; null if it was not. */
  private IllegalArgumentException refusal;

  /** What ended the rendezvous; null while it goes on. */
  private String end;

  private Throwable cause;

  Rendezvous(int workers, Duration patience) {
    here = new boolean[workers];
    Duration longest = Duration.ofNanos(Long.MAX_VALUE);
    patienceNanos = (patience.compareTo(longest) < 0 ? patience : longest).toNanos();
  }

  /**
   * Waits for all others; by then everything that each has done before is seen by the work, and the
   * work by each.
   *
   * @param work the same for all; done by one
   * @return null, or why the work was refused: by all of them alike, and they may meet again
   * @throws IllegalStateException if the rendezvous has ended before all have come
   */
  synchronized IllegalArgumentException meet(int worker, Runnable work) {
    checkGoesOn();
    if (Thread.currentThread().isInterrupted()) {
      throw ended("worker " + worker + " was interrupted", null);
    }
    if (here[worker]) {
      throw ended("worker " + worker + " was called by two threads at once", null);
    }
    if (come > 0 && this.work != work) {
      throw ended("workers must make the same calls, but worker " + worker + " made another", null);
    }
    this.work = work;
    here[worker] = true;
    come++;
    if (come == here.length) {
      workTogether();
    } else {
      await(worker);
    }
    return refusal;
  }

  private void workTogether() {
    try {
      refusal = null;
      work.run();
    } catch (IllegalArgumentException e) {
      refusal = e;
    }
    come = 0;
    Arrays.fill(here, false);
    meetings++;
    notifyAll();
  }

  private void await(int worker) {
    long meeting = meetings;
    long start = System.nanoTime();
    while (meetings == meeting) {
      checkGoesOn();
      long left = patienceNanos - (System.nanoTime() - start);
      if (left <= 0) {
        Duration patience = Duration.ofNanos(patienceNanos);
        throw ended("worker " + worker + " has waited " + patience + " for " + missing(), null);
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        // a meeting that has taken place by now counts
        if (meetings == meeting) {
          checkGoesOn();
          throw ended("worker " + worker + " was interrupted", null);
        }
      }
    }
  }

  private List<Integer> missing() {
    return IntStream.range(0, here.length).filter(worker -> !here[worker]).boxed().toList();
  }

  /** Ends the rendezvous, unless it has ended already. */
  synchronized void end(String why, Throwable cause) {
    if (end == null) {
      end = why;
      this.cause = cause;
      notifyAll();
    }
  }

  private IllegalStateException ended(String why, Throwable cause) {
    end(why, cause);
    return new IllegalStateException("synchronized training has ended: " + end, this.cause);
  }

  private void checkGoesOn() {
    if (end != null) {
      throw ended(null, null);
    }
  }
}
