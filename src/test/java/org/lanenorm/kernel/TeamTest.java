package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What a {@link Team} promises, on executors that do whatever an executor may, and worse: each task
 * runs once and its writes are seen by the caller, no member is held twice, no helper is at work
 * when the call has returned or begins after it, what is thrown reaches the caller, no call waits
 * for ever and no thread is kept.
 *
 * <p>Each test makes a counted number of calls, and {@code -Dlanenorm.test.rounds=1000} makes a
 * thousand times as many.
 */
class TeamTest {
  private static final int ROUNDS = Integer.getInteger("lanenorm.test.rounds", 1);
  private static final int CALLS = 1_200 * ROUNDS;

  /** To find the stack's end takes milliseconds. */
  private static final int DEEP_CALLS = 150 * ROUNDS;

  private static final Duration PATIENCE = Duration.ofMinutes(5 + ROUNDS);

  private static long calls;
  private static long failed;

  @AfterAll
  static void report() {
    System.out.printf(
        "Team: %,d calls on adversarial executors, %,d of them failed%n", calls, failed);
  }

  /** Where an executor runs, or does not run, what it is given. */
  private enum Adversary {
    /** A pool with fewer threads than the team may have. */
    POOL {
      @Override
      void execute(Stage stage, Runnable helper) {
        stage.pool.execute(helper);
      }
    },
    FORK_JOIN {
      @Override
      void execute(Stage stage, Runnable helper) {
        stage.forkJoin.execute(helper);
      }
    },
    IN_THE_CALLER {
      @Override
      void execute(Stage stage, Runnable helper) {
        helper.run();
      }
    },
    FORGETS {
      @Override
      void execute(Stage stage, Runnable helper) {}
    },
    /** Takes some and refuses the k-th, for any k. */
    REFUSES {
      @Override
      void execute(Stage stage, Runnable helper) {
        if (stage.one(3)) {
          throw new RejectedExecutionException("full");
        }
        stage.pool.execute(helper);
      }
    },
    /** Breaks at the k-th, when others are at work already. */
    BREAKS {
      @Override
      void execute(Stage stage, Runnable helper) {
        if (stage.one(3)) {
          throw new Broken();
        }
        stage.pool.execute(helper);
      }
    },
    /** Runs a helper of some earlier call, which is over. */
    LATE {
      @Override
      void execute(Stage stage, Runnable helper) {
        stage.late.add(helper);
        if (stage.late.size() > 7) {
          stage.pool.execute(stage.late.remove());
        }
      }
    },
    /** Each helper has a thread that ends with it. */
    THREAD_EACH {
      @Override
      void execute(Stage stage, Runnable helper) {
        stage.start(helper);
      }
    },
    VIRTUAL {
      @Override
      void execute(Stage stage, Runnable helper) {
        stage.virtual.execute(helper);
      }
    },
    /** A thread that is gone before or after it has run its helper. */
    DIES {
      @Override
      void execute(Stage stage, Runnable helper) {
        boolean before = stage.one(2);
        stage.start(
            () -> {
              if (before) {
                throw new Broken();
              }
              helper.run();
              throw new Broken();
            });
      }
    },
    /** Interrupts the helper and the caller, who wait or work or are done. */
    INTERRUPTS {
      @Override
      void execute(Stage stage, Runnable helper) {
        Thread caller = Thread.currentThread();
        stage.pool.execute(
            () -> {
              Thread.currentThread().interrupt();
              caller.interrupt();
              helper.run();
            });
      }
    },
    /** Stops all work in the middle of a call, as a service does that goes down. */
    SHUTS_DOWN {
      @Override
      void execute(Stage stage, Runnable helper) {
        if (stage.one(100)) {
          stage.pool.shutdownNow();
          stage.retired.add(stage.pool);
          stage.pool = Executors.newFixedThreadPool(2);
        } else {
          stage.pool.execute(helper);
        }
      }
    };

    abstract void execute(Stage stage, Runnable helper);
  }

  /** What a test's executors run on; closing it proves that every thread was given back. */
  private static final class Stage implements AutoCloseable {
    final Random random;
    final ForkJoinPool forkJoin = new ForkJoinPool(2);
    final ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor();
    final Queue<Runnable> late = new ConcurrentLinkedQueue<>();
    final List<ExecutorService> retired = new ArrayList<>();
    final List<Thread> started = new ArrayList<>();
    ExecutorService pool = Executors.newFixedThreadPool(2);

    Stage(long seed) {
      random = new Random(seed);
    }

    boolean one(int of) {
      return random.nextInt(of) == 0;
    }

    void start(Runnable work) {
      Thread thread = new Thread(work, "short-lived");
      thread.setUncaughtExceptionHandler(
          (dead, e) -> {
            if (!(e instanceof Broken)) {
              e.printStackTrace();
            }
          });
      started.add(thread);
      thread.start();
      started.removeIf(t -> !t.isAlive());
    }

    @Override
    public void close() {
      late.forEach(Runnable::run);
      retired.add(pool);
      retired.add(forkJoin);
      retired.add(virtual);
      for (ExecutorService each : retired) {
        each.shutdown();
        await(() -> each.awaitTermination(1, TimeUnit.MINUTES), each);
      }
      for (Thread thread : started) {
        await(() -> thread.join(Duration.ofMinutes(1)), thread);
      }
    }

    private static void await(Callable<Boolean> end, Object who) {
      try {
        assertThat(end.call()).as("%s has ended, its threads given back", who).isTrue();
      } catch (InterruptedException e) {
        await(end, who); // by an adversary
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  /** Thrown by executors and tasks of this test. */
  private static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1;

    Broken() {
      super("on purpose", null, false, false);
    }
  }

  /** An Error of this test's: kernels may run out of memory or stack. */
  private static final class BrokenError extends Error {
    private static final long serialVersionUID = 1;

    BrokenError() {
      super("on purpose", null, false, false);
    }
  }

  /** A task that keeps account of who runs it, and fails where it is told to. */
  private static final class Account implements Team.Task {
    private final int[] written;
    private final AtomicIntegerArray runs;
    private final AtomicIntegerArray held;
    private final int failing;
    private final Throwable failure;
    private final int work;
    private final AtomicReference<String> wrong = new AtomicReference<>();
    private volatile boolean over;

    /** Fails at index {@code failing}, if there is one. */
    Account(int tasks, int limit, int failing, Throwable failure, int work) {
      written = new int[tasks];
      runs = new AtomicIntegerArray(tasks);
      held = new AtomicIntegerArray(limit);
      this.failing = failing;
      this.failure = failure;
      this.work = work;
    }

    @Override
    public void run(int index, int member) {
      if (over) {
        wrong.set("task " + index + " began after the call");
      }
      if (member < 0 || member >= held.length()) {
        wrong.set("member " + member + " of " + held.length());
        return;
      }
      if (held.getAndIncrement(member) != 0) {
        wrong.set("member " + member + " held twice");
      }
      try {
        runs.getAndIncrement(index);
        for (int i = 0; i < work; i++) {
          Thread.onSpinWait();
        }
        if (index == failing) {
          if (failure instanceof Error error) {
            throw error;
          }
          throw (RuntimeException) failure;
        }
        written[index] = ~index; // plain: the call's end must publish it
      } finally {
        held.getAndDecrement(member);
      }
      if (over) {
        wrong.set("task " + index + " ended after the call");
      }
    }

    /** Runs it and checks that all ended as it must, or in what the executor throws. */
    void runOn(Team team, Class<? extends Throwable> executors) {
      Throwable thrown = null;
      try {
        team.run(written.length, this);
      } catch (Throwable e) {
        thrown = e;
      }
      over = true;
      for (int member = 0; member < held.length(); member++) {
        assertThat(held.get(member)).as("member %d at work after the call", member).isZero();
      }
      assertNothingWrong();
      boolean fails = failing < written.length;
      for (int index = 0; index < written.length; index++) {
        if (!fails) {
          assertThat(written[index]).as("written by task %d", index).isEqualTo(~index);
        }
        assertThat(runs.get(index)).as("runs of task %d", index).isBetween(fails ? 0 : 1, 1);
      }
      if (thrown == null || thrown.getClass() != executors) { // where both broke, one is enough
        assertThat(thrown).isSameAs(fails ? failure : null);
      }
    }

    void assertNothingWrong() {
      assertThat(wrong.get()).isNull();
    }
  }

  private static Account account(Random random, int limit, int work) {
    int tasks = random.nextInt(1, 40);
    boolean fails = random.nextInt(4) == 0;
    Throwable failure = random.nextBoolean() ? new Broken() : new BrokenError();
    int failing = fails ? random.nextInt(tasks) : Integer.MAX_VALUE;
    return new Account(tasks, limit, failing, failure, work);
  }

  @ParameterizedTest
  @EnumSource(Adversary.class)
  void everyCallEndsAsItMust(Adversary adversary) {
    assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          for (int limit = 2; limit <= 5; limit++) {
            List<Account> accounts = new ArrayList<>();
            try (Stage stage = new Stage(limit)) {
              Team team = new Team(helper -> adversary.execute(stage, helper), limit);
              for (int call = 0; call < CALLS / 4; call++) {
                Account account =
                    account(stage.random, limit, 1 << stage.random.nextInt(stage.one(50) ? 14 : 7));
                account.runOn(team, adversary == Adversary.BREAKS ? Broken.class : null);
                count(account);
                if (accounts.size() < 1000) {
                  accounts.add(account);
                }
                Thread.interrupted();
              }
            }
            accounts.forEach(Account::assertNothingWrong); // late helpers have run by now
          }
        });
  }

  private static synchronized void count(Account account) {
    calls++;
    failed += account.failing < account.written.length ? 1 : 0;
  }

  /** Parallelism is a value: layers on several threads may share one. */
  @Test
  void severalCallersShareOneTeam() {
    assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          for (int limit = 2; limit <= 4; limit++) {
            int members = limit;
            ExecutorService callers = Executors.newFixedThreadPool(3);
            try (Stage stage = new Stage(limit)) {
              Team team = new Team(stage.pool, limit);
              List<Future<?>> results = new ArrayList<>();
              for (int caller = 0; caller < 3; caller++) {
                Random random = new Random(caller);
                results.add(
                    callers.submit(
                        () -> {
                          for (int call = 0; call < CALLS / 3; call++) {
                            Account account = account(random, members, random.nextInt(64));
                            account.runOn(team, null);
                            count(account);
                          }
                        }));
              }
              for (Future<?> result : results) {
                result.get();
              }
            } finally {
              callers.shutdownNow();
            }
          }
        });
  }

  /** The classic deadlock: every worker waits for a helper that no worker is left to run. */
  @Test
  void callersAreTheExecutorsOwnThreads() {
    assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          try (Stage stage = new Stage(0)) {
            Team team = new Team(stage.pool, 3);
            List<Future<?>> results = new ArrayList<>();
            for (int caller = 0; caller < 2; caller++) {
              Random random = new Random(caller);
              results.add(
                  stage.pool.submit(
                      () -> {
                        for (int call = 0; call < CALLS / 2; call++) {
                          Account account = account(random, 3, random.nextInt(64));
                          account.runOn(team, null);
                          count(account);
                        }
                      }));
            }
            for (Future<?> result : results) {
              result.get();
            }
          }
        });
  }

  /**
   * A helper may be started at any depth, down to where nothing can be called any more. What it
   * throws then is the caller's to see, or its thread's; the caller must not wait for it.
   */
  @Test
  void helpersWithoutStackLeft() {
    assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          Random random = new Random(0);
          for (int call = 0; call < DEEP_CALLS; call++) {
            boolean inTheCaller = random.nextBoolean();
            int above = random.nextInt(200);
            List<Thread> threads = new ArrayList<>();
            Executor executor =
                helper -> {
                  Dive dive = new Dive(helper, above);
                  if (inTheCaller) {
                    dive.down();
                  } else {
                    Thread thread = new Thread(null, dive::down, "deep", 1 << 18);
                    thread.setUncaughtExceptionHandler((dead, e) -> {});
                    threads.add(thread);
                    thread.start();
                  }
                };
            Count count = new Count(10);
            try {
              new Team(executor, 3).run(10, count);
              for (int index = 0; index < 10; index++) {
                assertThat(count.runs.get(index)).as("runs of task %d", index).isOne();
              }
            } catch (StackOverflowError e) {
              failed++;
            }
            calls++;
            count.over = true;
            for (Thread thread : threads) {
              thread.join();
            }
            assertThat(count.late).as("a task began after the call").isFalse();
          }
        });
  }

  /** Less than an account, as it may run out of stack anywhere. */
  private static final class Count implements Team.Task {
    final AtomicIntegerArray runs;
    volatile boolean over;
    volatile boolean late;

    Count(int tasks) {
      runs = new AtomicIntegerArray(tasks);
    }

    @Override
    public void run(int index, int member) {
      late |= over;
      runs.getAndIncrement(index);
    }
  }

  /** Runs a helper some frames above the end of the stack. */
  private static final class Dive {
    private final Runnable helper;
    private int above;

    Dive(Runnable helper, int above) {
      this.helper = helper;
      this.above = above;
    }

    void down() {
      try {
        down();
      } catch (StackOverflowError e) {
        if (above-- > 0) {
          throw e;
        }
        above = Integer.MAX_VALUE; // once
        helper.run();
      }
    }
  }

  /** An executor may hold a helper for long; what the call worked on must not be held with it. */
  @Test
  void aHelperThatIsStillQueuedHoldsNoTask() throws InterruptedException {
    List<Runnable> queue = new ArrayList<>();
    Team team = new Team(queue::add, 4);
    WeakReference<Account> account = new WeakReference<>(runOnce(team));
    for (int attempt = 0; account.get() != null && attempt < 100; attempt++) {
      System.gc();
      Thread.sleep(10);
    }
    assertThat(queue).hasSize(3);
    assertThat(account.get()).isNull();
    queue.forEach(Runnable::run);
  }

  private static Account runOnce(Team team) {
    Account account = new Account(5, 4, Integer.MAX_VALUE, null, 0);
    account.runOn(team, null);
    return account;
  }

  @Test
  void noTaskIsNoWork() {
    new Account(0, 4, Integer.MAX_VALUE, null, 0).runOn(new Team(Runnable::run, 4), null);
    new Account(0, 1, Integer.MAX_VALUE, null, 0).runOn(Team.SEQUENTIAL, null);
  }

  @Test
  void asManyThreadsAsTheWorkIsWorthWaking() {
    Team team = new Team(Runnable::run, 300, false);
    assertThat(team.threads(0)).isOne();
    assertThat(team.threads(149_999)).isOne();
    assertThat(team.threads(150_000)).isEqualTo(2);
    assertThat(team.threads(450_000)).isEqualTo(4);
    assertThat(team.threads(Long.MAX_VALUE / 4)).isEqualTo(300);
    assertThat(new Team(Runnable::run, 3, true).threads(0)).isEqualTo(3);
    assertThat(Team.SEQUENTIAL.threads(Long.MAX_VALUE / 4)).isOne();
  }

  /** Waking a thread for the first of them is worth it to the ones that follow. */
  @Test
  void callsThatFollowEachOtherAreShared() {
    assumeTrue(Runtime.getRuntime().availableProcessors() > 1);
    Team team = new Team(Runnable::run, 2, false);
    int alone = 0;
    // a machine that does other things too may come between two of them
    while (team.threads(140_000) == 1) {
      alone++;
    }
    assertThat(alone).isGreaterThanOrEqualTo(8);
    assertThat(team.threads(19_999)).isOne();
  }
}
