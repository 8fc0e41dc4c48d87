package org.lanenorm.examples;

import java.awt.Color;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Lanenorm;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lanenorm example digits}: trains a classifier, and puts it into use in three forms. */
@Command(
    name = "digits",
    description = {
      "Train a classifier of handwritten digits with two batch normalizations, freeze it, fold it,"
          + " and compare.",
      ""
    },
    footer = {
      "",
      "DIR receives loss.png, drift.png. The same seed gives the same numbers on every machine.",
      "Exit status: 0, or 1 where the accuracy is at most 96 %% or frozen and folded differ, or 2 on"
          + " bad input."
    })
final class DigitsCommand implements Callable<Integer> {
  private static final double LEAST_ACCURACY = 0.96;
  private static final int MOST_EPOCHS = 1000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      defaultValue = "lanenorm-digits",
      description = "For the pictures. Default: ${DEFAULT-VALUE}.")
  private String output;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "12",
      description = "Passes over the training digits. Default: ${DEFAULT-VALUE}.")
  private int epochs;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Of the first weights and of the order of digits. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Override
  public Integer call() {
    if (epochs < 1 || epochs > MOST_EPOCHS) {
      throw new UserError("--epochs " + epochs + ": must be 1 to " + MOST_EPOCHS);
    }
    OutputFolder folder = new OutputFolder(output);
    Digits digits = Digits.bundled();
    say(
        "%,d handwritten digits, every fifth held out; seed %d, back end %s",
        digits.count(), seed, Lanenorm.backend());
    say("");
    say("epoch    loss  held-out loss  accuracy");
    Training training = new Training(digits, epochs, seed);
    while (training.done().size() < epochs) {
      Training.Epoch epoch = training.epoch();
      say(
          "%5d  %6.4f  %13.4f  %s",
          training.done().size(), epoch.loss(), epoch.heldOutLoss(), percent(epoch.accuracy()));
    }
    say("");
    say("pictures: %s", folder.write("loss.png", loss(training.done())));
    say("          %s", folder.write("drift.png", drift(training.done())));
    say("");
    return compare(training);
  }

  /** The forms of the trained network, on the held-out digits. */
  private int compare(Training training) {
    Classifier classifier = training.classifier();
    List<Normalization> norms = classifier.normalizations();
    List<ChannelMoments> population = training.population();
    Digits heldOut = training.heldOut();
    say("On %d held-out digits, normalized by", heldOut.count());
    logits(
        "their own moments, as in training",
        heldOut,
        classifier.with(norms.stream().map(Normalization::observer).toList()));
    logits(
        "the training set's moments, exactly merged",
        heldOut,
        classifier.with(
            List.of(
                norms.get(0).frozen(population.get(0)), norms.get(1).frozen(population.get(1)))));
    float[] frozen = logits("the running statistics, frozen", heldOut, classifier.frozen());
    float[] folded = logits("weights they are folded into", heldOut, classifier.folded());

    double difference = 0;
    for (int i = 0; i < frozen.length; i++) {
      difference = Math.max(difference, Math.abs(frozen[i] - folded[i]));
    }
    int[] predictions = Classifier.predictions(frozen);
    boolean agree = Arrays.equals(predictions, Classifier.predictions(folded));
    say("");
    say(
        "Frozen and folded: %s predictions; logits differ by at most %.1e.",
        agree ? "the same" : "not the same", difference);
    if (!agree) {
      return wrong("frozen and folded must predict the same digits, but do not");
    }
    double accuracy = heldOut.accuracy(predictions);
    if (!(accuracy > LEAST_ACCURACY)) {
      return wrong(
          "the frozen network must be right on more than %s of the held-out digits, but was on %s"
              .formatted(percent(LEAST_ACCURACY), percent(accuracy)));
    }
    return 0;
  }

  private float[] logits(String name, Digits digits, List<? extends Layer> layers) {
    float[] logits = Classifier.run(layers, digits.images(), digits.count());
    double accuracy = digits.accuracy(Classifier.predictions(logits));
    say("  %-44s %s right", name, percent(accuracy));
    return logits;
  }

  private static double[] values(List<Training.Epoch> epochs, ToDoubleFunction<Training.Epoch> of) {
    return epochs.stream().mapToDouble(of).toArray();
  }

  private static byte[] loss(List<Training.Epoch> epochs) {
    double[] batches =
        epochs.stream().flatMapToDouble(epoch -> Arrays.stream(epoch.batchLosses())).toArray();
    double step = (double) epochs.size() / batches.length;
    return new LineChart("Digits: the loss while training", "cross-entropy (nats, log scale)")
        .line("each batch", LineChart.PALE, LineChart.Style.THIN, step, batches)
        .line(
            "training, mean of the epoch",
            LineChart.BLUE,
            LineChart.Style.DOTS,
            1,
            values(epochs, Training.Epoch::loss))
        .line(
            "held out, frozen",
            LineChart.ORANGE,
            LineChart.Style.DOTS,
            1,
            values(epochs, Training.Epoch::heldOutLoss))
        .png();
  }

  private static byte[] drift(List<Training.Epoch> epochs) {
    LineChart chart =
        new LineChart(
            "Digits: distance of running statistics from the training set's",
            "RMS over channels (%, log scale)");
    drift(chart, "conv", LineChart.BLUE, epochs, 0);
    drift(chart, "dense", LineChart.ORANGE, epochs, 1);
    return chart.png();
  }

  private static void drift(
      LineChart chart, String layer, Color color, List<Training.Epoch> epochs, int norm) {
    chart
        .line(
            layer + ": mean/std",
            color,
            LineChart.Style.DOTS,
            1,
            values(epochs, epoch -> 100 * epoch.drifts().get(norm).mean()))
        .line(
            layer + ": variance",
            color,
            LineChart.Style.DASHED_RINGS,
            1,
            values(epochs, epoch -> 100 * epoch.drifts().get(norm).variance()));
  }

  private int wrong(String message) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("lanenorm: " + message);
    return Main.WRONG;
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }

  private void say(String format, Object... values) {
    spec.commandLine().getOut().println(String.format(Locale.ROOT, format, values));
  }
}
