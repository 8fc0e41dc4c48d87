package org.lanenorm.examples;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The files that are shipped inside the examples. */
final class Bundled {
  /** What is done with a file. */
  interface Use<T> {
    T of(Path file) throws IOException;
  }

  private Bundled() {}

  /** Unpacks a file for as long as it is used: what reads them wants a path. */
  static <T> T use(String name, Use<T> use) {
    try {
      Path copy = Files.createTempFile("lanenorm-", "-" + name);
      try (InputStream in = Bundled.class.getResourceAsStream(name)) {
        Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
        return use.of(copy);
      } finally {
        Files.delete(copy);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the bundled " + name + " cannot be unpacked", e);
    }
  }
}
