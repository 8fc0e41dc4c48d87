package org.lanenorm.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** Asks a file for all that it can be asked for. */
final class Everything {
  private Everything() {}

  /**
   * Whatever the file's bytes are, there are answers or {@link FileFormatException}s that start
   * with its name, and nothing else.
   */
  static void of(Path file) throws IOException {
    long size = Files.size(file);
    try (ParameterFile opened = ParameterFile.open(file)) {
      assertThat(opened.format()).isNotEmpty();
      for (String name : opened.names()) {
        attempt(file, () -> opened.info(name).toString());
        // deflate packs at most 1032 zeros into a byte, and each may be two of float16
        attempt(
            file,
            () -> assertThat(opened.read(name).size()).isLessThanOrEqualTo((int) size * 1032));
      }
      for (String name : opened.layers()) {
        attempt(
            file,
            () -> {
              LayerParameters layer = opened.layer(name);
              assertThat(layer.variance()).hasSize(layer.channels());
              return layer.toString();
            });
      }
    } catch (FileFormatException e) {
      assertThat(e.getMessage()).startsWith(file.toString());
    }
  }

  private static void attempt(Path file, Callable<?> question) throws IOException {
    try {
      question.call();
    } catch (FileFormatException e) {
      assertThat(e.getMessage()).startsWith(file.toString()).doesNotContain("null");
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
