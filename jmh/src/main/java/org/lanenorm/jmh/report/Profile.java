package org.lanenorm.jmh.report;

import java.awt.font.FontRenderContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.jmh.BenchmarkShapes;
import org.lanenorm.jmh.report.Results.Setting;
import org.openjdk.jmh.results.RunResult;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code lanenorm profile}: which layout is faster on this machine. Exit status as of all commands:
 * 0, or 1 if a benchmark failed (each checks its own result), or 2 if the user can put it right
 * (with one line on standard error), or 3 for a defect of the program.
 */
@Command(
    name = "lanenorm profile",
    description = {
      "Measure shapes in NCHW and in NHWC beside plain reads and copies of the same memory, and"
          + " write a page that says which layout to choose.",
      ""
    },
    footer = {
      "",
      "DIR receives report.html (which needs no other file), charts/ (SVG and PNG), results.json"
          + " (JMH's own format), machine.json and jmh.log. An earlier report in it is replaced.",
      "Names of shapes: resnet50, resnet50-single, rows, odd, tiny, few-channels, all.",
      "Floors are a sum (read), y = a*x + b (copy) and two inputs to one output (copy2). Times are"
          + " means with JMH's 99.9 %% confidence intervals; where two overlap, the difference is"
          + " within noise. Every benchmark runs in JVMs of its own, with LANENORM_JAVA_OPTS.",
      "Exit status: 0, or 1 if a benchmark failed, or 2 on bad input."
    })
public final class Profile implements Callable<Integer> {
  private static final int FAILED = 1;
  private static final int BAD_INPUT = 2;
  private static final int DEFECT = 3;

  /** Where a shell expects it after an interrupt from the keyboard. */
  private static final int INTERRUPTED = 130;

  private static final String SHAPES = "32x64x56x56,32x256x14x14,8x64x28x28,1x512x7x7,256x512";

  /** From each level of a usual memory one. */
  private static final String QUICK_SHAPES = "32x256x14x14,1x512x7x7,256x512";

  private static final String OUTPUT = "lanenorm-profile";

  /** x, y, dOutput and dInput, or as many arrays of the floors, at 4 bytes each. */
  private static final int BYTES_PER_ELEMENT = 16;

  /** Of the processors, by other work. */
  private static final double BUSY = 0.3;

  @Spec private CommandSpec spec;

  @Option(
      names = "--shapes",
      paramLabel = "SHAPE",
      split = ",",
      description =
          "N x C x spatial, such as 32x64x56x56, in either layout; rows such as 256x512; or a name"
              + " (below). Default: "
              + SHAPES
              + ", with --quick "
              + QUICK_SHAPES)
  private List<String> shapes;

  @Option(
      names = "--threads",
      paramLabel = "N",
      split = ",",
      description = "Threads per call. Default: 1.")
  private List<Integer> threads;

  @Option(
      names = "--operations",
      paramLabel = "NAME",
      split = ",",
      description = "Of moments, training, inference, backward. Default: all.")
  private List<String> operations;

  @Option(
      names = "--peers",
      description = "Measure oneDNN, PyTorch and ONNX Runtime as well, if they were built in.")
  private boolean peers;

  @Option(
      names = "--quick",
      description = "Shorter: 2 JVMs for each benchmark instead of 3, and fewer shapes.")
  private boolean quick;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "New, empty, or an earlier report. Default: " + OUTPUT + ".")
  private String output = OUTPUT;

  @Option(
      names = "--from",
      paramLabel = "FILE",
      description =
          "Measure nothing: write the page of a results.json, or of any JMH result of these"
              + " benchmarks (-rf json).")
  private String from;

  @Option(names = "--verbose", description = "JMH's output on standard error, not in jmh.log.")
  private boolean verbose;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean help;

  /** Runs the command and returns its exit status. */
  public static int run(PrintWriter out, PrintWriter err, String... arguments) {
    try {
      return new CommandLine(new Profile())
          .setOut(out)
          .setErr(err)
          .setExpandAtFiles(false)
          .setUsageHelpWidth(96)
          .setParameterExceptionHandler((e, ignored) -> told(err, e.getMessage(), BAD_INPUT))
          .setExecutionExceptionHandler((e, command, ignored) -> failed(err, e))
          .execute(arguments);
    } finally {
      out.flush();
      err.flush();
    }
  }

  private static int failed(PrintWriter err, Exception e) throws Exception {
    if (e instanceof UserError) {
      return told(err, e.getMessage(), BAD_INPUT);
    }
    if (e instanceof Measuring.Failure failure) {
      return failure.interrupted() ? INTERRUPTED : told(err, e.getMessage(), FAILED);
    }
    if (System.getenv("LANENORM_TRACE") != null) {
      throw e;
    }
    return told(
        err, "this is a defect (LANENORM_TRACE=1 shows where), please report it: " + e, DEFECT);
  }

  /** One line, whatever a file or its name put into the message. */
  private static int told(PrintWriter err, String message, int status) {
    err.println("lanenorm: " + message.replaceAll("\\p{Cntrl}+", " ").strip());
    return status;
  }

  @Override
  public Integer call() {
    if (from == null) {
      measure();
    } else {
      render();
    }
    return 0;
  }

  /** Everything is checked before the folder is made. */
  private void measure() {
    requireValues("--shapes", shapes);
    requireValues("--threads", threads);
    requireValues("--operations", operations);
    Set<Operation> chosen = chosenOperations();
    Set<Integer> counts = chosenThreads();
    List<Setting> settings =
        chosenShapes(chosen).stream()
            .flatMap(shape -> counts.stream().map(count -> new Setting(shape, count)))
            .toList();
    Set<String> available = Measuring.available();
    List<Task> tasks = Task.all(settings, chosen, makers(available), available);
    requireFonts();
    Effort effort = quick ? Effort.QUICK : Effort.NORMAL;
    Machine machine = Machine.here(command(settings, counts));
    PrintWriter err = spec.commandLine().getErr();
    try (OutputFolder folder = new OutputFolder(output)) {
      folder.create();
      Progress progress = new Progress(tasks, effort, err, verbose);
      Measuring measuring = new Measuring(effort, log(folder), progress);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(measuring, folder, progress)));
      err.println(
          "%d benchmarks in %d rounds, about %s; JMH's output: %s"
              .formatted(
                  tasks.size(),
                  effort.rounds(),
                  Words.about(progress.total()),
                  verbose ? "below" : folder.log()));
      if (machine.load() > BUSY * machine.processors()) {
        err.println(
            "note: the load is " + Words.number(machine.load()) + ": other work disturbs this");
      }
      List<RunResult> runs = measuring.run(tasks);
      if (runs.size() < tasks.size()) {
        err.println(
            "note: %d benchmarks of peers failed and are left out; JMH's output says why"
                .formatted(tasks.size() - runs.size()));
      }
      byte[] json = ResultsFile.write(runs);
      write(folder, json, ResultsFile.read(OutputFolder.RESULTS, json), machine);
    }
  }

  /** On an interrupt, no JVM goes on and nothing unfinished stays. */
  private static void stop(Measuring measuring, OutputFolder folder, Progress progress) {
    measuring.stop();
    progress.ends();
    folder.close();
  }

  private PrintStream log(OutputFolder folder) {
    if (verbose) {
      return System.err;
    }
    try {
      return new PrintStream(Files.newOutputStream(folder.log()), true, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UserError(folder.log() + ": cannot be written: " + UserError.reason(e));
    }
  }

  /** The page of a file that is there already. */
  private void render() {
    for (String option :
        List.of("--shapes", "--threads", "--operations", "--peers", "--quick", "--verbose")) {
      if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new UserError(option + " cannot be given with --from, which measures nothing");
      }
    }
    Path file = path(from);
    byte[] json = bytes("--from " + from, file);
    Results results = ResultsFile.read(from, json);
    Path beside = file.toAbsolutePath().resolveSibling(OutputFolder.MACHINE);
    Machine machine =
        Files.exists(beside)
            ? Machine.read(beside.toString(), bytes(beside.toString(), beside))
            : Machine.UNKNOWN;
    requireFonts();
    try (OutputFolder folder = new OutputFolder(output)) {
      folder.create();
      write(folder, json, results, machine);
    }
  }

  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new UserError("--from '" + name + "': cannot be a path: " + e.getReason());
    }
  }

  private static byte[] bytes(String name, Path file) {
    if (!Files.isRegularFile(file)) {
      throw new UserError(
          name + ": " + (Files.exists(file) ? "must be an ordinary file" : "no such file"));
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(ResultsFile.MAX_BYTES + 1);
      if (bytes.length > ResultsFile.MAX_BYTES) {
        throw new UserError(name + ": must have at most " + Words.bytes(ResultsFile.MAX_BYTES));
      }
      return bytes;
    } catch (IOException e) {
      throw new UserError(name + ": " + UserError.reason(e));
    }
  }

  private void write(OutputFolder folder, byte[] json, Results results, Machine machine) {
    Page page = new Page(results, machine);
    for (Drawing drawing : page.drawings()) {
      String name = OutputFolder.CHARTS + "/" + drawing.name();
      folder.write(name + ".svg", drawing.svg().getBytes(StandardCharsets.UTF_8));
      folder.write(name + ".png", drawing.png());
    }
    folder.write(OutputFolder.RESULTS, json);
    folder.write(OutputFolder.MACHINE, machine.write());
    folder.write(OutputFolder.PAGE, page.html().getBytes(StandardCharsets.UTF_8));
    folder.commit();
    PrintWriter out = spec.commandLine().getOut();
    out.print(Sentences.summary(results));
    out.println(folder.path().resolve(OutputFolder.PAGE));
  }

  private static void requireValues(String option, List<?> values) {
    if (values != null && values.isEmpty()) {
      throw new UserError(option + ": must have at least one value");
    }
  }

  private Set<Operation> chosenOperations() {
    if (operations == null) {
      return EnumSet.allOf(Operation.class);
    }
    Set<Operation> chosen = EnumSet.noneOf(Operation.class);
    for (String name : operations) {
      chosen.add(
          Stream.of(Operation.values())
              .filter(operation -> operation.option().equals(name))
              .findFirst()
              .orElseThrow(
                  () ->
                      new UserError(
                          "--operations "
                              + name
                              + ": must be of "
                              + Stream.of(Operation.values())
                                  .map(Operation::option)
                                  .collect(Collectors.joining(", ")))));
    }
    return chosen;
  }

  private Set<Integer> chosenThreads() {
    int processors = Runtime.getRuntime().availableProcessors();
    Set<Integer> counts = threads == null ? Set.of(1) : new TreeSet<>(threads);
    for (int count : counts) {
      // the floors' threads spin: more of them than processors would measure the scheduler
      if (count < 1 || count > processors) {
        throw new UserError(
            "--threads %d: must be 1 to %d, the processors of this machine"
                .formatted(count, processors));
      }
    }
    return counts;
  }

  private Set<String> chosenShapes(Set<Operation> chosen) {
    List<String> names =
        shapes == null ? List.of((quick ? QUICK_SHAPES : SHAPES).split(",")) : shapes;
    Set<String> all;
    try {
      all = BenchmarkShapes.expand(names);
    } catch (IllegalArgumentException e) {
      throw new UserError("--shapes: " + e.getMessage());
    }
    boolean ownStatistics =
        chosen.contains(Operation.TRAINING) || chosen.contains(Operation.BACKWARD);
    long most = Runtime.getRuntime().maxMemory() / BYTES_PER_ELEMENT / 10 * 9;
    for (String shape : all) {
      TensorShape tensor = BenchmarkShapes.parse(Layout.NCHW, shape);
      if (tensor.length() == 0) {
        throw new UserError("--shapes " + shape + ": must have at least one element");
      }
      if (ownStatistics && tensor.count() == 1) {
        throw new UserError(
            "--shapes " + shape + ": training needs more than one value per channel");
      }
      if (tensor.length() > most) {
        throw new UserError(
            ("--shapes %s: must have at most %d elements, as Java may take %s; where the machine"
                    + " has more, set LANENORM_JAVA_OPTS=-Xmx64g or the like")
                .formatted(shape, most, Words.bytes(Runtime.getRuntime().maxMemory())));
      }
    }
    return all;
  }

  private List<Maker> makers(Set<String> available) {
    if (!peers) {
      return List.of(Maker.LANENORM);
    }
    boolean builtIn =
        Maker.PEERS.stream()
            .flatMap(peer -> Stream.of(Operation.values()).map(each -> each.benchmark(peer)))
            .anyMatch(available::contains);
    if (!builtIn) {
      throw new UserError(
          "--peers: the peers were not built in; 'mvn -Ppeers package -pl jmh -am -DskipTests'"
              + " does it");
    }
    return List.of(Maker.values());
  }

  /** A machine without any font would fail after all the measuring. */
  private static void requireFonts() {
    try {
      Drawing.FONT.getStringBounds("x", new FontRenderContext(null, true, true));
    } catch (RuntimeException | LinkageError e) {
      throw new UserError(
          "charts need a font, and Java finds none; install fontconfig and any font (for example"
              + " fonts-dejavu-core)");
    }
  }

  /** With everything that a default decided. */
  private String command(List<Setting> settings, Set<Integer> counts) {
    List<String> words = new ArrayList<>();
    String options = System.getenv("LANENORM_JAVA_OPTS");
    if (options != null && !options.isBlank()) {
      words.add("LANENORM_JAVA_OPTS='" + options.strip().replace("'", "'\\''") + "'");
    }
    words.add("./lanenorm profile --shapes");
    words.add(settings.stream().map(Setting::shape).distinct().collect(Collectors.joining(",")));
    words.add("--threads");
    words.add(counts.stream().map(String::valueOf).collect(Collectors.joining(",")));
    if (operations != null) {
      words.add("--operations " + String.join(",", operations));
    }
    if (peers) {
      words.add("--peers");
    }
    if (quick) {
      words.add("--quick");
    }
    return String.join(" ", words);
  }
}
