package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanenorm.FoldedWeights;
import org.lanenorm.WeightLayout;
import org.lanenorm.files.LayerParameters;
import org.lanenorm.files.ParameterFile;
import org.lanenorm.files.Tensor;

class FoldCommandTest {
  @TempDir Path folder;

  private static final Path STATE = Cli.example("network.safetensors");
  private static final Path MODEL = Cli.example("network.onnx");

  private Path output() {
    return folder.resolve("folded.npz");
  }

  private Cli fold(Object... args) {
    return Cli.run(
        Stream.concat(Stream.of("fold", "--output", output()), Stream.of(args)).toArray());
  }

  /** Every digit through the first convolution, folded and not, in double. */
  @Test
  void aFoldedConvolutionOfTheDigitsIsWithinTheReportedBoundOfTheUnfoldedOne() throws Exception {
    fold(
            "--params",
            STATE,
            "--layer=bn1",
            "--epsilon=1e-5",
            "--weights=conv1.weight",
            "--bias=conv1.bias",
            "--layout=oihw")
        .succeeds();
    float[] weight = Cli.member(output(), "weight").floats();
    float[] bias = Cli.member(output(), "bias").floats();
    Input digits = new Inputs(null, note -> {}).bundled("digits.npz:images");
    try (ParameterFile file = ParameterFile.open(STATE)) {
      LayerParameters layer = file.layer("bn1");
      float[] w = file.read("conv1.weight").floats();
      float[] b = file.read("conv1.bias").floats();
      FoldedWeights folded =
          layer.folding(1e-5).into(w, new int[] {6, 1, 3, 3}, WeightLayout.OIHW, b);
      double largest = 0;
      for (int c = 0; c < 6; c++) {
        double k = layer.gamma()[c] / Math.sqrt(layer.variance()[c] + 1e-5);
        for (int n = 0; n < digits.shape().batch(); n++) {
          for (int s = 0; s < 36; s++) {
            int at = digits.shape().index(n, 0, s / 6 * 8 + s % 6);
            double sumAbs = 0;
            double unfolded = b[c] - layer.mean()[c];
            double y = bias[c];
            for (int i = 0; i < 9; i++) {
              float x = digits.values()[at + i / 3 * 8 + i % 3];
              unfolded += (double) w[c * 9 + i] * x;
              y += (double) weight[c * 9 + i] * x;
              sumAbs += Math.abs(x);
            }
            double error = Math.abs(y - (unfolded * k + layer.beta()[c]));
            largest = Math.max(largest, error);
            // the sums here are in double, whose roundings are some 2^-50 of 100
            assertThat(error)
                .isLessThanOrEqualTo(folded.bound(c, 16) + 1e-13)
                .isLessThanOrEqualTo(folded.boundOfSum(c, sumAbs) + 1e-13);
          }
        }
      }
      assertThat(largest).isGreaterThan(1e-8);
    }
  }

  @Test
  void anOnnxModelFoldsWithoutFurtherWords() {
    Cli run =
        fold(
                "--params",
                MODEL,
                "--layer=/bn2/BatchNormalization",
                "--weights=conv2.weight",
                "--layout=OIHW")
            .succeeds();
    assertThat(run.err()).isEmpty();
    List<String> lines = run.out().lines().toList();
    assertThat(lines.get(0))
        .isEqualTo("/bn2/BatchNormalization into conv2.weight (4, 6, 3, 3), OIHW, epsilon 0.001");
    assertThat(lines.get(1)).contains("weight error", "relative", "bias error");
    assertThat(lines).hasSize(7);
    assertThat(lines.get(6)).isEqualTo("wrote " + output());
    assertThat(Cli.member(output(), "weight").shape()).containsExactly(4, 6, 3, 3);
    // channel 1 has a gamma of 1e-8: almost nothing is left
    float[] weight = Cli.member(output(), "weight").floats();
    for (int i = 54; i < 108; i++) {
      assertThat(Math.abs(weight[i])).isLessThan(1e-8f);
    }
  }

  @Test
  void weightsComeFromAnyFileAndLayout() {
    float[] io = Cli.values(40, 5);
    Path npy = Cli.npy(folder.resolve("w.npy"), Tensor.of(io, 4, 10));
    Path npz = Cli.npz(folder.resolve("w:1.npz"), "fc:0", Tensor.of(io, 4, 10));
    List<float[]> folded = new ArrayList<>();
    for (Object weights : List.of(npy, npz + ":fc:0")) {
      Cli run =
          fold("--params", STATE, "--layer=bn3", "--weights", weights, "--layout=io").succeeds();
      assertThat(run.err().lines()).singleElement().asString().contains("states no epsilon");
      folded.add(Cli.member(output(), "weight").floats());
    }
    assertThat(folded.get(0)).isEqualTo(folded.get(1));
    float[] oi = new float[40];
    for (int i = 0; i < 40; i++) {
      oi[i % 10 * 4 + i / 10] = io[i];
    }
    double[] doubles = new double[40];
    Arrays.setAll(doubles, i -> oi[i]);
    Cli.npy(npy, Tensor.of(doubles, 10, 4));
    Cli run = fold("--params", STATE, "--layer=bn3", "--weights", npy, "--layout=oi").succeeds();
    assertThat(run.err()).contains("w.npy: float64, rounded to float32");
    float[] weight = Cli.member(output(), "weight").floats();
    for (int i = 0; i < 40; i++) {
      assertThat(weight[i % 10 * 4 + i / 10]).isEqualTo(folded.get(0)[i]);
    }
  }

  @Test
  void aBiasThatLiesBesideTheWeightsIsNotForgottenSilently() {
    Cli run =
        fold("--params", STATE, "--layer=bn1", "--weights=conv1.weight", "--layout=oihw")
            .succeeds();
    assertThat(run.err()).contains("note: --params also holds conv1.bias: give it as --bias");
  }

  @Test
  void whatDoesNotFitIsRefusedAndNothingIsWritten() {
    Object[] bn1 = {"--params", STATE, "--layer=bn1", "--epsilon=1e-5"};
    Object[][] wrong = {
      {"--weights=conv1.weight", "--layout=hwio", "6 output channels, but had 3"},
      {"--weights=conv2.weight", "--layout=oihw", "6 output channels, but had 4"},
      {"--weights=conv1.weight", "--layout=oi", "dimensions must be 2 for layout OI"},
      {"--weights=conv1.weight", "--layout=xy", "oihw, ohwi, hwio, oi, io, iohw or hwoi"},
      {"--weights=none", "--layout=oihw", "must be an array of --params, FILE:NAME or an .npy"},
      {"--weights=" + MODEL + ":none", "--layout=oihw", "has no array 'none'"},
      {"--weights=" + MODEL, "--layout=oihw", "is not an .npy file"},
      {"--weights=bn1.num_batches_tracked", "--layout=oihw", "must hold floats, but holds int64"},
      {"--weights=conv1.weight", "--layout=oihw", "--bias=bn2.bias", "must be of shape (6,)"},
      {"--weights=conv1.weight", "--layout=oihw", "--groups=0", "a whole number, 1 or more"},
      {"--weights=conv1.weight", "--layout=oihw", "--groups=2", "groups must be 1"},
    };
    for (Object[] row : wrong) {
      Object[] args = Arrays.copyOf(row, row.length - 1);
      fold(Stream.concat(Stream.of(bn1), Stream.of(args)).toArray())
          .isRefused((String) row[row.length - 1]);
    }
    fold("--weights=conv1.weight", "--layout=oihw").isRefused("--params must name a file");
    fold("--params", STATE, "--weights=conv1.weight").isRefused("--layout");
    assertThat(Cli.files(folder)).isEmpty();
  }
}
