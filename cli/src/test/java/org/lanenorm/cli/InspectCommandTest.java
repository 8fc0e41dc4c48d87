package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanenorm.files.Tensor;

class InspectCommandTest {
  @TempDir Path folder;

  private static Tensor tensor(double... values) {
    return Tensor.of(values, values.length);
  }

  private Path bad() {
    double nan = Double.NaN;
    return Cli.npz(
        folder.resolve("bad.npz"),
        "a.running_mean",
        tensor(0, nan, 0, 0, 0),
        "a.running_var",
        tensor(1, 1, -1, 1e-4, 0),
        "a.weight",
        tensor(1, 1, 1, 1, -1e-7),
        "a.bias",
        tensor(0, 0, 0, Double.POSITIVE_INFINITY, 0),
        "b.running_mean",
        tensor(0, 0),
        "evil\u001b[31m\u009b31m.running_var",
        tensor(1));
  }

  @Test
  void theTableListsLayersAndTheLinesBelowWhatIsSuspicious() {
    String out = Cli.run("inspect", Cli.example("network.safetensors")).succeeds().out();
    List<String> lines = out.lines().toList();
    assertThat(lines).hasSize(7);
    assertThat(lines.get(0)).endsWith("network.safetensors: safetensors, 3 layers, 18 arrays");
    assertThat(lines.get(2)).matches("  bn1 +6  float32 +- +[0-9.]+ \\.\\. [0-9.]+ .* 0");
    assertThat(lines.get(3)).contains("0.5 .. 1  ").contains("1e-09 .. 2").endsWith(" 2");
    assertThat(lines.get(4)).matches("  bn3 +10  float32 +- +- +- .* 0");
    assertThat(lines.get(5)).isEqualTo("bn2: variance under epsilon in 1 channel (2)");
    assertThat(lines.get(6)).isEqualTo("bn2: gamma about 0 in 1 channel (1)");
  }

  @Test
  void anOnnxModelStatesItsEpsilons() throws Exception {
    String out = Cli.run("inspect", Cli.example("network.onnx"), "--json").succeeds().out();
    JsonNode layers = new ObjectMapper().readTree(out).get("layers");
    assertThat(layers.findValuesAsText("name"))
        .containsExactly(
            "/bn1/BatchNormalization", "/bn2/BatchNormalization", "/bn3/BatchNormalization");
    assertThat(layers.get(1).get("epsilon").asDouble()).isEqualTo(1e-3f);
    assertThat(layers.get(1).get("gamma").get("min").asDouble()).isEqualTo(-0.5);
    assertThat(layers.get(1).get("suspicious").toString())
        .isEqualTo(
            "{\"variance under epsilon\":{\"count\":1,\"first\":[2]},"
                + "\"gamma about 0\":{\"count\":1,\"first\":[1]}}");
    assertThat(layers.get(0).get("suspicious")).isEmpty();
  }

  @Test
  void everythingSuspiciousIsFoundByItsChannel() throws Exception {
    Cli run = Cli.run("inspect", bad(), "--epsilon=1e-3", "--json").succeeds();
    JsonNode layers = new ObjectMapper().readTree(run.out()).get("layers");
    JsonNode suspicious = layers.get(0).get("suspicious");
    assertThat(suspicious.get("NaN or infinity").get("first").toString()).isEqualTo("[1,3]");
    assertThat(suspicious.get("negative variance").get("first").toString()).isEqualTo("[2]");
    assertThat(suspicious.get("variance under epsilon").get("first").toString()).isEqualTo("[3,4]");
    assertThat(suspicious.get("gamma about 0").get("first").toString()).isEqualTo("[4]");
    assertThat(suspicious.get("NaN or infinity").get("count").asInt()).isEqualTo(2);
    assertThat(layers.get(0).get("variance").get("min").asDouble()).isEqualTo(-1);
    assertThat(layers.get(0).get("beta").get("max").isNull()).isTrue();
    assertThat(layers.get(1).get("problem").asText())
        .contains("running_mean or a running_var for layer 'b', but not both");
    assertThat(layers).hasSize(3);
  }

  @Test
  void aLayerThatCannotBeReadIsListedWithTheReasonAndNoNameReachesTheTerminalAsItIs() {
    String out = Cli.run("inspect", bad()).succeeds().out();
    assertThat(out)
        .contains("\na: NaN or infinity in 2 channels (1, 3)\n")
        .contains("\na: variance under epsilon in 1 channel (4)\n")
        .contains("\nb: cannot be read: ")
        .contains("  evil [31m 31m ")
        .doesNotContain("\u001b", "\u009b");
  }

  @Test
  void strictTellsByTheStatus() {
    assertThat(Cli.run("inspect", bad(), "--strict").status()).isEqualTo(1);
    Path good =
        Cli.npz(folder.resolve("good.npz"), "running_mean", tensor(0), "running_var", tensor(2));
    Cli run = Cli.run("inspect", good, "--strict").succeeds();
    assertThat(run.out()).contains("npz, 1 layer, 2 arrays").contains("\n  (no name) ");
    assertThat(Cli.run("inspect", good, "--strict", "--epsilon=3").status()).isEqualTo(1);
  }

  @Test
  void allArraysAreListedOnRequest() throws Exception {
    Path file = Cli.example("network.onnx");
    String out = Cli.run("inspect", file, "--arrays").succeeds().out();
    assertThat(out).contains("\n  conv2.weight", "float32 (4, 6, 3, 3)\n");
    assertThat(Cli.run("inspect", file).succeeds().out()).doesNotContain("conv2");
    String json = Cli.run("inspect", file, "--arrays", "--json").succeeds().out();
    assertThat(new ObjectMapper().readTree(json).get("arrays")).hasSize(17);
  }

  @Test
  void whatIsNoFileOfParametersIsRefused() throws Exception {
    Path text = Files.writeString(folder.resolve("notes.txt"), "These are no parameters.");
    Cli.run("inspect", text).isRefused("FILE: ", "must be an .npz, .safetensors or .onnx file");
    Cli.run("inspect", folder.resolve("none")).isRefused("FILE", "no such file");
    Path cut = folder.resolve("cut.safetensors");
    byte[] whole = Files.readAllBytes(Cli.example("network.safetensors"));
    Files.write(cut, java.util.Arrays.copyOf(whole, whole.length - 1));
    Cli.run("inspect", cut).isRefused("FILE: ", "cut.safetensors is truncated");
  }

  @Test
  void rangesLeaveNaNOut() {
    assertThat(Inspection.range(new float[] {Float.NaN, 2, -1})).containsExactly(-1, 2);
    assertThat(Inspection.range(new double[] {Double.NaN})).containsExactly(Double.NaN, Double.NaN);
    assertThat(Inspection.range(new float[] {0.1f})[0]).isCloseTo(0.1, within(1e-8));
  }

  @Test
  void ofManySuspiciousChannelsTheFirstAreNamed() {
    double[] zeros = new double[1000];
    Path file =
        Cli.npz(
            folder.resolve("zeros.npz"),
            "running_mean",
            tensor(zeros),
            "running_var",
            tensor(zeros));
    assertThat(Cli.run("inspect", file).succeeds().out())
        .contains("variance under epsilon in 1000 channels (0, 1, 2, 3, 4, 5, 6, 7, ...)\n");
  }
}
