package org.lanenorm.jmh.report;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.lanenorm.Layout;

/**
 * What was measured: microseconds per call.
 *
 * @param times by what they are of
 * @param java the JVM that ran it, all of them if there were several
 * @param flags of that JVM
 * @param effort forks and iterations
 * @param backend of the library
 */
record Results(Map<Key, Estimate> times, String java, String flags, String effort, String backend) {

  /**
   * What a time is of.
   *
   * @param benchmark as JMH names it
   * @param layout null for floors, which have none
   * @param shape as {@link org.lanenorm.jmh.BenchmarkShapes} reads it
   * @param threads per call
   */
  record Key(String benchmark, Layout layout, String shape, int threads) {}

  /**
   * A shape with a number of threads: what the report has a section for.
   *
   * @param shape as {@link org.lanenorm.jmh.BenchmarkShapes} reads it
   * @param threads per call
   */
  record Setting(String shape, int threads) {
    /** Rows have one order in memory, whatever it is called. */
    boolean rows() {
      return shape.indexOf('x') == shape.lastIndexOf('x');
    }

    long elements() {
      return Stream.of(shape.split("x")).mapToLong(Long::parseLong).reduce(1, (a, b) -> a * b);
    }

    String title() {
      return shape + Words.threads(threads);
    }

    /** The name of its files. */
    String file() {
      return shape + (threads == 1 ? "" : "-" + threads + "-threads");
    }
  }

  /** In the order in which they were measured. */
  List<Setting> settings() {
    return times.keySet().stream()
        .map(key -> new Setting(key.shape, key.threads))
        .distinct()
        .filter(setting -> !operations(setting).isEmpty())
        .toList();
  }

  /** Numbers of threads, ascending. */
  List<Integer> threads() {
    return settings().stream().map(Setting::threads).distinct().sorted().toList();
  }

  /** What was measured of a shape. */
  List<Operation> operations(Setting setting) {
    return Stream.of(Operation.values()).filter(each -> measured(setting, each)).toList();
  }

  private boolean measured(Setting setting, Operation operation) {
    return Arrays.stream(Maker.values())
        .anyMatch(maker -> !layouts(setting, operation, maker).isEmpty());
  }

  /** The layouts in which an implementation was measured. */
  List<Layout> layouts(Setting setting, Operation operation, Maker maker) {
    return Stream.of(Layout.values())
        .filter(layout -> time(setting, operation, maker, layout) != null)
        .toList();
  }

  /** The time of an operation, null if it was not measured. */
  Estimate time(Setting setting, Operation operation, Maker maker, Layout layout) {
    return times.get(new Key(operation.benchmark(maker), layout, setting.shape, setting.threads));
  }

  /** The time of an operation's floor, null if it was not measured. */
  Estimate floor(Setting setting, Operation operation) {
    return times.get(new Key(operation.floor().benchmark(), null, setting.shape, setting.threads));
  }
}
