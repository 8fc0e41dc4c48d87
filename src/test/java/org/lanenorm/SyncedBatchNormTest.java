package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.lanenorm.Tensors.assertSameBits;
import static org.lanenorm.Tensors.normal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers that do what they should, and what becomes of the others where one does not. */
class SyncedBatchNormTest {
  private static final int PATIENCE_SECONDS = 30;
  private static final int CHANNELS = 3;
  private static final TensorShape SHAPE = TensorShape.rows(4, CHANNELS);

  private final ExecutorService pool = Executors.newCachedThreadPool();
  private final BatchNorm norm = BatchNorm.builder(CHANNELS).build();
  private SyncedBatchNorm synced = SyncedBatchNorm.of(norm, 3);

  @AfterEach
  void nobodyHangs() throws InterruptedException {
    pool.shutdown();
    assertThat(pool.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  /** One worker's share of a step. */
  private final class Share {
    final SyncedBatchNorm.Worker worker;
    TensorShape shape = SHAPE;
    float[] x = normal(SHAPE.length(), 1);
    float[] y = new float[SHAPE.length()];
    SavedStatistics saved = new SavedStatistics(CHANNELS);
    final float[] dGamma = new float[CHANNELS];
    final float[] dBeta = new float[CHANNELS];

    Share(int worker) {
      this.worker = synced.worker(worker);
    }

    void forward() {
      worker.forwardTraining(x, 0, y, 0, shape, saved);
    }

    void backward() {
      worker.backward(x, x, saved, y, dGamma, dBeta, shape);
    }
  }

  private Share[] shares() {
    Share[] shares = new Share[synced.workers()];
    Arrays.setAll(shares, Share::new);
    return shares;
  }

  private interface Task {
    void run() throws Exception;
  }

  /** Runs each in a thread of its own and returns what each has thrown, null where nothing. */
  private List<Throwable> thrownBy(Task... tasks) throws Exception {
    List<Future<Throwable>> ends = new ArrayList<>();
    for (Task task : tasks) {
      Callable<Throwable> call =
          () -> {
            try {
              task.run();
              return null;
            } catch (Throwable e) {
              return e;
            }
          };
      ends.add(pool.submit(call));
    }
    List<Throwable> thrown = new ArrayList<>();
    for (Future<Throwable> end : ends) {
      thrown.add(end.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
    }
    return thrown;
  }

  private void assertEnded(Throwable thrown, String why) {
    assertThat(thrown)
        .isExactlyInstanceOf(IllegalStateException.class)
        .hasMessage("synchronized training has ended: " + why);
  }

  /** The layer is as at first, nothing was written, and whoever comes later is told why. */
  private void assertEndedForGood(Share[] shares, String why) throws Exception {
    assertThat(norm.runningStatistics().means()).containsOnly(0);
    assertThat(norm.runningStatistics().updates(0)).isZero();
    for (Share share : shares) {
      assertThat(share.y).containsOnly(0);
      share.x = normal(SHAPE.length(), 2);
      share.shape = SHAPE;
      assertEnded(thrownBy(share::forward).get(0), why);
      assertThat(share.y).containsOnly(0);
    }
    synced = SyncedBatchNorm.of(norm, 3);
    Share[] again = shares();
    assertThat(thrownBy(again[0]::forward, again[1]::forward, again[2]::forward))
        .containsOnlyNulls();
    assertThat(norm.runningStatistics().updates(0)).isOne();
  }

  /** Keras 3, keras/src/ops/nn_test.py, synchronized moments. */
  @Test
  void theMomentsOfTwoReplicas() throws Exception {
    BatchNorm one = BatchNorm.builder(1).momentum(Momentum.update(1)).build();
    SyncedBatchNorm pair = SyncedBatchNorm.of(one, 2);
    TensorShape shape = TensorShape.rows(2, 1);
    SavedStatistics first = new SavedStatistics(1);
    SavedStatistics second = new SavedStatistics(1);
    float[] y = new float[4];
    assertThat(
            thrownBy(
                () -> pair.worker(0).forwardTraining(new float[] {5, 9}, 0, y, 0, shape, first),
                () -> pair.worker(1).forwardTraining(new float[] {1, 3}, 0, y, 2, shape, second)))
        .containsOnlyNulls();
    assertThat(first.mean(0)).isEqualTo(4.5);
    assertThat(first.variance(0)).isEqualTo(8.75);
    assertThat(first.count()).isEqualTo(4);
    assertThat(second.moments()).isEqualTo(first.moments());
    assertThat(one.runningStatistics().mean(0)).isEqualTo(4.5);
    assertThat(one.runningStatistics().variance(0)).isEqualTo(35 / 3.0);
    float[] whole = new float[4];
    BatchNorm.builder(1).build().forwardTraining(new float[] {5, 9, 1, 3}, whole, shape(4));
    assertSameBits(y, whole);
  }

  private static TensorShape shape(int rows) {
    return TensorShape.rows(rows, 1);
  }

  @Test
  void aWorkerWithoutImagesReceivesTheStatistics() throws Exception {
    Share[] shares = shares();
    for (int empty : new int[] {0, 2}) {
      shares[empty].shape = TensorShape.rows(0, CHANNELS);
      shares[empty].x = new float[0];
      shares[empty].y = new float[0];
    }
    Task[] steps = new Task[3];
    for (int i = 0; i < 3; i++) {
      Share share = shares[i];
      steps[i] =
          () -> {
            share.forward();
            share.backward();
          };
    }
    assertThat(thrownBy(steps)).containsOnlyNulls();

    BatchNorm alone = BatchNorm.builder(CHANNELS).build();
    float[] y = new float[SHAPE.length()];
    float[] dGamma = new float[CHANNELS];
    float[] dBeta = new float[CHANNELS];
    SavedStatistics saved = alone.forwardTraining(shares[1].x, y, SHAPE);
    alone.backward(shares[1].x, shares[1].x, saved, y, dGamma, dBeta, SHAPE);
    for (Share share : shares) {
      assertThat(share.saved.moments()).isEqualTo(saved.moments());
      assertThat(share.saved.invStd(1)).isEqualTo(saved.invStd(1));
      assertSameBits(share.dGamma, dGamma);
      assertSameBits(share.dBeta, dBeta);
    }
    assertSameBits(shares[1].y, y);
    assertThat(norm.runningStatistics().spreads()).isEqualTo(alone.runningStatistics().spreads());
    assertThat(norm.runningStatistics().updates(0)).isOne();
  }

  @Test
  void nobodyHasAnyImages() throws Exception {
    Share[] shares = shares();
    for (Share share : shares) {
      share.shape = TensorShape.rows(0, CHANNELS);
    }
    assertThat(thrownBy(shares[0]::forward, shares[1]::forward, shares[2]::forward))
        .containsOnlyNulls();
    assertThat(thrownBy(shares[0]::backward, shares[1]::backward, shares[2]::backward))
        .containsOnlyNulls();
    assertThat(shares[1].saved.count()).isZero();
    assertThat(shares[1].dGamma).containsOnly(0);
    assertThat(norm.runningStatistics().updates(0)).isZero();
  }

  @Test
  void aBadArgumentEndsItForAll() throws Exception {
    Share[] shares = shares();
    shares[1].x = null;
    List<Throwable> thrown = thrownBy(shares[0]::forward, shares[1]::forward, shares[2]::forward);
    String why = "worker 1 has thrown java.lang.NullPointerException: x must not be null";
    assertThat(thrown.get(1)).isExactlyInstanceOf(NullPointerException.class);
    for (int other : new int[] {0, 2}) {
      assertEnded(thrown.get(other), why);
      assertThat(thrown.get(other)).hasCause(thrown.get(1));
    }
    assertEndedForGood(shares, why);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anInterruptEndsItForAll(boolean whileItWaits) throws Exception {
    Share[] shares = shares();
    CountDownLatch known = new CountDownLatch(1);
    Thread[] interrupted = new Thread[1];
    boolean[] stays = new boolean[1];
    List<Throwable> thrown =
        thrownBy(
            shares[0]::forward,
            () -> {
              interrupted[0] = Thread.currentThread();
              if (!whileItWaits) {
                Thread.currentThread().interrupt();
              }
              known.countDown();
              try {
                shares[1].forward();
              } finally {
                stays[0] = Thread.interrupted();
              }
            },
            () -> {
              known.await();
              for (; whileItWaits && interrupted[0].getState() != Thread.State.TIMED_WAITING; ) {
                Thread.sleep(1);
              }
              interrupted[0].interrupt();
            });
    assertEnded(thrown.get(0), "worker 1 was interrupted");
    assertEnded(thrown.get(1), "worker 1 was interrupted");
    assertThat(stays[0]).isTrue();
    assertEndedForGood(shares, "worker 1 was interrupted");
  }

  /** An interrupt does not depend on who comes last, and so has nobody to wait for. */
  @Test
  void anInterruptedWorkerThatNeedNotWaitEndsItToo() throws Exception {
    synced = SyncedBatchNorm.of(norm, 1);
    Share share = new Share(0);
    boolean[] stays = new boolean[1];
    List<Throwable> thrown =
        thrownBy(
            () -> {
              Thread.currentThread().interrupt();
              try {
                share.forward();
              } finally {
                stays[0] = Thread.interrupted();
              }
            });
    assertEnded(thrown.get(0), "worker 0 was interrupted");
    assertThat(stays[0]).isTrue();
    assertEndedForGood(new Share[] {share}, "worker 0 was interrupted");
  }

  @Test
  void aWorkerThatIsClosedLetsNobodyWait() throws Exception {
    Share[] shares = shares();
    List<Throwable> thrown =
        thrownBy(
            shares[0]::forward,
            () -> {
              try (SyncedBatchNorm.Worker worker = shares[1].worker) {
                throw new ArithmeticException("in the task of " + worker);
              }
            });
    assertEnded(thrown.get(0), "worker 1 was closed");
    assertThat(thrown.get(1)).isExactlyInstanceOf(ArithmeticException.class);
    assertEndedForGood(shares, "worker 1 was closed");
  }

  /** Its thread has died, or it is busy elsewhere. */
  @Test
  void aWorkerThatDoesNotComeIsNotWaitedForLongerThanPatienceLasts() throws Exception {
    synced = SyncedBatchNorm.of(norm, 3, Duration.ofMillis(50));
    Share[] shares = shares();
    List<Throwable> thrown = thrownBy(shares[1]::forward);
    assertEnded(thrown.get(0), "worker 1 has waited PT0.05S for [0, 2]");
    assertEndedForGood(shares, "worker 1 has waited PT0.05S for [0, 2]");
  }

  @Test
  void patienceMayBeEndless() throws Exception {
    synced = SyncedBatchNorm.of(norm, 2, Duration.ofSeconds(Long.MAX_VALUE));
    Share[] shares = shares();
    assertThat(thrownBy(shares[0]::forward, shares[1]::forward)).containsOnlyNulls();
  }

  @Test
  void differentCallsAtATimeEndIt() throws Exception {
    Share[] shares = shares();
    for (Throwable thrown : thrownBy(shares[0]::forward, shares[1]::backward)) {
      assertThat(thrown)
          .isExactlyInstanceOf(IllegalStateException.class)
          .hasMessageMatching(".* must make the same calls, but worker [01] made another");
    }
  }

  @Test
  void twoThreadsInOneWorkerEndIt() throws Exception {
    Share[] shares = shares();
    String why = "worker 2 was called by two threads at once";
    for (Throwable thrown : thrownBy(shares[2]::forward, shares[2]::forward)) {
      assertEnded(thrown, why);
    }
  }

  /** Each worker is told the same, and may do better. */
  @Test
  void whatAPolicyRefusesIsThrownByAllAndTheNextBatchMayBeRight() throws Exception {
    BatchNorm strict =
        BatchNorm.builder(CHANNELS).nonFinitePolicy(NonFinitePolicy.ERROR).epsilon(0).build();
    synced = SyncedBatchNorm.of(strict, 3);
    Share[] shares = shares();
    shares[2].x[4] = Float.NaN;
    assertRefused(shares, strict, "x must be finite", "channel 1 has NaN");
    for (Share share : shares) {
      Arrays.fill(share.x, 2);
    }
    assertRefused(shares, strict, "epsilon must be above 0", "channel 0 is constant");
    for (Share share : shares) {
      share.shape = TensorShape.rows(0, CHANNELS);
    }
    shares[0].shape = TensorShape.rows(1, CHANNELS);
    assertRefused(shares, strict, "more than one value per channel", "one over all workers");
    for (Share share : shares) {
      share.shape = SHAPE;
      share.x = normal(SHAPE.length(), 3);
    }
    assertThat(thrownBy(shares[0]::forward, shares[1]::forward, shares[2]::forward))
        .containsOnlyNulls();
    assertThat(strict.runningStatistics().updates(0)).isOne();
  }

  private void assertRefused(Share[] shares, BatchNorm layer, String... words) throws Exception {
    for (Throwable thrown : thrownBy(shares[0]::forward, shares[1]::forward, shares[2]::forward)) {
      assertThat(thrown).isExactlyInstanceOf(IllegalArgumentException.class);
      assertThat(thrown.getMessage()).contains(words);
    }
    assertThat(layer.runningStatistics().updates(0)).isZero();
    for (Share share : shares) {
      assertThat(share.y).containsOnly(0);
      assertThat(share.saved.count()).isZero();
    }
  }

  @Test
  void savedStatisticsOfDifferentForwardsAreRefusedByAll() throws Exception {
    Share[] shares = shares();
    Task[] forwards = {shares[0]::forward, shares[1]::forward, shares[2]::forward};
    Task[] backwards = {shares[0]::backward, shares[1]::backward, shares[2]::backward};
    assertThat(thrownBy(forwards)).containsOnlyNulls();
    SavedStatistics old = shares[1].saved;
    float[] y = shares[1].y.clone();
    shares[0].x = normal(SHAPE.length(), 9);
    shares[1].saved = new SavedStatistics(CHANNELS);
    assertThat(thrownBy(forwards)).containsOnlyNulls();
    SavedStatistics latest = shares[1].saved;
    shares[1].saved = old;
    for (Throwable thrown : thrownBy(backwards)) {
      assertThat(thrown)
          .isExactlyInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("worker 1's was of another");
    }
    shares[1].saved = latest;
    shares[2].shape = TensorShape.rows(3, CHANNELS);
    for (Throwable thrown : thrownBy(backwards)) {
      assertThat(thrown)
          .isExactlyInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("with 11 elements per channel over all workers, but was of 12");
    }
    assertThat(shares[1].dGamma).containsOnly(0);
    assertThat(shares[1].y).isNotEqualTo(y); // the second forward's
    shares[2].shape = SHAPE;
    assertThat(thrownBy(backwards)).containsOnlyNulls();
  }

  /** Neither meetings nor merging allocate once C2 has compiled the kernels. */
  @Test
  void theSteadyStateAllocatesNothing() throws Exception {
    synced = SyncedBatchNorm.of(norm, 2);
    Share[] shares = shares();
    Share[] both = {shares[0], shares[1]};
    for (Share share : both) {
      share.shape = TensorShape.nhwc(2, 9, 9, CHANNELS);
      share.x = normal(share.shape.length(), 4);
      share.y = new float[share.x.length];
    }
    long[] bytes = new long[2];
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    do {
      Task[] tasks = new Task[2];
      for (int i = 0; i < 2; i++) {
        int worker = i;
        tasks[i] =
            () -> {
              long before = AllocatedBytes.soFar();
              for (int step = 0; step < 100; step++) {
                both[worker].forward();
                both[worker].backward();
              }
              bytes[worker] = AllocatedBytes.soFar() - before;
            };
      }
      assertThat(thrownBy(tasks)).containsOnlyNulls();
    } while (bytes[0] + bytes[1] > 0 && System.nanoTime() < end);
    assertThat(bytes).containsOnly(0);
  }

  @Test
  void argumentsAreChecked() {
    assertThatNullPointerException()
        .isThrownBy(() -> SyncedBatchNorm.of(null, 2))
        .withMessageContaining("norm");
    assertThatNullPointerException()
        .isThrownBy(() -> SyncedBatchNorm.of(norm, 2, null))
        .withMessageContaining("patience");
    for (int workers : new int[] {0, -1}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> SyncedBatchNorm.of(norm, workers))
          .withMessage("workers must be at least 1, but was " + workers);
    }
    for (Duration patience : new Duration[] {Duration.ZERO, Duration.ofNanos(-1)}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> SyncedBatchNorm.of(norm, 2, patience))
          .withMessage("patience must be above 0, but was " + patience);
    }
    for (int worker : new int[] {-1, 3}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> synced.worker(worker))
          .withMessage("worker must be 0 to 2, but was " + worker);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SyncedBatchNorm.imagesPerCut(-1))
        .withMessage("spatial must be at least 0, but was -1");
  }

  @Test
  void imagesPerCutIsAsDocumented() {
    int[][] known = {
      {0, 1}, {1, 1024}, {3, 1024}, {4, 256}, {49, 16}, {196, 4}, {784, 1}, {257, 2}
    };
    for (int[] pair : known) {
      assertThat(SyncedBatchNorm.imagesPerCut(pair[0])).as("S = %d", pair[0]).isEqualTo(pair[1]);
    }
  }
}
