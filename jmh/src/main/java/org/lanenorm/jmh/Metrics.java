package org.lanenorm.jmh;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * What stands beside a time: the GB/s of a benchmark with {@link Streams}, and errors that a
 * benchmark has measured itself. A profiler to JMH, since its auxiliary counters can neither
 * average nor divide.
 */
public final class Metrics implements InternalProfiler {
  private static Class<?> owner = Metrics.class;
  private static Map<String, Double> errors = Map.of();

  /**
   * Shows errors beside the times of this JVM's benchmark.
   *
   * @param benchmark whose they are
   * @param units of u = 2^-24, by name; none for none
   */
  static void errors(Class<?> benchmark, Map<String, Double> units) {
    owner = benchmark;
    errors = units;
  }

  @Override
  public String getDescription() {
    return "GB/s, and the errors of textbook algorithms";
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {}

  @Override
  public Collection<? extends Result<?>> afterIteration(
      BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    List<Result<?>> metrics = new ArrayList<>();
    if (result.getRawPrimaryResults().isEmpty()) {
      // the benchmark failed, and JMH is about to say why
      return metrics;
    }
    double bytes = bytesPerCall(benchmark);
    if (bytes > 0 && benchmark.getMode() == Mode.AverageTime) {
      double perSecond = benchmark.getTimeUnit().convert(1, TimeUnit.SECONDS);
      double seconds = result.getPrimaryResult().getScore() / perSecond;
      metrics.add(metric("GB/s", bytes / seconds / 1e9, "GB/s"));
    }
    if (benchmark.getBenchmark().startsWith(owner.getName() + ".")) {
      errors.forEach((name, units) -> metrics.add(metric(name, units, "u")));
    }
    return metrics;
  }

  private static ScalarResult metric(String name, double value, String unit) {
    return new ScalarResult(name, value, unit, AggregationPolicy.AVG);
  }

  /** 0 where the benchmark does not say. */
  private static double bytesPerCall(BenchmarkParams benchmark) {
    String name = benchmark.getBenchmark();
    int dot = name.lastIndexOf('.');
    try {
      // by name alone, as JMH has it: a benchmark's method may take states
      return Stream.of(Class.forName(name.substring(0, dot)).getMethods())
          .filter(method -> method.getName().equals(name.substring(dot + 1)))
          .map(method -> method.getAnnotation(Streams.class))
          .filter(Objects::nonNull)
          .mapToDouble(streams -> width(benchmark) * streams.value() * elements(benchmark))
          .findFirst()
          .orElse(0);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(name, e);
    }
  }

  /** Bytes of an element: 4, but where a storage of 16 bits is measured. */
  private static double width(BenchmarkParams benchmark) {
    String storage = benchmark.getParam("storage");
    return storage == null || storage.startsWith("FLOAT32") ? Float.BYTES : Short.BYTES;
  }

  private static double elements(BenchmarkParams benchmark) {
    String elements = benchmark.getParam("elements");
    return elements != null
        ? Double.parseDouble(elements)
        : Stream.of(benchmark.getParam("shape").split("x"))
            .mapToDouble(Double::parseDouble)
            .reduce(1, (a, b) -> a * b);
  }
}
