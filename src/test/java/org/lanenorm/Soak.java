package org.lanenorm;

import static org.lanenorm.Tensors.normal;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Endurance, in counted calls: all operations in turn, for as many calls as a service makes that
 * answers a thousand small requests (1x512x7x7, 25,088 floats) and twenty large ones (8x64x56x56,
 * 1.6 million floats, shared by two threads) every second. Two threads make the small calls, each
 * with layers of its own and a frozen layer that both share.
 *
 * <p>Results must stay the same to the bit, the heap after a collection as large as it was, the
 * number of threads too, and a call must allocate nothing once C2 has compiled it, but for some
 * hundred bytes where threads share its work or both take the frozen layer's work arrays at once.
 * {@code mvn -B test -pl src -Psoak} is an hour of that service.
 */
final class Soak {
  static final long SMALL_PER_HOUR = 3_600_000;
  static final long LARGE_PER_HOUR = 72_000;

  /**
   * What classes that are loaded and methods that are compiled on the way may keep, and a helper's
   * work arrays (300 KB a layer), made when it first takes a part: on a busy machine after the
   * first look.
   */
  static final long HEAP_SLACK = 1 << 21;

  /**
   * What was seen; bytes are those that small calls and large ones allocated after the first tenth.
   */
  record Findings(
      long smallCalls,
      long largeCalls,
      long heapGrowth,
      int threadGrowth,
      double bytesPerSmallCall,
      double bytesPerLargeCall) {}

  private final ExecutorService callers = Executors.newFixedThreadPool(2);
  private final ExecutorService helpers = Executors.newFixedThreadPool(1);
  private final int looks;

  private Soak(int looks) {
    this.looks = looks;
  }

  /**
   * Makes the calls of so many hours and throws where a result has changed.
   *
   * @param looks how often results, heap and allocation are looked at
   */
  static Findings run(double hours, int looks) throws InterruptedException, ExecutionException {
    Soak soak = new Soak(looks);
    try {
      return soak.calls(hours);
    } finally {
      soak.callers.shutdown();
      soak.helpers.shutdown();
    }
  }

  private Findings calls(double hours) throws InterruptedException, ExecutionException {
    Parallelism two = Parallelism.of(helpers, 2);
    TensorShape small = TensorShape.nchw(1, 512, 7, 7);
    TensorShape large = TensorShape.nchw(8, 64, 56, 56);
    FrozenBatchNorm shared = Service.frozen(small.channels());
    Parallelism alone = Parallelism.sequential();
    List<Service> smalls =
        List.of(
            new Service(small, alone, shared),
            new Service(small.withLayout(Layout.NHWC), alone, shared));
    List<Service> larges =
        List.of(
            new Service(large, two, Service.frozen(large.channels())),
            new Service(large.withLayout(Layout.NHWC), two, Service.frozen(large.channels())));
    long smallRounds = rounds(hours * SMALL_PER_HOUR);
    long largeRounds = rounds(hours * LARGE_PER_HOUR);
    for (List<Service> services : List.of(smalls, larges)) {
      make(services, 1); // classes, workspaces, threads
    }
    long heap = usedHeap();
    int threads = ManagementFactory.getThreadMXBean().getThreadCount();
    long growth = 0;
    int lateLooks = 0;
    long lateBytes = 0;
    long lateLargeBytes = 0;
    long smallCalls = 0;
    long largeCalls = 0;
    for (int look = 1; look <= looks; look++) {
      long bytes = make(smalls, smallRounds);
      long largeBytes = make(larges, largeRounds);
      smallCalls += 2 * Service.CALLS * smallRounds;
      largeCalls += 2 * Service.CALLS * largeRounds;
      if (look > looks / 10) {
        lateLooks++;
        lateBytes += bytes;
        lateLargeBytes += largeBytes;
      }
      growth = usedHeap() - heap;
      if (look % 5 == 0 || look == looks) {
        System.out.printf(
            "soak %3d %%: %,d small calls, %,d large, results the same, heap %+d KB, allocated %,d"
                + " and %,d B%n",
            look * 100 / looks, smallCalls, largeCalls, growth / 1024, bytes, largeBytes);
      }
    }
    int threadGrowth = ManagementFactory.getThreadMXBean().getThreadCount() - threads;
    return new Findings(
        smallCalls,
        largeCalls,
        growth,
        threadGrowth,
        lateBytes / (2.0 * Service.CALLS * smallRounds * lateLooks),
        lateLargeBytes / (2.0 * Service.CALLS * largeRounds * lateLooks));
  }

  private long rounds(double calls) {
    return Math.max(1, Math.round(calls / (2 * Service.CALLS * looks)));
  }

  /** Each service on a thread of its own, unless its calls are shared; returns bytes allocated. */
  private long make(List<Service> services, long rounds)
      throws InterruptedException, ExecutionException {
    List<Future<Long>> bytes = new ArrayList<>();
    for (Service service : services) {
      Future<Long> running = callers.submit(() -> service.rounds(rounds));
      bytes.add(running);
      if (service.isShared()) {
        running.get();
      }
    }
    long sum = 0;
    for (Future<Long> each : bytes) {
      sum += each.get();
    }
    return sum;
  }

  private static long usedHeap() throws InterruptedException {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(10);
      Runtime runtime = Runtime.getRuntime();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  /** Layers of one shape, and one call of each of their operations per round. */
  private static final class Service {
    /** In {@link #round}. */
    static final int CALLS = 16;

    private static final int BETWEEN_LOOKS = 50;

    private static final double[] ZEROS = new double[512];
    private static final double[] ONES = new double[512];

    static {
      Arrays.fill(ONES, 1);
    }

    private final TensorShape shape;
    private final Parallelism parallelism;
    private final FrozenBatchNorm frozen;
    private final FrozenBatchNorm fused;
    private final BatchNorm norm;
    private final LayerNorm layerNorm;
    private final RmsNorm rmsNorm;
    private final GroupNorm groupNorm;
    private final MomentsAccumulator accumulator;
    private final Mask mask;
    private final SavedStatistics saved;
    private final SampleStatistics samples = new SampleStatistics();
    private final double[] mean;
    private final double[] variance;
    private final float[] x;
    private final float[] dOutput;
    private final float[] y;
    private final float[] dInput;
    private final float[] dGamma;
    private final float[] dBeta;
    private final long expected;
    private boolean looking;
    private long bits;

    Service(TensorShape shape, Parallelism parallelism, FrozenBatchNorm frozen) {
      this.shape = shape;
      this.parallelism = parallelism;
      this.frozen = frozen;
      int channels = shape.channels();
      fused = frozen.withActivation(Activation.silu());
      norm = BatchNorm.builder(channels).parallelism(parallelism).build();
      layerNorm = LayerNorm.builder(channels).parallelism(parallelism).build();
      rmsNorm = RmsNorm.builder(channels).parallelism(parallelism).build();
      groupNorm = GroupNorm.builder(32, channels).parallelism(parallelism).build();
      accumulator = new MomentsAccumulator(channels, parallelism);
      saved = new SavedStatistics(channels);
      mean = Arrays.copyOf(ZEROS, channels);
      variance = Arrays.copyOf(ONES, channels);
      boolean[] valid = new boolean[shape.count()];
      for (int i = 0; i < valid.length; i++) {
        valid[i] = i % 7 != 3;
      }
      mask = Mask.of(valid, shape);
      x = normal(shape.length(), 1);
      dOutput = normal(shape.length(), 2);
      y = new float[x.length];
      dInput = new float[x.length];
      dGamma = new float[channels];
      dBeta = new float[channels];
      expected = look();
    }

    static FrozenBatchNorm frozen(int channels) {
      double[] mean = Arrays.copyOf(ZEROS, channels);
      double[] variance = Arrays.copyOf(ONES, channels);
      return FrozenBatchNorm.of(mean, variance, 1e-5, null, null);
    }

    boolean isShared() {
      return parallelism.limit() > 1;
    }

    /** Makes the rounds, looks at the results of some and of the last, and returns their bytes. */
    long rounds(long rounds) {
      long bytes = 0;
      for (long left = rounds; left > 0; left -= BETWEEN_LOOKS) {
        long before = AllocatedBytes.soFar();
        for (long round = Math.min(left, BETWEEN_LOOKS); round > 0; round--) {
          round();
        }
        bytes += AllocatedBytes.soFar() - before;
        if (look() != expected) {
          throw new AssertionError("results of " + shape + " have changed");
        }
      }
      return bytes;
    }

    private long look() {
      looking = true;
      bits = 1;
      round();
      looking = false;
      return bits;
    }

    private void round() {
      norm.runningStatistics().set(mean, variance, 0);
      norm.forwardTraining(x, 0, y, 0, shape, saved);
      see(y);
      norm.backward(x, 0, dOutput, 0, saved, dInput, 0, dGamma, dBeta, shape);
      see(dInput, dGamma, dBeta);
      norm.forwardInference(x, 0, y, 0, shape);
      see(y);
      norm.backwardFrozen(x, 0, dOutput, 0, dInput, 0, dGamma, dBeta, shape);
      see(dInput, dGamma, dBeta);
      frozen.apply(x, 0, y, 0, shape, parallelism);
      see(y);
      fused.apply(x, 0, dOutput, 0, y, 0, shape, parallelism);
      see(y);
      fused.backward(
          x, 0, dOutput, 0, dOutput, 0, dInput, 0, y, 0, dGamma, dBeta, shape, parallelism);
      see(dInput, y, dGamma, dBeta);
      norm.forwardTraining(x, 0, y, 0, shape, mask, saved);
      see(y);
      norm.backward(x, 0, dOutput, 0, saved, dInput, 0, dGamma, dBeta, shape, mask);
      see(dInput, dGamma, dBeta);
      accumulator.reset();
      accumulator.add(x, 0, shape);
      layerNorm.forward(x, 0, y, 0, shape, samples);
      see(y);
      layerNorm.backward(x, 0, dOutput, 0, samples, dInput, 0, dGamma, dBeta, shape);
      see(dInput, dGamma, dBeta);
      rmsNorm.forward(x, 0, y, 0, shape, samples);
      see(y);
      rmsNorm.backward(x, 0, dOutput, 0, samples, dInput, 0, dGamma, shape);
      see(dInput, dGamma);
      groupNorm.forward(x, 0, y, 0, shape, samples);
      see(y);
      groupNorm.backward(x, 0, dOutput, 0, samples, dInput, 0, dGamma, dBeta, shape);
      see(dInput, dGamma, dBeta);
      if (looking) {
        for (int c = 0; c < shape.channels(); c++) {
          bits = 31 * bits + Double.doubleToRawLongBits(accumulator.m2(c));
          bits = 31 * bits + Double.doubleToRawLongBits(norm.runningStatistics().variance(c));
        }
      }
    }

    private void see(float[] a) {
      if (looking) {
        bits = 31 * bits + Arrays.hashCode(a);
      }
    }

    private void see(float[] a, float[] b) {
      see(a);
      see(b);
    }

    private void see(float[] a, float[] b, float[] c) {
      see(a, b);
      see(c);
    }

    private void see(float[] a, float[] b, float[] c, float[] d) {
      see(a, b);
      see(c, d);
    }
  }
}
