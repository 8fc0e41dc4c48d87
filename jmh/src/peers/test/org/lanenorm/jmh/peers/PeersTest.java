package org.lanenorm.jmh.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.lanenorm.jmh.Metrics;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every peer in every layout that it has, over a few shapes: right, which setting it up checks. */
class PeersTest {
  /** Rows; one, two and three spatial dimensions; channels that fill vectors and that do not. */
  private static final List<String> SHAPES =
      List.of("64x40", "4x5x30", "3x17x13x11", "2x64x14x14", "2x3x4x5x6");

  private static final List<String> THREADS = List.of("1", "2");

  @Test
  void everyPeerGivesTheRightResults() throws RunnerException {
    Collection<RunResult> results = new Runner(options("peers").build()).run();

    Map<String, Long> runs =
        results.stream()
            .collect(
                Collectors.groupingBy(
                    result -> result.getParams().getBenchmark().replace(packageName(), ""),
                    Collectors.counting()));
    long oneLayout = (long) SHAPES.size() * THREADS.size();
    assertThat(runs)
        .containsOnly(
            Map.entry("MomentsBenchmark.pyTorch", 2 * oneLayout),
            Map.entry("TrainingForwardBenchmark.oneDnn", 2 * oneLayout),
            Map.entry("TrainingForwardBenchmark.pyTorch", 2 * oneLayout),
            Map.entry("TrainingForwardBenchmark.onnxRuntime", oneLayout),
            Map.entry("InferenceBenchmark.oneDnn", 2 * oneLayout),
            Map.entry("InferenceBenchmark.pyTorch", 2 * oneLayout),
            Map.entry("InferenceBenchmark.onnxRuntime", oneLayout),
            Map.entry("BackwardBenchmark.oneDnn", 2 * oneLayout),
            Map.entry("BackwardBenchmark.pyTorch", 2 * oneLayout));
    assertThat(results)
        .allSatisfy(
            result -> assertThat(result.getSecondaryResults().get("GB/s").getScore()).isPositive());
  }

  @Test
  void onnxRuntimeSaysThatItHasOneLayout() {
    assertThatThrownBy(
            () ->
                new Runner(
                        options("peers.InferenceBenchmark.onnxRuntime")
                            .param("layout", "NHWC")
                            .build())
                    .run())
        .hasStackTraceContaining("ONNX Runtime normalizes NCHW only");
  }

  private static ChainedOptionsBuilder options(String benchmarks) {
    // another run on this machine would spoil numbers, of which there are none here
    System.setProperty("jmh.ignoreLock", "true");
    return new OptionsBuilder()
        .include(benchmarks)
        .forks(0)
        .warmupIterations(0)
        .measurementIterations(1)
        .measurementTime(TimeValue.milliseconds(1))
        .param("shape", SHAPES.toArray(String[]::new))
        .param("threads", THREADS.toArray(String[]::new))
        .addProfiler(Metrics.class)
        .shouldFailOnError(true)
        .verbosity(VerboseMode.SILENT);
  }

  private static String packageName() {
    return PeersTest.class.getPackageName() + ".";
  }
}
