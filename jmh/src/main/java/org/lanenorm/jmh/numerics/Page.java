package org.lanenorm.jmh.numerics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;

/** A page of prose with generated parts, each between two lines that are comments in Markdown. */
final class Page {
  private final Path path;

  /**
   * The page, once it is clear that it has places for all parts.
   *
   * @throws IllegalArgumentException if it lacks one
   */
  Page(Path path, Collection<String> parts) throws IOException {
    this.path = path;
    String text = Files.readString(path);
    for (String part : parts) {
      int begin = text.indexOf(begin(part));
      if (begin < 0 || text.indexOf(end(part)) < begin) {
        throw new IllegalArgumentException(
            "%s has no lines \"%s\" and \"%s\" in this order"
                .formatted(path, begin(part).strip(), end(part)));
      }
    }
  }

  private static String begin(String part) {
    return "<!-- " + part + ": begin -->\n";
  }

  private static String end(String part) {
    return "<!-- " + part + ": end -->";
  }

  /** Puts parts in place of those that are there. */
  void rewrite(Map<String, String> parts) throws IOException {
    String text = Files.readString(path);
    for (Map.Entry<String, String> part : parts.entrySet()) {
      String begin = begin(part.getKey());
      text =
          text.substring(0, text.indexOf(begin) + begin.length())
              + part.getValue()
              + text.substring(text.indexOf(end(part.getKey())));
    }
    Files.writeString(path, text);
  }
}
