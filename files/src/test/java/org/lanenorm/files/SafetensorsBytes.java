package org.lanenorm.files;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes safetensors files from the format's description, and ones that it forbids. Shares no code
 * with the reader.
 */
final class SafetensorsBytes {
  private final List<String> entries = new ArrayList<>();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();

  SafetensorsBytes() {}

  /** An array of any type by its bytes. */
  SafetensorsBytes add(String name, String dtype, byte[] bytes, int... shape) {
    String dimensions = java.util.Arrays.toString(shape).replace(" ", "");
    entries.add(
        "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
            .formatted(name, dtype, dimensions, data.size(), data.size() + bytes.length));
    data.writeBytes(bytes);
    return this;
  }

  SafetensorsBytes add(String name, float[] values, int... shape) {
    return add(name, "F32", floats(values), shape);
  }

  SafetensorsBytes add(String name, long value) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    return add(name, "I64", bytes.putLong(value).array());
  }

  static byte[] floats(float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  byte[] bytes() {
    StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    entries.forEach(entry -> header.append(',').append(entry));
    header.append('}');
    header.append(" ".repeat(Math.floorMod(-header.length(), 8)));
    return file(header.toString(), data.toByteArray());
  }

  /** Any header before any data. */
  static byte[] file(String header, byte... data) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .put(data)
        .array();
  }
}
