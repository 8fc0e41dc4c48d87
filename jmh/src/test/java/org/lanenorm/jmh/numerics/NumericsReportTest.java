package org.lanenorm.jmh.numerics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.jmh.report.Ink;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Slice;

class NumericsReportTest {
  private static final String[] SMALL = {"--cases", "4", "--images", "1", "--most", "2"};

  private static final List<String> PICTURES =
      List.of(
          "pictures/variance-over-offset.png",
          "pictures/output-over-offset.png",
          "pictures/variance-over-count.png",
          "pictures/output-over-count.png");

  /** Stands where a peer would. */
  private static final List<Kernel> PEER = List.of(new Ours(1));

  @TempDir Path folder;

  private final StringWriter errors = new StringWriter();

  @Test
  void theLibraryHoldsAndTheTextbooksFail() throws IOException {
    assertThat(run(List.of(), "--output", folder.toString())).isZero();
    String text = Files.readString(folder.resolve("numerics.md"));

    assertThat(text.lines().filter(line -> line.startsWith("| variance |")))
        .hasSize(2)
        .allSatisfy(line -> assertThat(cells(line)[1]).startsWith("holds"))
        .last()
        .satisfies(line -> assertThat(List.of(cells(line)).subList(2, 5)).allMatch(this::fails));
    // wherever the library stands first it holds
    assertThat(text.lines().filter(line -> line.contains("**fails**") || line.contains("holds")))
        .hasSizeGreaterThan(20)
        .allSatisfy(line -> assertThat(cells(line)[1]).startsWith("holds"));
    for (String picture : PICTURES) {
      assertThat(ImageIO.read(folder.resolve(picture).toFile()).getWidth()).isGreaterThan(1000);
    }
  }

  private boolean fails(String cell) {
    return cell.startsWith("**fails**");
  }

  /** Without the leading bar. */
  private static String[] cells(String line) {
    return line.substring(2).split(" \\| ");
  }

  @Test
  void theDocumentationHasAPlaceForEachPartAndPicture() throws IOException {
    Path docs = Path.of(System.getProperty("basedir", "."), "../docs");
    assumeTrue(Files.exists(docs));
    Path page = docs.resolve("numerics.md");

    assertThatCode(() -> new Page(page, NumericsReport.PARTS)).doesNotThrowAnyException();
    assertThat(Files.readString(page)).contains(PICTURES);
    assertThat(PICTURES).allSatisfy(picture -> assertThat(docs.resolve(picture)).exists());
  }

  @Test
  void whatCannotBeDoneIsSaidBeforeAnythingIsMeasured() throws IOException {
    assertThat(run(List.of(), "--docs", folder.toString())).isEqualTo(2);
    assertThat(run(PEER, "--docs", folder.toString())).isEqualTo(2);
    Files.writeString(folder.resolve("numerics.md"), "<!-- settings: end -->\n");
    assertThat(run(PEER, "--docs", folder.toString())).isEqualTo(2);
    assertThat(command(PEER, "--cases", "0")).isEqualTo(2);

    assertThat(errors.toString())
        .contains("--docs needs the peers")
        .contains("has no lines \"<!-- settings: begin -->\"")
        .contains("--cases is 0, must be at least 4");
    assertThat(folder).isDirectoryNotContaining("glob:**pictures");
  }

  @Test
  void aPageKeepsItsProse() throws IOException {
    Path page = folder.resolve("page.md");
    Files.writeString(page, "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb\n");
    new Page(page, List.of("x")).rewrite(Map.of("x", "new\n"));
    assertThat(page).hasContent("a\n<!-- x: begin -->\nnew\n<!-- x: end -->\nb\n");
    assertThatThrownBy(() -> new Page(page, List.of("y")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("<!-- y: begin -->");
  }

  @Test
  void anInfiniteResultIsInfinitelyFarOffAndWhatIsMissingIsMissing() {
    Kernel infinite =
        new Kernel() {
          @Override
          public void training(Layer layer, Slice x, Slice y, TensorShape shape) {
            Arrays.fill(y.array(), Float.POSITIVE_INFINITY);
          }

          @Override
          public String title() {
            return "infinite";
          }

          @Override
          public String setting() {
            return "";
          }

          @Override
          public Ink ink() {
            return Ink.NAIVE;
          }
        };
    List<Case> inputs = List.of(new Case(new Shapes.Size(2, 1, 16), HardData.BENIGN, false, 1));
    Column column = new Column(infinite, Layout.NCHW);

    Verdict verdict = Verdict.of(column, Law.TRAINING, inputs);
    assertThat(verdict.failures()).isEqualTo(1);
    assertThat(verdict.failuresAt100()).isEqualTo(1);
    assertThat(verdict.worst()).isInfinite();
    assertThat(Verdict.of(column, Law.GRADIENTS, inputs).missing()).isTrue();
  }

  @Test
  void numbersHaveTwoDigitsOrSo() {
    assertThat(List.of(0.0, 0.04, 2.345, 98.7, 1234.4, 23456.0, 3e12, 1 / 0.0, 0 / 0.0))
        .extracting(Tables::number)
        .containsExactly("0.0", "0.0", "2.3", "98.7", "1234", "2e4", "3e12", "inf", "NaN");
  }

  private int run(List<Kernel> peers, String... more) {
    return command(peers, Stream.of(SMALL, more).flatMap(Stream::of).toArray(String[]::new));
  }

  private int command(List<Kernel> peers, String... arguments) {
    PrintWriter out = new PrintWriter(new StringWriter());
    return NumericsReport.run(peers, out, new PrintWriter(errors, true), arguments);
  }
}
