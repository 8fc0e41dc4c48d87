package org.lanenorm.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/**
 * {@code lanenorm profile}, so that the help lists it. The launcher runs it from the module jmh,
 * whose benchmarks need much that this one does not.
 */
@Command(
    name = "profile",
    description = {
      "Measure NCHW against NHWC on this machine, and write a page that says which to choose.",
      ""
    },
    footer = {
      "",
      "Its options are told by ./lanenorm profile --help: it is a program of its own, in"
          + " jmh/target/benchmarks.jar.",
      "Exit status: 0, or 1 if a benchmark failed, or 2 on bad input."
    })
final class ProfileCommand implements Callable<Integer> {
  @Unmatched private List<String> options;

  @Override
  public Integer call() {
    throw new UserError(
        "profile is run by the launcher ./lanenorm, or by java -cp jmh/target/benchmarks.jar"
            + " org.lanenorm.jmh.LayoutReport");
  }
}
