package org.lanenorm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.lanenorm.Layout;
import org.lanenorm.Momentum;
import org.lanenorm.files.Npy;
import org.lanenorm.files.Npz;
import org.lanenorm.files.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanenorm normalize}: one forward pass, checked and timed. */
@Command(
    name = "normalize",
    description = {
      "Normalize a batch, check it against the oracle and time it.",
      "",
      "Without INPUT: the bundled digits (1797 images of 8 x 8, NCHW) and photograph (256 x 256,"
          + " NHWC).",
      ""
    },
    footer = {
      "",
      LayerOptions.HELP
          + " Without --layer, P may also be an .npz with gamma, beta, running_mean and running_var"
          + " by these names, one number per channel; what is missing there is 1, 0, 0 and 1.",
      "S.npz receives count (int64), mean and variance (float64, biased, of INPUT), running_mean"
          + " and running_var (float64, after the pass; the running variance takes the unbiased one"
          + " of the batch, as in PyTorch).",
      "A picture is one image with values 0 to 1; its alpha is left out.",
      "",
      "GB/s counts 8 bytes per element: x read once and y written once. A plain copy moves the same"
          + " bytes with as many threads. Times are medians after a warm-up.",
      "The error is the largest distance of y from the oracle's (exact moments, then double), in"
          + " float32 ulps of the channel's largest |gamma*xHat| + |beta|, the terms of y.",
      "Exit status: 0, or 1 if the other layout gave other bits, or 2 on bad input."
    })
final class NormalizeCommand extends FileCommand {
  private static final String[] BUNDLED = {"digits.npz:images", "astronaut.png"};

  @Parameters(
      arity = "0..1",
      paramLabel = "INPUT",
      description =
          "float32 .npy of 2 to 5 dimensions (float64 is rounded), a member of an .npz as"
              + " file.npz:name, or a .png or .jpg picture.")
  private String input;

  @Option(
      names = "--layout",
      paramLabel = "nchw|nhwc",
      converter = Values.LayoutName.class,
      description = "How INPUT lies in memory. Default: nchw, for pictures nhwc.")
  private Layout layout;

  @Option(
      names = "--mode",
      paramLabel = "training|inference",
      defaultValue = "training",
      converter = Values.Mode.Name.class,
      description = "Normalize by INPUT's own statistics (default) or by the running ones.")
  private Values.Mode mode;

  @Mixin private LayerOptions layer;

  @Option(
      names = "--momentum",
      paramLabel = "D",
      converter = Values.Share.class,
      description =
          "Share of the old running statistics that stays, as in Keras and ONNX (PyTorch's momentum"
              + " is 1 - D). Default: what P states, else 0.9.")
  private Double momentum;

  @Option(
      names = "--output",
      paramLabel = "Y.npy",
      description = "Write y: float32, INPUT's shape and layout.")
  private String output;

  @Option(names = "--stats", paramLabel = "S.npz", description = "Write the statistics.")
  private String stats;

  @Option(names = "--timing-seconds", hidden = true, defaultValue = "1.5") // tests are in a hurry
  private double timingSeconds;

  @Option(names = "--json", description = "Print one JSON object instead of the table.")
  private boolean json;

  @Override
  public Integer call() {
    String backend = Main.backend();
    if (input == null
        && (output != null || stats != null || layer.file() != null || layout != null)) {
      throw new UserError(
          "--output, --stats, --params and --layout need an INPUT, but there is none");
    }
    try (Outputs outputs = new Outputs();
        Threads threads = startThreads()) {
      outputs.announce("--output", output);
      outputs.announce("--stats", stats);
      List<Report> reports = new ArrayList<>();
      for (Input x : inputs()) {
        reports.add(report(x, threads));
      }
      if (input != null) {
        write(outputs, reports.get(0));
      }
      NormalizePrinter printer =
          new NormalizePrinter(mode, backend, threads.count(), output, stats);
      out().print(json ? printer.json(reports) : printer.text(reports));
      return reports.stream().allMatch(Report::sameBits) ? 0 : Main.WRONG;
    }
  }

  private List<Input> inputs() {
    Inputs inputs = new Inputs(layout, this::note);
    List<Input> read = new ArrayList<>();
    if (input != null) {
      read.add(inputs.read("INPUT", input));
    } else {
      for (String bundled : BUNDLED) {
        read.add(inputs.bundled(bundled));
      }
    }
    return read;
  }

  private Report report(Input x, Threads threads) {
    int channels = x.shape().channels();
    boolean training = mode == Values.Mode.TRAINING;
    Momentum decay = momentum == null ? null : Momentum.decay(momentum);
    Params params = Params.read(layer, decay, channels, !training, this::note);
    Setup setup = new Setup(training, params, threads.parallelism());
    final Report report;
    try (Progress progress = new Progress("checking " + x.name(), channels, err())) {
      report = Report.of(x, setup, threads, timingSeconds, progress);
    }
    int[] notFinite =
        IntStream.range(0, channels).filter(c -> !report.result().finite(c)).toArray();
    if (notFinite.length > 0) {
      note(
          "%s: NaN or infinity in %d of %d channels, the first is %d; %s"
              .formatted(
                  x.name(),
                  notFinite.length,
                  channels,
                  notFinite[0],
                  training
                      ? "their running statistics stay as they were"
                      : "they are not compared with the oracle"));
    }
    return report;
  }

  private void write(Outputs outputs, Report report) {
    Normalized result = report.result();
    outputs.write(
        "--output", out -> Npy.write(out, Tensor.of(result.y(), report.x().shape().dimensions())));
    Map<String, Tensor> statistics = StatsCommand.statistics(result.moments());
    int channels = report.x().shape().channels();
    statistics.put("running_mean", Tensor.of(result.runningMean(), channels));
    statistics.put("running_var", Tensor.of(result.runningVariance(), channels));
    outputs.write("--stats", out -> Npz.write(out, statistics));
    outputs.commit();
  }
}
