package org.lanenorm.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One small network as PyTorch would save it, {@code network.safetensors}, and as it would export
 * it, {@code network.onnx}:
 *
 * <pre>
 * x (N, 1, 8, 8) -> conv1 (6, 1, 3, 3) with bias -> bn1 (6) -> ReLU
 *                -> conv2 (4, 6, 3, 3) without    -> bn2 (4) -> ReLU
 *                -> mean over positions -> fc (10, 4) with bias -> bn3 (10), neither gamma nor beta
 * </pre>
 *
 * Its numbers are made up. bn2 has what {@code lanenorm inspect} should find: a gamma of 1e-8 and a
 * variance of 1e-9. The epsilons, which only ONNX states, are 1e-5, 1e-3 and 1e-5.
 */
final class ExampleFiles {
  private static final Path FOLDER =
      Path.of("src", "test", "resources", "org", "lanenorm", "files");

  private ExampleFiles() {}

  /** Writes both files anew; run in this module's folder. */
  public static void main(String[] args) throws IOException {
    Files.write(FOLDER.resolve("network.safetensors"), safetensors());
    Files.write(FOLDER.resolve("network.onnx"), onnx());
  }

  private record Array(float[] values, int... shape) {}

  /** Multiples of 1/64 between two numbers, without any pattern to speak of. */
  private static Array array(double low, double high, int... shape) {
    float[] values = new float[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    for (int i = 0; i < values.length; i++) {
      long mixed = (i + 1 + 31L * values.length) * 0x9E37_79B9_7F4A_7C15L;
      double share = (mixed >>> 40) * 0x1p-24;
      values[i] = Math.round((low + share * (high - low)) * 64) / 64f;
    }
    return new Array(values, shape);
  }

  private static Map<String, Array> arrays() {
    Map<String, Array> arrays = new LinkedHashMap<>();
    arrays.put("conv1.weight", array(-0.5, 0.5, 6, 1, 3, 3));
    arrays.put("conv1.bias", array(-0.25, 0.25, 6));
    arrays.put("bn1.weight", array(0.5, 1.5, 6));
    arrays.put("bn1.bias", array(-0.5, 0.5, 6));
    arrays.put("bn1.running_mean", array(-2, 2, 6));
    arrays.put("bn1.running_var", array(0.25, 4, 6));
    arrays.put("conv2.weight", array(-0.25, 0.25, 4, 6, 3, 3));
    arrays.put("bn2.weight", new Array(new float[] {1, 1e-8f, -0.5f, 0.75f}, 4));
    arrays.put("bn2.bias", array(-0.5, 0.5, 4));
    arrays.put("bn2.running_mean", array(-1, 1, 4));
    arrays.put("bn2.running_var", new Array(new float[] {0.5f, 1, 1e-9f, 2}, 4));
    arrays.put("fc.weight", array(-1, 1, 10, 4));
    arrays.put("fc.bias", array(-0.5, 0.5, 10));
    arrays.put("bn3.running_mean", array(-1, 1, 10));
    arrays.put("bn3.running_var", array(0.25, 2, 10));
    return arrays;
  }

  static byte[] safetensors() {
    SafetensorsBytes file = new SafetensorsBytes();
    // widest elements first, as the reference implementation writes them
    for (int layer = 1; layer <= 3; layer++) {
      file.add("bn" + layer + ".num_batches_tracked", 1000);
    }
    arrays().forEach((name, array) -> file.add(name, array.values, array.shape));
    return file.bytes();
  }

  static byte[] onnx() {
    OnnxBytes graph =
        new OnnxBytes()
            .message(1, convolution("/conv1/Conv", "x conv1.weight conv1.bias", "c1"))
            .message(1, batchNorm("/bn1/BatchNormalization", "c1", "bn1", 1e-5f, "n1"))
            .message(1, OnnxBytes.node("Relu", "/Relu", "n1", "r1"))
            .message(1, convolution("/conv2/Conv", "r1 conv2.weight", "c2"))
            .message(1, batchNorm("/bn2/BatchNormalization", "c2", "bn2", 1e-3f, "n2"))
            .message(1, OnnxBytes.node("Relu", "/Relu_1", "n2", "r2"))
            .message(1, OnnxBytes.node("GlobalAveragePool", "/pool", "r2", "p"))
            .message(1, OnnxBytes.node("Flatten", "/Flatten", "p", "f"))
            .message(
                1,
                OnnxBytes.node("Gemm", "/fc/Gemm", "f fc.weight fc.bias", "g")
                    .message(5, OnnxBytes.attribute("transB", 1)))
            .message(1, constant("bn3.weight", 1))
            .message(1, constant("bn3.bias", 0))
            .message(1, batchNorm("/bn3/BatchNormalization", "g", "bn3", 1e-5f, "y"))
            .text(2, "network");
    arrays()
        .forEach(
            (name, array) -> graph.message(5, OnnxBytes.tensor(name, array.values, array.shape)));
    graph
        .message(11, OnnxBytes.value("x", null, 1, 8, 8))
        .message(12, OnnxBytes.value("y", null, 10));
    return OnnxBytes.model(17, graph);
  }

  private static OnnxBytes convolution(String name, String inputs, String output) {
    return OnnxBytes.node("Conv", name, inputs, output)
        .message(
            5,
            new OnnxBytes().text(1, "pads").bytes(8, OnnxBytes.packed(1, 1, 1, 1)).varint(20, 7));
  }

  private static OnnxBytes batchNorm(
      String name, String input, String prefix, float epsilon, String output) {
    String inputs =
        "%s %2$s.weight %2$s.bias %2$s.running_mean %2$s.running_var".formatted(input, prefix);
    return OnnxBytes.node("BatchNormalization", name, inputs, output)
        .message(5, OnnxBytes.attribute("epsilon", epsilon))
        .message(5, OnnxBytes.attribute("momentum", 0.9f));
  }

  private static OnnxBytes constant(String output, float value) {
    float[] values = new float[10];
    Arrays.fill(values, value);
    OnnxBytes attribute =
        new OnnxBytes()
            .text(1, "value")
            .message(5, OnnxBytes.tensor(null, values, 10))
            .varint(20, 4);
    return new OnnxBytes().text(2, output).text(4, "Constant").message(5, attribute);
  }
}
