package org.lanenorm.jmh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * JMH's own command line, to which it adds two things: names of lists of shapes where {@code -p
 * shape=} expects shapes ({@link BenchmarkShapes}), and {@link Metrics} beside each time.
 */
public final class Main {
  private static final String SHAPE = "shape=";

  private Main() {}

  /** As JMH's. */
  public static void main(String[] arguments) throws IOException {
    org.openjdk.jmh.Main.main(forJmh(arguments));
  }

  static String[] forJmh(String... arguments) {
    List<String> all = new ArrayList<>(List.of("-prof", Metrics.class.getName()));
    for (String argument : arguments) {
      all.add(argument.startsWith(SHAPE) ? SHAPE + shapes(argument) : argument);
    }
    return all.toArray(String[]::new);
  }

  private static String shapes(String argument) {
    List<String> names = Arrays.asList(argument.substring(SHAPE.length()).split(","));
    return String.join(",", BenchmarkShapes.expand(names));
  }
}
