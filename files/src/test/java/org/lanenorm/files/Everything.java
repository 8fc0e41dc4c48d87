package org.lanenorm.files;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Asks files for all that they can be asked for. Whatever their bytes are, there are answers or
 * {@link FileFormatException}s that start with the file's name, and nothing else.
 */
final class Everything {
  private Everything() {}

  /** A way to open a file. */
  interface Opener {
    ParameterFile open(Path file) throws IOException;
  }

  private interface Question {
    void ask() throws IOException;
  }

  static void of(Path file) throws IOException {
    of(file, ParameterFile::open);
  }

  static void of(Path file, Opener opener) throws IOException {
    long size = Files.size(file);
    attempt(
        file.toString(),
        () -> {
          try (ParameterFile opened = opener.open(file)) {
            ofOpened(file.toString(), size, opened);
          }
        });
  }

  private static void ofOpened(String file, long size, ParameterFile opened) throws IOException {
    check(!opened.format().isEmpty(), "a format without a name");
    for (String name : opened.names()) {
      attempt(file, () -> check(!opened.info(name).toString().isEmpty(), "no info"));
      // deflate packs at most 1032 zeros into a byte
      attempt(file, () -> check(opened.read(name).size() <= 1032 * size, "values from nowhere"));
    }
    for (String name : opened.layers()) {
      attempt(
          file,
          () -> {
            LayerParameters layer = opened.layer(name);
            check(layer.variance().length == layer.channels(), "a variance per channel");
            check(layer.toString().contains("channels"), "a description");
          });
    }
  }

  static void ofNpy(byte[] bytes) throws IOException {
    attempt(
        "x.npy",
        () -> {
          Tensor array = Npy.read(new ByteArrayInputStream(bytes), "x.npy", bytes.length);
          check(array.size() <= bytes.length, "values from nowhere");
        });
  }

  private static void attempt(String file, Question question) throws IOException {
    try {
      question.ask();
    } catch (FileFormatException e) {
      check(e.getMessage().startsWith(file), e.getMessage());
    }
  }

  /** Not AssertJ, which a fuzzer's few seconds would go into. */
  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
