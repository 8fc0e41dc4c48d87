package org.lanenorm.examples;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** The bytes of pictures' files. */
final class Pictures {
  private Pictures() {}

  /** For drawings. */
  static byte[] png(BufferedImage image) {
    return bytes("png", image);
  }

  /** For photographs, a quarter of a PNG's size. */
  static byte[] jpeg(BufferedImage image) {
    return bytes("jpeg", image);
  }

  private static byte[] bytes(String format, BufferedImage image) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, format, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
