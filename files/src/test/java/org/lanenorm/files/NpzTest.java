package org.lanenorm.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpzTest {
  @TempDir Path folder;

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("x.npz"), bytes);
  }

  private static byte[] zip(Map<String, byte[]> members) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> member : members.entrySet()) {
        zip.putNextEntry(new ZipEntry(member.getKey()));
        zip.write(member.getValue());
      }
    }
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"stored.npz", "deflated.npz"})
  void membersAreReadByName(String name) throws IOException {
    try (Npz npz = Npz.open(file(NpyTest.fixture(name)))) {
      assertThat(npz.names()).containsExactly("a", "b");
      assertThat(npz.read("a").shape()).containsExactly(2, 3, 4);
      assertThat(npz.read("b").doubles()).containsExactly(0, 1, 2);
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> npz.read("c"))
          .withMessageContaining("'a', 'b'");
    }
  }

  @Test
  void arraysComeBackAndEqualArraysGiveEqualBytes() throws IOException {
    Map<String, Tensor> arrays = new LinkedHashMap<>();
    arrays.put("count", Tensor.of(new long[] {Long.MAX_VALUE}));
    arrays.put("mean", Tensor.of(new double[] {0.1, Double.NaN}, 2));
    ByteArrayOutputStream once = new ByteArrayOutputStream();
    ByteArrayOutputStream twice = new ByteArrayOutputStream();
    Npz.write(once, arrays);
    Npz.write(twice, arrays);
    assertThat(once.toByteArray()).isEqualTo(twice.toByteArray());
    try (Npz npz = Npz.open(file(once.toByteArray()))) {
      assertThat(npz.read("count").longs()).containsExactly(Long.MAX_VALUE);
      assertThat(npz.read("count").shape()).isEmpty();
      assertThat(npz.read("mean").doubles()).containsExactly(0.1, Double.NaN);
    }
  }

  @Test
  void namesWithPathsAreNamesAndOtherFilesAreNoArrays() throws IOException {
    byte[] array = NpyTest.fixture("c-f4.npy");
    Path file = file(zip(Map.of("../../evil.npy", array, "notes.txt", new byte[9])));
    try (Npz npz = Npz.open(file)) {
      assertThat(npz.names()).containsExactly("../../evil");
      assertThat(npz.read("../../evil").size()).isEqualTo(24);
    }
    assertThat(folder.resolve("../../evil.npy")).doesNotExist();
  }

  @Test
  void twoArraysOfOneNameAreRefused() throws IOException {
    byte[] array = NpyTest.fixture("c-f4.npy");
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put("a.npy", array);
    members.put("b.npy", array);
    byte[] bytes = zip(members);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    Path file = file(text.replace("b.npy", "a.npy").getBytes(StandardCharsets.ISO_8859_1));
    assertThatExceptionOfType(FileFormatException.class)
        .isThrownBy(() -> Npz.open(file))
        .withMessageContaining("two arrays named 'a'");
  }

  /** 16 GB promised by the directory, by the header, or really there as 100 MB of zeros. */
  @Test
  void aBombIsRefusedBeforeAnythingIsAllocated() throws IOException {
    byte[] honest = NpyTest.fixture("deflated.npz");
    ByteBuffer bytes = ByteBuffer.wrap(honest.clone()).order(ByteOrder.LITTLE_ENDIAN);
    int directory = bytes.getInt(honest.length - 6);
    bytes.putInt(directory + 24, 0x7fff_fff0); // the member's uncompressed size
    try (Npz npz = Npz.open(file(bytes.array()))) {
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> npz.read("a"))
          .withMessageContaining("claims 2147483632 bytes");
    }
  }

  @Test
  void aDamagedValueIsFoundByItsChecksum() throws IOException {
    byte[] bytes = NpyTest.fixture("stored.npz");
    int data = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("NUMPY") + 150;
    bytes[data] ^= 1;
    try (Npz npz = Npz.open(file(bytes))) {
      assertThatExceptionOfType(FileFormatException.class)
          .isThrownBy(() -> npz.read("a"))
          .withMessageContaining("checksum");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"stored.npz", "deflated.npz"})
  void everyDamagedByteAndTruncationGivesArraysOrAFileFormatException(String name)
      throws IOException {
    byte[] bytes = NpyTest.fixture(name);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] ^= (byte) (1 << i % 8);
      readAll(bytes);
      bytes[i] ^= (byte) (1 << i % 8);
    }
    for (int length = 0; length < bytes.length; length++) {
      readAll(java.util.Arrays.copyOf(bytes, length));
    }
  }

  private void readAll(byte[] bytes) throws IOException {
    try (Npz npz = Npz.open(file(bytes))) {
      for (String member : npz.names()) {
        assertThat(npz.read(member).size()).isLessThan(1000);
      }
    } catch (FileFormatException e) {
      assertThat(e.getMessage()).contains("x.npz").doesNotContain("null");
    }
  }
}
