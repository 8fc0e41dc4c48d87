package org.lanenorm.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.lanenorm.Layout;
import org.lanenorm.cli.Values.Mode;

/**
 * What normalize prints: for a person or for a program.
 *
 * @param output as given on the command line, null for none
 * @param stats as given on the command line, null for none
 */
record NormalizePrinter(Mode mode, String backend, int threads, String output, String stats) {
  String text(List<Report> reports) {
    StringBuilder text = new StringBuilder();
    for (Report report : reports) {
      text.append(text.isEmpty() ? "" : "\n").append(text(report));
    }
    return text.toString();
  }

  private String text(Report report) {
    Normalized result = report.result();
    Table table =
        new Table(
            "channel",
            "mean",
            "variance",
            "running mean",
            "running var",
            "y min",
            "y max",
            "error/ulp");
    table.channels(
        report.x().shape().channels(),
        c -> {
          float[] range = result.range(c);
          return new String[] {
            Integer.toString(c),
            Table.number(result.moments().mean(c)),
            Table.number(result.moments().variance(c)),
            Table.number(result.runningMean()[c]),
            Table.number(result.runningVariance()[c]),
            Table.number(range[0]),
            Table.number(range[1]),
            Double.isNaN(report.ulps()[c]) ? "-" : Table.measured(report.ulps()[c])
          };
        });
    return "%s: %s, %s, epsilon %s, %s, %s\n"
            .formatted(
                report.x().name(),
                report.x().shape(),
                mode,
                Table.number(report.setup().params().epsilon()),
                backend,
                Threads.words(threads))
        + table
        + summary(report)
        + "\n";
  }

  private static String summary(Report report) {
    if (report.time() == null) {
      return "empty: nothing to normalize";
    }
    Layout other = Layouts.other(report.x().shape().layout());
    return String.format(
        Locale.ROOT,
        "%s ms, %s GB/s read + written, %.0f %% of a plain copy, max error %s ulp, %s bits in %s",
        Table.measured(report.time().seconds() * 1e3),
        Table.measured(report.gigabytesPerSecond()),
        report.shareOfCopy() * 100,
        Table.measured(report.maxUlps()),
        report.sameBits() ? "same" : "OTHER",
        other);
  }

  String json(List<Report> reports) {
    return Json.text(
        json -> {
          json.writeStringField("mode", mode.toString());
          Params params = reports.get(0).setup().params();
          json.writeNumberField("epsilon", params.epsilon());
          json.writeStringField("momentum", params.momentum().toString());
          json.writeStringField("backend", backend);
          json.writeNumberField("threads", threads);
          json.writeStringField("output", output);
          json.writeStringField("stats", stats);
          json.writeArrayFieldStart("inputs");
          for (Report report : reports) {
            write(json, report);
          }
          json.writeEndArray();
        });
  }

  private static void write(JsonGenerator json, Report report) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", report.x().name());
    json.writeStringField("layout", report.x().shape().layout().name().toLowerCase(Locale.ROOT));
    int[] dimensions = report.x().shape().dimensions();
    json.writeFieldName("shape");
    json.writeArray(dimensions, 0, dimensions.length);
    json.writeNumberField("count", report.result().moments().count());
    if (report.time() != null) {
      json.writeNumberField("seconds", report.time().seconds());
      json.writeNumberField("samples", report.time().samples());
      json.writeNumberField("bytes_per_element", Report.BYTES_PER_ELEMENT);
      json.writeNumberField("gigabytes_per_second", report.gigabytesPerSecond());
      json.writeNumberField("share_of_copy", report.shareOfCopy());
    }
    json.writeNumberField("max_error_ulps", report.maxUlps());
    json.writeBooleanField("same_bits_in_other_layout", report.sameBits());
    json.writeArrayFieldStart("channels");
    for (int c = 0; c < report.x().shape().channels(); c++) {
      write(json, report, c);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Report report, int c) throws IOException {
    Normalized result = report.result();
    float[] range = result.range(c);
    json.writeStartObject();
    json.writeNumberField("channel", c);
    json.writeBooleanField("finite", result.finite(c));
    Json.number(json, "mean", result.moments().mean(c));
    Json.number(json, "variance", result.moments().variance(c));
    Json.number(json, "running_mean", result.runningMean()[c]);
    Json.number(json, "running_var", result.runningVariance()[c]);
    Json.number(json, "y_min", range[0]);
    Json.number(json, "y_max", range[1]);
    Json.number(json, "error_ulps", report.ulps()[c]);
    json.writeEndObject();
  }
}
