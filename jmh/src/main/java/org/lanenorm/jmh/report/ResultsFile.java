package org.lanenorm.jmh.report;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lanenorm.Layout;
import org.lanenorm.jmh.BenchmarkShapes;
import org.lanenorm.jmh.report.Results.Key;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;

/**
 * JMH's own JSON. Whoever reads it need not have written it: everything in it is checked, and
 * benchmarks that the report has no use for are passed over.
 */
final class ResultsFile {
  static final int MAX_BYTES = 64 << 20;

  /** Each gets a chart, drawn twice. */
  private static final int MAX_SETTINGS = 200;

  private static final int MAX_THREADS = 4096;

  /** A picosecond and 11 days, in microseconds: whatever is beyond was not measured. */
  private static final double SHORTEST = 1e-6;

  private static final double LONGEST = 1e12;

  private static final Map<String, Double> MICROSECONDS =
      Map.of("ns/op", 1e-3, "us/op", 1.0, "ms/op", 1e3, "s/op", 1e6);

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Set<String> FLOORS =
      Stream.of(Floor.values()).map(Floor::benchmark).collect(Collectors.toUnmodifiableSet());

  private static final Set<String> OPERATIONS =
      Stream.of(Operation.values())
          .flatMap(operation -> Stream.of(Maker.values()).map(operation::benchmark))
          .collect(Collectors.toUnmodifiableSet());

  private final String name;
  private final Map<Key, Estimate> times = new LinkedHashMap<>();
  private final Set<String> javas = new LinkedHashSet<>();
  private final Set<String> flags = new LinkedHashSet<>();
  private final Set<String> efforts = new LinkedHashSet<>();
  private final Set<String> backends = new LinkedHashSet<>();

  private ResultsFile(String name) {
    this.name = name;
  }

  /** Results as JMH writes them, with as many forks as each really had. */
  static byte[] write(Collection<RunResult> results) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, false, StandardCharsets.UTF_8)) {
      ResultFormatFactory.getInstance(ResultFormatType.JSON, out).writeOut(results);
    }
    try {
      JsonNode all = JSON.readTree(bytes.toByteArray());
      // every round was a run with one fork
      all.forEach(one -> ((ObjectNode) one).put("forks", one.at("/primaryMetric/rawData").size()));
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(all);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads results.
   *
   * @param name of the file, for messages
   * @throws UserError if it is not what JMH writes, or has nothing for the report
   */
  static Results read(String name, byte[] json) {
    ResultsFile file = new ResultsFile(name);
    JsonNode all;
    try {
      all = JSON.readTree(json);
    } catch (JacksonException e) {
      throw file.problem("is not JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw file.problem(UserError.reason(e));
    }
    if (!all.isArray()) {
      throw file.problem("must be an array of results, as JMH writes with -rf json");
    }
    for (int i = 0; i < all.size(); i++) {
      file.add(i, all.get(i));
    }
    return file.results();
  }

  private UserError problem(String problem) {
    return new UserError("--from " + name + ": " + problem);
  }

  private UserError problem(int index, String field, JsonNode value, String allowed) {
    String text = value.isMissingNode() ? "missing" : value.toString();
    return problem(
        "result %d: %s must be %s, but is %s"
            .formatted(index, field, allowed, Words.shortened(text)));
  }

  private void add(int index, JsonNode result) {
    String benchmark = result.path("benchmark").asText();
    boolean floor = FLOORS.contains(benchmark);
    if (!floor && !OPERATIONS.contains(benchmark)) {
      return;
    }
    JsonNode params = result.path("params");
    Key key =
        new Key(
            benchmark,
            floor ? null : layout(index, params.path("layout")),
            shape(index, params.path("shape")),
            threads(index, params.path("threads")));
    if (!"avgt".equals(result.path("mode").asText())) {
      throw problem(index, "mode", result.path("mode"), "avgt");
    }
    if (times.put(key, estimate(index, result.path("primaryMetric"))) != null) {
      throw problem("result %d: a second one of %s".formatted(index, key));
    }
    if (params.has("backend")) {
      backends.add(params.path("backend").asText());
    }
    javas.add(words(result, "jdkVersion", "vmName", "vmVersion"));
    flags.add(
        result
            .path("jvmArgs")
            .valueStream()
            .map(JsonNode::asText)
            .collect(Collectors.joining(" ")));
    efforts.add(
        "%s JVMs, each %s x %s of warm-up, then %s x %s"
            .formatted(
                result.path("forks").asText(),
                result.path("warmupIterations").asText(),
                result.path("warmupTime").asText(),
                result.path("measurementIterations").asText(),
                result.path("measurementTime").asText()));
  }

  private static String words(JsonNode result, String... fields) {
    return Arrays.stream(fields)
        .map(field -> result.path(field).asText())
        .collect(Collectors.joining(", "));
  }

  private Layout layout(int index, JsonNode value) {
    for (Layout layout : Layout.values()) {
      if (layout.name().equals(value.asText())) {
        return layout;
      }
    }
    throw problem(index, "layout", value, "NCHW or NHWC");
  }

  private String shape(int index, JsonNode value) {
    String shape = value.asText();
    // it becomes part of names of files
    if (shape.length() > 100 || !shape.matches("[1-9][0-9]*(x[1-9][0-9]*)+")) {
      throw problem(index, "shape", value, "N x C x spatial, such as 32x64x56x56");
    }
    try {
      BenchmarkShapes.parse(Layout.NCHW, shape);
    } catch (IllegalArgumentException e) {
      throw problem("result " + index + ": " + e.getMessage());
    }
    return shape;
  }

  private int threads(int index, JsonNode value) {
    int threads = value.asInt(0);
    if (threads < 1 || threads > MAX_THREADS) {
      throw problem(index, "threads", value, "1 to " + MAX_THREADS);
    }
    return threads;
  }

  private Estimate estimate(int index, JsonNode metric) {
    Double scale = MICROSECONDS.get(metric.path("scoreUnit").asText());
    if (scale == null) {
      throw problem(index, "scoreUnit", metric.path("scoreUnit"), "a time per operation");
    }
    double score = metric.path("score").asDouble(Double.NaN) * scale;
    if (!(score >= SHORTEST) || score > LONGEST) {
      throw problem(index, "score", metric.path("score"), "a time above 0");
    }
    // JMH writes "NaN", in quotes, where there were too few iterations
    double low = metric.at("/scoreConfidence/0").asDouble(Double.NaN) * scale;
    double high = metric.at("/scoreConfidence/1").asDouble(Double.NaN) * scale;
    if (low > score || high < score || high > LONGEST || low < -LONGEST) {
      throw problem(
          index, "scoreConfidence", metric.path("scoreConfidence"), "an interval round score");
    }
    return new Estimate(score, low, high);
  }

  private Results results() {
    if (times.keySet().stream().allMatch(key -> FLOORS.contains(key.benchmark()))) {
      throw problem("holds no time of an operation of Lanenorm's");
    }
    if (backends.size() > 1) {
      throw problem("must be of one back end, but is of " + Words.shortened(backends.toString()));
    }
    Results results =
        new Results(times, joined(javas), joined(flags), joined(efforts), joined(backends));
    if (results.settings().size() > MAX_SETTINGS) {
      throw problem(
          "must be of at most %d shapes, but is of %d"
              .formatted(MAX_SETTINGS, results.settings().size()));
    }
    return results;
  }

  private static String joined(Set<String> some) {
    return String.join("; ", some);
  }
}
