package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "normalize",
        "stats",
        "backward",
        "inspect",
        "fold",
        "verify",
        "profile",
        "example"
      })
  void everyCommandHasItsHelp(String command) {
    Cli run = Cli.run(command, "--help").succeeds();
    assertThat(run.out()).startsWith("Usage: lanenorm " + command).contains("Exit status");
    assertThat(run.out().lines()).allMatch(line -> line.length() <= 100);
    assertThat(run.err()).isEmpty();
    assertThat(Cli.run("--help").succeeds().out()).contains("\n  " + command);
  }

  @Test
  void theVersionNamesTheBackEnd() {
    assertThat(Cli.run("--version").succeeds().out())
        .contains("lanenorm ", "Java 2", org.lanenorm.Lanenorm.backend());
  }

  @Test
  void whatIsNoCommandIsRefused() {
    Cli.run().isRefused("normalize, stats, backward, inspect, fold, verify, profile or example");
    Cli.run("normalise").isRefused("normalise");
    Cli.run("--nonsense").isRefused("--nonsense");
  }

  @Test
  void exampleIsForTheLauncher() {
    Cli.run("example", "digits").isRefused("./lanenorm", "lanenorm-examples.jar");
  }

  @Test
  void profileIsForTheLauncher() {
    Cli.run("profile", "--quick").isRefused("./lanenorm", "jmh/target/benchmarks.jar");
  }

  @Test
  void aMessageStaysOneLineWhateverIsInAName() {
    Cli.run("stats", "evil\n\u001b[31m.npy").isRefused("evil [31m.npy: no such file");
  }

  private static Process java(String... words) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command =
        Stream.concat(
                Stream.of(
                    java,
                    "-cp",
                    System.getProperty("java.class.path"),
                    "-Xmx64m",
                    "-Dlanenorm.backend=scalar"),
                Stream.of(words))
            .toList();
    return new ProcessBuilder(command).start();
  }

  @Test
  void aProcessEndsWithTheCommandsStatus() throws Exception {
    Process process = java(Main.class.getName(), "stats", "none.npy");
    String err = new String(process.getErrorStream().readAllBytes());
    assertThat(process.waitFor()).isEqualTo(2);
    assertThat(err.strip()).isEqualTo("lanenorm: INPUT none.npy: no such file");
    assertThat(process.getInputStream().readAllBytes()).isEmpty();
  }

  @Test
  void messagesGoToTheDescriptorThatTheLauncherPasses() throws Exception {
    for (String open :
        new String[] {"java.base/java.io=ALL-UNNAMED", "java.base/java.nio=ALL-UNNAMED"}) {
      // the second does not let the program have the descriptor, and nothing is lost
      Process process =
          java("--add-opens=" + open, "-Dlanenorm.stderr=2", Main.class.getName(), "nonsense");
      String err = new String(process.getErrorStream().readAllBytes());
      assertThat(process.waitFor()).isEqualTo(2);
      assertThat(err.strip()).startsWith("lanenorm: ").contains("nonsense").doesNotContain("\n");
    }
  }

  @Test
  void aBackEndThatDoesNotExistIsRefused() throws Exception {
    Process process = java("-Dlanenorm.backend=gpu", Main.class.getName(), "normalize");
    String err = new String(process.getErrorStream().readAllBytes());
    assertThat(process.waitFor()).isEqualTo(2);
    assertThat(err.strip()).startsWith("lanenorm: ").contains("gpu").doesNotContain("\n");
  }

  @Test
  void anInputBeyondTheMemoryIsRefused(@org.junit.jupiter.api.io.TempDir Path folder)
      throws Exception {
    Path file =
        Cli.npy(
            folder.resolve("x.npy"),
            org.lanenorm.files.Tensor.of(new float[20_000_000], 2, 10_000_000));
    Process process = java(Main.class.getName(), "normalize", file.toString());
    String err = new String(process.getErrorStream().readAllBytes());
    assertThat(process.waitFor()).isEqualTo(2);
    assertThat(err.strip()).contains("more memory than Java may take").doesNotContain("\n");
  }
}
