package org.lanenorm.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.util.concurrent.Callable;
import org.lanenorm.Lanenorm;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;

/**
 * The command line. Exit status: 0, or 1 if a result is not what it must be, or 2 if the user can
 * put it right (with one line on standard error), or 3 for a defect of the program.
 */
@Command(
    name = "lanenorm",
    description = "Batch normalization whose bits depend on the numbers alone.",
    versionProvider = Main.Version.class,
    subcommands = {
      NormalizeCommand.class,
      StatsCommand.class,
      BackwardCommand.class,
      InspectCommand.class,
      FoldCommand.class,
      VerifyCommand.class,
      ProfileCommand.class,
      ExampleCommand.class
    },
    footer = {
      "",
      "Each command has its own --help. Exit status: 0, or 1 if a result is not what it must be,",
      "or 2 on bad input, which is told in one line."
    })
public final class Main implements Callable<Integer> {
  /** A result is not what it must be. */
  static final int WRONG = 1;

  /** Bad input. */
  static final int BAD_INPUT = 2;

  private static final int DEFECT = 3;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = CommandLine.ScopeType.INHERIT,
      description = "Show this help.")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      scope = CommandLine.ScopeType.INHERIT,
      description = "Show the versions of Lanenorm and Java, and the back end.")
  private boolean version;

  /** Runs one command and ends the JVM with its exit status. */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    takeRealStandardError();
    int status = run(new PrintWriter(System.out), new PrintWriter(System.err, true), args);
    System.exit(status);
  }

  /** Runs one command and returns its exit status. */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    try {
      return new CommandLine(new Main())
          .setOut(out)
          .setErr(err)
          .setExpandAtFiles(false)
          .setUsageHelpWidth(96)
          .setParameterExceptionHandler((e, ignored) -> badInput(err, e.getMessage()))
          .setExecutionExceptionHandler((e, command, ignored) -> failed(err, e))
          .execute(args);
    } catch (OutOfMemoryError e) {
      return badInput(
          err,
          "the input needs more memory than Java may take ("
              + (Runtime.getRuntime().maxMemory() >> 20)
              + " MB); where the machine has more, set LANENORM_JAVA_OPTS=-Xmx64g or the like");
    } finally {
      out.flush();
      err.flush();
    }
  }

  @Override
  public Integer call() {
    throw new UserError(
        "a command is needed: normalize, stats, backward, inspect, fold, verify, profile or example"
            + " (see lanenorm --help)");
  }

  private static int failed(PrintWriter err, Exception e) throws Exception {
    if (e instanceof UserError || e instanceof IllegalArgumentException) {
      return badInput(err, e.getMessage());
    }
    if (System.getenv("LANENORM_TRACE") != null) {
      throw e;
    }
    err.println(
        line("lanenorm: this is a defect (LANENORM_TRACE=1 shows where), please report it: " + e));
    return DEFECT;
  }

  private static int badInput(PrintWriter err, String message) {
    err.println(line("lanenorm: " + message));
    return BAD_INPUT;
  }

  /** One line, whatever a file or its name put into the message. */
  static String line(String message) {
    return message.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+", " ").strip();
  }

  /**
   * The name of the back end that will run.
   *
   * @throws UserError if the one that the user forces cannot be had
   */
  static String backend() {
    try {
      return Lanenorm.backend();
    } catch (IllegalStateException e) {
      throw new UserError(e.getMessage());
    }
  }

  /**
   * Java greets everyone who uses an incubating module with a warning on standard error, and no
   * option stops it. So the launcher gives the JVM a filtered standard error and passes the real
   * one as descriptor 3. Without the launcher nothing changes.
   */
  private static void takeRealStandardError() {
    Integer number = Integer.getInteger("lanenorm.stderr");
    if (number == null) {
      return;
    }
    try {
      Constructor<FileDescriptor> constructor =
          FileDescriptor.class.getDeclaredConstructor(int.class);
      constructor.setAccessible(true);
      FileOutputStream real = new FileOutputStream(constructor.newInstance(number));
      System.setErr(new PrintStream(real, true, System.err.charset()));
    } catch (ReflectiveOperationException | RuntimeException e) {
      // a Java that does not let us: the filtered one does
    }
  }

  /** For --version. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {
        "lanenorm " + (version == null ? "(not packaged)" : version),
        "Java " + System.getProperty("java.runtime.version") + ", back end " + backend()
      };
    }
  }
}
