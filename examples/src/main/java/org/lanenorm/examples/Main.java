package org.lanenorm.examples;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code ./lanenorm example NAME}. Exit status: 0, or 1 if a result is not what it must be, or 2 if
 * the user can put it right (with one line on standard error).
 */
@Command(
    name = "lanenorm example",
    description = "Examples of Lanenorm's use.",
    subcommands = {DigitsCommand.class, ParametersCommand.class, EpilogueCommand.class},
    footer = {"", "Each example has its own --help."})
public final class Main implements Callable<Integer> {
  /** A result is not what it must be. */
  static final int WRONG = 1;

  private static final int BAD_INPUT = 2;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = CommandLine.ScopeType.INHERIT,
      description = "Show this help.")
  private boolean help;

  /** Runs one example and ends the JVM with its exit status. */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    int status = run(new PrintWriter(System.out, true), new PrintWriter(System.err, true), args);
    System.exit(status);
  }

  /** Runs one example and returns its exit status. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    return new CommandLine(new Main())
        .setOut(out)
        .setErr(err)
        .setExpandAtFiles(false)
        .setUsageHelpWidth(96)
        .setParameterExceptionHandler((e, ignored) -> told(err, e.getMessage()))
        .setExecutionExceptionHandler(
            (e, command, ignored) -> {
              if (e instanceof UserError) {
                return told(err, e.getMessage());
              }
              throw e;
            })
        .execute(args);
  }

  private static int told(PrintWriter err, String message) {
    err.println("lanenorm: " + message.replaceAll("\\p{Cntrl}+", " ").strip());
    return BAD_INPUT;
  }

  @Override
  public Integer call() {
    throw new UserError(
        "an example is needed: digits, parameters or epilogue (see lanenorm example --help)");
  }
}
