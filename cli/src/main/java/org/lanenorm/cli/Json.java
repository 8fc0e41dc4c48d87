package org.lanenorm.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** Writes JSON for programs to read. */
final class Json {
  private Json() {}

  /** Writes the fields of an object. */
  interface Fields {
    void writeTo(JsonGenerator json) throws IOException;
  }

  /** One object and a line's end. */
  static String text(Fields fields) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
      json.writeStartObject();
      fields.writeTo(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a StringWriter has no reason to
    }
    return text.append('\n').toString();
  }

  /** JSON has no word for NaN and infinity: null. */
  static void number(JsonGenerator json, String name, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumberField(name, value);
    } else {
      json.writeNullField(name);
    }
  }

  /** Smallest and largest; nothing where there is no range. */
  static void range(JsonGenerator json, String name, double[] range) throws IOException {
    if (range == null) {
      return;
    }
    json.writeObjectFieldStart(name);
    number(json, "min", range[0]);
    number(json, "max", range[1]);
    json.writeEndObject();
  }
}
