package org.lanenorm.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that NumPy wrote (see make.py beside the fixtures), and files that nobody should write. */
class NpyTest {
  static byte[] fixture(String name) throws IOException {
    try (InputStream in = NpyTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private static Tensor read(byte[] bytes) throws IOException {
    return Npy.read(new ByteArrayInputStream(bytes), "x.npy", bytes.length);
  }

  private static byte[] written(Tensor array) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Npy.write(out, array);
    return out.toByteArray();
  }

  private static byte[] file(String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(fixture("c-f4.npy"), 0, 8);
    out.write(text.length);
    out.write(text.length >> 8);
    out.write(text);
    out.write(new byte[dataBytes]);
    return out.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "c-f4.npy",
        "c-f8.npy",
        "big-endian-f4.npy",
        "f2.npy",
        "fortran-f4.npy",
        "fortran-big-endian-f8.npy",
        "version-1.npy",
        "version-2.npy",
        "version-3.npy"
      })
  void everyOrderOfBytesAndIndicesReadsAsTheSameArray(String name) throws IOException {
    Tensor array = read(fixture(name));
    assertThat(array.shape()).containsExactly(2, 3, 4);
    assertThat(array.type())
        .isEqualTo(
            name.contains("f8")
                ? ElementType.FLOAT64
                : name.equals("f2.npy") ? ElementType.FLOAT16 : ElementType.FLOAT32);
    for (int i = 0; i < 24; i++) {
      assertThat(array.floats()[i]).isEqualTo(i / 8f - 1);
      assertThat(array.doubles()[i]).isEqualTo(i / 8.0 - 1);
    }
  }

  @Test
  void integersScalarsAndEmptyArraysAreRead() throws IOException {
    assertThat(read(fixture("i8.npy")).longs()).containsExactly(-2, -1, 0, 1, 2, 3);
    assertThat(read(fixture("scalar-f8.npy")).shape()).isEmpty();
    assertThat(read(fixture("scalar-f8.npy")).doubles()).containsExactly(0.5);
    assertThat(read(fixture("empty-f4.npy")).shape()).containsExactly(0, 3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"c-f4.npy", "c-f8.npy", "i8.npy", "scalar-f8.npy", "empty-f4.npy"})
  void writingGivesTheBytesThatNumPyWrites(String name) throws IOException {
    assertThat(written(read(fixture(name)))).isEqualTo(fixture(name));
  }

  @Test
  void aRoundTripOverManyChunksKeepsEveryBit() throws IOException {
    double[] doubles = new java.util.SplittableRandom(1).doubles(70_001).toArray();
    doubles[7] = Double.NaN;
    doubles[8] = -0.0;
    assertThat(read(written(Tensor.of(doubles, 70_001))).doubles()).isEqualTo(doubles);
    float[] floats = Tensor.of(doubles, 70_001).floats();
    assertThat(read(written(Tensor.of(floats, 1, 70_001))).floats()).isEqualTo(floats);
  }

  @ParameterizedTest
  @CsvSource({
    "i4.npy, '<i4'",
    "structured.npy, structured type",
    "object.npy, '|O'",
  })
  void otherTypesAreRefusedByName(String name, String type) {
    assertThatExceptionOfType(FileFormatException.class)
        .isThrownBy(() -> read(fixture(name)))
        .withMessageContaining("x.npy")
        .withMessageContaining(type.replaceAll("^'|'$", ""))
        .withMessageContaining("only float16");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2)} | a dimension, 0 or more",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,)} | above 2147483647",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536)} | at most 2147483647",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647,)} | is truncated",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)} | has bytes after its data",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4)} | (n) is no tuple",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2 2)} | a tuple",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (4,)} | True or False",
        "{'descr': \"'<f4'\", 'fortran_order': False, 'shape': (4,)} | holds elements of type",
        "{'descr': '<f4, 'fortran_order': False, 'shape': (4,)} | expected",
        "{'descr': '<f4', 'fortran_order': False} | lacks",
        "{'descr': '<f4', 'descr': '<f4', 'shape': (4,)} | unknown or repeated",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4,)} trailing | the header's end",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4é,)} | a tuple",
        "{'descr | a quoted word",
        "`` | expected '{'",
      })
  void aHostileHeaderIsRefusedWithItsReason(String header, String reason) {
    assertThatExceptionOfType(FileFormatException.class)
        .isThrownBy(() -> read(file(header, 16)))
        .withMessageStartingWith("x.npy ")
        .withMessageContaining(reason);
  }

  @Test
  void whatPythonMayWriteInAHeaderIsUnderstood() throws IOException {
    String header = " {\"shape\":( 2L ,2, ),'fortran_order':True , \"descr\" : '>f4'}\n\t ";
    assertThat(read(file(header, 16)).shape()).containsExactly(2, 2);
    assertThat(read(file("{'descr':'<f4','fortran_order':False,'shape':()}", 4)).size())
        .isEqualTo(1);
  }

  @Test
  void aHeaderThatClaimsToBeHugeIsNotAllocated() throws IOException {
    byte[] bytes = fixture("version-2.npy");
    bytes[10] = (byte) 0xff;
    bytes[11] = (byte) 0xff;
    assertThatExceptionOfType(FileFormatException.class)
        .isThrownBy(() -> read(bytes))
        .withMessageContaining("a header of 429");
  }

  @Test
  void everyTruncationIsAFileFormatException() throws IOException {
    for (String name : new String[] {"c-f4.npy", "version-3.npy"}) {
      byte[] whole = fixture(name);
      for (int length = 0; length < whole.length; length++) {
        byte[] part = java.util.Arrays.copyOf(whole, length);
        assertThatExceptionOfType(FileFormatException.class).isThrownBy(() -> read(part));
      }
    }
  }

  @Test
  void everyFlippedBitGivesAnArrayOrAFileFormatException() throws IOException {
    for (String name : new String[] {"c-f4.npy", "fortran-big-endian-f8.npy", "version-2.npy"}) {
      byte[] bytes = fixture(name);
      for (int bit = 0; bit < bytes.length * 8; bit++) {
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
        try {
          assertThat(read(bytes).size()).isLessThanOrEqualTo(bytes.length);
        } catch (FileFormatException e) {
          assertThat(e).hasMessageStartingWith("x.npy ");
        }
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
      }
    }
  }
}
