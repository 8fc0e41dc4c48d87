package org.lanenorm.properties;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lanenorm.Lanenorm;

/**
 * The suite in every configuration of a JVM that could change a bit, each in a JVM of its own, as a
 * table: what ran, on which back end, and the digest of its results, which must be the committed
 * one in all of them. {@code mvn -B -q process-test-classes -pl property-tests -am -Pmatrix}
 *
 * <p>Flags that this machine's JVM does not have (UseAVX on Arm, UseSVE on x86) leave their rows
 * out, and a line says so.
 */
final class Matrix {
  /** Everything but what the profile slow has. */
  private static final String SUITE = ".*(Test|Properties)";

  /** The committed bits alone, where all else would take hours. */
  private static final String BITS = ".*\\.(Backend|Digest|FamilyDigest)Test";

  private static final Path LOGS = Path.of("target", "matrix");
  private static final String FORMAT = "%-30s %-52s %-10s %6s %8s  %-16s %7s  %s%n";
  private static final Pattern CASES = Pattern.compile("^ *(\\d+) cases ", Pattern.MULTILINE);
  private static final Pattern RESULT =
      Pattern.compile(Pattern.quote(MatrixRow.RESULT) + "(\\S+) (\\d+) (\\d+) (\\S+)");

  /** The back end is the one expected, where the machine has it: see {@link BackendTest}. */
  private record Row(String name, String classes, String backend, List<String> flags) {
    Row(String name, String classes, String backend, String... flags) {
      this(name, classes, backend, List.of(flags));
    }
  }

  private static final String SCALAR = "-Dlanenorm.backend=scalar";
  private static final String VECTOR = "-Dlanenorm.backend=vector";
  private static final String INTERPRETER = "-Xint";

  private static final List<Row> ROWS =
      List.of(
          new Row("512 bits", SUITE, "vector-512"),
          new Row("256 bits", SUITE, "vector-256", "-Dlanenorm.vectorBits=256"),
          new Row("128 bits", SUITE, "vector-128", "-Dlanenorm.vectorBits=128"),
          new Row("scalar", SUITE, "scalar", SCALAR),
          new Row("AVX2 alone", SUITE, "vector-256", "-XX:UseAVX=2"),
          new Row("no AVX, so no fma", BITS, "scalar", "-XX:UseAVX=0"),
          new Row("no SVE", SUITE, "vector-128", "-XX:UseSVE=0"),
          new Row("vectors of 16 bytes", BITS, "vector-128", "-XX:MaxVectorSize=16"),
          new Row("no fma", BITS, "scalar", "-XX:-UseFMA"),
          new Row("interpreter", BITS, "vector-512", INTERPRETER, VECTOR),
          new Row("interpreter, scalar", BITS, "scalar", INTERPRETER, SCALAR),
          new Row("interpreter, no fma", BITS, "scalar", INTERPRETER, "-XX:-UseFMA"),
          new Row("C1", BITS, "vector-512", "-XX:TieredStopAtLevel=1", VECTOR),
          new Row("C1, scalar", SUITE, "scalar", "-XX:TieredStopAtLevel=1", SCALAR),
          new Row("C2", BITS, "vector-512", "-XX:-TieredCompilation"),
          new Row("C2, scalar, not vectorized", BITS, "scalar", "-XX:-UseSuperWord", SCALAR),
          new Row("2 threads", BITS, "vector-512", "-Dlanenorm.test.threads=2"),
          new Row("3 threads", BITS, "vector-512", "-Dlanenorm.test.threads=3"),
          new Row("8 threads", BITS, "vector-512", "-Dlanenorm.test.threads=8"),
          new Row("8 threads, scalar", BITS, "scalar", "-Dlanenorm.test.threads=8", SCALAR),
          new Row(
              "8 threads, 16 processors",
              BITS,
              "vector-512",
              "-Dlanenorm.test.threads=8",
              "-XX:ActiveProcessorCount=16"),
          new Row(
              "4 threads, 1 processor",
              BITS,
              "vector-512",
              "-Dlanenorm.test.threads=4",
              "-XX:ActiveProcessorCount=1"));

  private Matrix() {}

  /**
   * The exit status is 0 where all rows are right. An argument is a regular expression for the
   * names of those to run.
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    String committed = Bits.committed();
    System.out.printf(
        "%s, %s, Java %s, %s; committed digest %s; output in %s%n%n",
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        Runtime.version(),
        Lanenorm.backend(),
        committed,
        LOGS.toAbsolutePath());
    System.out.printf(
        FORMAT, "configuration", "flags", "back end", "tests", "cases", "digest", "seconds", "");
    Files.createDirectories(LOGS);
    List<String> leftOut = new ArrayList<>();
    int rows = 0;
    int wrong = 0;
    String asked = arguments.length == 0 ? ".*" : arguments[0];
    for (Row row : ROWS.stream().filter(r -> r.name.matches(asked)).toList()) {
      List<String> missing = row.flags.stream().filter(flag -> !isKnown(flag)).toList();
      if (missing.isEmpty()) {
        rows++;
        wrong += run(row, committed) ? 0 : 1;
      } else {
        leftOut.add(row.name + ": this JVM has no " + String.join(" ", missing));
      }
    }
    System.out.println();
    leftOut.forEach(line -> System.out.println("left out, " + line));
    System.out.printf(
        "%d of %d configurations right, with digest %s%n", rows - wrong, rows, committed);
    System.exit(rows > 0 && wrong == 0 ? 0 : 1);
  }

  /** Of -XX flags this JVM says itself whether it has them. */
  private static boolean isKnown(String flag) {
    if (!flag.startsWith("-XX:")) {
      return true;
    }
    String name = flag.replaceAll("-XX:[+-]?|=.*", "");
    try {
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).getVMOption(name);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean run(Row row, String committed) throws IOException, InterruptedException {
    Path log = LOGS.resolve(row.name.replaceAll("\\W+", "-") + ".txt");
    long start = System.nanoTime();
    int status =
        new ProcessBuilder(command(row))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    double seconds = (System.nanoTime() - start) * 1e-9;
    String output = Files.readString(log);
    Matcher result = RESULT.matcher(output);
    boolean ended = status == 0 && result.find();
    boolean right = ended && result.group(3).equals("0") && result.group(4).equals(committed);
    System.out.printf(
        FORMAT,
        row.name,
        row.flags.stream().map(f -> f.replace("lanenorm.", "")).collect(Collectors.joining(" ")),
        ended ? result.group(1) : "?",
        ended ? result.group(2) : "?",
        CASES.matcher(output).results().mapToLong(m -> Long.parseLong(m.group(1))).sum(),
        ended ? result.group(4) : "?",
        "%.1f".formatted(seconds),
        right ? "ok" : "WRONG: see " + log);
    return right;
  }

  private static List<String> command(Row row) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--add-modules=jdk.incubator.vector");
    command.add("-Dlanenorm.sharing=always");
    command.addAll(row.flags);
    command.add("-Dlanenorm.test.expectedBackend=" + row.backend);
    command.add("-Dlanenorm.test.accuracyFile=matrix/accuracy.txt");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(MatrixRow.class.getName());
    command.add(row.classes);
    return command;
  }
}
