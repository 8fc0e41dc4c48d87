package org.lanenorm.jmh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * JMH's own command line, to which it adds three things: names of lists of shapes where {@code -p
 * shape=} expects shapes ({@link BenchmarkShapes}), {@link Metrics} beside each time, and an end to
 * the run where a result is wrong, unless {@code -foe} says otherwise.
 */
public final class Main {
  private static final String SHAPE = "shape=";
  private static final String FAIL_ON_ERROR = "-foe";

  private Main() {}

  /** As JMH's. */
  public static void main(String[] arguments) throws IOException {
    String[] forJmh;
    try {
      forJmh = forJmh(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(1);
      return;
    }
    org.openjdk.jmh.Main.main(forJmh);
  }

  static String[] forJmh(String... arguments) {
    List<String> all = new ArrayList<>(List.of("-prof", Metrics.class.getName()));
    if (!List.of(arguments).contains(FAIL_ON_ERROR)) {
      all.addAll(List.of(FAIL_ON_ERROR, "true"));
    }
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
