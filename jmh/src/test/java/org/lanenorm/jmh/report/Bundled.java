package org.lanenorm.jmh.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * Invented results: a shape on one thread and on two with every kind of outcome, in three units,
 * with peers; rows, once far off their floor; and a benchmark that the report does not know.
 */
final class Bundled {
  private Bundled() {}

  static byte[] json() {
    try (InputStream in = Bundled.class.getResourceAsStream("results.json")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Results results() {
    return ResultsFile.read("results.json", json());
  }
}
