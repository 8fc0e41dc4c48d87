package org.lanenorm.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanenorm.BatchNorm;
import org.lanenorm.Momentum;
import org.lanenorm.TensorShape;
import org.lanenorm.VarianceConvention;

class OnnxTest {
  private static final float[] TWO = {1, 4};

  @TempDir Path folder;

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("x.onnx"), bytes);
  }

  private ParameterFile open(OnnxBytes graph) throws IOException {
    return ParameterFile.open(file(OnnxBytes.model(15, graph)));
  }

  private void isRefused(byte[] bytes, String because) throws IOException {
    Path file = file(bytes);
    assertThatExceptionOfType(FileFormatException.class)
        .isThrownBy(() -> ParameterFile.open(file).close())
        .withMessageStartingWith(file + " ")
        .withMessageContaining(because);
  }

  private void isRefused(OnnxBytes graph, String because) throws IOException {
    isRefused(OnnxBytes.model(15, graph), because);
  }

  private void layerIsRefused(OnnxBytes graph, String because) throws IOException {
    try (ParameterFile file = open(graph)) {
      String layer = file.layers().getFirst();
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> file.layer(layer))
          .withMessageStartingWith(folder.toString())
          .withMessageContaining(because);
    }
  }

  private static OnnxBytes batchNorm(String name, OnnxBytes... attributes) {
    OnnxBytes node = OnnxBytes.node("BatchNormalization", name, "x scale b mean var", "y");
    for (OnnxBytes attribute : attributes) {
      node.message(5, attribute);
    }
    return node;
  }

  /** A graph of initializers scale, b, mean and var, to which nodes are added. */
  private static OnnxBytes parameters() {
    return new OnnxBytes()
        .message(5, OnnxBytes.tensor("scale", new float[] {2, 3}, 2))
        .message(5, OnnxBytes.tensor("b", new float[] {-1, 0.5f}, 2))
        .message(5, OnnxBytes.tensor("mean", TWO, 2))
        .message(5, OnnxBytes.tensor("var", TWO, 2));
  }

  @Test
  void aLayerIsANodeByItsNameWithItsInitializers() throws IOException {
    OnnxBytes graph =
        new OnnxBytes()
            .message(
                1,
                batchNorm(
                    "/features/1/BatchNormalization",
                    OnnxBytes.attribute("epsilon", 0.5f),
                    OnnxBytes.attribute("momentum", 0.75f),
                    OnnxBytes.attribute("training_mode", 0)))
            .message(1, OnnxBytes.node("Relu", "", "y", "z"))
            .text(2, "main")
            .bytes(5, OnnxBytes.tensor("unused", new float[6], 2, 3).bytes());
    byte[] bytes =
        OnnxBytes.model(
            15,
            graph
                .message(5, OnnxBytes.tensor("scale", new float[] {2, 3}, 2))
                .message(5, OnnxBytes.tensor("b", new float[] {-1, 0.5f}, 2))
                .message(5, OnnxBytes.tensor("mean", TWO, 2))
                .message(5, OnnxBytes.tensor("var", TWO, 2)));
    try (ParameterFile file = ParameterFile.open(file(bytes))) {
      assertThat(file.format()).isEqualTo("ONNX opset 15");
      assertThat(file.names()).containsExactly("unused", "scale", "b", "mean", "var");
      assertThat(file.info("unused")).hasToString("float32 (2, 3)");
      assertThat(file.layers()).containsExactly("/features/1/BatchNormalization");
      LayerParameters layer = file.layer("/features/1/BatchNormalization");
      assertThat(layer.gamma()).containsExactly(2, 3);
      assertThat(layer.beta()).containsExactly(-1, 0.5f);
      assertThat(layer.mean()).containsExactly(1, 4);
      assertThat(layer.variance()).containsExactly(1, 4);
      assertThat(layer.epsilon()).hasValue(0.5);
      assertThat(layer.momentum()).hasValue(Momentum.decay(0.75));
      assertThat(layer.opset()).hasValue(15);
      assertThat(layer.batches()).isEmpty();
      BatchNorm norm = layer.builder().build();
      assertThat(norm.epsilon()).isEqualTo(0.5);
      assertThat(norm.runningStatistics().momentum()).isEqualTo(Momentum.decay(0.75));
      assertThat(norm.runningStatistics().convention()).isEqualTo(VarianceConvention.BIASED);
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> file.layer("bn"))
          .withMessageContaining("no layer 'bn'; it has '/features/1/BatchNormalization'");
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> file.read("y"))
          .withMessageContaining("no array 'y'; it has 'unused', 'scale'");
    }
  }

  @Test
  void whatANodeDoesNotSayIsTheOperatorsDefault() throws IOException {
    try (ParameterFile file = open(parameters().message(1, batchNorm("")))) {
      assertThat(file.layers()).containsExactly("y"); // no name: that of its output
      LayerParameters layer = file.layer("y");
      assertThat(layer.epsilon()).hasValue(1e-5f);
      assertThat(layer.momentum()).hasValue(Momentum.decay(0.9f));
      float[] y = new float[2];
      layer.freeze().apply(new float[] {1, 6}, y, TensorShape.rows(1, 2));
      assertThat(y[0]).isEqualTo(-1);
      assertThat(y[1]).isEqualTo((float) (2 * 3 / Math.sqrt(4 + 1e-5f) + 0.5));
    }
  }

  @Test
  void everyTypeAndFieldIsReadExactly() throws IOException {
    ByteBuffer halves = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    halves.putShort((short) 0x3c01).putShort((short) 0xfc00);
    OnnxBytes graph =
        new OnnxBytes()
            .message(5, OnnxBytes.tensor("raw", new float[] {0.1f, -0f, Float.NaN}, 3, 1))
            .message(
                5,
                OnnxBytes.tensor("float", OnnxBytes.FLOAT, 2)
                    .bytes(4, SafetensorsBytes.floats(0.1f, 5)))
            .message(
                5, OnnxBytes.tensor("double", OnnxBytes.DOUBLE).bytes(10, OnnxBytes.doubles(0.1)))
            .message(
                5,
                OnnxBytes.tensor("rawDouble", OnnxBytes.DOUBLE, 1)
                    .bytes(9, OnnxBytes.doubles(-0.1)))
            .message(5, OnnxBytes.tensor("half", OnnxBytes.FLOAT16, 2).bytes(9, halves.array()))
            .message(
                5,
                OnnxBytes.tensor("half32", OnnxBytes.FLOAT16, 2)
                    .bytes(5, OnnxBytes.packed(0x3c01, 0xfc00)))
            .message(
                5,
                OnnxBytes.tensor("bfloat32", OnnxBytes.BFLOAT16, 2)
                    .bytes(5, OnnxBytes.packed(0x3f81, 0x4049)))
            .message(
                5,
                OnnxBytes.tensor("int", OnnxBytes.INT64, 3)
                    .bytes(7, OnnxBytes.packed(-1, Long.MAX_VALUE, 7)))
            .message(5, OnnxBytes.tensor("none", OnnxBytes.FLOAT, 3, 0))
            .message(
                5,
                new OnnxBytes()
                    .bytes(1, OnnxBytes.packed(2, 1))
                    .varint(2, OnnxBytes.FLOAT)
                    .text(8, "packedShape")
                    .bytes(9, SafetensorsBytes.floats(TWO)))
            .message(5, OnnxBytes.tensor("int8", 3, 2).bytes(9, new byte[2]));
    try (ParameterFile file = open(graph)) {
      assertThat(file.read("raw").floats()).containsExactly(0.1f, -0f, Float.NaN);
      assertThat(file.read("raw").shape()).containsExactly(3, 1);
      assertThat(file.read("float").floats()).containsExactly(0.1f, 5);
      assertThat(file.read("double").doubles()).containsExactly(0.1);
      assertThat(file.read("rawDouble").doubles()).containsExactly(-0.1);
      for (String half : new String[] {"half", "half32"}) {
        assertThat(file.read(half).type()).isEqualTo(ElementType.FLOAT16);
        assertThat(file.read(half).floats()).containsExactly(1 + 0x1p-10f, Float.NEGATIVE_INFINITY);
      }
      assertThat(file.read("bfloat32").floats()).containsExactly(1 + 0x1p-7f, 3.140625f);
      assertThat(file.read("int").longs()).containsExactly(-1, Long.MAX_VALUE, 7);
      assertThat(file.read("none").size()).isZero();
      assertThat(file.read("packedShape").shape()).containsExactly(2, 1);
      assertThat(file.info("int8")).hasToString("TensorProto.DataType 3 (2,)");
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> file.read("int8"))
          .withMessageContaining("DataType 3 (2,) as 'int8', but only FLOAT");
    }
  }

  @Test
  void parametersMayBeConstantsAndPassThroughIdentities() throws IOException {
    OnnxBytes value =
        new OnnxBytes()
            .text(1, "value")
            .message(5, OnnxBytes.tensor(null, new float[] {7, 8}, 2))
            .varint(20, 4);
    OnnxBytes graph =
        new OnnxBytes()
            .message(1, new OnnxBytes().text(2, "scale").text(4, "Constant").message(5, value))
            .message(1, OnnxBytes.node("Identity", "i", "shared", "b"))
            .message(1, OnnxBytes.node("Identity", "j", "b", "mean"))
            .message(1, batchNorm("bn"))
            .message(5, OnnxBytes.tensor("shared", new float[] {5, 6}, 2))
            .message(5, OnnxBytes.tensor("var", TWO, 2));
    try (ParameterFile file = open(graph)) {
      LayerParameters layer = file.layer("bn");
      assertThat(layer.gamma()).containsExactly(7, 8);
      assertThat(layer.beta()).containsExactly(5, 6);
      assertThat(layer.mean()).containsExactly(5, 6);
    }
  }

  @Test
  void aLayerThatCannotBeReadIsRefused() throws IOException {
    layerIsRefused(
        parameters().message(1, batchNorm("bn", OnnxBytes.attribute("spatial", 0))),
        "node 'bn' normalizes each position by itself (spatial=0)");
    layerIsRefused(
        parameters().message(1, batchNorm("bn", OnnxBytes.attribute("epsilon", -1f))),
        "a finite epsilon of at least 0, but has -1.0");
    layerIsRefused(
        parameters().message(1, batchNorm("bn", OnnxBytes.attribute("epsilon", Float.NaN))),
        "but has NaN");
    layerIsRefused(
        parameters().message(1, batchNorm("bn", OnnxBytes.attribute("momentum", 1.5f))),
        "a momentum from 0 to 1, but has 1.5");
    layerIsRefused(
        parameters().message(1, OnnxBytes.node("BatchNormalization", "bn", "x scale b mean", "y")),
        "must have 5 inputs, but has 4");
    layerIsRefused(
        parameters()
            .message(1, OnnxBytes.node("BatchNormalization", "bn", "x scale b mean computed", "y")),
        "has 'computed' as its variance, which is no initializer or constant");
    layerIsRefused(
        parameters()
            .message(1, OnnxBytes.node("Identity", "i", "q", "p"))
            .message(1, OnnxBytes.node("Identity", "j", "p", "q"))
            .message(1, OnnxBytes.node("BatchNormalization", "bn", "x p b mean var", "y")),
        "has 'p' as its scale");
    layerIsRefused(
        parameters()
            .message(5, OnnxBytes.tensor("three", new float[3], 3))
            .message(1, OnnxBytes.node("BatchNormalization", "bn", "x scale b mean three", "y")),
        "as many values as 'mean', 2, as 'three'");
    // another domain's operator of that name is no layer, and neither is what is in a subgraph
    OnnxBytes branch = new OnnxBytes().message(1, batchNorm("inner"));
    OnnxBytes graph =
        parameters()
            .message(1, batchNorm("other").text(7, "com.example"))
            .message(
                1,
                OnnxBytes.node("If", "if", "c", "d")
                    .message(5, new OnnxBytes().text(1, "then_branch").message(6, branch)))
            .message(1, batchNorm("same").text(7, "ai.onnx"));
    try (ParameterFile file = open(graph)) {
      assertThat(file.layers()).containsExactly("same");
      assertThat(file.layer("same").channels()).isEqualTo(2);
    }
  }

  private void valuesAreRefused(OnnxBytes tensor, String because) throws IOException {
    try (ParameterFile file = open(new OnnxBytes().message(5, tensor))) {
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> file.read("a"))
          .withMessageStartingWith(folder.toString())
          .withMessageContaining(because);
    }
  }

  private static OnnxBytes two(int type) {
    return OnnxBytes.tensor("a", type, 2);
  }

  @Test
  void valuesThatDoNotFitTheirShapeAreRefused() throws IOException {
    String bytes = " bytes of values for 'a' in field ";
    valuesAreRefused(two(OnnxBytes.FLOAT).bytes(9, new byte[7]), "7" + bytes + 9);
    valuesAreRefused(two(OnnxBytes.FLOAT).bytes(9, new byte[12]), "12" + bytes + 9);
    valuesAreRefused(two(OnnxBytes.FLOAT), "0" + bytes + 0);
    valuesAreRefused(two(OnnxBytes.FLOAT).bytes(10, new byte[16]), "16" + bytes + 10);
    valuesAreRefused(two(OnnxBytes.DOUBLE).bytes(4, new byte[8]), "8" + bytes + 4);
    valuesAreRefused(two(OnnxBytes.INT64).bytes(7, OnnxBytes.packed(1)), "1" + bytes + 7);
    valuesAreRefused(two(OnnxBytes.INT64).bytes(7, OnnxBytes.packed(1, 2, 3)), "3" + bytes + 7);
    valuesAreRefused(two(OnnxBytes.INT64).bytes(7, OnnxBytes.packed(999)), "2" + bytes + 7);
    valuesAreRefused(two(OnnxBytes.INT64).bytes(7, (byte) 1, (byte) 0x80), "2" + bytes + 7);
    valuesAreRefused(
        two(OnnxBytes.FLOAT16).bytes(5, OnnxBytes.packed(1, 65536)), "65536 as 16 bits of 'a'");
    valuesAreRefused(two(OnnxBytes.FLOAT16).bytes(5, OnnxBytes.packed(1, -1)), "-1 as 16 bits");
    valuesAreRefused(
        OnnxBytes.tensor("a", OnnxBytes.FLOAT, 1 << 30, 4).bytes(9, new byte[8]),
        "at most 2147483647 elements");
    valuesAreRefused(
        OnnxBytes.tensor("a", OnnxBytes.FLOAT, 1 << 30).bytes(9, new byte[8]), "8" + bytes + 9);
    valuesAreRefused(
        OnnxBytes.tensor("a", OnnxBytes.FLOAT16, 1 << 30).bytes(5, new byte[8]), "8" + bytes + 5);
    valuesAreRefused(
        two(OnnxBytes.FLOAT).fixed(4, 1).fixed(4, 2), "each value of 'a' in a field of its own");
    valuesAreRefused(
        two(OnnxBytes.FLOAT).bytes(4, new byte[4]).bytes(4, new byte[4]), "in several pieces");
    valuesAreRefused(
        two(OnnxBytes.FLOAT).bytes(9, new byte[8]).message(3, new OnnxBytes()), "a segment alone");
    OnnxBytes location = new OnnxBytes().text(1, "location").text(2, "../../secret");
    valuesAreRefused(
        two(OnnxBytes.FLOAT).message(13, location).varint(14, 1), "keeps 'a' in another file");
    valuesAreRefused(two(OnnxBytes.FLOAT).varint(14, 1), "keeps 'a' in another file");
  }

  @Test
  void aModelThatIsWrongIsRefused() throws IOException {
    OnnxBytes graph = parameters().message(1, batchNorm("bn"));
    isRefused(new OnnxBytes().varint(1, 8).bytes(), "is no ONNX model: it has no graph");
    isRefused(new byte[0], "is no ONNX model");
    isRefused(
        new OnnxBytes().varint(1, 8).message(7, graph).message(7, graph).bytes(),
        "must have one graph");
    isRefused(
        new OnnxBytes().varint(1, 8).message(7, graph).bytes(), "which version of the operators");
    isRefused(OnnxBytes.model(0, graph), "version 1 or more, but states 0");
    isRefused(graph.message(1, batchNorm("bn")), "two BatchNormalization nodes named 'bn'");
    isRefused(parameters().message(5, OnnxBytes.tensor("b", TWO, 2)), "two arrays named 'b'");
    isRefused(
        new OnnxBytes().message(5, OnnxBytes.tensor(null, TWO, 2)), "an array without a name");
    isRefused(parameters().message(1, batchNorm("bn").text(3, "bm")), "repeats the field name");
    isRefused(
        parameters()
            .message(
                1,
                batchNorm(
                    "bn", OnnxBytes.attribute("epsilon", 1f), OnnxBytes.attribute("epsilon", 2f))),
        "repeats the field epsilon");
    isRefused(
        parameters().message(1, batchNorm("bn", OnnxBytes.attribute("epsilon", 1))),
        "a float as attribute 'epsilon' of node 'bn'");
    isRefused(
        new OnnxBytes().message(5, OnnxBytes.tensor("a", 1, -1)),
        "0 or more each, but one at byte");
    isRefused(
        new OnnxBytes().message(5, OnnxBytes.tensor("a", 1, new int[65])), "at most 64 dimensions");
    isRefused(
        parameters().message(1, OnnxBytes.node("Relu", "n".repeat(10_001), "x", "y")),
        "names of at most 10000 bytes, but one before byte");
    isRefused(
        parameters()
            .message(1, OnnxBytes.node("Identity", "", "a", "y"))
            .message(1, OnnxBytes.node("Identity", "", "b", "y")),
        "two nodes with the output 'y'");
    byte[] old = new OnnxBytes().varint(1, 2).message(7, graph).bytes();
    isRefused(old, "two BatchNormalization nodes");
    byte[] group = {8, 8, 0x0b, 0x0b, 0x0b, 0x0b};
    isRefused(group, "a field is of kind 3");
  }

  @Test
  void beforeVersion3ModelsDoNotNameTheirOperators() throws IOException {
    byte[] old =
        new OnnxBytes().varint(1, 2).message(7, parameters().message(1, batchNorm("bn"))).bytes();
    try (ParameterFile file = ParameterFile.open(file(old))) {
      assertThat(file.format()).isEqualTo("ONNX opset 1");
    }
  }

  @Test
  void millionsOfNodesAreRefusedBeforeTheyFillTheMemory() throws IOException {
    OnnxBytes graph = new OnnxBytes();
    for (int i = 0; i < 300_000; i++) {
      graph.message(5, OnnxBytes.tensor("a" + i, OnnxBytes.FLOAT, 0));
    }
    isRefused(graph, "more arrays and nodes than fit 50000000 bytes");
  }

  /** 1.5 GB of another array between two parameters, on disk a few kB. */
  @Test
  void aFileMuchLargerThanTheMemoryIsListed() throws IOException {
    int large = 1_500_000_000;
    byte[] head =
        new OnnxBytes()
            .message(5, OnnxBytes.tensor("scale", TWO, 2))
            .message(5, OnnxBytes.tensor("b", TWO, 2))
            .message(5, OnnxBytes.tensor("mean", TWO, 2))
            .bytes();
    OnnxBytes embedding = OnnxBytes.tensor("embedding", OnnxBytes.FLOAT, large / 4);
    byte[] field = new OnnxBytes().bytes(9, new byte[0]).bytes();
    byte[] tail =
        new OnnxBytes()
            .message(5, OnnxBytes.tensor("var", new float[] {5, 6}, 2))
            .message(1, batchNorm("bn"))
            .bytes();
    byte[] rawLength = OnnxBytes.packed(large);
    int tensorLength = embedding.bytes().length + 1 + rawLength.length + large;
    byte[] tensorHead = concat(new byte[] {5 << 3 | 2}, OnnxBytes.packed(tensorLength));
    int graphLength = head.length + tensorHead.length + tensorLength + tail.length;
    byte[] model =
        concat(
            new OnnxBytes().varint(1, 8).message(8, new OnnxBytes().varint(2, 15)).bytes(),
            new byte[] {7 << 3 | 2},
            OnnxBytes.packed(graphLength),
            head,
            tensorHead,
            embedding.bytes(),
            new byte[] {field[0]},
            rawLength);
    Path file = file(model);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.seek(sparse.length() + large);
      sparse.write(tail);
    }
    try (ParameterFile opened = ParameterFile.open(file)) {
      assertThat(opened.layer("bn").variance()).containsExactly(5, 6);
      assertThat(opened.info("embedding")).hasToString("float32 (375000000,)");
    }
  }

  private static byte[] concat(byte[]... parts) {
    ByteBuffer all = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(p -> p.length).sum());
    for (byte[] part : parts) {
      all.put(part);
    }
    return all.array();
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] whole = OnnxBytes.model(15, parameters().message(1, batchNorm("bn")));
    for (int length = 0; length < whole.length; length++) {
      Path file = file(Arrays.copyOf(whole, length));
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> ParameterFile.open(file).close())
          .withMessageStartingWith(file.toString());
    }
  }

  @Test
  void everyFlippedBitGivesAnswersOrAFileFormatException() throws IOException {
    byte[] bytes =
        OnnxBytes.model(
            15, parameters().message(1, batchNorm("bn", OnnxBytes.attribute("epsilon", 1e-3f))));
    for (int bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      Everything.of(file(bytes));
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }
  }
}
