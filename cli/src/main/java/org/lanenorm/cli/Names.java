package org.lanenorm.cli;

import java.util.Collection;
import java.util.stream.Collectors;

/** Names from files, as they can be printed. */
final class Names {
  private static final int MOST = 10;
  private static final int LONGEST = 80;

  private Names() {}

  static String shown(String name) {
    String line = Main.line(name);
    return name.isEmpty()
        ? "(no name)"
        : line.length() > LONGEST ? line.substring(0, LONGEST) + "..." : line;
  }

  /** The first ten, with commas between. */
  static String list(Collection<String> names) {
    return names.stream()
        .limit(MOST)
        .map(Names::shown)
        .collect(Collectors.joining(", ", "", names.size() > MOST ? ", ..." : ""));
  }
}
