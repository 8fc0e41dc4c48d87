package org.lanenorm.kernel;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs numbered tasks on the calling thread and on an executor's. The caller works too and never
 * waits for a helper that has not begun, so that a busy or refusing executor costs speed and
 * nothing else.
 */
public final class Team {
  /** The caller alone. */
  public static final Team SEQUENTIAL = new Team(null, 1);

  private final Executor executor;
  private final int limit;

  /** The caller and up to {@code limit - 1} helpers on {@code executor}. */
  public Team(Executor executor, int limit) {
    this.executor = executor;
    this.limit = limit;
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
    Call call = new Call(tasks, task);
    try {
      for (int member = 1; member < members; member++) {
        int number = member;
        executor.execute(() -> call.help(number));
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

    Call(int tasks, Task task) {
      this.tasks = tasks;
      this.task = task;
    }

    void help(int member) {
      reserve(RESERVE);
      try {
        if (state.getAndIncrement() < CLOSED) {
          work(member);
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
      for (int left = state.addAndGet(CLOSED); left != CLOSED; left = state.get()) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
      task = null;
      if (interrupted) {
        caller.interrupt();
      }
    }
  }
}
