package org.lanenorm.kernel;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs numbered tasks on the calling thread and on an executor's. The caller works too and never
 * waits for a helper that has not begun, so that a busy or refusing executor costs speed and
 * nothing else.
 *
 * <p>To wake a sleeping thread takes some 10 microseconds, as long as a whole pass over a small
 * tensor. A helper therefore stays a moment after its work and watches for the team's next call,
 * before it gives its thread back to the executor.
 */
public final class Team {
  /** The caller alone. */
  public static final Team SEQUENTIAL = new Team(null, 1);

  /** How long a helper watches for another call. */
  private static final long STAY_NANOS = 50_000;

  /** How long a caller watches for its helpers to end, before it sleeps. */
  private static final long WATCH_NANOS = 50_000;

  private final Executor executor;
  private final int limit;

  /** Where there are fewer processors than threads, one that watches keeps another from working. */
  private final boolean stay;

  /** The latest call, for helpers that have stayed. */
  private volatile Call latest;

  private final AtomicInteger staying = new AtomicInteger();

  /** The caller and up to {@code limit - 1} helpers on {@code executor}. */
  public Team(Executor executor, int limit) {
    this.executor = executor;
    this.limit = limit;
    stay = limit <= Runtime.getRuntime().availableProcessors();
  }

  /** Threads at most, the caller included. */
  public int limit() {
    return limit;
  }

  /** One task of a call. */
  interface Task {
    /**
     * Does task {@code index}; no two threads hold the same {@code member}, 0 to limit - 1, at the
     * same time.
     */
    void run(int index, int member);
  }

  /** Runs the tasks 0 to {@code tasks - 1}, each once, and returns when all are done. */
  void run(int tasks, Task task) {
    reserve(RESERVE);
    int members = Math.min(limit, tasks);
    Call call = new Call(tasks, task, members);
    try {
      if (members > 1) {
        latest = call;
        for (int missing = members - 1 - staying.get(); missing > 0; missing--) {
          executor.execute(() -> help(call));
        }
      }
    } catch (RejectedExecutionException e) {
      // those that were taken help; the caller does the rest
    } finally {
      call.work(0);
      call.finish();
    }
    if (call.failure instanceof Error error) {
      throw error;
    }
    if (call.failure instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private void help(Call first) {
    first.help();
    if (!stay || first.caller == Thread.currentThread()) {
      return;
    }
    Call seen = first;
    staying.incrementAndGet();
    try {
      for (long end = System.nanoTime() + STAY_NANOS; System.nanoTime() - end < 0; ) {
        Call call = latest;
        if (call == seen) {
          Thread.onSpinWait();
        } else {
          seen = call;
          call.help();
          end = System.nanoTime() + STAY_NANOS;
        }
      }
    } finally {
      staying.decrementAndGet();
    }
  }

  /** Calls that the bookkeeping of one call nests, many times over. */
  private static final int RESERVE = 100;

  /**
   * Throws a StackOverflowError here, where nothing has begun, rather than later in the
   * bookkeeping, where a helper that does not sign off would keep the caller waiting.
   */
  private static int reserve(int depth) {
    return depth == 0 ? 0 : 1 + reserve(depth - 1);
  }

  private static final class Call {
    /** In {@link #state}: no helper may begin any more. */
    private static final int CLOSED = 1 << 30;

    private final int tasks;

    /**
     * Null when the call is over: a helper that the executor still holds must not hold the tensors.
     */
    private Task task;

    private final Thread caller = Thread.currentThread();
    private final AtomicInteger next = new AtomicInteger();

    /** Helpers at work, and the closed bit. */
    private final AtomicInteger state = new AtomicInteger();

    volatile Throwable failure;

    /** Members that have begun, the caller included. */
    private final AtomicInteger begun = new AtomicInteger(1);

    private final int members;

    Call(int tasks, Task task, int members) {
      this.tasks = tasks;
      this.task = task;
      this.members = members;
    }

    void help() {
      reserve(RESERVE);
      try {
        if (state.getAndIncrement() < CLOSED) {
          int member = begun.getAndIncrement();
          if (member < members) {
            work(member);
          }
        }
      } finally {
        if (state.decrementAndGet() == CLOSED) {
          LockSupport.unpark(caller);
        }
      }
    }

    void work(int member) {
      try {
        for (int index = next.getAndIncrement(); index < tasks; index = next.getAndIncrement()) {
          task.run(index, member);
        }
      } catch (Throwable e) {
        failure = e;
        next.set(tasks);
      }
    }

    /** Closes the call and waits for the helpers that have begun. */
    void finish() {
      boolean interrupted = false;
      if (state.addAndGet(CLOSED) != CLOSED) {
        long end = System.nanoTime() + WATCH_NANOS;
        while (state.get() != CLOSED) {
          if (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
          } else {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
          }
        }
      }
      task = null;
      if (interrupted) {
        caller.interrupt();
      }
    }
  }
}
