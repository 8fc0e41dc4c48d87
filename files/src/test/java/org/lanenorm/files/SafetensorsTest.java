package org.lanenorm.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanenorm.BatchNorm;
import org.lanenorm.Momentum;
import org.lanenorm.TensorShape;
import org.lanenorm.VarianceConvention;

class SafetensorsTest {
  private static final float[] TWO = {1, 4};

  @TempDir Path folder;

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("x.safetensors"), bytes);
  }

  private ParameterFile open(SafetensorsBytes bytes) throws IOException {
    return ParameterFile.open(file(bytes.bytes()));
  }

  private void isRefused(byte[] bytes, String because) throws IOException {
    Path file = file(bytes);
    assertThatExceptionOfType(FileFormatException.class)
        .isThrownBy(() -> Safetensors.open(file).close())
        .withMessageStartingWith(file + " ")
        .withMessageContaining(because);
  }

  private static SafetensorsBytes layer(String prefix) {
    return new SafetensorsBytes()
        .add(prefix + "running_mean", TWO, 2)
        .add(prefix + "running_var", TWO, 2);
  }

  @Test
  void everyTypeIsReadExactly() throws IOException {
    ByteBuffer halves = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : new float[] {0.1f, -65504, 6e-8f, Float.NEGATIVE_INFINITY, Float.NaN, -0f}) {
      halves.putShort(Float.floatToFloat16(value));
    }
    byte[] doubles = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(0.1).array();
    byte[] bfloats = {(byte) 0x80, 0x3f, 0x01, 0, (byte) 0x80, (byte) 0xff, 0x49, 0x40};
    SafetensorsBytes bytes =
        new SafetensorsBytes()
            .add("half", "F16", halves.array(), 2, 3)
            .add("b", "BF16", bfloats, 4)
            .add("single", new float[] {0.1f, Float.MIN_VALUE}, 1, 2)
            .add("double", "F64", doubles)
            .add("long", Long.MIN_VALUE)
            .add("none", new float[0], 3, 0)
            .add("byte", "U8", new byte[3], 3);
    try (ParameterFile file = open(bytes)) {
      assertThat(file.names())
          .containsExactly("half", "b", "single", "double", "long", "none", "byte");
      assertThat(file.read("half").floats())
          .containsExactly(0x1.998p-4f, -65504, 0x1p-24f, Float.NEGATIVE_INFINITY, Float.NaN, -0f);
      assertThat(file.read("half").type()).isEqualTo(ElementType.FLOAT16);
      assertThat(file.read("half").shape()).containsExactly(2, 3);
      assertThat(file.read("b").floats())
          .containsExactly(1, 0x1p-133f, Float.NEGATIVE_INFINITY, 3.140625f);
      assertThat(file.read("single").floats()).containsExactly(0.1f, Float.MIN_VALUE);
      assertThat(file.read("double").doubles()).containsExactly(0.1);
      assertThat(file.read("double").shape()).isEmpty();
      assertThat(file.read("long").longs()).containsExactly(Long.MIN_VALUE);
      assertThat(file.read("none").size()).isZero();
      assertThat(file.info("byte")).hasToString("U8 (3,)");
      assertThat(file.info("b")).hasToString("bfloat16 (4,)");
      assertThat(file.layers()).isEmpty();
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> file.read("byte"))
          .withMessageContaining("type U8 as 'byte', but only F16");
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> file.read("c"))
          .withMessageContaining("no array 'c'; it has 'half', 'b'");
    }
  }

  @Test
  void aLayerIsAPrefixWithPyTorchsNames() throws IOException {
    SafetensorsBytes bytes =
        layer("features.1.")
            .add("features.1.weight", new float[] {3, 5}, 2)
            .add("features.1.bias", new float[] {-1, 0.5f}, 2)
            .add("features.1.num_batches_tracked", 7)
            .add("features.0.weight", new float[6], 2, 3)
            .add("plain.running_mean", TWO, 2)
            .add("plain.running_var", TWO, 2);
    try (ParameterFile file = open(bytes)) {
      assertThat(file.format()).isEqualTo("safetensors");
      assertThat(file.layers()).containsExactly("features.1", "plain");
      LayerParameters layer = file.layer("features.1");
      assertThat(layer).hasToString("features.1 (2 channels, float32)");
      assertThat(layer.gamma()).containsExactly(3, 5);
      assertThat(layer.beta()).containsExactly(-1, 0.5f);
      assertThat(layer.mean()).containsExactly(1, 4);
      assertThat(layer.variance()).containsExactly(1, 4);
      assertThat(layer.batches()).hasValue(7);
      assertThat(layer.epsilon()).isEmpty();
      assertThat(layer.momentum()).isEmpty();
      assertThat(layer.opset()).isEmpty();
      LayerParameters plain = file.layer("plain");
      assertThat(plain.gamma()).isNull();
      assertThat(plain.beta()).isNull();
      assertThat(plain.batches()).isEmpty();
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> file.layer("features.0"))
          .withMessageContaining("no layer 'features.0'; it has 'features.1', 'plain'");
    }
  }

  @Test
  void aLayerBecomesABatchNorm() throws IOException {
    try (ParameterFile file = open(layer("bn.").add("bn.weight", new float[] {2, 3}, 2))) {
      LayerParameters layer = file.layer("bn");
      BatchNorm norm = layer.builder().build();
      assertThat(norm.epsilon()).isEqualTo(1e-5);
      assertThat(norm.runningStatistics().momentum()).isEqualTo(Momentum.update(0.1));
      assertThat(norm.runningStatistics().convention()).isEqualTo(VarianceConvention.UNBIASED);
      float[] y = new float[2];
      layer.freeze(12).apply(new float[] {1, 12}, y, TensorShape.rows(1, 2));
      assertThat(y).containsExactly(0, 3 * 8 / 4f);
      assertThatIllegalStateException()
          .isThrownBy(layer::freeze)
          .withMessageContaining("epsilon must be given");
      layer.gamma()[0] = 9;
      layer.variance()[0] = 9;
      assertThat(layer.gamma()[0]).isEqualTo(2);
      assertThat(layer.variance()[0]).isEqualTo(1);
    }
  }

  @Test
  void aNegativeVarianceIsReadAndRefusedWhereItIsUsed() throws IOException {
    SafetensorsBytes bytes =
        new SafetensorsBytes()
            .add("bn.running_mean", TWO, 2)
            .add("bn.running_var", new float[] {1, -4}, 2);
    try (ParameterFile file = open(bytes)) {
      LayerParameters layer = file.layer("bn");
      assertThat(layer.variance()).containsExactly(1, -4);
      assertThatIllegalArgumentException()
          .isThrownBy(layer::builder)
          .withMessageContaining("runningVariance[1]");
    }
  }

  @Test
  void aLayerWhoseArraysDoNotFitIsRefusedAndTheOthersAreNot() throws IOException {
    SafetensorsBytes bytes =
        layer("good.")
            .add("a.running_mean", TWO, 2)
            .add("b.running_mean", TWO, 2)
            .add("b.running_var", new float[3], 3)
            .add("c.running_mean", TWO, 1, 2)
            .add("c.running_var", TWO, 1, 2)
            .add("d.running_mean", "U8", new byte[2], 2)
            .add("d.running_var", TWO, 2)
            .add("e.running_mean", TWO, 2)
            .add("e.running_var", TWO, 2)
            .add("e.weight", TWO, 2)
            .add("e.gamma", TWO, 2)
            .add("f.running_mean", TWO, 2)
            .add("f.running_var", TWO, 2)
            .add("f.num_batches_tracked", -1)
            .add("g.running_mean", TWO, 2)
            .add("g.running_var", TWO, 2)
            .add("g.num_batches_tracked", TWO, 2)
            .add("h.running_mean", new float[0], 0)
            .add("h.running_var", new float[0], 0);
    String[] because = {
      "a running_mean or a running_var for layer 'a', but not both",
      "as many values as 'b.running_mean', 2, as 'b.running_var', but holds float32 (3,)",
      "as 'c.running_mean', one per channel and at most 1048576, but holds float32 (1, 2)",
      "but holds U8 (2,)",
      "holds both 'e.weight' and 'e.gamma'",
      "a count of at least 0 as 'f.num_batches_tracked', but holds -1",
      "one int64 as 'g.num_batches_tracked', but holds float32 (2,)"
    };
    try (ParameterFile file = open(bytes)) {
      for (int i = 0; i < because.length; i++) {
        String name = String.valueOf((char) ('a' + i));
        assertThatExceptionOfType(FileFormatException.class)
            .isThrownBy(() -> file.layer(name))
            .withMessageStartingWith(folder.toString())
            .withMessageContaining(because[i]);
      }
      assertThat(file.layer("good").channels()).isEqualTo(2);
      assertThat(file.layer("h").channels()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | has bytes after its data: its header promises 0 bytes of data, but 8 follow",
        "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}} | is truncated: its header promises",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 'a' is at 4 to 8 where 0 is due",
        "{'a':{'dtype':'U8','shape':[8],'data_offsets':[8,0]}} | 'a' is at 8 to 0 where 0 is due",
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'U8','shape':[4],"
            + "'data_offsets':[2,8]}} | 'b' is at 2 to 8 where 4 is due",
        "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'U8','shape':[3],"
            + "'data_offsets':[5,8]}} | 'b' is at 5 to 8 where 4 is due",
        "{'a':{'dtype':'U8','shape':[8],'data_offsets':[0,8]},'b':{'dtype':'U8','shape':[8],"
            + "'data_offsets':[0,8]}} | 'b' is at 0 to 8 where 8 is due",
        "{'a':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}} | 'a', F32 (3,), at its data_offsets",
        "{'a':{'dtype':'F64','shape':[],'data_offsets':[0,7]}} | 'a', F64 (), at its data_offsets",
        "{'a':{'dtype':'F32','shape':[4611686018427387904,4],'data_offsets':[0,0]}} | F32 (46116860",
        "{'a':{'dtype':'F32','shape':[9223372036854775807],'data_offsets':[0,8]}} | F32 (92233720",
        "{'a':{'dtype':'F32','shape':[9223372036854775808],'data_offsets':[0,8]}} | whole numbers",
        "{'a':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}} | whole numbers, 0 or more",
        "{'a':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}} | whole numbers",
        "{'a':{'dtype':'F32','shape':['2'],'data_offsets':[0,8]}} | whole numbers",
        "{'a':{'dtype':'F32','shape':2,'data_offsets':[0,8]}} | character 28: expected an array",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4,8]}} | at most 2 whole numbers",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[8]}} | two data_offsets for array 'a'",
        "{'a':{'dtype':'F32','shape':[2]}} | two data_offsets for array 'a'",
        "{'a':{'shape':[2],'data_offsets':[0,8]}} | a dtype, a shape and two data_offsets",
        "{'a':{'dtype':7,'shape':[2],'data_offsets':[0,8]}} | expected a string",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8],'x':1}} | unknown entry 'x' for array",
        "{'a':{'dtype':'F32','shape':[[2]],'data_offsets':[0,8]}} | nesting depth (4) exceeds",
        "{'a':[]} | expected an object",
        "[] | must start with '{'",
        "{'__metadata__':{'format':1}} | expected a string",
        "{'__metadata__':'pt'} | expected an object",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'a':{}} | Duplicate field 'a'",
        "{'a':{'dtype':'F32','shape':[2],'shape':[2],'data_offsets':[0,8]}} | Duplicate",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}{} | goes on after its object",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]} | at character 53: Unexpected end-of-input",
        "{'a':{'dtype':'F32','shape':[02],'data_offsets':[0,8]}} | cannot be read at character",
        "{'a':{'dtype':'F32','shape':[NaN],'data_offsets':[0,8]}} | cannot be read at character",
      })
  void aHeaderThatIsWrongIsRefused(String header, String because) throws IOException {
    isRefused(SafetensorsBytes.file(header.replace('\'', '"'), new byte[8]), because);
  }

  @Test
  void aHeaderThatClaimsToBeHugeIsNotAllocated() throws IOException {
    byte[] bytes = layer("bn.").bytes();
    for (long length : new long[] {-1, Long.MAX_VALUE, bytes.length - 7, 0, 1}) {
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
      isRefused(bytes, "but claims one of " + Long.toUnsignedString(length));
    }
    isRefused(new byte[8], "too short for a header");
    byte[] spaces = new byte[26_000_000];
    Arrays.fill(spaces, (byte) ' ');
    spaces[8] = '{';
    ByteBuffer.wrap(spaces).order(ByteOrder.LITTLE_ENDIAN).putLong(25_500_000);
    isRefused(spaces, "a header of 2 to 25000000 bytes, but claims one of 25500000");
  }

  @Test
  void aHeaderOfManyArraysIsReadInTime() throws IOException {
    StringBuilder header = new StringBuilder("{\"a\":{}");
    while (header.length() < 24_000_000) {
      header.append(",\"").append(header.length()).append("\":{}");
    }
    isRefused(SafetensorsBytes.file(header.append('}').toString()), "for array 'a'");
    StringBuilder arrays = new StringBuilder("{\"__metadata__\":{}");
    for (int i = 0; arrays.length() < 24_000_000; i++) {
      arrays.append(
          ",\"%d.running_mean\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}"
              .formatted(i));
    }
    try (ParameterFile file =
        ParameterFile.open(file(SafetensorsBytes.file(arrays.append('}').toString())))) {
      assertThat(file.layers()).hasSizeGreaterThan(300_000);
    }
  }

  @Test
  void aHeaderThatIsNotUtf8IsRefused() throws IOException {
    byte[] bytes = SafetensorsBytes.file("{\"a?\":{}}");
    bytes[11] = (byte) 0xff;
    isRefused(bytes, "is not UTF-8");
    byte[] wide = "{}".getBytes(StandardCharsets.UTF_16LE);
    isRefused(
        SafetensorsBytes.file(new String(wide, StandardCharsets.ISO_8859_1)), "at character 2");
  }

  @Test
  void namesMayBeEscapedAndPaddedWithSpaces() throws IOException {
    byte[] bytes =
        SafetensorsBytes.file(
            "{\"\\u00e4\\\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}    ",
            new byte[1]);
    try (ParameterFile file = ParameterFile.open(file(bytes))) {
      assertThat(file.names()).containsExactly("ä\"");
    }
  }

  /** 5 GB of other arrays between two layers, on disk a few kB. */
  @Test
  void aFileMuchLargerThanTheMemoryIsListed() throws IOException {
    long large = 5L << 30;
    String header =
        ("{'a.running_mean':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
                + "'a.running_var':{'dtype':'F32','shape':[1],'data_offsets':[%d,%d]},"
                + "'embedding':{'dtype':'F16','shape':[%d],'data_offsets':[4,%d]}}")
            .replace('\'', '"')
            .formatted(4 + large, 8 + large, large / 2, 4 + large);
    Path file = file(SafetensorsBytes.file(header, SafetensorsBytes.floats(3)));
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.seek(sparse.length() + large);
      sparse.write(SafetensorsBytes.floats(5));
    }
    try (ParameterFile opened = ParameterFile.open(file)) {
      assertThat(opened.layer("a").mean()).containsExactly(3);
      assertThat(opened.layer("a").variance()).containsExactly(5);
      assertThat(opened.info("embedding")).hasToString("float16 (2684354560,)");
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> opened.read("embedding"))
          .withMessageContaining("at most 2147483647 elements");
    }
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] whole = layer("bn.").bytes();
    for (int length = 0; length < whole.length; length++) {
      Path file = file(Arrays.copyOf(whole, length));
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> ParameterFile.open(file).close())
          .withMessageStartingWith(file.toString());
    }
  }

  @Test
  void everyFlippedBitGivesAnswersOrAFileFormatException() throws IOException {
    byte[] bytes = layer("bn.").add("bn.num_batches_tracked", 5).bytes();
    for (int bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      Everything.of(file(bytes));
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }
  }
}
