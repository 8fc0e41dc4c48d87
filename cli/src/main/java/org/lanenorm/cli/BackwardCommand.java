package org.lanenorm.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lanenorm.BatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.Momentum;
import org.lanenorm.TensorShape;
import org.lanenorm.files.Npy;
import org.lanenorm.files.Npz;
import org.lanenorm.files.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanenorm backward}: the gradients of a forward pass. */
@Command(
    name = "backward",
    description = {"Gradients by X, gamma and beta, from X and the gradient by Y.", ""},
    footer = {
      "",
      LayerOptions.HELP + " Without --layer, P may also be an .npz as in normalize.",
      "G.npz receives dgamma and dbeta (float32, one number per channel).",
      "Exit status: 0, or 2 on bad input."
    })
final class BackwardCommand extends FileCommand {
  @Parameters(
      index = "0",
      paramLabel = "X",
      description = "The forward pass's input, as in normalize.")
  private String xName;

  @Parameters(
      index = "1",
      paramLabel = "DY",
      description = "The gradient by its output, of the same shape.")
  private String dyName;

  @Mixin private LayerOptions layer;

  @Option(
      names = "--layout",
      paramLabel = "nchw|nhwc",
      converter = Values.LayoutName.class,
      description = "How X and DY lie in memory. Default: nchw, for pictures nhwc.")
  private Layout layout;

  @Option(
      names = "--mode",
      paramLabel = "training|frozen",
      defaultValue = "training",
      converter = Values.BackwardMode.Name.class,
      description =
          "Whether the forward pass normalized by X's own statistics (default) or by the running"
              + " ones, which are constants.")
  private Values.BackwardMode mode;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "DX.npy",
      description = "Write the gradient by X: float32, X's shape and layout.")
  private String output;

  @Option(
      names = "--gradients",
      required = true,
      paramLabel = "G.npz",
      description = "Write the gradients by gamma and beta.")
  private String gradients;

  @Override
  public Integer call() {
    String backend = Main.backend();
    layer.requiredFile();
    try (Outputs outputs = new Outputs();
        Threads threads = startThreads()) {
      outputs.announce("--output", output);
      outputs.announce("--gradients", gradients);
      Inputs inputs = new Inputs(layout, this::note);
      Input x = inputs.read("X", xName);
      Input dy = inputs.read("DY", dyName);
      TensorShape shape = x.shape();
      if (!dy.shape().equals(shape)) {
        throw UserError.of(
            "DY", dy.name(), "must have X's shape, " + shape + ", but is " + dy.shape());
      }
      float[] dGamma = new float[shape.channels()];
      float[] dBeta = new float[shape.channels()];
      Params params =
          Params.read(
              layer,
              Momentum.decay(1),
              shape.channels(),
              mode == Values.BackwardMode.FROZEN,
              this::note);
      float[] dx = backward(x, dy, dGamma, dBeta, params, threads);
      outputs.write("--output", out -> Npy.write(out, Tensor.of(dx, shape.dimensions())));
      outputs.write("--gradients", out -> Npz.write(out, arrays(dGamma, dBeta)));
      outputs.commit();
      print(shape, dGamma, dBeta, params.epsilon(), backend, threads);
      return 0;
    }
  }

  private float[] backward(
      Input x, Input dy, float[] dGamma, float[] dBeta, Params params, Threads threads) {
    TensorShape shape = x.shape();
    boolean training = mode == Values.BackwardMode.TRAINING;
    BatchNorm norm = new Setup(training, params, threads.parallelism()).layer(shape.channels());
    // y is computed for its statistics alone, and dInput takes its place
    float[] dx = new float[shape.length()];
    if (training) {
      norm.backward(
          x.values(),
          dy.values(),
          norm.forwardTraining(x.values(), dx, shape),
          dx,
          dGamma,
          dBeta,
          shape);
    } else {
      norm.backwardFrozen(x.values(), dy.values(), dx, dGamma, dBeta, shape);
    }
    return dx;
  }

  private static Map<String, Tensor> arrays(float[] dGamma, float[] dBeta) {
    Map<String, Tensor> arrays = new LinkedHashMap<>();
    arrays.put("dgamma", Tensor.of(dGamma, dGamma.length));
    arrays.put("dbeta", Tensor.of(dBeta, dBeta.length));
    return arrays;
  }

  private void print(
      TensorShape shape,
      float[] dGamma,
      float[] dBeta,
      double epsilon,
      String backend,
      Threads threads) {
    Table table = new Table("channel", "dgamma", "dbeta");
    table.channels(
        dGamma.length,
        c -> new String[] {Integer.toString(c), Table.number(dGamma[c]), Table.number(dBeta[c])});
    out()
        .println(
            "%s, %s, epsilon %s, %s, %s"
                .formatted(
                    shape, mode, Table.number(epsilon), backend, Threads.words(threads.count())));
    out().print(table);
    out().println("wrote " + output + " and " + gradients);
  }
}
