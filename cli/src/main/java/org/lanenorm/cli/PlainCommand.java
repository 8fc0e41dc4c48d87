package org.lanenorm.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What commands have in common: where they print. */
abstract class PlainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

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
