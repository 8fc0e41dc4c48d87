package org.lanenorm.jmh.report;

import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lanenorm.jmh.Metrics;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs benchmarks by JMH, each in JVMs of its own. */
final class Measuring {
  /** What the launcher tells this JVM alone; other options are for the forks as well. */
  private static final List<String> LAUNCHERS =
      List.of("-Dlanenorm.terminal=", "--sun-misc-unsafe-memory-access=");

  private final Effort effort;
  private final PrintStream log;
  private final OutputFormat format;
  private final Progress progress;

  /** Keeps this one from starting the next fork while the JVM ends. */
  private volatile boolean stopped;

  /** A benchmark of ours that failed. */
  static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final boolean interrupted;

    Failure(String message, boolean interrupted) {
      super(message);
      this.interrupted = interrupted;
    }

    /** Whether nothing is wrong but that the user had enough. */
    boolean interrupted() {
      return interrupted;
    }
  }

  /**
   * Ready to run.
   *
   * @param log of JMH
   */
  Measuring(Effort effort, PrintStream log, Progress progress) {
    this.effort = effort;
    this.log = log;
    this.format = OutputFormatFactory.createFormatInstance(log, VerboseMode.NORMAL);
    this.progress = progress;
  }

  /** The names of all benchmarks in this jar. */
  static Set<String> available() {
    OutputFormat silent = OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT);
    return BenchmarkList.defaultList().getAll(silent, List.of()).stream()
        .map(BenchmarkListEntry::getUsername)
        .collect(Collectors.toSet());
  }

  /** The back end to ask for, as the library's own properties say. */
  static String backend() {
    String kind = System.getProperty("lanenorm.backend", "vector");
    String bits = System.getProperty("lanenorm.vectorBits");
    return bits == null ? kind : kind + "-" + bits;
  }

  /**
   * Runs all tasks in every round.
   *
   * @return a result for each, but for peers' that failed
   * @throws Failure if one of ours did
   */
  List<RunResult> run(List<Task> tasks) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    // JMH passes on there what forks print, whatever its log is
    System.setOut(log);
    System.setErr(log);
    try {
      return rounds(tasks);
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private List<RunResult> rounds(List<Task> tasks) {
    Map<Task, RunResult> results = new LinkedHashMap<>();
    for (int round = 1; round <= effort.rounds(); round++) {
      double floor = Double.POSITIVE_INFINITY; // the one before an operation is its own
      for (Task task : tasks) {
        progress.starts(task, round);
        if (round > 1 && !results.containsKey(task)) {
          continue; // a peer that cannot
        }
        RunResult result = run(task, effort);
        if (task.layout() == null) {
          floor = score(result);
        } else if (!task.peer() && score(result) > Estimate.COLD * floor) {
          log.println("# Measured before it was compiled; again, with more of a warm-up");
          result = run(task, effort.patient());
        }
        if (result != null) {
          results.merge(task, result, Measuring::merged);
        }
      }
    }
    progress.ends();
    return new ArrayList<>(results.values());
  }

  private static double score(RunResult result) {
    return result.getPrimaryResult().getScore();
  }

  private static RunResult merged(RunResult some, RunResult more) {
    List<BenchmarkResult> all = new ArrayList<>(some.getBenchmarkResults());
    all.addAll(more.getBenchmarkResults());
    return new RunResult(some.getParams(), all);
  }

  /** Null if a peer failed. */
  private RunResult run(Task task, Effort effort) {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + Pattern.quote(task.benchmark()) + "$")
            .param("shape", task.setting().shape())
            .param("threads", Integer.toString(task.setting().threads()))
            .param("backend", backend())
            .forks(1)
            .warmupIterations(effort.warmups())
            .warmupTime(effort.warmup())
            .measurementIterations(effort.iterations())
            .measurementTime(effort.iteration())
            .jvmArgs(jvmArguments())
            .addProfiler(Metrics.class)
            .shouldFailOnError(true);
    if (task.layout() != null) {
      options.param("layout", task.layout().name());
    }
    try {
      if (stopped) {
        throw new RunnerException("interrupted");
      }
      return new Runner(options.build(), format).runSingle();
    } catch (RunnerException e) {
      String reason = reason(e);
      if (reason.contains("JMH lock")) {
        throw new UserError(
            "another JMH run is going on, which would spoil both; wait for its end, or set"
                + " LANENORM_JAVA_OPTS=-Djmh.ignoreLock=true");
      }
      String what = task.setting().title() + ", " + task.title();
      log.println("# " + what + " failed: " + reason);
      if (task.peer() && !stopped) {
        return null;
      }
      throw new Failure(what + " failed: " + reason, stopped);
    }
  }

  private static String[] jvmArguments() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> LAUNCHERS.stream().noneMatch(argument::startsWith))
        .toArray(String[]::new);
  }

  /** JMH wraps what went wrong in a fork several times. */
  private static String reason(Throwable e) {
    Throwable innermost = e;
    while (true) {
      if (innermost.getCause() != null) {
        innermost = innermost.getCause();
      } else if (innermost.getSuppressed().length > 0) {
        innermost = innermost.getSuppressed()[0];
      } else {
        return innermost.getMessage() == null ? innermost.toString() : innermost.getMessage();
      }
    }
  }

  /** Ends the JVM that is measuring, if any, and starts no other. */
  void stop() {
    stopped = true;
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
  }
}
