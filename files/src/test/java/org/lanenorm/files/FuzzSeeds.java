package org.lanenorm.files;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes what fuzzing starts from: small files that reach every corner of the readers. Beside them
 * go the inputs that fuzzing has found to break something.
 */
final class FuzzSeeds {
  private static final Path FOLDER =
      Path.of("src", "test", "resources", "org", "lanenorm", "files");

  private FuzzSeeds() {}

  /** Writes them anew; run in this module's folder. */
  public static void main(String[] args) throws IOException {
    for (String name :
        new String[] {"f2", "fortran-big-endian-f8", "i8", "scalar-f8", "empty-f4", "structured"}) {
      seed("Npy", name, NpyTest.fixture(name + ".npy"));
    }
    seed("Npz", "stored", NpyTest.fixture("stored.npz"));
    seed("Npz", "deflated", NpyTest.fixture("deflated.npz"));
    seed("Npz", "layer", npz());
    safetensors();
    onnx();
  }

  private static void seed(String reader, String name, byte[] bytes) throws IOException {
    Path folder = FOLDER.resolve(reader + "FuzzTestInputs");
    Files.createDirectories(folder);
    Files.write(folder.resolve(name), bytes);
  }

  private static byte[] npz() throws IOException {
    Map<String, Tensor> arrays = new LinkedHashMap<>();
    arrays.put("a.running_mean", Tensor.of(new float[] {1}, 1));
    arrays.put("a.running_var", Tensor.of(new double[] {2}, 1));
    arrays.put("a.num_batches_tracked", Tensor.of(new long[] {3}));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Npz.write(out, arrays);
    return out.toByteArray();
  }

  private static void safetensors() throws IOException {
    float[] two = {1, 2};
    seed(
        "Safetensors",
        "layer",
        new SafetensorsBytes()
            .add("a.num_batches_tracked", 3)
            .add("a.weight", two, 2)
            .add("a.bias", two, 2)
            .add("a.running_mean", two, 2)
            .add("a.running_var", two, 2)
            .bytes());
    seed(
        "Safetensors",
        "types",
        new SafetensorsBytes()
            .add("d", "F64", new byte[8], 1)
            .add("h", "F16", new byte[4], 2, 1)
            .add("b", "BF16", new byte[2])
            .add("u", "U8", new byte[3], 3)
            .add("n", new float[0], 0, 5)
            .bytes());
    seed("Safetensors", "empty", SafetensorsBytes.file("{}"));
    seed(
        "Safetensors", "escaped", SafetensorsBytes.file("{\"__metadata__\":{\"\\u00e4\":\"\"}}  "));
  }

  private static void onnx() throws IOException {
    float[] one = {1};
    OnnxBytes graph =
        new OnnxBytes()
            .message(
                1,
                OnnxBytes.node("BatchNormalization", "n", "x s b m v", "y")
                    .message(5, OnnxBytes.attribute("epsilon", 1e-3f))
                    .message(5, OnnxBytes.attribute("momentum", 0.5f))
                    .message(5, OnnxBytes.attribute("spatial", 1)))
            .message(5, OnnxBytes.tensor("s", one, 1))
            .message(5, OnnxBytes.tensor("b", one, 1))
            .message(5, OnnxBytes.tensor("m", one, 1))
            .message(5, OnnxBytes.tensor("v", one, 1));
    seed("Onnx", "layer", OnnxBytes.model(15, graph));
    OnnxBytes value =
        new OnnxBytes().text(1, "value").message(5, OnnxBytes.tensor(null, one, 1)).varint(20, 4);
    OnnxBytes indirect =
        new OnnxBytes()
            .message(1, new OnnxBytes().text(2, "s").text(4, "Constant").message(5, value))
            .message(1, OnnxBytes.node("Identity", "", "s", "b"))
            .message(
                1, OnnxBytes.node("BatchNormalization", "", "x s b b b", "y").text(7, "ai.onnx"));
    seed("Onnx", "indirect", OnnxBytes.model(9, indirect));
    OnnxBytes types =
        new OnnxBytes()
            .message(5, OnnxBytes.tensor("f", 1, 1).bytes(4, SafetensorsBytes.floats(one)))
            .message(5, OnnxBytes.tensor("d", 11, 1).bytes(10, OnnxBytes.doubles(1)))
            .message(5, OnnxBytes.tensor("i", 7, 2).bytes(7, OnnxBytes.packed(-1, 300)))
            .message(5, OnnxBytes.tensor("h", 10, 1).bytes(5, OnnxBytes.packed(0x3c00)))
            .message(5, OnnxBytes.tensor("b", 16, 1).bytes(5, OnnxBytes.packed(0x3f80)))
            .message(5, OnnxBytes.tensor("u", 2, 1).bytes(9, new byte[1]))
            .message(5, OnnxBytes.tensor("e", 1, 1).varint(14, 1))
            .message(5, OnnxBytes.tensor("p", 1).bytes(1, OnnxBytes.packed(1, 0)).fixed(4, 1));
    seed("Onnx", "types", OnnxBytes.model(17, types));
  }
}
