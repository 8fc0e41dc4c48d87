package org.lanenorm.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands that compute on files have in common. */
abstract class FileCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--threads",
      paramLabel = "T",
      converter = Values.ThreadCount.class,
      description = "Threads to work with; results do not depend on it. Default: all cores.")
  private Integer threads;

  Threads startThreads() {
    return new Threads(threads == null ? Runtime.getRuntime().availableProcessors() : threads);
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Something that the user should know and that is no error. */
  void note(String text) {
    err().println(Main.line("note: " + text));
    err().flush();
  }
}
