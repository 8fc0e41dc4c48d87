package org.lanenorm.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFolderTest {
  @TempDir Path parent;

  private OutputFolder folder() {
    return new OutputFolder(parent.resolve("report").toString());
  }

  @Test
  void whatIsNotCommittedLeavesNothing() {
    try (OutputFolder folder = folder()) {
      folder.create();
      folder.write(OutputFolder.PAGE, new byte[1]);
      assertThat(folder.path().resolve(OutputFolder.PAGE)).doesNotExist();
    }
    assertThat(parent).isEmptyDirectory();
  }

  @Test
  void whatIsNotCommittedLeavesTheEarlierReport() throws IOException {
    try (OutputFolder folder = folder()) {
      folder.create();
      folder.write(OutputFolder.PAGE, new byte[] {1});
      folder.commit();
    }
    Path page = parent.resolve("report/report.html");
    assertThatThrownBy(
            () -> {
              try (OutputFolder folder = folder()) {
                folder.create();
                folder.write(OutputFolder.PAGE, new byte[] {2});
                folder.write("no/such/folder", new byte[1]);
              }
            })
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no/such/folder cannot be written: no such file or folder");
    assertThat(page).hasBinaryContent(new byte[] {1});
    assertThat(parent.resolve("report")).isDirectoryNotContaining("glob:**.lanenorm-*");
  }

  @Test
  void aFailedRunKeepsItsLog() throws IOException {
    try (OutputFolder folder = folder()) {
      folder.create();
      Files.createFile(folder.log());
    }
    assertThat(parent.resolve("report/jmh.log")).exists();
    // and the next one may use the folder
    folder().close();
  }
}
