package org.lanenorm.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Options, and the page of results that are there; nothing is measured. */
class ProfileTest {
  @TempDir Path folder;
  private Path results;
  private Path output;

  @BeforeEach
  void writeResults() throws IOException {
    results = Files.write(folder.resolve("results.json"), Bundled.json());
    output = folder.resolve("report");
  }

  private record Run(int status, String out, String err) {
    void isRefused(String because) {
      assertThat(status).as(out + err).isEqualTo(2);
      assertThat(out).isEmpty();
      assertThat(err.lines()).singleElement().asString().startsWith("lanenorm: ").contains(because);
    }
  }

  private Run run(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] words = Stream.of(arguments).map(Object::toString).toArray(String[]::new);
    int status = Profile.run(new PrintWriter(out), new PrintWriter(err), words);
    return new Run(status, out.toString(), err.toString());
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void helpLooksLikeThatOfTheOtherCommands() {
    Run run = run("--help");
    assertThat(run.status).isZero();
    assertThat(run.out).startsWith("Usage: lanenorm profile").contains("Exit status", "99.9 % ");
    assertThat(run.out.lines()).allMatch(line -> line.length() <= 100);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--nonsense                | Unknown option: '--nonsense'",
        "extra                     | Unmatched argument",
        "--shapes resnet51         | --shapes: shape must be N x C x spatial",
        "--shapes 0x3x4            | --shapes 0x3x4: must have at least one element",
        "--shapes 1x5x1x1          | --shapes 1x5x1x1: training needs more than one value",
        "--shapes 40000x40000      | --shapes 40000x40000: must have at most",
        "--shapes ,                | --shapes: must have at least one value",
        "--threads 0               | --threads 0: must be 1 to ",
        "--threads 100000          | --threads 100000: must be 1 to ",
        "--threads many            | --threads",
        "--operations conv         | --operations conv: must be of moments, training, inference,",
        "--from nowhere.json       | --from nowhere.json: no such file",
        "--from x.json --quick     | --quick cannot be given with --from",
      })
  void badOptionsAreRefusedBeforeAnythingIsWritten(String options, String because)
      throws IOException {
    String[] words = (options + " --output " + output).split(" +");
    run((Object[]) words).isRefused(because);
    assertThat(names(folder)).containsExactly("results.json");
  }

  @Test
  void peersThatWereNotBuiltInAreToldHowTo() {
    assumeTrue(Measuring.available().stream().noneMatch(name -> name.contains(".peers.")));
    run("--peers", "--output", output).isRefused("mvn -Ppeers package -pl jmh -am -DskipTests");
  }

  @Test
  void theReportIsWhole() throws IOException {
    Run run = run("--from", results, "--output", output);
    assertThat(run.err).isEmpty();
    assertThat(run.status).isZero();
    assertThat(run.out)
        .contains("8x64x28x28, 2 threads\n", "  Training forward: choose NCHW. NHWC takes 1.27")
        .endsWith(output.resolve("report.html") + System.lineSeparator());
    assertThat(names(output))
        .containsExactly("charts", "machine.json", "report.html", "results.json");
    assertThat(names(output.resolve("charts")))
        .hasSize(2 * 11)
        .contains("times-256x512.png", "times-256x512.svg", "roofline-moments.svg");
    assertThat(output.resolve("results.json")).hasSameBinaryContentAs(results);
    assertThat(output.resolve("report.html")).content().contains("Processor", "not recorded");
  }

  @Test
  void anEarlierReportIsReplacedAndItsMachineRemembered() throws IOException {
    assertThat(run("--from", results, "--output", output).status).isZero();
    Files.createFile(output.resolve("charts/times-of-a-shape-of-then.svg"));
    Files.createFile(output.resolve("jmh.log"));
    Files.write(output.resolve("machine.json"), Machine.here("./a command").write());
    Path own = output.resolve("results.json");
    assertThat(run("--from", own, "--output", output).status).isZero();
    assertThat(names(output))
        .containsExactly("charts", "jmh.log", "machine.json", "report.html", "results.json");
    assertThat(names(output.resolve("charts"))).hasSize(2 * 11);
    assertThat(output.resolve("report.html")).content().contains("./a command");
  }

  @Test
  void aFolderWithOtherThingsIsLeftAlone() throws IOException {
    run("--from", results, "--output", folder.resolve("no/such"))
        .isRefused("must be in an existing folder");
    run("--from", results, "--output", results).isRefused("must be a folder, but is a file");
    Files.createDirectory(output);
    Files.createFile(output.resolve("thesis.tex"));
    run("--from", results, "--output", output).isRefused("but holds thesis.tex");
    assertThat(names(output)).containsExactly("thesis.tex");
    Files.delete(output.resolve("thesis.tex"));
    Files.createDirectory(output.resolve("charts"));
    Files.createFile(output.resolve("charts/mine.png"));
    run("--from", results, "--output", output).isRefused("holds charts and no report.html");
    assertThat(output.resolve("charts/mine.png")).exists();
  }

  @Test
  void hostileFilesAreRefusedInOneLine() throws IOException {
    Files.writeString(results, "[\n\u001b[31m");
    run("--from", results, "--output", output).isRefused("is not JSON");
    Files.write(results, Bundled.json());
    Files.writeString(folder.resolve("machine.json"), "{\"processor\": [\"x\"]}");
    run("--from", results, "--output", output)
        .isRefused("machine.json: is not what profile writes");
    Files.writeString(folder.resolve("machine.json"), "null");
    run("--from", results, "--output", output)
        .isRefused("machine.json: is not what profile writes");
    run("--from", folder, "--output", output).isRefused("must be an ordinary file");
    assertThat(output).doesNotExist();
  }
}
