package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.lanenorm.Tensors.assertSameBits;
import static org.lanenorm.Tensors.normal;
import static org.lanenorm.Tensors.permuted;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the executor does, the results are those of one thread, and no call waits for ever. */
class ConcurrencyTest {
  /** For a call that hangs: nobody waits for less on a machine that is merely busy. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** Some 170,000 floats, enough to be shared; few channels in some, few images in others. */
  private static final List<TensorShape> SHAPES =
      List.of(
          TensorShape.nchw(8, 3, 100, 65),
          TensorShape.nhwc(8, 100, 65, 3),
          TensorShape.nchw(2, 300, 12, 24),
          TensorShape.nhwc(2, 12, 24, 300),
          TensorShape.rows(600, 300));

  /** Everything that a layer computes from one batch. */
  private record Results(
      float[] y,
      float[] inference,
      float[] frozen,
      float[] dInput,
      float[] dGamma,
      float[] dBeta,
      ChannelMoments moments,
      ChannelMoments accumulated,
      double[] runningMean,
      double[] runningVariance) {

    static Results of(TensorShape shape, Parallelism parallelism) {
      float[] x = normal(shape.length(), 1);
      float[] dOutput = normal(shape.length(), 2);
      int channels = shape.channels();
      BatchNorm norm = BatchNorm.builder(channels).parallelism(parallelism).build();
      Results results =
          new Results(
              new float[x.length],
              new float[x.length],
              new float[x.length],
              new float[x.length],
              new float[channels],
              new float[channels],
              ChannelMoments.of(x, shape),
              accumulated(x, shape, parallelism),
              new double[channels],
              new double[channels]);
      SavedStatistics saved = norm.forwardTraining(x, results.y, shape);
      norm.forwardInference(x, results.inference, shape);
      norm.freeze().apply(x, 0, results.frozen, 0, shape, parallelism);
      norm.backward(x, dOutput, saved, results.dInput, results.dGamma, results.dBeta, shape);
      for (int c = 0; c < channels; c++) {
        results.runningMean[c] = norm.runningStatistics().mean(c);
        results.runningVariance[c] = norm.runningStatistics().variance(c);
      }
      return results;
    }

    private static ChannelMoments accumulated(
        float[] x, TensorShape shape, Parallelism parallelism) {
      MomentsAccumulator accumulator = new MomentsAccumulator(shape.channels(), parallelism);
      accumulator.add(x, 0, shape);
      return accumulator.moments();
    }

    void assertSameAs(Results expected) {
      assertSameBits(y, expected.y);
      assertSameBits(inference, expected.inference);
      assertSameBits(frozen, expected.frozen);
      assertSameBits(dInput, expected.dInput);
      assertSameBits(dGamma, expected.dGamma);
      assertSameBits(dBeta, expected.dBeta);
      assertThat(moments).isEqualTo(expected.moments);
      assertThat(accumulated).isEqualTo(expected.moments);
      assertThat(runningMean).isEqualTo(expected.runningMean);
      assertThat(runningVariance).isEqualTo(expected.runningVariance);
    }
  }

  static List<TensorShape> shapes() {
    return SHAPES;
  }

  /** Hands the executor to a computation over every shape and compares with one thread. */
  private static void assertRightOn(Executor executor, int limit) {
    assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          for (TensorShape shape : SHAPES) {
            Results.of(shape, Parallelism.of(executor, limit))
                .assertSameAs(Results.of(shape, Parallelism.sequential()));
          }
        });
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void oneFrozenLayerServesEightThreads(TensorShape shape) throws Exception {
    BatchNorm norm = BatchNorm.builder(shape.channels()).build();
    float[] x = normal(shape.length(), 3);
    norm.forwardTraining(x, new float[x.length], shape);
    FrozenBatchNorm frozen = norm.freeze();
    float[] expected = new float[x.length];
    frozen.apply(x, expected, shape);

    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<float[]>> outputs = new ArrayList<>();
      for (int thread = 0; thread < 8; thread++) {
        // two layouts at once, as a service under way would
        TensorShape own = thread % 2 == 0 ? shape : shape.withLayout(other(shape.layout()));
        float[] ownX = permuted(x, shape, own);
        outputs.add(
            pool.submit(
                () -> {
                  start.await();
                  float[] y = new float[ownX.length];
                  for (int pass = 0; pass < 5; pass++) {
                    frozen.apply(ownX, y, own);
                  }
                  return permuted(y, own, shape);
                }));
      }
      start.countDown();
      for (Future<float[]> output : outputs) {
        assertSameBits(output.get(3, TimeUnit.MINUTES), expected);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void aForkJoinPool() {
    ForkJoinPool pool = new ForkJoinPool(4);
    try {
      assertRightOn(pool, 4);
      assertRightOn(pool, 16);
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void aForkJoinPoolCalledFromItsOwnWorkers() {
    ForkJoinPool pool = new ForkJoinPool(2);
    try {
      callTwiceFromWithin(pool);
    } finally {
      pool.shutdownNow();
    }
  }

  /** As many threads as there is work for: the limit must cost nothing by itself. */
  @ParameterizedTest
  @ValueSource(ints = {1 << 20, 1 << 29, Integer.MAX_VALUE})
  void aLimitBeyondAllMeasure(int limit) {
    try {
      assertRightOnThisThread(Runnable::run, limit);
    } catch (OutOfMemoryError e) {
      fail("memory for " + limit + " threads that there will never be", e);
    }
  }

  /** An Error in a helper is the caller's to see; a caller that waits for it sees nothing. */
  @Test
  void aHelperWithoutStackLeftDoesNotHangTheCaller() {
    assertRightOnThisThread(Runnable::run, 4); // so that every class is initialized by now
    TensorShape shape = SHAPES.get(0);
    assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          try {
            Results.of(shape, Parallelism.of(task -> dive(task, new AtomicInteger()), 4))
                .assertSameAs(Results.of(shape, Parallelism.sequential()));
          } catch (StackOverflowError thrownByTheCall) {
            assertThat(thrownByTheCall).isNotNull();
          }
        });
  }

  /** Sixteen frames higher each time, as each new StackOverflowError takes milliseconds. */
  private static void dive(Runnable task, AtomicInteger frames) {
    try {
      dive(task, frames);
    } catch (StackOverflowError e) {
      if (frames.getAndIncrement() % 16 != 0) {
        throw e;
      }
      task.run();
    }
  }

  @Test
  void aFixedPool() {
    ExecutorService pool = Executors.newFixedThreadPool(3);
    try {
      assertRightOn(pool, 2);
      assertRightOn(pool, 7);
    } finally {
      pool.shutdownNow();
    }
  }

  /** The classic deadlock: every worker waits for a task that no worker is left to run. */
  @Test
  void aFixedPoolCalledFromItsOwnWorkers() {
    ExecutorService pool = Executors.newFixedThreadPool(2);
    try {
      callTwiceFromWithin(pool);
    } finally {
      pool.shutdownNow();
    }
  }

  private static void callTwiceFromWithin(ExecutorService pool) {
    assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          Callable<Void> call =
              () -> {
                assertRightOnThisThread(pool, 3);
                return null;
              };
          for (Future<Void> done : pool.invokeAll(List.of(call, call))) {
            done.get();
          }
        });
  }

  private static void assertRightOnThisThread(Executor executor, int limit) {
    for (TensorShape shape : SHAPES) {
      Results.of(shape, Parallelism.of(executor, limit))
          .assertSameAs(Results.of(shape, Parallelism.sequential()));
    }
  }

  @Test
  void aPoolWhoseWorkersAreAllBusyElsewhere() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(2);
    CountDownLatch blocked = new CountDownLatch(2);
    CountDownLatch release = new CountDownLatch(1);
    try {
      for (int worker = 0; worker < 2; worker++) {
        pool.execute(
            () -> {
              blocked.countDown();
              try {
                release.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
      }
      blocked.await();
      assertRightOn(pool, 3);
    } finally {
      release.countDown();
      pool.shutdownNow();
    }
  }

  @Test
  void anExecutorThatRefuses() {
    ExecutorService pool = Executors.newFixedThreadPool(2);
    pool.shutdown();
    assertRightOn(pool, 3);
    AtomicInteger asked = new AtomicInteger();
    assertRightOn(
        task -> {
          // takes the first task of each pair and refuses the second
          if (asked.getAndIncrement() % 2 == 1) {
            throw new RejectedExecutionException("full");
          }
          task.run();
        },
        4);
    assertThat(asked).hasPositiveValue();
  }

  @Test
  void anExecutorThatRunsTheTaskItself() {
    assertRightOn(Runnable::run, 4);
  }

  @Test
  void anExecutorThatForgetsItsTasks() {
    assertRightOn(task -> {}, 4);
  }

  /** A worker that comes too late must not touch arrays that the caller has back. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void aTaskThatStartsAfterTheCallHasReturnedTouchesNothing(Layout layout) {
    LinkedBlockingQueue<Runnable> late = new LinkedBlockingQueue<>();
    TensorShape shape = TensorShape.nchw(8, 3, 100, 65).withLayout(layout);
    float[] x = normal(shape.length(), 4);
    float[] y = new float[x.length];
    BatchNorm norm = BatchNorm.builder(3).parallelism(Parallelism.of(late::add, 4)).build();
    SavedStatistics saved = norm.forwardTraining(x, y, shape);
    norm.backward(x, x, saved, y, new float[3], new float[3], shape);
    assertThat(late).isNotEmpty();
    String before = PolicyTest.state(norm, saved);
    Arrays.fill(x, 1);
    Arrays.fill(y, 2);
    assertTimeoutPreemptively(PATIENCE, () -> late.forEach(Runnable::run));
    assertThat(y).containsOnly(2);
    assertThat(PolicyTest.state(norm, saved)).isEqualTo(before);
  }

  /** One Parallelism is a value like any other: layers on several threads may share it. */
  @Test
  void layersOnSeveralThreadsShareOneParallelism() throws Exception {
    ExecutorService workers = Executors.newFixedThreadPool(2);
    ExecutorService callers = Executors.newFixedThreadPool(4);
    try {
      Parallelism shared = Parallelism.of(workers, 3);
      TensorShape shape = SHAPES.get(1);
      Results expected = Results.of(shape, Parallelism.sequential());
      Callable<Results> call = () -> Results.of(shape, shared);
      for (Future<Results> results : callers.invokeAll(List.of(call, call, call, call))) {
        results.get(3, TimeUnit.MINUTES).assertSameAs(expected);
      }
    } finally {
      callers.shutdownNow();
      workers.shutdownNow();
    }
  }

  @Test
  void anInterruptedCallerStillGetsItsResult() {
    ExecutorService pool = Executors.newFixedThreadPool(2);
    try {
      Thread.currentThread().interrupt();
      assertRightOnThisThread(pool, 3);
      assertThat(Thread.interrupted()).isTrue();
    } finally {
      Thread.interrupted();
      pool.shutdownNow();
    }
  }

  private static Layout other(Layout layout) {
    return layout == Layout.NCHW ? Layout.NHWC : Layout.NCHW;
  }
}
