package org.lanenorm.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The bundled files, which other tests and the examples read. */
class ExampleFilesTest {
  private static ParameterFile open(String name) throws IOException, URISyntaxException {
    return ParameterFile.open(Path.of(ExampleFilesTest.class.getResource(name).toURI()));
  }

  @Test
  void theyAreWhatTheirWriterWrites() throws IOException {
    assertThat(NpyTest.fixture("network.safetensors")).isEqualTo(ExampleFiles.safetensors());
    assertThat(NpyTest.fixture("network.onnx")).isEqualTo(ExampleFiles.onnx());
  }

  @Test
  void bothHoldTheSameLayers() throws Exception {
    Map<String, String> names =
        Map.of(
            "bn1", "/bn1/BatchNormalization",
            "bn2", "/bn2/BatchNormalization",
            "bn3", "/bn3/BatchNormalization");
    try (ParameterFile state = open("network.safetensors");
        ParameterFile model = open("network.onnx")) {
      assertThat(state.layers()).containsExactly("bn1", "bn2", "bn3");
      assertThat(model.layers()).containsExactlyInAnyOrderElementsOf(names.values());
      for (String name : state.layers()) {
        LayerParameters fromState = state.layer(name);
        LayerParameters fromModel = model.layer(names.get(name));
        assertThat(fromState.mean()).isEqualTo(fromModel.mean());
        assertThat(fromState.variance()).isEqualTo(fromModel.variance());
        assertThat(fromState.batches()).hasValue(1000);
        assertThat(fromModel.opset()).hasValue(17);
        if (name.equals("bn3")) {
          assertThat(fromState.gamma()).isNull();
          assertThat(fromModel.gamma()).containsOnly(1);
          assertThat(fromModel.beta()).containsOnly(0);
        } else {
          assertThat(fromState.gamma()).isEqualTo(fromModel.gamma());
          assertThat(fromState.beta()).isEqualTo(fromModel.beta());
        }
      }
      assertThat(state.layer("bn2").gamma()).containsExactly(1, 1e-8f, -0.5f, 0.75f);
      assertThat(model.layer(names.get("bn2")).epsilon()).hasValue(1e-3f);
      assertThat(state.read("conv2.weight").floats())
          .isEqualTo(model.read("conv2.weight").floats());
    }
  }
}
