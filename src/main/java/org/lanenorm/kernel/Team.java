package org.lanenorm.kernel;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs numbered tasks on the calling thread and on an executor's. The caller works too and never
 * waits for a helper that has not begun, so that a busy or refusing executor costs speed and
 * nothing else.
 *
 * <p>To wake a sleeping thread takes the caller 7 to 16 microseconds, and 25 to 70 pass until that
 * thread runs: as long as whole passes over small tensors. A helper therefore stays a moment after
 * its work and watches for the team's next call, before it gives its thread back to the executor;
 * and {@link #threads} has none woken for less work than that takes. Whoever watches offers its
 * processor to others about every microsecond. (It may be the one that the awaited thread needs:
 * schedulers put a woken thread beside the one that wakes it, and without the offer calls of 15
 * microseconds took 90 and some took milliseconds.)
 */
public final class Team {
  /** The caller alone. */
  public static final Team SEQUENTIAL = new Team(null, 1);

  /**
   * Nanoseconds of work, per thread, that are worth sharing with a helper that is awake: to hand it
   * over takes one or two, and what one core has in its caches the other fetches.
   */
  private static final long SHARE_NANOS = 10_000;

  /**
   * Nanoseconds of work, per helper, that are worth waking it for. What that costs the caller and
   * the time until it runs come to 35 to 85 microseconds: shorter calls would gain nothing, and
   * calls of 90 after a pause, with 100 here, took up to 1.3 times as long as by one thread.
   */
  private static final long WAKE_NANOS = 150_000;

  /**
   * So many calls one after the other, each worth sharing with a helper that is awake, are worth
   * waking it for: the next ones will find it awake.
   */
  private static final int MANY_CALLS = 8;

  /** Whether threads share all that can be shared, however small: for tests. */
  private static final boolean SHARE_ALL = "always".equals(System.getProperty("lanenorm.sharing"));

  /** How long a helper watches for another call. */
  private static final long STAY_NANOS = 50_000;

  /** How long a caller watches for its helpers to end, before it sleeps. */
  private static final long WATCH_NANOS = 50_000;

  /** Looks, of some 20 ns, after which one that watches offers its processor. */
  private static final int LOOKS = 32;

  /** After so long a helper that was asked for is taken not to come. */
  private static final long PATIENCE_NANOS = 1_000_000;

  private final Executor executor;
  private final int limit;
  private final boolean shareAll;

  /** Where there are fewer processors than threads, one that watches keeps another from working. */
  private final boolean stay;

  /** The latest call, for helpers that have stayed, and its number. */
  private volatile Call latest;

  private volatile int published;

  private final AtomicInteger staying = new AtomicInteger();

  /** A call that is over, for the next one. */
  private final AtomicReference<Call> spare = new AtomicReference<>();

  /** Helpers are not asked for before this time, as some are on their way. */
  private volatile long askAgain;

  /** When calls worth sharing, of which so many came in a row, are no longer in a row. */
  private volatile long rowEnds;

  private volatile int row;

  /** The caller and up to {@code limit - 1} helpers on {@code executor}. */
  public Team(Executor executor, int limit) {
    this(executor, limit, SHARE_ALL);
  }

  Team(Executor executor, int limit, boolean shareAll) {
    this.executor = executor;
    this.limit = limit;
    this.shareAll = shareAll;
    stay = limit <= Runtime.getRuntime().availableProcessors();
    askAgain = System.nanoTime();
    rowEnds = askAgain;
  }

  /** Threads at most, the caller included. */
  public int limit() {
    return limit;
  }

  /**
   * How many threads, the caller included, will do a call sooner than the caller alone; to be asked
   * once per call.
   *
   * @param nanos what the call's work takes one thread, roughly
   */
  int threads(long nanos) {
    if (shareAll || limit == 1) {
      return limit;
    }
    if (nanos < 2 * SHARE_NANOS) {
      return 1;
    }
    long now = System.nanoTime();
    row = now - rowEnds < 0 ? Math.min(row + 1, MANY_CALLS) : 0;
    rowEnds = now + 2 * nanos + STAY_NANOS;
    long most = Math.min(limit, nanos / SHARE_NANOS);
    long awake = stay && row == MANY_CALLS ? most : staying.get() + 1;
    return (int) Math.min(most, Math.max(awake, 1 + nanos / WAKE_NANOS));
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
    run(limit, tasks, task);
  }

  /**
   * The same by so many threads at most. The first thread begins with the first tasks, the second
   * with those after them, and so on, so that in each pass of a call a thread meets what it has in
   * its cache from the one before; who is done with its own takes from the others'.
   */
  void run(int threads, int tasks, Task task) {
    int members = Math.min(Math.min(threads, limit), tasks);
    if (members <= 1) {
      for (int index = 0; index < tasks; index++) {
        task.run(index, 0);
      }
      return;
    }
    reserve(RESERVE);
    Call call = spare.getAndSet(null);
    if (call == null) {
      call = new Call(limit);
    }
    Throwable failure;
    call.open(tasks, task, members);
    try {
      latest = call;
      published++;
      ask(call, members - 1 - staying.get());
    } catch (RejectedExecutionException e) {
      // those that were taken help; the caller does the rest
    } finally {
      call.work(0);
      failure = call.finish();
    }
    spare.set(call);
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }

  private void ask(Call call, int missing) {
    if (missing > 0) {
      long now = System.nanoTime();
      if (now - askAgain >= 0) {
        askAgain = now + PATIENCE_NANOS;
        for (int i = 0; i < missing; i++) {
          executor.execute(() -> help(call));
        }
      }
    }
  }

  private void help(Call first) {
    boolean inCaller = first.caller == Thread.currentThread();
    askAgain = System.nanoTime();
    first.help();
    if (!stay || inCaller) {
      return;
    }
    staying.incrementAndGet();
    try {
      int seen = published - 1;
      long end = System.nanoTime() + STAY_NANOS;
      for (int look = 1; System.nanoTime() - end < 0; look++) {
        int now = published;
        if (now == seen) {
          pause(look);
        } else {
          seen = now;
          latest.help();
          end = System.nanoTime() + STAY_NANOS;
        }
      }
    } finally {
      staying.decrementAndGet();
    }
  }

  private static void pause(int look) {
    if (look % LOOKS == 0) {
      Thread.yield();
    } else {
      Thread.onSpinWait();
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

  /**
   * One call after the other, so that none allocates: a helper that comes late joins the call that
   * is open then, or none.
   */
  private static final class Call {
    /** In {@link #state}: no helper may begin any more. */
    private static final int CLOSED = 1 << 30;

    /** Ints from one member's counter to the next one's, which another cache line holds. */
    private static final int LINE = 16;

    private int tasks;

    /**
     * Null when the call is over: a helper that the executor still holds must not hold the tensors.
     */
    private Task task;

    private int members;
    private volatile Thread caller;

    /** Per member, the next of the tasks that it begins with. */
    private final AtomicIntegerArray next;

    /** Helpers at work or signing off, and the closed bit. */
    private final AtomicInteger state = new AtomicInteger(CLOSED);

    /** Members that have begun, the caller included. */
    private final AtomicInteger begun = new AtomicInteger();

    private volatile Throwable failure;

    Call(int limit) {
      next = new AtomicIntegerArray((limit + 1) * LINE);
    }

    void open(int tasks, Task task, int members) {
      this.tasks = tasks;
      this.task = task;
      this.members = members;
      caller = Thread.currentThread();
      begun.set(1);
      for (int member = 0; member < members; member++) {
        next.set((member + 1) * LINE, Passes.cut(tasks, member, members));
      }
      // not set: a helper that came too late for the last call may be signing off
      state.addAndGet(-CLOSED);
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
        for (int i = 0; i < members; i++) {
          int of = (member + i) % members;
          int at = (of + 1) * LINE;
          int end = Passes.cut(tasks, of + 1, members);
          for (int index = next.getAndIncrement(at); index < end; ) {
            task.run(index, member);
            index = next.getAndIncrement(at);
          }
        }
      } catch (Throwable e) {
        failure = e;
        for (int of = 0; of < members; of++) {
          next.set((of + 1) * LINE, tasks);
        }
      }
    }

    /** Closes the call, waits for the helpers that have begun and returns what was thrown. */
    Throwable finish() {
      boolean interrupted = false;
      if (state.addAndGet(CLOSED) != CLOSED) {
        long end = System.nanoTime() + WATCH_NANOS;
        for (int look = 1; state.get() != CLOSED; look++) {
          if (System.nanoTime() - end < 0) {
            pause(look);
          } else {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
          }
        }
      }
      task = null;
      Throwable thrown = failure;
      failure = null;
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      return thrown;
    }
  }
}
