package org.lanenorm.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanenorm.Layout;
import org.lanenorm.jmh.report.Results.Setting;

class ResultsFileTest {
  private static final String ONE =
      """
      {"benchmark": "org.lanenorm.jmh.MomentsBenchmark.moments", "mode": "avgt",
       "params": {"backend": "vector", "layout": "NCHW", "shape": "8x64x28x28", "threads": "1"},
       "primaryMetric": {"score": 20.0, "scoreConfidence": [19.0, 21.0], "scoreUnit": "us/op"}}\
      """;

  private static Results read(String json) {
    return ResultsFile.read("x.json", json.getBytes(StandardCharsets.UTF_8));
  }

  private static void isRefused(String json, String because) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(UserError.class)
        .message()
        .startsWith("--from x.json: ")
        .contains(because);
  }

  @Test
  void timesAreInMicrosecondsWhateverTheUnit() {
    Results results = Bundled.results();
    Setting two = new Setting("8x64x28x28", 2);
    assertThat(results.floor(two, Operation.BACKWARD).score()).isCloseTo(30, within(1e-9));
    Estimate moments = results.time(two, Operation.MOMENTS, Maker.LANENORM, Layout.NCHW);
    assertThat(moments.score()).isCloseTo(10.2, within(1e-9));
    assertThat(moments.error()).isCloseTo(0.1224, within(1e-3));
  }

  @Test
  void whatTheReportDoesNotKnowIsPassedOver() {
    Results results = Bundled.results();
    assertThat(results.settings())
        .containsExactly(
            new Setting("8x64x28x28", 1), new Setting("8x64x28x28", 2), new Setting("256x512", 1));
    assertThat(results.times()).hasSize(37);
    assertThat(results.backend()).isEqualTo("vector");
    assertThat(results.flags()).isEqualTo("--add-modules jdk.incubator.vector");
    assertThat(results.effort()).isEqualTo("3 JVMs, each 4 x 500 ms of warm-up, then 5 x 200 ms");
  }

  @Test
  void aSingleIterationHasNoInterval() {
    Results results = read("[" + ONE.replace("[19.0, 21.0]", "[\"NaN\", \"NaN\"]") + "]");
    assertThat(results.times().values()).singleElement().matches(time -> !time.bounded());
  }

  @Test
  void whatIsNoResultOfJmhIsRefused() {
    isRefused("", "must be an array");
    isRefused("{}", "must be an array");
    isRefused("[1, \"two\", [], null]", "no time of an operation");
    isRefused("[" + ONE, "is not JSON");
    isRefused("[".repeat(100_000), "is not JSON");
    isRefused("[" + ONE + "," + ONE + "]", "result 1: a second one of");
    isRefused(
        "[" + ONE.replace("MomentsBenchmark.moments", "BaselineBenchmark.read") + "]",
        "no time of an operation");
    isRefused(
        "[" + ONE + "," + ONE.replace("vector", "scalar").replace("NCHW", "NHWC") + "]",
        "must be of one back end");
    isRefused("[" + ONE.replaceAll("\"primaryMetric.*", "\"x\": 1}") + "]", "scoreUnit");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "8x64x28x28 | ../../evil       | shape must be N x C x spatial",
        "8x64x28x28 | 8x64x<b>         | shape must be N x C x spatial",
        "8x64x28x28 | 8                | shape must be N x C x spatial",
        "8x64x28x28 | +8x64            | shape must be N x C x spatial",
        "8x64x28x28 | 0x64             | shape must be N x C x spatial",
        "8x64x28x28 | 1x2x3x4x5x6      | spatial must have 0 to 3 dimensions",
        "8x64x28x28 | 99999x99999      | shape must have at most",
        "8x64x28x28 | 99999999999x1    | shape must be N x C x spatial",
        "NCHW       | NCWH             | layout must be NCHW or NHWC, but is \"NCWH\"",
        "\"1\"      | \"0\"            | threads must be 1 to 4096",
        "\"1\"      | \"many\"         | threads must be 1 to 4096",
        "avgt       | thrpt            | mode must be avgt",
        "us/op      | ops/s            | scoreUnit must be a time per operation",
        "20.0       | -1               | score must be a time above 0",
        "20.0       | 0                | score must be a time above 0",
        "20.0       | 1e999            | score must be a time above 0",
        "20.0       | 1e300            | score must be a time above 0",
        "20.0       | 1e-320           | score must be a time above 0",
        "21.0]      | 1e300]           | scoreConfidence must be an interval round score",
        "20.0       | \"fast\"         | score must be a time above 0",
        "20.0       | null             | score must be a time above 0",
        "[19.0      | [20.5            | scoreConfidence must be an interval round score",
      })
  void aWrongValueIsNamed(String right, String wrong, String because) {
    isRefused("[" + ONE.replace(right, wrong) + "]", "result 0: ");
    isRefused("[" + ONE.replace(right, wrong) + "]", because);
  }

  @Test
  void moreShapesThanAnyoneWouldReadAreRefused() {
    isRefused(
        IntStream.rangeClosed(2, 202)
            .mapToObj(batch -> ONE.replace("8x64x28x28", batch + "x1"))
            .collect(Collectors.joining(",", "[", "]")),
        "at most 200 shapes, but is of 201");
  }
}
