package org.lanenorm.jmh;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.lanenorm.BatchNorm;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.Parallelism;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;

/**
 * One thread against two on the same arrays in one JVM, taking turns, so that what else the machine
 * does hits both alike; beside them a copy whose second thread spins. Each cell is the median time
 * of one thread in microseconds, and by how much two are faster: call after call, when the second
 * thread is awake, and each call a millisecond after the last, when it sleeps.
 */
public final class TwoThreads {
  private static final List<String> DEFAULT_SHAPES =
      List.of(
          "4x16x8x8",
          "1x512x7x7",
          "1x256x14x14",
          "1x128x28x28",
          "256x512",
          "128x1024",
          "1x2048x7x7",
          "1x64x56x56",
          "1x1024x14x14",
          "32x512x7x7",
          "1x256x56x56",
          "32x256x14x14",
          "32x128x28x28",
          "32x64x56x56");

  private static final int ROUNDS = 15;
  private static final int CALLS_AFTER_PAUSES = 151;
  private static final long PAUSE_NANOS = 1_000_000;

  private final long warmUpNanos;
  private final long roundNanos;

  private TwoThreads(long millis) {
    warmUpNanos = 20 * millis * 1_000_000;
    roundNanos = millis * 1_000_000;
  }

  /**
   * Prints the table.
   *
   * @param arguments shapes, as the benchmarks' parameter; none for fourteen from 4,096 to 6
   *     million elements, in four minutes. {@code --quick} before them tries it, and measures
   *     nothing.
   */
  public static void main(String[] arguments) {
    List<String> given = Arrays.asList(arguments);
    boolean quick = given.contains("--quick");
    List<String> shapes = quick ? given.subList(1, given.size()) : given;
    try {
      Collection<String> all = BenchmarkShapes.expand(shapes.isEmpty() ? DEFAULT_SHAPES : shapes);
      TwoThreads measuring = new TwoThreads(quick ? 1 : 20);
      System.out.println(
          "| shape | layout | copy | inference | training forward | backward | moments |");
      System.out.println("|---|---|---|---|---|---|---|");
      for (String shape : all) {
        measuring.row(BenchmarkShapes.parse(Layout.NCHW, shape), shape);
        TensorShape last = BenchmarkShapes.parse(Layout.NHWC, shape);
        if (last.spatial() > 1) {
          measuring.row(last, shape);
        }
      }
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private void row(TensorShape shape, String name) {
    ExecutorService helper = Executors.newSingleThreadExecutor(TwoThreads::daemon);
    SpinningTeam one = new SpinningTeam(1, shape.length());
    SpinningTeam two = new SpinningTeam(2, shape.length());
    try {
      float[] x = Data.normal(shape, 1);
      float[] y = new float[x.length];
      SpinningTeam.Part copy = (member, from, to) -> Loops.copy(x, y, 1.25f, 0.5f, from, to);
      double[] copies = inTurns(() -> one.run(copy), () -> two.run(copy));
      two.close();
      float[] dOutput = Data.normal(shape, 2);
      float[] dInput = new float[x.length];
      Calls alone = new Calls(shape, x, dOutput, y, dInput, Parallelism.sequential());
      Calls shared = new Calls(shape, x, dOutput, y, dInput, Parallelism.of(helper, 2));
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %.1f, %.2f | %s | %s | %s | %s |%n",
          name,
          shape.spatial() > 1 ? shape.layout() : "rows",
          copies[0],
          copies[1],
          cell(alone::inference, shared::inference, y),
          cell(alone::training, shared::training, y),
          cell(alone::backward, shared::backward, dInput),
          cell(alone::moments, shared::moments, y));
    } finally {
      two.close();
      one.close();
      helper.shutdown();
    }
  }

  private String cell(Runnable one, Runnable two, float[] result) {
    one.run();
    float[] expected = result.clone();
    two.run();
    if (!Arrays.equals(result, expected)) {
      throw new IllegalStateException("two threads computed something else");
    }
    double[] awake = inTurns(one, two);
    return String.format(
        Locale.ROOT, "%.1f, %.2f, %.2f", awake[0], awake[1], afterPauses(one, two));
  }

  /** Microseconds of one, and its time over two's: medians of rounds of some milliseconds each. */
  private double[] inTurns(Runnable one, Runnable two) {
    round(one, warmUpNanos);
    round(two, warmUpNanos);
    double[] times = new double[ROUNDS];
    double[] ratios = new double[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      times[i] = round(one, roundNanos);
      ratios[i] = times[i] / round(two, roundNanos);
    }
    return new double[] {FirstCalls.median(times) / 1000, FirstCalls.median(ratios)};
  }

  /** Nanoseconds per call. */
  private static double round(Runnable call, long nanos) {
    long begin = System.nanoTime();
    long now = begin;
    int calls = 0;
    for (; now - begin < nanos || calls == 0; calls++) {
      call.run();
      now = System.nanoTime();
    }
    return (double) (now - begin) / calls;
  }

  /** The time of one over that of two, of single calls after pauses in which the caller is busy. */
  private static double afterPauses(Runnable one, Runnable two) {
    double[] ofOne = new double[CALLS_AFTER_PAUSES];
    double[] ofTwo = new double[CALLS_AFTER_PAUSES];
    for (int i = 0; i < CALLS_AFTER_PAUSES; i++) {
      ofOne[i] = afterPause(one);
      ofTwo[i] = afterPause(two);
    }
    return FirstCalls.median(ofOne) / FirstCalls.median(ofTwo);
  }

  private static double afterPause(Runnable call) {
    for (long end = System.nanoTime() + PAUSE_NANOS; System.nanoTime() - end < 0; ) {
      Thread.onSpinWait();
    }
    return round(call, 0);
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "helper");
    thread.setDaemon(true);
    return thread;
  }

  /** What is called, with outputs that both share. */
  private static final class Calls {
    private final TensorShape shape;
    private final float[] x;
    private final float[] dOutput;
    private final float[] y;
    private final float[] dInput;
    private final float[] dGamma;
    private final float[] dBeta;
    private final BatchNorm norm;
    private final FrozenBatchNorm frozen;
    private final MomentsAccumulator accumulator;
    private final SavedStatistics saved;
    private final Parallelism parallelism;

    Calls(
        TensorShape shape,
        float[] x,
        float[] dOutput,
        float[] y,
        float[] dInput,
        Parallelism parallelism) {
      int channels = shape.channels();
      this.shape = shape;
      this.x = x;
      this.dOutput = dOutput;
      this.y = y;
      this.dInput = dInput;
      this.parallelism = parallelism;
      dGamma = new float[channels];
      dBeta = new float[channels];
      norm = BatchNorm.builder(channels).parallelism(parallelism).build();
      saved = norm.forwardTraining(x, y, shape);
      frozen = norm.freeze();
      accumulator = new MomentsAccumulator(channels, parallelism);
    }

    void inference() {
      frozen.apply(x, 0, y, 0, shape, parallelism);
    }

    void training() {
      norm.forwardTraining(x, 0, y, 0, shape, saved);
    }

    void backward() {
      norm.backward(x, 0, dOutput, 0, saved, dInput, 0, dGamma, dBeta, shape);
    }

    void moments() {
      accumulator.reset();
      accumulator.add(x, 0, shape);
    }
  }
}
