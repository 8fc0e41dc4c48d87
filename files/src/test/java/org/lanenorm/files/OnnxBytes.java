package org.lanenorm.files;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes messages of Protocol Buffers field by field, from the description of their wire form, and
 * the messages of ONNX that are made of them. Shares no code with the reader.
 */
final class OnnxBytes {
  static final int FLOAT = 1;
  static final int INT64 = 7;
  static final int FLOAT16 = 10;
  static final int DOUBLE = 11;
  static final int BFLOAT16 = 16;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  OnnxBytes() {}

  private OnnxBytes raw(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  OnnxBytes varint(int field, long value) {
    return raw((long) field << 3).raw(value);
  }

  OnnxBytes fixed(int field, float value) {
    raw((long) field << 3 | 5).out.writeBytes(SafetensorsBytes.floats(value));
    return this;
  }

  OnnxBytes bytes(int field, byte... value) {
    raw((long) field << 3 | 2).raw(value.length).out.writeBytes(value);
    return this;
  }

  OnnxBytes text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  OnnxBytes message(int field, OnnxBytes value) {
    return bytes(field, value.bytes());
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  /** Varints one behind the other. */
  static byte[] packed(long... values) {
    OnnxBytes packed = new OnnxBytes();
    for (long value : values) {
      packed.raw(value);
    }
    return packed.bytes();
  }

  static byte[] doubles(double... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asDoubleBuffer().put(values);
    return bytes.array();
  }

  /** TensorProto without values. */
  static OnnxBytes tensor(String name, int type, int... shape) {
    OnnxBytes tensor = new OnnxBytes();
    for (int dimension : shape) {
      tensor.varint(1, dimension);
    }
    tensor.varint(2, type);
    return name == null ? tensor : tensor.text(8, name);
  }

  /** TensorProto of floats as raw_data, as PyTorch writes it. */
  static OnnxBytes tensor(String name, float[] values, int... shape) {
    return tensor(name, FLOAT, shape).bytes(9, SafetensorsBytes.floats(values));
  }

  /** NodeProto: inputs by their names with spaces between. */
  static OnnxBytes node(String operator, String name, String inputs, String output) {
    OnnxBytes node = new OnnxBytes();
    for (String input : inputs.split(" ")) {
      node.text(1, input);
    }
    return node.text(2, output).text(3, name).text(4, operator);
  }

  /** AttributeProto of a float. */
  static OnnxBytes attribute(String name, float value) {
    return new OnnxBytes().text(1, name).fixed(2, value).varint(20, 1);
  }

  /** AttributeProto of an int. */
  static OnnxBytes attribute(String name, long value) {
    return new OnnxBytes().text(1, name).varint(3, value).varint(20, 2);
  }

  /** ValueInfoProto of floats; null for a dimension that is left open. */
  static OnnxBytes value(String name, Integer... shape) {
    OnnxBytes dimensions = new OnnxBytes();
    for (Integer dimension : shape) {
      dimensions.message(
          1,
          dimension == null ? new OnnxBytes().text(2, "N") : new OnnxBytes().varint(1, dimension));
    }
    OnnxBytes tensor = new OnnxBytes().varint(1, FLOAT).message(2, dimensions);
    return new OnnxBytes().text(1, name).message(2, new OnnxBytes().message(1, tensor));
  }

  /** ModelProto. */
  static byte[] model(int opset, OnnxBytes graph) {
    return new OnnxBytes()
        .varint(1, 8)
        .text(2, "lanenorm's tests")
        .message(7, graph)
        .message(8, new OnnxBytes().text(1, "").varint(2, opset))
        .bytes();
  }
}
