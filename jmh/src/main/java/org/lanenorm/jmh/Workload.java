package org.lanenorm.jmh;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.lanenorm.BatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.Parallelism;
import org.lanenorm.TensorShape;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What the benchmarks of the core share: parameters, input, threads. Each makes its arrays once and
 * compares its results with the oracle once, before anything is timed.
 */
public abstract class Workload extends Shaped {
  /** Order in memory. */
  @Param({"NCHW", "NHWC"})
  public Layout layout;

  /** Threads per call; 1 is sequential. */
  @Param("1")
  public int threads;

  /** As {@link Backends} reads it. */
  @Param("vector")
  public String backend;

  /** Layout and shape. */
  TensorShape tensor;

  /** N(0, 1) in every channel, the same numbers in both layouts. */
  float[] x;

  /** The threads of a call. */
  Parallelism parallelism;

  /** Compares results with the oracle's. */
  Check check;

  private ExecutorService helpers;

  /** Makes input and threads, then what the benchmark adds. */
  @Setup
  public final void setUp() {
    Backends.choose(backend);
    tensor = BenchmarkShapes.parse(layout, shape);
    x = Data.normal(tensor, 1);
    helpers = Executors.newFixedThreadPool(Math.max(1, threads - 1), Workload::helper);
    parallelism = Parallelism.of(helpers, threads);
    check = new Check(tensor);
    prepare();
  }

  /** Stops the helpers. */
  @TearDown
  public final void tearDown() {
    helpers.shutdown();
  }

  /** Makes outputs and layers, runs every benchmark once and checks what it gives. */
  abstract void prepare();

  /** A layer over these channels, with these threads; every channel has parameters of its own. */
  BatchNorm.Builder newLayer() {
    int channels = tensor.channels();
    return BatchNorm.builder(channels)
        .gamma(Data.gamma(channels))
        .beta(Data.beta(channels))
        .runningStatistics(Data.means(channels), Data.variances(channels))
        .parallelism(parallelism);
  }

  private static Thread helper(Runnable work) {
    Thread thread = new Thread(work, "helper");
    thread.setDaemon(true);
    return thread;
  }
}
