package org.lanenorm.jmh.peers;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.lanenorm.Layout;
import org.lanenorm.jmh.BenchmarkShapes;
import org.lanenorm.jmh.Check;
import org.lanenorm.jmh.Shaped;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * A library beside the core. It is set up for the operation that the benchmark's class is named
 * after, its results are compared with the oracle's once, and then it is run. Each library is a
 * state of its own, so that a JVM loads the one that it measures and no other.
 */
public abstract class Peer extends Shaped {
  /**
   * How many times as far off as the core promises to be a peer may be: it adds floats in long
   * chains and promises nothing. An output of 1 may be off by 5e-4.
   */
  static final double SLACK = 1000;

  /** Threads per call. */
  @Param("1")
  public int threads;

  /** What this JVM has told of already. */
  private static final Set<String> SHOWN = new HashSet<>();

  private Operation operation;

  /** Loads the library, makes its tensors, checks what it gives. */
  @Setup
  public final void setUp(BenchmarkParams benchmark) throws Exception {
    Batch batch = Batch.of(BenchmarkShapes.parse(layout(), shape));
    Check check = new Check(batch.shape(), SLACK);
    String version = load();
    switch (operation(benchmark)) {
      case "Moments" -> {
        float[][] results = run(moments(batch));
        check.moments(batch.x(), c -> results[0][c], c -> results[1][c]);
      }
      case "TrainingForward" ->
          check.training(batch.x(), run(forward(batch, true))[0], batch.layer());
      case "Inference" -> check.inference(batch.x(), run(forward(batch, false))[0], batch.layer());
      case "Backward" -> {
        float[][] results = run(backward(batch, true));
        check.training(batch.x(), batch.dy(), batch.layer(), results[0], results[1], results[2]);
      }
      default -> throw new IllegalArgumentException(benchmark.getBenchmark());
    }
    String chosen = version + ", " + operation.kernel();
    if (SHOWN.add(chosen)) {
      System.out.printf(Locale.ROOT, "(%s, error %.1f) ", chosen, check.worst());
    }
  }

  /** The class's name without its package and the word Benchmark. */
  private static String operation(BenchmarkParams benchmark) {
    String[] names = benchmark.getBenchmark().split("\\.");
    return names[names.length - 2].replace("Benchmark", "");
  }

  private float[][] run(Operation prepared) throws Exception {
    operation = prepared;
    operation.run();
    return operation.results();
  }

  /** Runs the operation. */
  final void run() throws Exception {
    operation.run();
  }

  /** Order in memory. */
  abstract Layout layout();

  /** Loads the library and gives it its threads; its name and version. */
  abstract String load() throws Exception;

  /** Gives it its threads, once it is loaded. */
  abstract void useThreads();

  /** Mean and variance of every channel. */
  abstract Operation moments(Batch batch) throws Exception;

  /** y, by the batch's own moments in training, else by the running statistics. */
  abstract Operation forward(Batch batch, boolean training) throws Exception;

  /** dInput, dGamma and dBeta of a training forward, or of one by the running statistics. */
  abstract Operation backward(Batch batch, boolean training) throws Exception;
}
