package org.lanenorm.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.lanenorm.files.FileFormatException;
import org.lanenorm.files.LayerParameters;
import org.lanenorm.files.ParameterFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanenorm inspect}: the layers of a file and what is suspicious about them. */
@Command(
    name = "inspect",
    description = {
      "List the batch normalization layers of a file of parameters, and what is suspicious about"
          + " their values.",
      ""
    },
    footer = {
      "",
      "Suspicious are channels with NaN or infinity, with a negative variance, with a variance under"
          + " epsilon (the layer is then scaled by epsilon rather than by its data), and with a gamma"
          + " under 1e-6 in size (the channel is its beta, whatever comes in).",
      "Ranges leave NaN out. A layer that cannot be read is listed with the reason.",
      "Exit status: 0, or 1 with --strict if anything is suspicious or cannot be read, or 2 on bad"
          + " input."
    })
final class InspectCommand extends PlainCommand {
  @Parameters(
      paramLabel = "FILE",
      description =
          "safetensors (a layer is the prefix of running_mean and running_var, as PyTorch names"
              + " them), ONNX (a layer is a BatchNormalization node) or .npz (named as in"
              + " safetensors).")
  private String name;

  @Option(
      names = "--epsilon",
      paramLabel = "E",
      converter = Values.Epsilon.class,
      description = "What variances are held against. Default: what FILE states, else 1e-5.")
  private Double epsilon;

  @Option(names = "--arrays", description = "List all arrays of FILE too.")
  private boolean arrays;

  @Option(
      names = "--strict",
      description = "Exit with 1 if anything is suspicious or cannot be read.")
  private boolean strict;

  @Option(names = "--json", description = "Print one JSON object instead of the table.")
  private boolean json;

  @Override
  public Integer call() {
    return Inputs.open(
        "FILE",
        name,
        file -> {
          List<Inspection> layers = inspect(file);
          out().print(json ? json(file, layers) : text(file, layers));
          return strict && !layers.stream().allMatch(Inspection::clean) ? Main.WRONG : 0;
        });
  }

  private List<Inspection> inspect(ParameterFile file) throws IOException {
    List<Inspection> layers = new ArrayList<>();
    for (String layer : file.layers()) {
      try {
        LayerParameters parameters = file.layer(layer);
        double against =
            epsilon != null ? epsilon : parameters.epsilon().orElse(LayerOptions.EPSILON);
        layers.add(Inspection.of(parameters, against));
      } catch (FileFormatException e) {
        layers.add(Inspection.failed(layer, e.getMessage()));
      }
    }
    return layers;
  }

  private String text(ParameterFile file, List<Inspection> layers) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s: %s, %s, %s\n"
            .formatted(
                Names.shown(name),
                file.format(),
                count(layers.size(), "layer"),
                count(file.names().size(), "array")));
    if (!layers.isEmpty()) {
      text.append(table(layers));
    }
    for (Inspection layer : layers) {
      for (Map.Entry<Suspicion, Inspection.Found> found : layer.suspicious().entrySet()) {
        text.append(
            "%s: %s in %s\n"
                .formatted(Names.shown(layer.name()), found.getKey(), channels(found.getValue())));
      }
      if (layer.problem() != null) {
        text.append(
            "%s: cannot be read: %s\n"
                .formatted(Names.shown(layer.name()), Main.line(layer.problem())));
      }
    }
    if (arrays) {
      text.append(arrays(file));
    }
    return text.toString();
  }

  private static Table table(List<Inspection> layers) {
    Table table =
        new Table(
            "layer",
            "channels",
            "type",
            "epsilon",
            "gamma",
            "beta",
            "mean",
            "variance",
            "suspicious");
    for (Inspection layer : layers) {
      if (layer.problem() != null) {
        table.row(Names.shown(layer.name()), "-", "-", "-", "-", "-", "-", "-", "unreadable");
        continue;
      }
      table.row(
          Names.shown(layer.name()),
          Integer.toString(layer.channels()),
          layer.types(),
          layer.epsilon().isPresent() ? Table.number(layer.epsilon().getAsDouble()) : "-",
          range(layer.gamma()),
          range(layer.beta()),
          range(layer.mean()),
          range(layer.variance()),
          Integer.toString(layer.suspiciousChannels()));
    }
    return table;
  }

  private static String range(double[] range) {
    return range == null || Double.isNaN(range[0])
        ? "-"
        : Table.number(range[0]) + " .. " + Table.number(range[1]);
  }

  private static String channels(Inspection.Found found) {
    String first =
        Arrays.stream(found.first()).mapToObj(Integer::toString).collect(Collectors.joining(", "));
    return "%s (%s%s)"
        .formatted(
            count(found.count(), "channel"),
            first,
            found.count() > found.first().length ? ", ..." : "");
  }

  private static String count(int n, String what) {
    return n + " " + what + (n == 1 ? "" : "s");
  }

  private static Table arrays(ParameterFile file) throws IOException {
    Table table = new Table("array", "type and shape");
    for (String array : file.names()) {
      String info;
      try {
        info = Main.line(file.info(array).toString());
      } catch (FileFormatException e) {
        info = "cannot be read: " + Main.line(e.getMessage());
      }
      table.row(Names.shown(array), info);
    }
    return table;
  }

  private String json(ParameterFile file, List<Inspection> layers) throws IOException {
    return Json.text(
        json -> {
          json.writeStringField("file", name);
          json.writeStringField("format", file.format());
          json.writeArrayFieldStart("layers");
          for (Inspection layer : layers) {
            write(json, layer);
          }
          json.writeEndArray();
          if (arrays) {
            json.writeArrayFieldStart("arrays");
            for (String array : file.names()) {
              json.writeString(array);
            }
            json.writeEndArray();
          }
        });
  }

  private static void write(JsonGenerator json, Inspection layer) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", layer.name());
    if (layer.problem() != null) {
      json.writeStringField("problem", layer.problem());
      json.writeEndObject();
      return;
    }
    json.writeNumberField("channels", layer.channels());
    json.writeStringField("types", layer.types());
    if (layer.epsilon().isPresent()) {
      json.writeNumberField("epsilon", layer.epsilon().getAsDouble());
    }
    if (layer.momentum().isPresent()) {
      json.writeStringField("momentum", layer.momentum().get().toString());
    }
    if (layer.batches().isPresent()) {
      json.writeNumberField("batches", layer.batches().getAsLong());
    }
    Json.range(json, "gamma", layer.gamma());
    Json.range(json, "beta", layer.beta());
    Json.range(json, "mean", layer.mean());
    Json.range(json, "variance", layer.variance());
    json.writeObjectFieldStart("suspicious");
    for (Map.Entry<Suspicion, Inspection.Found> found : layer.suspicious().entrySet()) {
      json.writeObjectFieldStart(found.getKey().toString());
      json.writeNumberField("count", found.getValue().count());
      json.writeFieldName("first");
      json.writeArray(found.getValue().first(), 0, found.getValue().first().length);
      json.writeEndObject();
    }
    json.writeEndObject();
    json.writeEndObject();
  }
}
