package org.lanenorm.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.lanenorm.FoldedWeights;
import org.lanenorm.WeightLayout;
import org.lanenorm.files.ElementType;
import org.lanenorm.files.LayerParameters;
import org.lanenorm.files.Npy;
import org.lanenorm.files.Npz;
import org.lanenorm.files.ParameterFile;
import org.lanenorm.files.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lanenorm fold}: a layer into the weights of the layer in front of it. */
@Command(
    name = "fold",
    description = {
      "Fold a batch normalization layer into the convolution or dense layer in front of it.",
      ""
    },
    footer = {
      "",
      LayerOptions.HELP,
      "W and B are an array of P by its name, FILE:NAME for one of another such file, or an .npy"
          + " file.",
      "F.npz receives weight and bias (float32, W's shape and one number per channel).",
      "The weight error of a channel is at least the sum of what its weights were rounded by: an"
          + " output is off by at most that times the largest |x|, and the bias error. Adding up the"
          + " products has errors of its own.",
      "Exit status: 0, or 2 on bad input."
    })
final class FoldCommand extends PlainCommand {
  @Mixin private LayerOptions layer;

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "W",
      description = "The weights to fold into (float64 is rounded).")
  private String weightsName;

  @Option(
      names = "--bias",
      paramLabel = "B",
      description = "The bias that goes with them. Default: none.")
  private String biasName;

  @Option(
      names = "--layout",
      required = true,
      paramLabel = "LAYOUT",
      converter = Values.WeightLayoutName.class,
      description =
          "How W lies in memory: oihw (convolutions of PyTorch, ONNX; of 1 to 3 dimensions), ohwi"
              + " (TensorFlow Lite), hwio (Keras), oi (dense, PyTorch), io (dense, Keras), iohw"
              + " (transposed, PyTorch, ONNX) or hwoi (transposed, Keras).")
  private WeightLayout layout;

  @Option(
      names = "--groups",
      paramLabel = "G",
      defaultValue = "1",
      converter = Values.Groups.class,
      description = "Groups of a transposed convolution in iohw. Default: ${DEFAULT-VALUE}.")
  private int groups;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "F.npz",
      description = "Write the folded weights and bias.")
  private String output;

  @Override
  public Integer call() {
    String file = layer.requiredFile();
    try (Outputs outputs = new Outputs()) {
      outputs.announce("--output", output);
      Inputs.open(
          "--params",
          file,
          opened -> {
            fold(opened, outputs);
            return null;
          });
      outputs.commit();
      out().println("wrote " + output);
      return 0;
    }
  }

  private void fold(ParameterFile file, Outputs outputs) throws IOException {
    LayerParameters parameters = layer.read(file);
    double epsilon = layer.epsilon(parameters, this::note);
    Tensor weights = array("--weights", weightsName, file);
    Tensor bias = biasName == null ? null : array("--bias", biasName, file);
    if (bias != null && !Arrays.equals(bias.shape(), new int[] {parameters.channels()})) {
      throw UserError.of(
          "--bias",
          biasName,
          "must be of shape %s, one per channel of layer %s, but is %s"
              .formatted(Tensor.describe(parameters.channels()), parameters, bias));
    }
    noteForgottenBias(file);
    FoldedWeights folded =
        parameters
            .folding(epsilon)
            .into(
                weights.floats(),
                weights.shape(),
                layout,
                groups,
                bias == null ? null : bias.floats());
    Map<String, Tensor> arrays = new LinkedHashMap<>();
    arrays.put("weight", Tensor.of(folded.weights(), weights.shape()));
    arrays.put("bias", Tensor.of(folded.bias(), folded.channels()));
    outputs.write("--output", out -> Npz.write(out, arrays));
    print(parameters, epsilon, weights, folded);
  }

  /** Beside most weights there is a bias, and folding without it would be silently wrong. */
  private void noteForgottenBias(ParameterFile file) {
    String beside = weightsName.replaceFirst("weight$", "bias");
    if (biasName == null && !beside.equals(weightsName) && file.names().contains(beside)) {
      note("--params also holds " + beside + ": give it as --bias if the layer adds it");
    }
  }

  private Tensor array(String argument, String name, ParameterFile params) throws IOException {
    Tensor array = read(argument, name, params);
    if (array.type() == ElementType.INT64) {
      throw UserError.of(argument, name, "must hold floats, but holds " + array);
    }
    if (array.type() == ElementType.FLOAT64) {
      note(argument + " " + name + ": float64, rounded to float32");
    }
    return array;
  }

  private static Tensor read(String argument, String name, ParameterFile params)
      throws IOException {
    if (params.names().contains(name)) {
      return params.read(name);
    }
    // a name may hold colons as well, so the first that ends a file's name counts
    for (int colon = name.indexOf(':'); colon > 0; colon = name.indexOf(':', colon + 1)) {
      String file = name.substring(0, colon);
      String member = name.substring(colon + 1);
      if (Inputs.exists(file)) {
        return Inputs.open(argument, file, opened -> opened.read(member));
      }
    }
    if (!Inputs.exists(name)) {
      throw UserError.of(
          argument, name, "must be an array of --params, FILE:NAME or an .npy file, but is none");
    }
    Path file = Inputs.file(argument, name);
    return Npy.read(file);
  }

  private void print(
      LayerParameters parameters, double epsilon, Tensor weights, FoldedWeights folded) {
    out()
        .println(
            "%s into %s %s, %s, epsilon %s"
                .formatted(
                    Names.shown(parameters.name()),
                    Names.shown(weightsName),
                    Tensor.describe(weights.shape()),
                    layout,
                    Table.number(epsilon)));
    Table table = new Table("channel", "weight error", "relative", "bias", "bias error");
    table.channels(
        folded.channels(),
        c ->
            new String[] {
              Integer.toString(c),
              Table.number(folded.weightError(c)),
              Table.number(folded.relativeWeightError(c)),
              Table.number(folded.bias()[c]),
              Table.number(folded.biasError(c))
            });
    out().print(table);
  }
}
