package org.lanenorm.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/**
 * {@code lanenorm example}, so that the help lists it. The launcher runs it from the module
 * examples, which nothing else depends on.
 */
@Command(
    name = "example",
    description = {
      "Run an example of the library's use: digits (a classifier is trained, frozen and folded),"
          + " parameters (layers from files) or epilogue (a convolution normalizes its tiles).",
      ""
    },
    footer = {
      "",
      "Its options are told by ./lanenorm example digits --help: it is a program of its own, in"
          + " examples/target/lanenorm-examples.jar.",
      "Exit status: 0, or 1 if a result is not what it must be, or 2 on bad input."
    })
final class ExampleCommand implements Callable<Integer> {
  @Unmatched private List<String> options;

  @Override
  public Integer call() {
    throw new UserError(
        "example is run by the launcher ./lanenorm, or by java --add-modules jdk.incubator.vector"
            + " -cp 'examples/target/lanenorm-examples.jar:examples/target/lib/*'"
            + " org.lanenorm.examples.Main");
  }
}
