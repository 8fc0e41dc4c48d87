package org.lanenorm.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.files.Npz;
import org.lanenorm.files.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanenorm stats}: moments over many files. */
@Command(
    name = "stats",
    description = {"Mean and variance per channel over all INPUTs together, each read once.", ""},
    footer = {
      "",
      "S.npz receives count (int64), mean and variance (float64, biased).",
      "Exit status: 0, or 2 on bad input."
    })
final class StatsCommand extends FileCommand {
  @Parameters(
      arity = "1..*",
      paramLabel = "INPUT",
      description =
          "As in normalize; all with the same number of channels, whatever their other dimensions.")
  private List<String> inputs;

  @Option(
      names = "--layout",
      paramLabel = "nchw|nhwc",
      converter = Values.LayoutName.class,
      description = "How the INPUTs lie in memory. Default: nchw, for pictures nhwc.")
  private Layout layout;

  @Option(names = "--output", paramLabel = "S.npz", description = "Write the statistics.")
  private String output;

  @Override
  public Integer call() {
    Main.backend();
    try (Outputs outputs = new Outputs();
        Threads threads = startThreads();
        Progress progress = new Progress("stats", inputs.size(), err())) {
      outputs.announce("--output", output);
      ChannelMoments moments = moments(threads, progress);
      outputs.write("--output", out -> Npz.write(out, statistics(moments)));
      outputs.commit();
      print(moments);
      return 0;
    }
  }

  private ChannelMoments moments(Threads threads, Progress progress) {
    Inputs reader = new Inputs(layout, this::note);
    MomentsAccumulator accumulator = null;
    for (String input : inputs) {
      Input x = reader.read("INPUT", input);
      int channels = x.shape().channels();
      if (accumulator == null) {
        accumulator = new MomentsAccumulator(channels, threads.parallelism());
      }
      if (channels != accumulator.channels()) {
        throw UserError.of(
            "INPUT",
            x.name(),
            "must have as many channels as the first INPUT, "
                + accumulator.channels()
                + ", but is "
                + x.shape());
      }
      accumulator.add(x.values(), 0, x.shape());
      progress.step(1);
    }
    return accumulator.moments();
  }

  private void print(ChannelMoments moments) {
    Table table = new Table("channel", "mean", "variance", "unbiased", "std");
    table.channels(
        moments.channels(),
        c ->
            new String[] {
              Integer.toString(c),
              Table.number(moments.mean(c)),
              Table.number(moments.variance(c)),
              Table.number(moments.unbiasedVariance(c)),
              Table.number(Math.sqrt(moments.variance(c)))
            });
    out().print(table);
    out()
        .println(
            "%d elements per channel from %d file%s"
                .formatted(moments.count(), inputs.size(), inputs.size() == 1 ? "" : "s"));
  }

  /** As they are stored: count, mean and biased variance. */
  static Map<String, Tensor> statistics(ChannelMoments moments) {
    Map<String, Tensor> arrays = new LinkedHashMap<>();
    arrays.put("count", Tensor.of(new long[] {moments.count()}));
    arrays.put("mean", Tensor.of(moments.means(), moments.channels()));
    arrays.put("variance", Tensor.of(moments.variances(), moments.channels()));
    return arrays;
  }
}
