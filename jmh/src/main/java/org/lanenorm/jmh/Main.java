package org.lanenorm.jmh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * JMH's own command line, to which it adds four things: names of lists of shapes where {@code -p
 * shape=} expects shapes ({@link BenchmarkShapes}), {@link Metrics} beside each time, an end to the
 * run where a result is wrong, unless {@code -foe} says otherwise, and no ONNX Runtime, where that
 * is built in, in a layout that it has not.
 */
public final class Main {
  private static final String SHAPE = "shape=";
  private static final String LAYOUT = "layout=";
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
      if (argument.startsWith(SHAPE)) {
        all.add(SHAPE + shapes(argument));
      } else if (argument.startsWith(LAYOUT)) {
        layouts(argument, all);
      } else {
        all.add(argument);
      }
    }
    return all.toArray(String[]::new);
  }

  /** Both are what every benchmark has by itself, but for ONNX Runtime's. */
  private static void layouts(String argument, List<String> all) {
    List<String> layouts = List.of(argument.substring(LAYOUT.length()).split(","));
    if (layouts.containsAll(List.of("NCHW", "NHWC"))) {
      all.remove(all.size() - 1);
    } else {
      all.add(argument);
      if (layouts.contains("NHWC")) {
        all.addAll(List.of("-e", "\\.onnxRuntime$"));
      }
    }
  }

  private static String shapes(String argument) {
    List<String> names = Arrays.asList(argument.substring(SHAPE.length()).split(","));
    return String.join(",", BenchmarkShapes.expand(names));
  }
}
