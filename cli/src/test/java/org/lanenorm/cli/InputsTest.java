package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.files.Tensor;

class InputsTest {
  @TempDir Path folder;
  private final List<String> notes = new ArrayList<>();

  private Input read(Object file) {
    return read(file, null);
  }

  private Input read(Object file, Layout layout) {
    return new Inputs(layout, notes::add).read("INPUT", file.toString());
  }

  private void refuses(Object file, String... because) {
    assertThatExceptionOfType(UserError.class)
        .isThrownBy(() -> read(file))
        .satisfies(e -> assertThat(e.getMessage()).startsWith("INPUT").contains(because));
  }

  @Test
  void theLayoutSaysWhichDimensionIsTheChannels() {
    Path file = Cli.npy(folder.resolve("x.npy"), Tensor.of(new float[120], 2, 3, 4, 5));
    assertThat(read(file).shape()).isEqualTo(TensorShape.nchw(2, 3, 4, 5));
    assertThat(read(file, Layout.NHWC).shape()).isEqualTo(TensorShape.nhwc(2, 3, 4, 5));
    Path rows = Cli.npy(folder.resolve("rows.npy"), Tensor.of(new float[6], 2, 3));
    assertThat(read(rows).shape()).isEqualTo(TensorShape.rows(2, 3));
    assertThat(read(rows, Layout.NHWC).shape().channels()).isEqualTo(3);
    Path five = Cli.npy(folder.resolve("five.npy"), Tensor.of(new float[32], 1, 2, 2, 2, 4));
    assertThat(read(five, Layout.NHWC).shape()).isEqualTo(TensorShape.ndhwc(1, 2, 2, 2, 4));
  }

  @Test
  void float64IsRoundedAndSaidSo() {
    Path file = Cli.npy(folder.resolve("x.npy"), Tensor.of(new double[] {0.1, 1e300}, 1, 2));
    assertThat(read(file).values()).containsExactly(0.1f, Float.POSITIVE_INFINITY);
    assertThat(notes).singleElement().asString().contains("rounded", "1 values beyond its range");
  }

  @Test
  void membersOfAnNpzAreNamedBehindAColon() {
    Tensor a = Tensor.of(new float[] {1, 2}, 1, 2);
    Tensor b = Tensor.of(new float[] {3, 4}, 1, 2);
    Path two = Cli.npz(folder.resolve("two.npz"), "a", a, "b", b);
    assertThat(read(two + ":b").values()).containsExactly(3, 4);
    refuses(two, "must name one array", two + ":a", two + ":b");
    refuses(two + ":c", "must name one array", two + ":a");
    Path one = Cli.npz(folder.resolve("one:1.npz"), "a", a);
    assertThat(read(one).values()).containsExactly(1, 2);
    assertThat(read(one).name()).endsWith("one:1.npz:a");
    refuses(Cli.npz(folder.resolve("none.npz")), "it holds none");
    Path npy = Cli.npy(folder.resolve("x.npy"), a);
    refuses(npy + ":a", "only an .npz file has members");
  }

  @Test
  void whatIsNoTensorIsRefused() throws IOException {
    refuses(Cli.npy(folder.resolve("one.npy"), Tensor.of(new float[3], 3)), "(3,)", "2 to 5");
    refuses(
        Cli.npy(folder.resolve("six.npy"), Tensor.of(new float[1], 1, 1, 1, 1, 1, 1)), "2 to 5");
    refuses(Cli.npy(folder.resolve("int.npy"), Tensor.of(new long[3], 1, 3)), "int64");
    refuses(folder.resolve("none.npy"), "none.npy: no such file");
    refuses(folder, "must be a file, but is a folder");
    refuses(Files.write(folder.resolve("text.npy"), new byte[] {'h', 'i'}), "none of them");
    refuses(Files.write(folder.resolve("empty.npy"), new byte[0]), "none of them");
    refuses("a\0b", "cannot be a path");
    byte[] whole =
        Files.readAllBytes(Cli.npy(folder.resolve("x.npy"), Tensor.of(new float[6], 2, 3)));
    refuses(
        Files.write(folder.resolve("short.npy"), Arrays.copyOf(whole, whole.length - 1)),
        "short.npy is truncated");
  }

  private Path picture(BufferedImage image, String format) throws IOException {
    Path file = folder.resolve("picture." + format);
    assertThat(ImageIO.write(image, format, file.toFile())).isTrue();
    return file;
  }

  @Test
  void aPictureIsOneImageWithValuesFromZeroToOne() throws IOException {
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(2, 1, 0x40ff8000); // nearly transparent orange: alpha is left out
    Input input = read(picture(image, "png"));
    assertThat(input.shape()).isEqualTo(TensorShape.nhwc(1, 2, 3, 3));
    assertThat(Arrays.copyOfRange(input.values(), 15, 18)).containsExactly(1, 128 / 255f, 0);
    Input nchw = read(picture(image, "png"), Layout.NCHW);
    assertThat(nchw.shape()).isEqualTo(TensorShape.nchw(1, 3, 2, 3));
    assertThat(nchw.values())
        .isEqualTo(Layouts.convert(input.values(), input.shape(), Layout.NCHW));
  }

  @Test
  void greyPicturesHaveOneChannelAndTheirSamplesAsStored() throws IOException {
    BufferedImage grey = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
    grey.getRaster().setSample(1, 0, 0, 100);
    assertThat(read(picture(grey, "png")).values()).containsExactly(0, 100 / 255f);
    BufferedImage deep = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setSample(1, 0, 0, 1000);
    assertThat(read(picture(deep, "png")).values()).containsExactly(0, 1000 / 65535f);
    BufferedImage bits = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
    bits.getRaster().setSample(1, 0, 0, 1);
    assertThat(read(picture(bits, "png")).values()).containsExactly(0, 1);
  }

  @Test
  void aPaletteIsLookedUp() throws IOException {
    byte[] red = {0, (byte) 255};
    byte[] blue = {0, (byte) 51};
    IndexColorModel palette = new IndexColorModel(1, 2, red, new byte[2], blue);
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY, palette);
    image.getRaster().setSample(1, 0, 0, 1);
    assertThat(read(picture(image, "png")).values()).containsExactly(0, 0, 0, 1, 0, 0.2f);
  }

  @Test
  void jpegIsReadToo() throws IOException {
    BufferedImage image = new BufferedImage(16, 8, BufferedImage.TYPE_INT_RGB);
    Input input = read(picture(image, "jpg"));
    assertThat(input.shape()).isEqualTo(TensorShape.nhwc(1, 8, 16, 3));
    assertThat(input.values()).containsOnly(0);
  }

  @Test
  void aPictureThatClaimsToBeHugeIsNotDecoded() throws IOException {
    byte[] bytes = Files.readAllBytes(picture(new BufferedImage(1, 1, 1), "png"));
    System.arraycopy(new byte[] {0x7f, 0, 0, 0, 0x7f, 0, 0, 0}, 0, bytes, 16, 8);
    refuses(Files.write(folder.resolve("huge.png"), bytes), "huge.png");
    BufferedImage jpeg = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
    bytes = Files.readAllBytes(picture(jpeg, "jpg"));
    for (int i = 0; i < bytes.length - 9; i++) {
      if (bytes[i] == (byte) 0xff && bytes[i + 1] == (byte) 0xc0) {
        Arrays.fill(bytes, i + 5, i + 9, (byte) 0xf0); // height and width of the frame header
      }
    }
    refuses(Files.write(folder.resolve("huge.jpg"), bytes), "61680 x 61680 pixels");
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg"})
  void aDamagedPictureIsReadOrRefused(String format) throws IOException {
    BufferedImage image = new BufferedImage(9, 7, BufferedImage.TYPE_INT_RGB);
    image.setRGB(4, 4, 0x123456);
    byte[] bytes = Files.readAllBytes(picture(image, format));
    for (int i = 0; i < bytes.length; i++) {
      byte[] damaged = bytes.clone();
      damaged[i] ^= (byte) (1 + i % 255);
      readOrRefuse(damaged);
      readOrRefuse(Arrays.copyOf(bytes, i));
    }
  }

  private void readOrRefuse(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("damaged"), bytes);
    try {
      assertThat(read(file).shape().rank()).isEqualTo(4);
    } catch (UserError e) {
      assertThat(e.getMessage()).startsWith("INPUT");
    }
  }
}
