package org.lanenorm.jmh.numerics;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code jmh/compare-numerics}: runs the contract on the library, the textbooks' algorithms and,
 * where they are built in, the peers; measures how far off they are, and writes the tables and
 * pictures of {@code docs/numerics.md}.
 */
@Command(
    name = "jmh/compare-numerics",
    description = "Who holds which property, and how far off everybody is.",
    mixinStandardHelpOptions = true)
public final class NumericsReport implements Callable<Integer> {
  private static final String PAGE = "numerics.md";
  private static final String PICTURES = "pictures";

  /** Of the page, which the command writes. */
  static final List<String> PARTS =
      List.of("settings", "everyday", "contract", "variance", "output", "gradients", "kinds");

  /** As networks have them: what a kernel meets before anything has gone wrong. */
  private static final HardData[] EVERYDAY = {
    HardData.BENIGN, HardData.SCALED, HardData.SPARSE, HardData.PIXELS
  };

  /** Of the first inputs: several segments in some channels, a few elements in others. */
  private static final int ELEMENTS = 1 << 13;

  /** One for each kind of data: with sums long enough, and elements enough for two threads. */
  private static final Shapes.Size LARGE = new Shapes.Size(4, 16, 56 * 56);

  private final List<Kernel> peers;

  @Spec private CommandSpec spec;

  @Option(
      names = "--output",
      paramLabel = "FOLDER",
      defaultValue = "jmh/target/numerics",
      description = "where tables and pictures go; ${DEFAULT-VALUE} if not given")
  private Path output;

  @Option(
      names = "--docs",
      paramLabel = "FOLDER",
      description =
          "rewrites the generated parts of FOLDER/numerics.md, and FOLDER/pictures; needs the peers")
  private Path docs;

  @Option(
      names = "--cases",
      paramLabel = "N",
      defaultValue = "200",
      description = "inputs of each property; ${DEFAULT-VALUE} if not given")
  private int cases;

  @Option(
      names = "--images",
      paramLabel = "N",
      defaultValue = "32",
      description = "of 28x28, in the pictures over the offset; ${DEFAULT-VALUE} if not given")
  private int images;

  @Option(
      names = "--most",
      paramLabel = "POWER",
      defaultValue = "7",
      description =
          "of ten: elements per channel in the pictures over their number; ${DEFAULT-VALUE} if not"
              + " given")
  private int most;

  private NumericsReport(List<Kernel> peers) {
    this.peers = peers;
  }

  /** Runs the command with the peers that are built in, and ends the JVM with its exit status. */
  public static void main(String[] arguments) throws Exception {
    System.setProperty("java.awt.headless", "true");
    List<Kernel> peers = new ArrayList<>();
    for (Peers source : ServiceLoader.load(Peers.class)) {
      peers.addAll(source.kernels());
    }
    PrintWriter out = new PrintWriter(System.out, true);
    System.exit(run(peers, out, new PrintWriter(System.err, true), arguments));
  }

  static int run(List<Kernel> peers, PrintWriter out, PrintWriter err, String... arguments) {
    return new CommandLine(new NumericsReport(peers)).setOut(out).setErr(err).execute(arguments);
  }

  @Override
  public Integer call() throws IOException {
    atLeast(EVERYDAY.length, "--cases", cases);
    atLeast(1, "--images", images);
    atLeast(2, "--most", most);
    // before what takes long
    Page page = docs == null ? null : page();
    List<Kernel> kernels = new ArrayList<>(List.of(new Ours(1)));
    kernels.addAll(peers);
    Collections.addAll(kernels, Textbook.values());
    List<Column> columns = Column.of(kernels);
    Map<String, String> parts = parts(kernels, columns);
    Map<String, byte[]> pictures = pictures(columns);

    Path folder = docs == null ? output : docs;
    Files.createDirectories(folder.resolve(PICTURES));
    if (page != null) {
      page.rewrite(parts);
    } else {
      StringBuilder text = new StringBuilder();
      parts.forEach((name, part) -> text.append("## " + name + "\n\n" + part + "\n"));
      Files.writeString(folder.resolve(PAGE), text);
    }
    for (Map.Entry<String, byte[]> picture : pictures.entrySet()) {
      Files.write(folder.resolve(PICTURES).resolve(picture.getKey()), picture.getValue());
    }
    spec.commandLine().getOut().println(folder.resolve(PAGE));
    return 0;
  }

  private void atLeast(int least, String option, int value) {
    if (value < least) {
      throw new ParameterException(
          spec.commandLine(), "%s is %d, must be at least %d".formatted(option, value, least));
    }
  }

  private Page page() throws IOException {
    if (peers.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--docs needs the peers: mvn -B -Ppeers package -pl jmh -am -DskipTests");
    }
    try {
      return new Page(docs.resolve(PAGE), PARTS);
    } catch (NoSuchFileException | IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--docs: " + e.getMessage(), e);
    }
  }

  private Map<String, String> parts(List<Kernel> kernels, List<Column> columns) {
    Tables everyday = new Tables();
    Tables all = new Tables();
    for (Column column : columns) {
      progress(column.title());
      for (Law law : Law.values()) {
        all.add(column, Verdict.of(column, law, inputs(law, HardData.values(), cases)));
        if (law.quantity() != null) {
          everyday.add(column, Verdict.of(column, law, inputs(law, EVERYDAY, cases / 4)));
        }
      }
    }
    List<String> texts =
        List.of(
            Tables.settings(kernels),
            everyday.laws(),
            all.laws(),
            all.kinds(Law.VARIANCE),
            all.kinds(Law.TRAINING),
            all.kinds(Law.GRADIENTS),
            Tables.descriptions());
    Map<String, String> parts = new LinkedHashMap<>();
    for (String part : PARTS) {
      parts.put(part, texts.get(parts.size()));
    }
    return parts;
  }

  /** The sizes round which kernels break; and for errors that grow, one large tensor per kind. */
  private static List<Case> inputs(Law law, HardData[] kinds, int number) {
    // each channel of another kind, in two of three
    boolean all = kinds.length == HardData.values().length;
    List<Case> inputs = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      Shapes.Size size = Shapes.random(new Rng(i), ELEMENTS);
      inputs.add(new Case(size, kinds[i % kinds.length], all && i % 3 > 0, i));
    }
    for (int i = 0; i < kinds.length && law.needsLarge() && number >= kinds.length; i++) {
      inputs.add(new Case(LARGE, kinds[i], false, i));
    }
    return inputs;
  }

  private Map<String, byte[]> pictures(List<Column> columns) {
    // one textbook is enough to see what the others are about
    List<Column> lines =
        columns.stream()
            .filter(
                column ->
                    column.kernel() == Textbook.NAIVE || !(column.kernel() instanceof Textbook))
            .toList();
    progress("errors over the offset");
    Sweep offset = Sweep.overOffset(lines, images);
    progress("errors over the number of elements");
    Sweep count = Sweep.overCount(lines, most);
    Map<String, byte[]> pictures = new LinkedHashMap<>();
    pictures.put("variance-over-offset.png", offset.varianceChart());
    pictures.put("output-over-offset.png", offset.outputChart());
    pictures.put("variance-over-count.png", count.varianceChart());
    pictures.put("output-over-count.png", count.outputChart());
    return pictures;
  }

  private void progress(String what) {
    spec.commandLine().getErr().println(what);
  }
}
