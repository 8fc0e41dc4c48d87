package org.lanenorm.examples;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.function.IntUnaryOperator;

/** A sheet of small pictures under their titles, one column for each filter. */
final class FeatureMaps {
  /** Of a small picture; those of twice that size are averaged. */
  private static final int SIZE = 128;

  private static final int GAP = 10;
  private static final int TITLE = 22;
  private static final int LINE = 16;

  private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

  private final BufferedImage sheet;
  private final Graphics2D graphics;

  /** An empty sheet. */
  FeatureMaps(int columns, int rows) {
    sheet =
        new BufferedImage(
            GAP + columns * (SIZE + GAP),
            GAP + rows * (SIZE + TITLE + GAP),
            BufferedImage.TYPE_INT_RGB);
    graphics = sheet.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
    graphics.setColor(new Color(0x1c2530));
    graphics.setFont(FONT);
  }

  /** Puts a picture in its place. */
  void put(int column, int row, String title, BufferedImage picture) {
    int left = GAP + column * (SIZE + GAP);
    int top = GAP + row * (SIZE + TITLE + GAP);
    graphics.drawString(title, left, top + TITLE - 8);
    graphics.drawImage(picture, left, top + TITLE, SIZE, SIZE, null);
  }

  /** Puts lines of text in the place of a picture. */
  void note(int column, int row, String... lines) {
    int left = GAP + column * (SIZE + GAP);
    int top = GAP + row * (SIZE + TITLE + GAP) + TITLE;
    for (int i = 0; i < lines.length; i++) {
      graphics.drawString(lines[i], left, top + (i + 1) * LINE);
    }
  }

  /**
   * One channel as greys.
   *
   * @param y in NHWC
   * @param channels of y
   * @param channel to be shown
   * @param width of y
   * @param black what is black
   * @param white what is white
   */
  static BufferedImage greys(
      float[] y, int channels, int channel, int width, float black, float white) {
    int height = y.length / channels / width;
    IntUnaryOperator grey =
        position -> {
          float share = (y[position * channels + channel] - black) / (white - black);
          return Math.round(Math.clamp(share, 0f, 1f) * 255);
        };
    BufferedImage picture = new BufferedImage(width / 2, height / 2, BufferedImage.TYPE_INT_RGB);
    for (int r = 0; r < height / 2; r++) {
      for (int c = 0; c < width / 2; c++) {
        int first = 2 * r * width + 2 * c;
        int sum =
            grey.applyAsInt(first)
                + grey.applyAsInt(first + 1)
                + grey.applyAsInt(first + width)
                + grey.applyAsInt(first + width + 1);
        picture.setRGB(c, r, sum / 4 * 0x010101);
      }
    }
    return picture;
  }

  BufferedImage sheet() {
    return sheet;
  }
}
