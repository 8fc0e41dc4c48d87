package org.lanenorm.cli;

import java.io.IOException;
import java.util.function.Consumer;
import org.lanenorm.files.LayerParameters;
import org.lanenorm.files.ParameterFile;
import picocli.CommandLine.Option;

/** Which layer a command works with. */
final class LayerOptions {
  /** Where neither the user nor the file states one: PyTorch's. */
  static final double EPSILON = 1e-5;

  /** What the help of every command with these options says about P. */
  static final String HELP =
      "P is a safetensors file (a layer is the prefix of PyTorch's names), an ONNX model (a layer is"
          + " a BatchNormalization node) or an .npz file whose arrays are named as in safetensors;"
          + " lanenorm inspect P lists the layers.";

  @Option(names = "--params", paramLabel = "P", description = "The file of the layer's parameters.")
  private String file;

  @Option(
      names = "--layer",
      paramLabel = "NAME",
      description = "The layer of P; may be left out where there is one only.")
  private String layer;

  @Option(
      names = "--epsilon",
      paramLabel = "E",
      converter = Values.Epsilon.class,
      description =
          "Added to the variance inside the root. Default: what P states (ONNX does), else 1e-5.")
  private Double epsilon;

  /** The file, null for none. */
  String file() {
    return file;
  }

  /** The file, which must be given. */
  String requiredFile() {
    if (file == null) {
      throw new UserError("--params must name a file of parameters, but is not given");
    }
    return file;
  }

  /** The name of the layer, null for none. */
  String layer() {
    if (layer != null && file == null) {
      throw UserError.of("--layer", layer, "needs a file, --params, to be found in");
    }
    return layer;
  }

  /** What the user states; the default for a fresh layer. */
  double epsilon() {
    return epsilon == null ? EPSILON : epsilon;
  }

  /** What the user states, else the file, else the default, which is told. */
  double epsilon(LayerParameters parameters, Consumer<String> notes) {
    if (epsilon == null && parameters.epsilon().isEmpty()) {
      notes.accept("--params " + file + " states no epsilon: 1e-5 is used, PyTorch's default");
    }
    return epsilon == null ? parameters.epsilon().orElse(EPSILON) : epsilon;
  }

  /** Reads the layer of the open file. */
  LayerParameters read(ParameterFile opened) throws IOException {
    if (layer != null) {
      return opened.layer(layer);
    }
    if (opened.layers().size() == 1) {
      return opened.layer(opened.layers().getFirst());
    }
    throw UserError.of(
        "--params",
        file,
        opened.layers().isEmpty()
            ? "must hold a batch normalization layer, but holds none"
            : "holds several layers, so --layer must name one: " + Names.list(opened.layers()));
  }
}
