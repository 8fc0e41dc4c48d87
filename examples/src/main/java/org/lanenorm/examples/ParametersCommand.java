package org.lanenorm.examples;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import org.lanenorm.Conventions;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.TensorShape;
import org.lanenorm.files.LayerParameters;
import org.lanenorm.files.ParameterFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code lanenorm example parameters}: the same layers as PyTorch saves them and as it exports them
 * to ONNX.
 */
@Command(
    name = "parameters",
    description = {
      "Normalize with the layers of a PyTorch state (safetensors) and with those of the same"
          + " network's ONNX file, and compare.",
      ""
    },
    footer = {
      "",
      "Exit status: 0, or 1 if both do not give the same bits with the same epsilon, or 2 on bad"
          + " input."
    })
final class ParametersCommand implements Callable<Integer> {
  private static final double DEFAULT_EPSILON = Conventions.pytorch().epsilon();

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..2",
      description = {
        "A .safetensors file and an .onnx file of one network. Default: those bundled, of a small"
            + " network with made-up numbers."
      })
  private List<String> files = List.of();

  @Override
  public Integer call() {
    if (files.isEmpty()) {
      return Bundled.use(
          "network.safetensors",
          state -> Bundled.use("network.onnx", model -> compare(state, model)));
    }
    if (files.size() != 2) {
      throw new UserError("FILE: must be two, of the state and of the ONNX model, but was one");
    }
    return compare(path(files.get(0)), path(files.get(1)));
  }

  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new UserError("FILE '" + name + "': cannot be a path: " + e.getReason());
    }
  }

  private int compare(Path stateFile, Path modelFile) {
    try (ParameterFile state = ParameterFile.open(stateFile);
        ParameterFile model = ParameterFile.open(modelFile)) {
      say("%s has the layers %s", state.format(), String.join(", ", state.layers()));
      say("%s has the layers %s", model.format(), String.join(", ", model.layers()));
      boolean same = true;
      for (String name : state.layers()) {
        String node = "/" + name.replace('.', '/') + "/BatchNormalization";
        say("");
        if (!model.layers().contains(node)) {
          throw new UserError(
              "FILE %s: must have a node %s for the layer %s of %s, but has none"
                  .formatted(modelFile, node, name, stateFile));
        }
        same &= compare(state.layer(name), model.layer(node));
      }
      return same ? 0 : Main.WRONG;
    } catch (NoSuchFileException e) {
      throw new UserError("FILE " + e.getFile() + ": no such file");
    } catch (IOException e) {
      throw new UserError("FILE: " + UserError.reason(e));
    }
  }

  /** Whether both give the same bits. */
  private boolean compare(LayerParameters ofState, LayerParameters ofModel) {
    double epsilon =
        ofModel
            .epsilon()
            .orElseThrow(
                () ->
                    new UserError("FILE: the second must be an .onnx file, which states epsilon"));
    if (ofState.channels() != ofModel.channels()) {
      throw new UserError(
          "FILE: both must have as many channels in " + ofState + " and " + ofModel);
    }
    FrozenBatchNorm exported = ofModel.freeze();
    FrozenBatchNorm saved = ofState.freeze(epsilon);
    FrozenBatchNorm assumed = ofState.freeze(DEFAULT_EPSILON);
    say("%s and %s", ofState, ofModel.name());
    say("  ONNX:        %s", exported);
    say("  safetensors: %s", saved);

    TensorShape shape = TensorShape.nchw(4, ofState.channels(), 8, 8);
    float[] x = like(ofState, shape);
    float[] y = normalize(exported, x, shape);
    boolean same = Arrays.equals(y, normalize(saved, x, shape));
    double difference = difference(y, normalize(assumed, x, shape));
    say("  with the epsilon that ONNX states for both: %s", same ? "the same bits" : "DIFFERENT y");
    say(
        "  with PyTorch's default for the state, which states none: y %s",
        difference == 0
            ? "is the same"
            : String.format(Locale.ROOT, "is off by up to %.1e", difference));
    return same;
  }

  /** Inputs as the layer has seen them in training: normal, with its running mean and variance. */
  private static float[] like(LayerParameters layer, TensorShape shape) {
    Random random = new Random(1);
    double[] mean = layer.mean();
    double[] variance = layer.variance();
    float[] x = new float[shape.length()];
    for (int n = 0; n < shape.batch(); n++) {
      for (int c = 0; c < shape.channels(); c++) {
        for (int s = 0; s < shape.spatial(); s++) {
          x[shape.index(n, c, s)] =
              (float) (mean[c] + StrictMath.sqrt(variance[c]) * random.nextGaussian());
        }
      }
    }
    return x;
  }

  private static float[] normalize(FrozenBatchNorm layer, float[] x, TensorShape shape) {
    float[] y = new float[x.length];
    layer.apply(x, y, shape);
    return y;
  }

  private static double difference(float[] a, float[] b) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs((double) a[i] - b[i]));
    }
    return largest;
  }

  private void say(String format, Object... values) {
    spec.commandLine().getOut().println(String.format(Locale.ROOT, format, values));
  }
}
