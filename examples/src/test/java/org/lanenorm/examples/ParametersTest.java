package org.lanenorm.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParametersTest {
  @TempDir Path folder;

  private static byte[] bundled(String name) throws IOException {
    try (InputStream in = Main.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private Path file(String name, byte... content) throws IOException {
    return Files.write(folder.resolve(name), content);
  }

  @Test
  void bothFilesGiveTheSameBits() {
    Run run = Run.of("parameters");
    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    assertThat(run.out())
        .contains("safetensors has the layers bn1, bn2, bn3")
        .contains("bn2 (4 channels, float32) and /bn2/BatchNormalization")
        .contains("y = (x - mean)/sqrt(variance + 0.0010000000474974513)*gamma + beta")
        .containsOnlyOnce("y is off by up to 1.3e-02")
        .doesNotContain("DIFFERENT");
    assertThat(run.out().split("the same bits", -1)).hasSize(4);
  }

  @Test
  void filesOfOnesOwn() throws IOException {
    byte[] state = bundled("network.safetensors");
    byte[] model = bundled("network.onnx");
    Path modelFile = file("model.onnx", model);
    assertThat(Run.of("parameters", file("state.safetensors", state), modelFile).status()).isZero();
    // the last array is a variance: its last number times 4
    state[state.length - 1] += 1;
    Run changed = Run.of("parameters", file("changed.safetensors", state), modelFile);
    assertThat(changed.status()).isEqualTo(1);
    assertThat(changed.out()).containsOnlyOnce("DIFFERENT");
  }

  @Test
  void badFilesAreRefused() throws IOException {
    Path state = file("state.safetensors", bundled("network.safetensors"));
    Path model = file("model.onnx", bundled("network.onnx"));
    Run.of("parameters", state).isRefused("FILE", "two");
    Run.of("parameters", state, folder.resolve("none")).isRefused("none", "no such file");
    Run.of("parameters", file("text", "text".getBytes(StandardCharsets.UTF_8)), model)
        .isRefused("text", "none of them");
    Run.of("parameters", state, state).isRefused("/bn1/BatchNormalization");
    Run.of("parameters", model, model).isRefused("must have a node");
  }
}
