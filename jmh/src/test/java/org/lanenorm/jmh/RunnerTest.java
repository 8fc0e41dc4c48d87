package org.lanenorm.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** What the benchmarks are to JMH itself. */
class RunnerTest {
  private static final String SHAPE = "4x16x8x8";
  private static final String ELEMENTS = "4096";

  @Test
  void everyBenchmarkRunsAndTellsItsBandwidth() throws RunnerException {
    // another run on this machine would spoil numbers, of which there are none here
    System.setProperty("jmh.ignoreLock", "true");
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(Trial.OWN)
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(1))
                    .param("shape", SHAPE)
                    .param("elements", ELEMENTS)
                    .param("threads", "1", "2")
                    .param("backend", Trial.BACKEND)
                    .addProfiler(Metrics.class)
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();

    Map<String, List<String>> parameters =
        Map.of(
            "shape", List.of(SHAPE),
            "elements", List.of(ELEMENTS),
            "threads", List.of("1", "2"));
    assertThat(results).hasSameSizeAs(Trial.all(parameters));
    assertThat(results)
        .allSatisfy(
            result -> assertThat(result.getSecondaryResults().get("GB/s").getScore()).isPositive());
    assertThat(results)
        .filteredOn(result -> "NAIVE".equals(result.getParams().getParam("algorithm")))
        .allSatisfy(
            result ->
                assertThat(result.getSecondaryResults().get("error:offset").getScore())
                    .as("what E[x^2] - E[x]^2 leaves of a variance, in units of 2^-24")
                    .isGreaterThan(1e6));
  }
}
