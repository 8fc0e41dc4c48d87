package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputsTest {
  @TempDir Path folder;

  private String name(String name) {
    return folder.resolve(name).toString();
  }

  @Test
  void nothingHasItsNameBeforeTheCommit() throws IOException {
    Files.writeString(folder.resolve("a"), "old");
    try (Outputs outputs = new Outputs()) {
      outputs.announce("--a", name("a"));
      outputs.announce("--b", name("b"));
      outputs.announce("--c", null);
      outputs.write("--a", out -> out.write('1'));
      outputs.write("--b", out -> out.write('2'));
      outputs.write("--c", out -> out.write('3'));
      assertThat(folder.resolve("a")).hasContent("old");
      assertThat(folder.resolve("b")).doesNotExist();
      outputs.commit();
    }
    assertThat(Cli.files(folder)).containsExactly("a", "b");
    assertThat(folder.resolve("a")).hasContent("1");
  }

  @Test
  void aWriterThatFailsLeavesWhatWasThere() throws IOException {
    Files.writeString(folder.resolve("a"), "old");
    assertThatExceptionOfType(UserError.class)
        .isThrownBy(
            () -> {
              try (Outputs outputs = new Outputs()) {
                outputs.announce("--a", name("a"));
                outputs.announce("--b", name("b"));
                outputs.write("--a", out -> out.write('1'));
                outputs.write(
                    "--b",
                    out -> {
                      out.write(new byte[100_000]);
                      throw new IOException("No space left on device");
                    });
              }
            })
        .withMessageContaining("--b " + name("b") + ": cannot be written: No space left on device");
    assertThat(Cli.files(folder)).containsExactly("a");
    assertThat(folder.resolve("a")).hasContent("old");
  }

  @Test
  void aMoveThatFailsTakesTheOthersBack() throws IOException {
    assertThatExceptionOfType(UserError.class)
        .isThrownBy(
            () -> {
              try (Outputs outputs = new Outputs()) {
                outputs.announce("--a", name("a"));
                outputs.announce("--b", name("b"));
                outputs.write("--a", out -> out.write('1'));
                outputs.write("--b", out -> out.write('2'));
                Files.createDirectories(folder.resolve("b/full"));
                outputs.commit();
              }
            })
        .withMessageContaining("--b ");
    assertThat(Cli.files(folder)).containsExactly("b");
  }

  @Test
  void aLinkStaysALink() throws IOException {
    Files.writeString(folder.resolve("file"), "old");
    Files.createSymbolicLink(folder.resolve("link"), Path.of("file"));
    try (Outputs outputs = new Outputs()) {
      outputs.announce("--a", name("link"));
      outputs.write("--a", out -> out.write('1'));
      outputs.commit();
    }
    assertThat(folder.resolve("link")).isSymbolicLink().hasContent("1");
    assertThat(Cli.files(folder)).containsExactly("file", "link");
  }
}
