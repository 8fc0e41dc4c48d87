package org.lanenorm.jmh;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.lanenorm.BatchNorm;
import org.lanenorm.Lanenorm;
import org.lanenorm.Layout;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;

/**
 * What the first training forwards in a JVM cost: cold, after {@link Lanenorm#warmUp}, with an AOT
 * cache, and with both. Each line is the median of {@value #JVMS} JVMs, one after another. JMH
 * cannot tell: it measures what comes after.
 */
public final class FirstCalls {
  private static final int JVMS = 3;
  private static final String VECTOR = "--add-modules=jdk.incubator.vector";
  private static final List<String> DEFAULT_SHAPES =
      List.of("NHWC 32x64x56x56", "NCHW 32x64x56x56", "NHWC 1x512x7x7", "NCHW 1x512x7x7");

  /**
   * A call is at speed once it and the next ones take, in the median, this much of the last ones.
   */
  private static final double AT_SPEED = 1.25;

  private static final int NEXT = 9;

  /** Of calls in each JVM; on a busy machine C2 takes half of it. */
  private static final long NANOS = 4_000_000_000L;

  private FirstCalls() {}

  /**
   * The table; with {@code --once SHAPE cold|warm} one line of it, in this JVM.
   *
   * @param arguments shapes, for example {@code "NHWC 32x64x56x56"}; none for four of ResNet-50's
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length == 3 && arguments[0].equals("--once")) {
      System.out.println(Sample.taken(shape(arguments[1]), arguments[2].equals("warm")));
      return;
    }
    List<String> shapes = arguments.length == 0 ? DEFAULT_SHAPES : Arrays.asList(arguments);
    try {
      shapes.forEach(FirstCalls::shape);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
    System.out.println(
        "| shape | JVM | warm-up | first call | at speed after | its calls | MB allocated | steady |");
    System.out.println("|---|---|---|---|---|---|---|---|");
    for (String shape : shapes) {
      Path cache = Files.createTempFile("lanenorm", ".aot");
      try {
        row(shape, "cold", false);
        row(shape, "warmUp", true);
        run(shape, true, "-XX:AOTCacheOutput=" + cache);
        String use = "-XX:AOTCache=" + cache;
        // AOTMode=on: a cache that cannot be used is an error, not a silent cold start
        row(shape, "AOT cache", false, use, "-XX:AOTMode=on");
        row(shape, "AOT cache, warmUp", true, use, "-XX:AOTMode=on");
      } finally {
        Files.deleteIfExists(cache);
      }
    }
  }

  private static void row(String shape, String jvm, boolean warm, String... options)
      throws IOException, InterruptedException {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < JVMS; i++) {
      samples.add(Sample.of(run(shape, warm, options)));
    }
    System.out.printf(
        Locale.ROOT,
        "| %s | %s | %s | %.1f ms | %.0f ms | %.0f | %.1f | %.3f ms |%n",
        shape,
        jvm,
        warm ? String.format(Locale.ROOT, "%.0f ms", median(samples, 0)) : "",
        median(samples, 1),
        median(samples, 2),
        median(samples, 3),
        median(samples, 4),
        median(samples, 5));
  }

  private static double median(List<Sample> samples, int column) {
    return median(samples.stream().mapToDouble(sample -> sample.columns[column]).toArray());
  }

  /** The middle value, of an even number of them the upper one. */
  static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** The last line that a JVM of its own prints. */
  private static String run(String shape, boolean warm, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(VECTOR);
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(FirstCalls.class.getName(), "--once", shape, warm ? "warm" : "cold"));
    Path output = Files.createTempFile("lanenorm", ".txt");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      int status = process.waitFor();
      String text = Files.readString(output, StandardCharsets.UTF_8);
      if (status != 0) {
        throw new IOException(String.join(" ", command) + " ended with " + status + ":\n" + text);
      }
      return text.lines().filter(line -> line.startsWith(Sample.MARK)).findFirst().orElseThrow();
    } finally {
      Files.deleteIfExists(output);
    }
  }

  private static TensorShape shape(String text) {
    for (Layout layout : Layout.values()) {
      if (text.startsWith(layout + " ")) {
        return BenchmarkShapes.parse(layout, text.substring(text.indexOf(' ') + 1));
      }
    }
    throw new IllegalArgumentException(
        "a shape must be a layout and N x C x spatial, such as \"NHWC 32x64x56x56\", but was "
            + text);
  }

  /** One JVM's numbers, in the order of the table's columns. */
  private static final class Sample {
    static final String MARK = "sample ";

    private final double[] columns;

    private Sample(double... columns) {
      this.columns = columns;
    }

    static Sample of(String line) {
      return new Sample(
          Stream.of(line.substring(MARK.length()).split(" "))
              .mapToDouble(Double::parseDouble)
              .toArray());
    }

    @Override
    public String toString() {
      StringBuilder line = new StringBuilder(MARK);
      for (double column : columns) {
        line.append(column).append(' ');
      }
      return line.toString().strip();
    }

    static Sample taken(TensorShape shape, boolean warm) {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      float[] x = Data.normal(shape, 1);
      float[] y = new float[x.length];
      BatchNorm norm = BatchNorm.builder(shape.channels()).build();
      SavedStatistics saved = new SavedStatistics(shape.channels());
      double[] ends = new double[200_000];
      double[] times = new double[ends.length];

      long start = System.nanoTime();
      if (warm && !Lanenorm.warmUp(shape)) {
        System.err.println("warmUp stopped at its limit");
      }
      double warmUp = (System.nanoTime() - start) / 1e6;

      long before = threads.getCurrentThreadAllocatedBytes();
      int calls = 0;
      start = System.nanoTime();
      for (long from = start; calls < times.length && from - start < NANOS; calls++) {
        norm.forwardTraining(x, 0, y, 0, shape, saved);
        long end = System.nanoTime();
        times[calls] = (end - from) / 1e6;
        ends[calls] = (end - start) / 1e6;
        from = end;
      }
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      double steady = median(Arrays.copyOfRange(times, calls * 3 / 4, calls));
      int slow = 0;
      while (slow + NEXT < calls
          && median(Arrays.copyOfRange(times, slow, slow + NEXT)) > AT_SPEED * steady) {
        slow++;
      }
      return new Sample(
          warmUp, times[0], slow == 0 ? 0 : ends[slow - 1], slow, bytes / 1e6, steady);
    }
  }
}
