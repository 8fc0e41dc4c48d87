package org.lanenorm.jmh.report;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lanenorm.Layout;
import org.lanenorm.jmh.report.Results.Setting;
import org.lanenorm.jmh.report.Sentences.Sentence;

/**
 * The page: one file that needs no other, and the charts in it. The template escapes all text;
 * charts and colours alone are put in as they are.
 */
final class Page {
  private static final Template TEMPLATE = template();

  private final Results results;
  private final Machine machine;
  private final List<Drawing> drawings = new ArrayList<>();
  private final String html;

  Page(Results results, Machine machine) {
    this.results = results;
    this.machine = machine;
    this.html = TEMPLATE.execute(view());
  }

  private static Template template() {
    try (Reader text =
        new InputStreamReader(
            Page.class.getResourceAsStream("report.html"), StandardCharsets.UTF_8)) {
      return Mustache.compiler().emptyStringIsFalse(true).compile(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String html() {
    return html;
  }

  /** Every chart of the page. */
  List<Drawing> drawings() {
    return drawings;
  }

  // What the template asks for. It reads components by their names.

  private record View(
      String light,
      String dark,
      List<Fact> facts,
      String command,
      String noise,
      List<String> columns,
      List<Choice> choices,
      List<Figure> rooflines,
      List<Section> sections,
      List<Cost> costs) {}

  private record Fact(String name, String value) {}

  private record Choice(String id, String shape, List<Cell> cells) {}

  private record Cell(String ink, String text, String ratio) {}

  private record Figure(String svg, String file) {}

  private record Section(
      String id,
      String title,
      String about,
      Figure figure,
      List<Statement> statements,
      List<Row> rows) {}

  private record Statement(String operation, String advice, String ink, String reason) {}

  private record Row(
      String operation, String what, String time, String error, String floor, String rate) {}

  private record Cost(String title, String floor, int bytes, int flops, String intensity) {}

  private View view() {
    List<Section> sections = results.settings().stream().map(this::section).toList();
    List<Operation> operations =
        Stream.of(Operation.values())
            .filter(
                operation ->
                    results.settings().stream()
                        .anyMatch(setting -> results.operations(setting).contains(operation)))
            .toList();
    return new View(
        Ink.lightVariables(),
        Ink.darkVariables(),
        facts(),
        machine.command(),
        Sentences.noise(results),
        operations.stream().map(Operation::title).toList(),
        results.settings().stream().map(setting -> choice(setting, operations)).toList(),
        results.threads().stream().flatMap(threads -> rooflines(operations, threads)).toList(),
        sections,
        Stream.of(Operation.values()).map(Page::cost).toList());
  }

  private List<Fact> facts() {
    return Stream.of(
            new Fact("Processor", processor()),
            new Fact(
                "Caches",
                machine.caches().stream()
                    .map(cache -> cache.name() + " " + Words.bytes(cache.bytes()))
                    .collect(Collectors.joining(", "))),
            new Fact("System", machine.system()),
            new Fact("JDK", machine.java()),
            new Fact("JVM", results.java()),
            new Fact("JVM flags", results.flags()),
            new Fact("Back end asked for", results.backend()),
            new Fact("Measured with", results.effort()),
            new Fact(
                "Load before",
                machine.load() < 0 ? "" : String.format(Locale.ROOT, "%.2f", machine.load())),
            new Fact("Date", machine.date()))
        .filter(fact -> fact.value != null && !fact.value.isEmpty())
        .toList();
  }

  private String processor() {
    return machine.processor() == null
        ? "not recorded"
        : machine.processor() + ", " + machine.processors() + " processors for Java";
  }

  private Choice choice(Setting setting, List<Operation> operations) {
    List<Cell> cells =
        operations.stream()
            .map(
                operation ->
                    results.operations(setting).contains(operation)
                        ? cell(setting, operation)
                        : new Cell(null, "", null))
            .toList();
    return new Choice(setting.file(), setting.title(), cells);
  }

  private Cell cell(Setting setting, Operation operation) {
    Sentence sentence = Sentences.layout(results, setting, operation);
    if (sentence.layout() == null) {
      return new Cell(null, sentence.advice(), null);
    }
    Estimate nchw = results.time(setting, operation, Maker.LANENORM, Layout.NCHW);
    Estimate nhwc = results.time(setting, operation, Maker.LANENORM, Layout.NHWC);
    return new Cell(
        ink(sentence.layout()),
        sentence.layout().toString(),
        Words.number(Verdict.of(nchw, nhwc, null).ratio()) + "\u00d7");
  }

  private static String ink(Layout layout) {
    return layout == null ? null : layout.name().toLowerCase(Locale.ROOT);
  }

  private Stream<Figure> rooflines(List<Operation> operations, int threads) {
    return operations.stream()
        .filter(
            operation ->
                results.settings().stream()
                    .filter(setting -> setting.threads() == threads)
                    .anyMatch(setting -> results.operations(setting).contains(operation)))
        .map(operation -> figure(RooflineChart.of(results, machine, operation, threads)));
  }

  private Figure figure(Drawing drawing) {
    drawings.add(drawing);
    return new Figure(drawing.inlineSvg(), drawing.name());
  }

  private Section section(Setting setting) {
    List<Statement> statements = new ArrayList<>();
    List<Row> rows = new ArrayList<>();
    for (Operation operation : results.operations(setting)) {
      Sentence sentence = Sentences.layout(results, setting, operation);
      String peers =
          Stream.of(Layout.values())
              .map(layout -> Sentences.peers(results, setting, operation, layout))
              .filter(words -> words != null)
              .map(words -> " " + words)
              .collect(Collectors.joining());
      statements.add(
          new Statement(
              sentence.operation(),
              sentence.advice(),
              ink(sentence.layout()),
              sentence.reason() + peers));
      rows.addAll(rows(setting, operation));
    }
    return new Section(
        setting.file(),
        setting.title(),
        Words.about(setting),
        figure(TimesChart.of(results, setting)),
        statements,
        rows);
  }

  private List<Row> rows(Setting setting, Operation operation) {
    List<Row> rows = new ArrayList<>();
    Estimate floor = results.floor(setting, operation);
    if (floor != null) {
      String label = "floor (" + operation.floor().title() + ")";
      rows.add(row(setting, operation, operation.title(), label, floor));
    }
    for (Maker maker : Maker.values()) {
      for (Layout layout : results.layouts(setting, operation, maker)) {
        rows.add(
            row(
                setting,
                operation,
                rows.isEmpty() ? operation.title() : "",
                TimesChart.label(setting, maker, layout),
                results.time(setting, operation, maker, layout)));
      }
    }
    return rows;
  }

  private Row row(Setting setting, Operation operation, String title, String label, Estimate time) {
    Estimate floor = results.floor(setting, operation);
    double bytes = (double) operation.bytesPerElement() * setting.elements();
    return new Row(
        title,
        label,
        Words.number(time.score()),
        time.bounded() ? "\u00b1 " + Words.percent(time.relativeError()) : "",
        floor == null ? "" : Words.number(time.score() / floor.score()),
        Words.number(time.gigabytesPerSecond(bytes).score()));
  }

  private static Cost cost(Operation operation) {
    return new Cost(
        operation.title(),
        operation.floor().title(),
        operation.bytesPerElement(),
        operation.flopsPerElement(),
        Words.number(operation.intensity()));
  }
}
