package org.lanenorm.cli;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

/**
 * Reads a PNG or JPEG file as one image of a batch with values from 0 to 1: each sample divided by
 * the largest that its bits can hold. Colour gives three channels (red, green, blue), grey (also as
 * a palette of greys) gives one; alpha is left out, not blended. Samples are taken as stored: no
 * gamma curve and no colour profile is applied.
 */
final class Picture {
  private Picture() {}

  static Input read(String argument, String name, Path file, Layout layout) throws IOException {
    ImageIO.setUseCache(false);
    try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw UserError.of(argument, name, "cannot be read as a picture");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true, true);
        // three floats and at most four bytes per pixel; asked before a pixel is decoded
        long bytes = 16L * reader.getWidth(0) * reader.getHeight(0);
        if (bytes / 16 * 3 > Integer.MAX_VALUE || bytes > Runtime.getRuntime().maxMemory()) {
          throw UserError.of(
              argument,
              name,
              "a picture of "
                  + reader.getWidth(0)
                  + " x "
                  + reader.getHeight(0)
                  + " pixels does not fit in memory");
        }
        return tensor(argument, name, reader.read(0), layout);
      } finally {
        reader.dispose();
      }
    } catch (UserError e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // the JDK's decoders answer some damaged files with any kind of RuntimeException
      throw UserError.of(argument, name, "cannot be read as a picture: " + e.getMessage());
    }
  }

  private static Input tensor(String argument, String name, BufferedImage image, Layout layout) {
    ColorModel colors = image.getColorModel();
    int channels;
    if (colors instanceof IndexColorModel palette) {
      channels = isGrey(palette) ? 1 : 3;
    } else {
      channels = colors.getNumColorComponents();
    }
    if (channels != 1 && channels != 3) {
      throw UserError.of(
          argument,
          name,
          "must be a grey or red-green-blue picture, but has " + channels + " colour components");
    }
    int width = image.getWidth();
    int height = image.getHeight();
    TensorShape shape = TensorShape.of(layout, 1, channels, height, width);
    float[] values = new float[shape.length()];
    float[][] row = new float[channels][width];
    for (int y = 0; y < height; y++) {
      if (colors instanceof IndexColorModel) {
        paletteRow(image, y, row);
      } else {
        sampleRow(image.getRaster(), y, row);
      }
      for (int c = 0; c < channels; c++) {
        for (int x = 0; x < width; x++) {
          values[shape.index(0, c, y * width + x)] = row[c][x];
        }
      }
    }
    return new Input(name, values, shape);
  }

  /** getRGB would send grey through a gamma curve, so samples come from the raster. */
  private static void sampleRow(Raster raster, int y, float[][] row) {
    int[] samples = new int[row[0].length];
    for (int c = 0; c < row.length; c++) {
      float largest = (1 << raster.getSampleModel().getSampleSize(c)) - 1;
      raster.getSamples(0, y, samples.length, 1, c, samples);
      for (int x = 0; x < samples.length; x++) {
        row[c][x] = samples[x] / largest;
      }
    }
  }

  private static void paletteRow(BufferedImage image, int y, float[][] row) {
    for (int x = 0; x < row[0].length; x++) {
      int rgb = image.getRGB(x, y);
      for (int c = 0; c < row.length; c++) {
        row[c][x] = (rgb >> 16 - 8 * c & 0xff) / 255f;
      }
    }
  }

  private static boolean isGrey(IndexColorModel palette) {
    for (int i = 0; i < palette.getMapSize(); i++) {
      if (palette.getRed(i) != palette.getGreen(i) || palette.getRed(i) != palette.getBlue(i)) {
        return false;
      }
    }
    return true;
  }
}
