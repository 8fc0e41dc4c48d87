package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.files.ElementType;
import org.lanenorm.files.Tensor;

class NormalizeCommandTest {
  private static final TensorShape SHAPE = TensorShape.nchw(3, 4, 5, 7);
  private static final float[] X = Cli.values(SHAPE.length(), 1);

  @TempDir Path folder;

  private Path input() {
    return Cli.npy(folder.resolve("x.npy"), Tensor.of(X, SHAPE.dimensions()));
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  private static double[] meanAndVariance(int c) {
    float[] channel = Layouts.channel(X, SHAPE, c);
    double mean = 0;
    for (float value : channel) {
      mean += (double) value / channel.length;
    }
    double variance = 0;
    for (float value : channel) {
      variance += (value - mean) * (value - mean) / channel.length;
    }
    return new double[] {mean, variance};
  }

  @Test
  void trainingWritesTheNormalizedBatchAndItsStatistics() {
    Cli.normalize(input(), "--output", file("y.npy"), "--stats", file("s.npz")).succeeds();
    Tensor y = Cli.array(file("y.npy"));
    assertThat(y.type()).isEqualTo(ElementType.FLOAT32);
    assertThat(y.shape()).containsExactly(SHAPE.dimensions());
    assertThat(Cli.member(file("s.npz"), "count").longs()).containsExactly(105);
    double[] mean = Cli.member(file("s.npz"), "mean").doubles();
    double[] variance = Cli.member(file("s.npz"), "variance").doubles();
    double[] runningMean = Cli.member(file("s.npz"), "running_mean").doubles();
    double[] runningVariance = Cli.member(file("s.npz"), "running_var").doubles();
    for (int c = 0; c < 4; c++) {
      double[] exact = meanAndVariance(c);
      assertThat(mean[c]).isCloseTo(exact[0], within(1e-6));
      assertThat(variance[c]).isCloseTo(exact[1], within(1e-6));
      assertThat(runningMean[c]).isCloseTo(0.1 * exact[0], within(1e-6));
      assertThat(runningVariance[c]).isCloseTo(0.9 + 0.1 * exact[1] * 105 / 104, within(1e-6));
      float[] channel = Layouts.channel(y.floats(), SHAPE, c);
      float[] values = Layouts.channel(X, SHAPE, c);
      for (int i = 0; i < channel.length; i++) {
        assertThat((double) channel[i])
            .isCloseTo((values[i] - exact[0]) / Math.sqrt(exact[1] + 1e-5), within(1e-5));
      }
    }
    assertThat(Cli.files(folder)).containsExactly("s.npz", "x.npy", "y.npy");
  }

  @Test
  void theTableNamesEveryChannelAndTheLineTheVerdict() {
    String out = Cli.normalize(input(), "--threads=1").succeeds().out();
    assertThat(out).contains("x.npy: NCHW 3x4x5x7, training, epsilon 1e-05", "1 thread\n");
    assertThat(out.lines().skip(2).limit(4)).allMatch(line -> line.matches("  [0-3] .*"));
    assertThat(out.lines().skip(6))
        .singleElement()
        .asString()
        .matches(
            ".* ms, .* GB/s read [+] written, .* % of a plain copy, max error [0-9.]+ ulp,"
                + " same bits in NHWC");
  }

  @Test
  void ofManyChannelsTheFirstSixteenAreShown() {
    Tensor wide = Tensor.of(Cli.values(60, 2), 3, 20);
    String out = Cli.normalize(Cli.npy(file("x.npy"), wide)).succeeds().out();
    assertThat(out).contains("\n  15 ", "\n  and 4 more channels\n").doesNotContain("\n  16 ");
  }

  @Test
  void bothLayoutsOfOneTensorGiveTheSameFiles() {
    TensorShape nhwc = SHAPE.withLayout(Layout.NHWC);
    float[] permuted = Layouts.convert(X, SHAPE, Layout.NHWC);
    Path other = Cli.npy(file("nhwc.npy"), Tensor.of(permuted, nhwc.dimensions()));
    Cli.normalize(input(), "--output", file("a.npy"), "--stats", file("a.npz")).succeeds();
    Cli.normalize(other, "--layout=nhwc", "--output", file("b.npy"), "--stats", file("b.npz"))
        .succeeds();
    assertThat(file("a.npz")).hasSameBinaryContentAs(file("b.npz"));
    float[] y = Cli.array(file("b.npy")).floats();
    assertThat(Layouts.convert(y, nhwc, Layout.NCHW)).isEqualTo(Cli.array(file("a.npy")).floats());
  }

  @Test
  void inferenceUsesTheRunningStatisticsAndLeavesThem() {
    Path params =
        Cli.npz(
            file("p.npz"),
            "gamma",
            Tensor.of(new float[] {1, 2, 3, 4}, 4),
            "beta",
            Tensor.of(new double[] {0, 0.5, 0, 0}, 4),
            "running_mean",
            Tensor.of(new float[] {0, 3, 3, 3}, 4),
            "running_var",
            Tensor.of(new double[] {1, 4, 4, 4}, 4));
    Cli run =
        Cli.normalize(
                input(),
                "--mode=inference",
                "--epsilon=0",
                "--params",
                params,
                "--output",
                file("y.npy"),
                "--stats",
                file("s.npz"))
            .succeeds();
    assertThat(run.err()).contains("note: --params", "beta: float64, rounded to float32");
    float[] y = Cli.array(file("y.npy")).floats();
    int i = SHAPE.index(2, 1, 3);
    assertThat(y[i]).isCloseTo((X[i] - 3) * 2 / 2 + 0.5f, within(1e-6f));
    assertThat(Cli.member(file("s.npz"), "running_var").doubles()).containsExactly(1, 4, 4, 4);
    assertThat(Cli.member(file("s.npz"), "mean").doubles()[1])
        .isCloseTo(meanAndVariance(1)[0], within(1e-6));
  }

  @Test
  void inferenceWithoutRunningStatisticsSaysSo() {
    Cli run = Cli.normalize(input(), "--mode", "inference").succeeds();
    assertThat(run.err()).contains("mean 0, variance 1 are used");
  }

  @Test
  void momentumIsTheShareOfTheOld() {
    Cli.normalize(input(), "--momentum=0.25", "--stats", file("s.npz")).succeeds();
    assertThat(Cli.member(file("s.npz"), "running_mean").doubles()[0])
        .isCloseTo(0.75 * meanAndVariance(0)[0], within(1e-6));
  }

  @Test
  void jsonHoldsWhatTheTableShows() throws Exception {
    String out = Cli.normalize(input(), "--json", "--epsilon=1e-3").succeeds().out();
    JsonNode json = new ObjectMapper().readTree(out);
    assertThat(json.get("epsilon").asDouble()).isEqualTo(1e-3);
    JsonNode x = json.get("inputs").get(0);
    assertThat(x.get("shape").toString()).isEqualTo("[3,4,5,7]");
    assertThat(x.get("same_bits_in_other_layout").asBoolean()).isTrue();
    assertThat(x.get("max_error_ulps").asDouble()).isBetween(0.0, 4.0);
    assertThat(x.get("gigabytes_per_second").asDouble()).isPositive();
    assertThat(x.get("channels")).hasSize(4);
    assertThat(x.get("channels").get(3).get("mean").asDouble())
        .isCloseTo(meanAndVariance(3)[0], within(1e-6));
  }

  @Test
  void withoutInputTheBundledDigitsAndPhotographAreNormalized() throws Exception {
    Cli run = Cli.normalize("--json").succeeds();
    JsonNode inputs = new ObjectMapper().readTree(run.out()).get("inputs");
    assertThat(inputs.findValuesAsText("name"))
        .containsExactly("digits.npz:images", "astronaut.png");
    assertThat(inputs.get(0).get("shape").toString()).isEqualTo("[1797,1,8,8]");
    assertThat(inputs.get(1).get("shape").toString()).isEqualTo("[1,256,256,3]");
    assertThat(inputs.get(0).get("channels").get(0).get("mean").asDouble())
        .isCloseTo(4.884164579855314, within(1e-6)); // numpy's, in float64
    assertThat(run.err()).isEmpty();
    Cli.normalize("--output", file("y.npy")).isRefused("need an INPUT");
  }

  @Test
  void aChannelWithNaNIsToldAndTheOthersDoNotNotice() throws Exception {
    float[] x = X.clone();
    x[SHAPE.index(1, 2, 3)] = Float.NaN;
    Path file = Cli.npy(file("nan.npy"), Tensor.of(x, SHAPE.dimensions()));
    Cli run = Cli.normalize(file, "--json", "--stats", file("s.npz")).succeeds();
    assertThat(run.err()).contains("in 1 of 4 channels, the first is 2; their running");
    JsonNode channels = new ObjectMapper().readTree(run.out()).get("inputs").get(0).get("channels");
    assertThat(channels.get(2).get("mean").isNull()).isTrue();
    assertThat(channels.get(1).get("mean").asDouble())
        .isCloseTo(meanAndVariance(1)[0], within(1e-6));
    assertThat(Cli.member(file("s.npz"), "running_var").doubles()[2]).isEqualTo(1);
    assertThat(Cli.normalize(file).succeeds().out()).contains("NaN");
  }

  @Test
  void anEmptyBatchIsNormalizedToAnEmptyOne() {
    Path file = Cli.npy(file("x.npy"), Tensor.of(new float[0], 0, 3, 4));
    Cli run = Cli.normalize(file, "--output", file("y.npy"), "--stats", file("s.npz")).succeeds();
    assertThat(run.out()).contains("empty: nothing to normalize");
    assertThat(Cli.array(file("y.npy")).shape()).containsExactly(0, 3, 4);
    assertThat(Cli.member(file("s.npz"), "count").longs()).containsExactly(0);
    assertThat(Cli.member(file("s.npz"), "running_mean").doubles()).containsExactly(0, 0, 0);
  }

  @Test
  void whatCannotBeNormalizedIsRefused() {
    Path row = Cli.npy(file("row.npy"), Tensor.of(new float[5], 1, 5));
    Cli.normalize(row, "--output", file("y.npy")).isRefused("more than one value per channel");
    Path constant = Cli.npy(file("constant.npy"), Tensor.of(new float[10], 2, 5));
    Cli.normalize(constant, "--epsilon=0", "--output", file("y.npy")).isRefused("epsilon");
    assertThat(file("y.npy")).doesNotExist();
  }

  @Test
  void optionsOutsideTheirRangeAreRefused() {
    Cli.normalize(input(), "--epsilon=-1").isRefused("--epsilon", "0 or more", "'-1'");
    Cli.normalize(input(), "--epsilon=inf").isRefused("--epsilon", "finite", "'inf'");
    Cli.normalize(input(), "--momentum=1.5").isRefused("--momentum", "from 0 to 1", "'1.5'");
    Cli.normalize(input(), "--threads=0").isRefused("--threads", "1 to 1024", "'0'");
    Cli.normalize(input(), "--layout=hwc").isRefused("--layout", "nchw or nhwc", "'hwc'");
    Cli.normalize(input(), "--mode=frozen").isRefused("--mode", "training or inference");
    Cli.normalize(input(), "--nonsense").isRefused("--nonsense");
    Cli.normalize(input(), input()).isRefused("x.npy");
  }

  @Test
  void parametersThatDoNotFitAreRefused() {
    Tensor three = Tensor.of(new float[3], 3);
    Path p = Cli.npz(file("p.npz"), "gamma", three);
    Cli.normalize(input(), "--params", p).isRefused("p.npz:gamma", "(4,)", "float32 (3,)");
    p = Cli.npz(file("p.npz"), "weight", three, "bias", three);
    Cli.normalize(input(), "--params", p).isRefused("running_var", "holds weight, bias");
    p = Cli.npz(file("p.npz"), "running_var", Tensor.of(new double[] {1, -1, 1, 1}, 4));
    Cli.normalize(input(), "--params", p).isRefused("runningVariance[1]", "-1.0");
    Cli.normalize(input(), "--params", input())
        .isRefused("--params", "must be an .npz, .safetensors");
    Cli.normalize(input(), "--params", file("none.npz")).isRefused("none.npz: no such file");
    p = Cli.npz(file("p.npz"), "beta", Tensor.of(new long[4], 4));
    Cli.normalize(input(), "--params", p).isRefused("p.npz:beta", "int64");
  }

  @Test
  void whenOneOutputFailsNoneIsWritten() throws Exception {
    Cli.normalize(input(), "--output", file("y.npy"), "--stats", file("no/s.npz"))
        .isRefused("--stats", "must be in an existing folder");
    Cli.normalize(input(), "--output", file("y.npy"), "--stats", folder)
        .isRefused("--stats", "is a folder");
    Cli.normalize(input(), "--output", file("y"), "--stats", file("y"))
        .isRefused("--stats", "another file than --output");
    Cli.normalize(file("x.npy"), "--output", "/dev/null").isRefused("must be an ordinary file");
    assertThat(Cli.files(folder)).containsExactly("x.npy");
    byte[] before = Files.readAllBytes(file("x.npy"));
    Cli.normalize(file("x.npy"), "--output", file("x.npy"), "--epsilon=x").isRefused("--epsilon");
    assertThat(Files.readAllBytes(file("x.npy"))).isEqualTo(before);
  }

  @Test
  void theInputMayBeReplacedByTheOutput() {
    Cli.normalize(input(), "--output", file("x.npy")).succeeds();
    float[] y = Cli.array(file("x.npy")).floats();
    assertThat(y).hasSameSizeAs(X);
    assertThat(Arrays.equals(y, X)).isFalse();
  }

  @Test
  void aLayerOfASafetensorsFileOrAnOnnxModelNormalizes() throws Exception {
    TensorShape shape = TensorShape.nchw(2, 4, 3, 3);
    float[] x = Cli.values(shape.length(), 3);
    Path input = Cli.npy(file("x4.npy"), Tensor.of(x, shape.dimensions()));
    Cli state =
        Cli.normalize(
                input,
                "--mode=inference",
                "--params",
                Cli.example("network.safetensors"),
                "--layer=bn2",
                "--epsilon=1e-3",
                "--output",
                file("state.npy"))
            .succeeds();
    assertThat(state.err()).isEmpty();
    Cli model =
        Cli.normalize(
                input,
                "--mode=inference",
                "--params",
                Cli.example("network.onnx"),
                "--layer",
                "/bn2/BatchNormalization",
                "--output",
                file("model.npy"),
                "--json")
            .succeeds();
    assertThat(model.err()).isEmpty();
    float[] y = Cli.array(file("state.npy")).floats();
    // 1e-3 is a float in ONNX
    for (int i = 0; i < y.length; i++) {
      assertThat(Cli.array(file("model.npy")).floats()[i]).isCloseTo(y[i], within(1e-4f));
    }
    assertThat(y[shape.index(1, 3, 4)] - y[shape.index(0, 3, 2)])
        .isCloseTo(
            (float) ((x[shape.index(1, 3, 4)] - x[shape.index(0, 3, 2)]) * 0.75 / Math.sqrt(2.001)),
            within(1e-5f));
    JsonNode json = new ObjectMapper().readTree(model.out());
    assertThat(json.get("epsilon").asDouble()).isEqualTo(1e-3f);
    assertThat(json.get("momentum").asText()).isEqualTo("decay(0.8999999761581421)");
  }

  @Test
  void anEpsilonThatNobodyStatesIsTold() {
    Path file = Cli.example("network.safetensors");
    Path input = Cli.npy(file("x.npy"), Tensor.of(Cli.values(60, 4), 6, 10));
    Cli run = Cli.normalize(input, "--params", file, "--layer=bn3", "--mode=inference").succeeds();
    assertThat(run.err().lines())
        .singleElement()
        .asString()
        .contains("states no epsilon: 1e-5 is used");
  }

  @Test
  void aLayerThatCannotBeMeantIsRefused() {
    Path file = Cli.example("network.safetensors");
    Cli.normalize(input(), "--layer=bn2").isRefused("--layer bn2: needs a file, --params");
    Cli.normalize(input(), "--params", file)
        .isRefused("--params", "holds several layers, so --layer must name one: bn1, bn2, bn3");
    Cli.normalize(input(), "--params", file, "--layer=bn4")
        .isRefused("--params", "has no layer 'bn4'; it has 'bn1', 'bn2', 'bn3'");
    Cli.normalize(input(), "--params", file, "--layer=bn1")
        .isRefused("layer bn1 (6 channels, float32) must have as many channels as the input, 4");
  }

  @Test
  void aLayerOfAnNpzIsAPrefix() {
    Path file =
        Cli.npz(
            file("state.npz"),
            "a.running_mean",
            Tensor.of(new double[] {0, 3, 3, 3}, 4),
            "a.running_var",
            Tensor.of(new double[] {1, 4, 4, 4}, 4),
            "b.weight",
            Tensor.of(new float[] {1, 2}, 2));
    Cli.normalize(
            input(), "--mode=inference", "--params", file, "--epsilon=0", "--output", file("y.npy"))
        .succeeds();
    int i = SHAPE.index(2, 1, 3);
    assertThat(Cli.array(file("y.npy")).floats()[i]).isEqualTo((X[i] - 3) / 2);
  }
}
