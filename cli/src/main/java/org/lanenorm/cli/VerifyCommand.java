package org.lanenorm.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lanenorm.cli.VerifyReport.Outcome;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code lanenorm verify}: every back end of this machine against the scalar one and the oracle.
 */
@Command(
    name = "verify",
    description = {
      "Check every back end and vector width of this machine: the same bits as the scalar one, in"
          + " both layouts, on 1 and 4 threads; and the errors against an oracle in exact"
          + " arithmetic.",
      ""
    },
    footer = {
      "",
      "Errors are in u = 2^-24 times the size of the terms that a result is the sum of; the last row"
          + " is what the library promises for every finite input.",
      "Exit status: 0, or 1 on any difference or any error beyond what is allowed."
    })
final class VerifyCommand implements Callable<Integer> {
  private static final String REFERENCE = "scalar";
  private static final List<String> BACKENDS =
      List.of(REFERENCE, "vector-128", "vector-256", "vector-512");

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    int steps = BACKENDS.size() * VerifyCase.ALL.size();
    try (Progress progress = new Progress("verify", steps, spec.commandLine().getErr())) {
      for (String backend : BACKENDS) {
        outcomes.put(backend, run(backend, progress));
      }
    }
    VerifyReport report = new VerifyReport(REFERENCE, outcomes);
    spec.commandLine().getOut().print(report.text());
    return report.right() ? 0 : Main.WRONG;
  }

  private static Outcome run(String backend, Progress progress) {
    Outcome outcome = new Outcome();
    try {
      Process process = start(backend);
      StringBuilder complaints = new StringBuilder();
      Thread reader = Thread.ofVirtual().start(() -> read(process.errorReader(), complaints));
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          progress.step(outcome.take(line) ? 1 : 0);
        }
      }
      reader.join();
      if (process.waitFor() != 0) {
        outcome.failure = "exit status " + process.exitValue() + ": " + complaints;
      } else if (outcome.backend.equals(backend) && outcome.cases < VerifyCase.ALL.size()) {
        outcome.failure = "ended early";
      }
    } catch (IOException e) {
      outcome.failure = UserError.reason(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      outcome.failure = "interrupted";
    }
    return outcome;
  }

  private static Process start(String backend) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--add-modules=jdk.incubator.vector");
    command.add("-XX:+UseSerialGC");
    command.add("-Dlanenorm.backend=" + backend.replaceAll("-.*", ""));
    if (backend.contains("-")) {
      command.add("-Dlanenorm.vectorBits=" + backend.replaceAll(".*-", ""));
    }
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(VerifyWorker.class.getName());
    command.add(backend);
    return new ProcessBuilder(command).start();
  }

  private static void read(BufferedReader lines, StringBuilder into) {
    try (lines) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.contains("Using incubator modules") && into.isEmpty()) {
          into.append(line.strip()); // the first line says it
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
