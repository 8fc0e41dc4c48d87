package org.lanenorm.jmh;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The core beside its floors and the best of the peers, as tables in Markdown, from results that
 * JMH has written with {@code -rf json}. A time is the median of all iterations of all forks, and
 * of all files that hold the same benchmark with the same parameters.
 */
public final class PeerTable {
  private static final String PACKAGE = "org.lanenorm.jmh.";

  /** In a cell. */
  private static final String NONE = "-";

  private static final Map<String, String> NAMES =
      Map.of("oneDnn", "oneDNN", "pyTorch", "PyTorch", "onnxRuntime", "ONNX Runtime");

  private static final Map<String, Double> MICROSECONDS =
      Map.of("ns/op", 1e-3, "us/op", 1.0, "ms/op", 1e3, "s/op", 1e6);

  /** What is compared, in the order of the tables. */
  private enum Operation {
    MOMENTS("moments", "MomentsBenchmark", "moments", "read"),
    TRAINING_FORWARD("training forward", "TrainingForwardBenchmark", "outOfPlace", "copy"),
    INFERENCE("inference", "InferenceBenchmark", "layer", "copy"),
    BACKWARD("backward", "BackwardBenchmark", "training", "copy2");

    final String title;
    final String ours;
    final String floor;
    final String peers;

    Operation(String title, String type, String method, String floor) {
      this.title = title;
      this.ours = PACKAGE + type + "." + method;
      this.floor = PACKAGE + "BaselineBenchmark." + floor;
      this.peers = PACKAGE + "peers." + type + ".";
    }
  }

  /** A benchmark with its parameters. */
  private record Key(String benchmark, Map<String, String> parameters) {
    String parameter(String name) {
      return parameters.getOrDefault(name, "");
    }

    String method() {
      return benchmark.substring(benchmark.lastIndexOf('.') + 1);
    }

    boolean agrees(Key other, String... names) {
      return Stream.of(names).allMatch(name -> parameter(name).equals(other.parameter(name)));
    }
  }

  /** A benchmark's median time in microseconds. */
  private record Time(Key key, double us) {}

  /** One operation of ours and what stands beside it. */
  private record Row(Operation operation, Time ours, Optional<Time> floor, Optional<Time> peer) {
    String title() {
      String backend = ours.key().parameter("backend");
      return operation.title + (backend.equals("vector") ? "" : " (" + backend + ")");
    }

    String layout() {
      return ours.key().parameter("layout");
    }

    String threads() {
      return ours.key().parameter("threads");
    }

    /** Above 1 where ours takes longer than the floor. */
    Optional<Double> overFloor() {
      return floor.map(time -> ours.us() / time.us());
    }

    /** Above 1 where the peer takes longer than ours. */
    Optional<Double> peerOverOurs() {
      return peer.map(time -> time.us() / ours.us());
    }
  }

  private PeerTable() {}

  /**
   * Prints the tables.
   *
   * @param files of results
   */
  public static void main(String[] files) {
    if (files.length == 0) {
      System.err.println(
          "usage: java -cp benchmarks.jar org.lanenorm.jmh.PeerTable RESULTS.json...");
      System.exit(1);
    }
    try {
      System.out.print(of(files));
    } catch (IOException | IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  /**
   * The tables.
   *
   * @throws IllegalArgumentException if a file holds anything but average times by JMH
   */
  static String of(String... files) throws IOException {
    Map<Key, List<Double>> iterations = new LinkedHashMap<>();
    for (String file : files) {
      read(file, iterations);
    }
    List<Time> times = new ArrayList<>();
    iterations.forEach((key, us) -> times.add(new Time(key, median(us))));
    List<Row> rows = rows(times);
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(
          "no benchmark of the core is in " + String.join(", ", files));
    }
    return table(rows) + "\n" + means(rows);
  }

  private static void read(String file, Map<Key, List<Double>> iterations) throws IOException {
    JsonNode results;
    try {
      results = new ObjectMapper().readTree(new File(file));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(file + " is not JSON: " + e.getOriginalMessage(), e);
    }
    if (!results.isArray()) {
      throw new IllegalArgumentException(file + " is not an array of results, as JMH writes it");
    }
    for (JsonNode result : results) {
      String benchmark = result.path("benchmark").asText();
      JsonNode metric = result.path("primaryMetric");
      String unit = metric.path("scoreUnit").asText();
      if (!MICROSECONDS.containsKey(unit)) {
        throw new IllegalArgumentException(
            "%s: \"%s\" has the unit \"%s\", and must have one of %s"
                .formatted(file, benchmark, unit, new TreeSet<>(MICROSECONDS.keySet())));
      }
      Map<String, String> parameters = new TreeMap<>();
      result
          .path("params")
          .properties()
          .forEach(entry -> parameters.put(entry.getKey(), entry.getValue().asText()));
      List<Double> times =
          iterations.computeIfAbsent(new Key(benchmark, parameters), key -> new ArrayList<>());
      for (JsonNode fork : metric.path("rawData")) {
        for (JsonNode iteration : fork) {
          times.add(MICROSECONDS.get(unit) * iteration.asDouble());
        }
      }
      if (times.isEmpty() || times.stream().anyMatch(us -> !(us > 0 && us < Double.MAX_VALUE))) {
        throw new IllegalArgumentException(
            "%s: \"%s\" has the times %s us, not some above 0".formatted(file, benchmark, times));
      }
    }
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  /** By operation, layout and threads; shapes as they come. */
  private static List<Row> rows(List<Time> times) {
    List<Row> rows = new ArrayList<>();
    for (Operation operation : Operation.values()) {
      for (Time ours : times) {
        if (ours.key().benchmark().equals(operation.ours)) {
          rows.add(
              new Row(
                  operation,
                  ours,
                  fastest(times, operation.floor::equals, ours, "shape", "threads"),
                  fastest(
                      times,
                      name -> name.startsWith(operation.peers),
                      ours,
                      "shape",
                      "threads",
                      "layout")));
        }
      }
    }
    rows.sort(
        Comparator.comparing(Row::operation)
            .thenComparing(Row::title)
            .thenComparing(Row::layout)
            .thenComparing(Row::threads));
    return rows;
  }

  private static Optional<Time> fastest(
      List<Time> times, Predicate<String> benchmark, Time ours, String... parameters) {
    return times.stream()
        .filter(time -> benchmark.test(time.key().benchmark()))
        .filter(time -> time.key().agrees(ours.key(), parameters))
        .min(Comparator.comparing(Time::us));
  }

  private static String table(List<Row> rows) {
    StringBuilder table =
        new StringBuilder(
            """
            | operation | layout | threads | shape | ours, us | ours / floor | best peer | us | peer / ours |
            |---|---|---|---|---|---|---|---|---|
            """);
    for (Row row : rows) {
      line(
          table,
          row.title(),
          row.layout(),
          row.threads(),
          row.ours().key().parameter("shape"),
          time(row.ours()),
          row.overFloor().map(PeerTable::ratio).orElse(NONE),
          row.peer().map(peer -> NAMES.getOrDefault(peer.key().method(), NONE)).orElse(NONE),
          row.peer().map(PeerTable::time).orElse(NONE),
          row.peerOverOurs().map(PeerTable::ratio).orElse(NONE));
    }
    return table.toString();
  }

  private static String means(List<Row> rows) {
    StringBuilder table =
        new StringBuilder(
            """
            | geometric means | layout | threads | shapes | ours / floor | peer / ours |
            |---|---|---|---|---|---|
            """);
    Map<List<String>, List<Row>> groups =
        rows.stream()
            .collect(
                Collectors.groupingBy(
                    row -> List.of(row.title(), row.layout(), row.threads()),
                    LinkedHashMap::new,
                    Collectors.toList()));
    groups.forEach(
        (group, members) ->
            line(
                table,
                group.get(0),
                group.get(1),
                group.get(2),
                String.valueOf(members.size()),
                mean(members, Row::overFloor),
                mean(members, Row::peerOverOurs)));
    return table.toString();
  }

  /** Of those rows that have the ratio. */
  private static String mean(List<Row> rows, Function<Row, Optional<Double>> ratio) {
    OptionalDouble logarithm =
        rows.stream().map(ratio).flatMap(Optional::stream).mapToDouble(Math::log).average();
    return logarithm.isPresent() ? ratio(Math.exp(logarithm.getAsDouble())) : NONE;
  }

  private static void line(StringBuilder table, String... cells) {
    table.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  private static String time(Time time) {
    String format = time.us() < 10 ? "%.2f" : time.us() < 100 ? "%.1f" : "%.0f";
    return String.format(Locale.ROOT, format, time.us());
  }

  private static String ratio(double ratio) {
    return String.format(Locale.ROOT, "%.2f", ratio);
  }
}
