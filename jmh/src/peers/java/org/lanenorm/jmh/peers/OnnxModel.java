package org.lanenorm.jmh.peers;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * An ONNX model of one BatchNormalization node, in Protocol Buffers' wire format. The numbers of
 * fields and types are those of {@code onnx.proto}.
 */
final class OnnxModel {
  private static final int IR_VERSION = 8;
  private static final int FLOAT = 1;

  private OnnxModel() {}

  /**
   * The model's bytes.
   *
   * @param shape of x and y
   * @param training by the batch's own moments, which then also update running_mean and running_var
   * @param epsilon inside the root
   * @param momentum the share that running statistics keep
   * @param constants scale, bias, mean and variance, per channel
   */
  static byte[] batchNormalization(
      long[] shape,
      boolean training,
      float epsilon,
      float momentum,
      Map<String, float[]> constants) {
    Message node = new Message().string(1, "x");
    constants.keySet().forEach(name -> node.string(1, name));
    List<String> outputs = training ? List.of("y", "running_mean", "running_var") : List.of("y");
    outputs.forEach(name -> node.string(2, name));
    node.string(4, "BatchNormalization")
        .message(5, new Message().string(1, "epsilon").fixed(2, epsilon).number(20, 1))
        .message(5, new Message().string(1, "momentum").fixed(2, momentum).number(20, 1))
        .message(
            5, new Message().string(1, "training_mode").number(3, training ? 1 : 0).number(20, 2));

    Message graph = new Message().message(1, node).string(2, "batchNormalization");
    constants.forEach((name, values) -> graph.message(5, constant(name, values)));
    graph.message(11, variable("x", shape));
    for (String name : outputs) {
      graph.message(12, variable(name, name.equals("y") ? shape : new long[] {shape[1]}));
    }
    return new Message()
        .number(1, IR_VERSION)
        .message(7, graph)
        .message(8, new Message().string(1, "").number(2, 15))
        .toBytes();
  }

  private static Message variable(String name, long[] shape) {
    Message dimensions = new Message();
    for (long size : shape) {
      dimensions.message(1, new Message().number(1, size));
    }
    Message tensor = new Message().number(1, FLOAT).message(2, dimensions);
    return new Message().string(1, name).message(2, new Message().message(1, tensor));
  }

  private static Message constant(String name, float[] values) {
    ByteBuffer raw =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(values);
    return new Message()
        .number(1, values.length)
        .number(2, FLOAT)
        .string(8, name)
        .bytes(9, raw.array());
  }

  /** Fields one after the other, each behind its number and its type on the wire. */
  private static final class Message {
    private static final int VARINT = 0;
    private static final int LENGTH = 2;
    private static final int FIXED32 = 5;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message number(int field, long value) {
      varint(field << 3 | VARINT);
      varint(value);
      return this;
    }

    Message fixed(int field, float value) {
      varint(field << 3 | FIXED32);
      out.writeBytes(
          ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array());
      return this;
    }

    Message bytes(int field, byte[] value) {
      varint(field << 3 | LENGTH);
      varint(value.length);
      out.writeBytes(value);
      return this;
    }

    Message string(int field, String value) {
      return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return bytes(field, value.toBytes());
    }

    byte[] toBytes() {
      return out.toByteArray();
    }

    private void varint(long value) {
      long rest = value;
      for (; rest >>> 7 != 0; rest >>>= 7) {
        out.write((int) (rest & 0x7f | 0x80));
      }
      out.write((int) rest);
    }
  }
}
