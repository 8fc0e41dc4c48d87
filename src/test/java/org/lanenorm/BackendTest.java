package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which kernels a JVM gets, for every way to start one; each in a process of its own. */
class BackendTest {
  private static final String FLAG = "--add-modules=jdk.incubator.vector";
  private static final String REASON = "run java with --add-modules jdk.incubator.vector";

  /** One line of standard output, and standard error. */
  private record Outcome(String line, String errors) {
    String backend() {
      return line.split(" ")[0];
    }

    String hash() {
      return line.split(" ")[1];
    }
  }

  @Test
  void theClassPathWithoutTheFlagGetsScalarKernelsAndOneWarningThatNamesIt() {
    Outcome outcome = probe();
    assertThat(outcome.backend()).isEqualTo("scalar");
    assertThat(outcome.errors()).containsOnlyOnce(REASON).containsOnlyOnce("WARNING");
  }

  @Test
  void theFlagGetsVectorKernels() {
    Outcome outcome = probe(FLAG);
    assertThat(outcome.backend()).startsWith("vector-");
    assertThat(outcome.errors()).doesNotContain("Lanenorm");
  }

  @Test
  void theModulePathNeedsNoFlag() {
    Outcome outcome =
        run(
            "--module-path",
            classes("classes"),
            "--patch-module",
            "org.lanenorm=" + classes("test-classes"),
            "-m",
            "org.lanenorm/org.lanenorm.BackendProbe");
    assertThat(outcome.backend()).startsWith("vector-");
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 256, 512})
  void theWidthIsCapped(int bits) {
    int widest = Integer.parseInt(probe(FLAG).backend().substring("vector-".length()));
    assertThat(probe(FLAG, "-Dlanenorm.vectorBits=" + bits).backend())
        .isEqualTo("vector-" + Math.min(bits, widest));
  }

  @Test
  void scalarKernelsCanBeForcedWithoutAWarning() {
    Outcome outcome = probe("-Dlanenorm.backend=scalar");
    assertThat(outcome.backend()).isEqualTo("scalar");
    assertThat(outcome.errors()).doesNotContain("WARNING");
  }

  @Test
  void forcedVectorKernelsThatCannotBeHadAreAnError() {
    assertThat(probe("-Dlanenorm.backend=vector").line())
        .startsWith("refused:")
        .contains("lanenorm.backend", REASON);
    assertThat(probe(FLAG, "-Dlanenorm.backend=vector", "-XX:-UseFMA").line())
        .startsWith("refused:")
        .contains("fma");
  }

  @Test
  void aPropertyThatSaysSomethingElseIsAnError() {
    assertThat(probe(FLAG, "-Dlanenorm.backend=gpu").line())
        .isEqualTo(
            "refused: system property lanenorm.backend must be scalar or vector, but was gpu");
    assertThat(probe(FLAG, "-Dlanenorm.vectorBits=64").line())
        .isEqualTo(
            "refused: system property lanenorm.vectorBits must be 128, 256 or 512, but was 64");
  }

  @Test
  void aJvmWithoutFmaSaysSoAndComputesTheSameBits() {
    Outcome outcome = probe(FLAG, "-XX:-UseFMA");
    assertThat(outcome.backend()).isEqualTo("scalar");
    assertThat(outcome.errors()).contains("fma");
    assertThat(outcome.hash()).isEqualTo(probe(FLAG).hash());
  }

  @ParameterizedTest
  @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1"})
  void aJvmWithoutItsOptimizingCompilerGetsScalarKernelsUnlessForced(String option) {
    Outcome chosen = probe(FLAG, option);
    assertThat(chosen.backend()).isEqualTo("scalar");
    assertThat(chosen.errors()).contains("optimizing compiler");
    Outcome forced = probe(FLAG, option, "-Dlanenorm.backend=vector");
    assertThat(forced.backend()).startsWith("vector-");
    assertThat(forced.hash()).isEqualTo(chosen.hash()).isEqualTo(probe(FLAG).hash());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-Dlanenorm.backend=scalar",
        "-Dlanenorm.vectorBits=256",
        "-Dlanenorm.vectorBits=128",
        "-XX:UseAVX=2"
      })
  void everyBackEndComputesTheSameBits(String option) {
    assertThat(probe(FLAG, "-XX:+IgnoreUnrecognizedVMOptions", option).hash())
        .isEqualTo(probe(FLAG).hash());
  }

  private static Outcome probe(String... options) {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("-cp");
    all.add(classes("classes") + java.io.File.pathSeparator + classes("test-classes"));
    all.add("org.lanenorm.BackendProbe");
    return run(all.toArray(String[]::new));
  }

  private static Outcome run(String... options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    try {
      Process process = new ProcessBuilder(command).start();
      // neither stream holds more than a pipe does
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.exitValue()).as(errors).isZero();
      return new Outcome(output.strip(), errors);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A folder that the build compiles into. */
  private static String classes(String name) {
    return Path.of("..", "target", name).toAbsolutePath().normalize().toString();
  }
}
