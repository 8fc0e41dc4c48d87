package org.lanenorm.examples;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import javax.imageio.ImageIO;
import org.lanenorm.Activation;
import org.lanenorm.ChannelMoments;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.TensorShape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code lanenorm example epilogue}: a convolution that ends its output tile by tile. */
@Command(
    name = "epilogue",
    description = {
      "Convolve the bundled photograph and end each tile of the output while it is in the cache:"
          + " normalize, add the input's grey as a residual, ReLU, in one fused pass; compare with"
          + " three passes over all of it afterwards.",
      ""
    },
    footer = {
      "",
      "DIR receives feature-maps.jpg.",
      "Exit status: 0, or 1 if tiles and the whole do not give the same bits, or 2 on bad input."
    })
final class EpilogueCommand implements Callable<Integer> {
  private static final String[] FILTERS = {
    "brightness", "vertical edges", "horizontal edges", "red, not cyan"
  };

  private static final float[] SUM = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  private static final float[] SOBEL = {-1, 0, 1, -2, 0, 2, -1, 0, 1};
  private static final float[] SOBEL_TURNED = {-1, -2, -1, 0, 0, 0, 1, 2, 1};

  private static final int RED_GREEN_BLUE = 3;

  @Spec private CommandSpec spec;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      defaultValue = "lanenorm-epilogue",
      description = "For the pictures. Default: ${DEFAULT-VALUE}.")
  private String output;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "4",
      description = "Of the picture, in a tile. Default: ${DEFAULT-VALUE}.")
  private int rows;

  @Override
  public Integer call() {
    BufferedImage photograph = photograph();
    int height = photograph.getHeight();
    int width = photograph.getWidth();
    if (rows < 1 || rows > height) {
      throw new UserError("--rows " + rows + ": must be 1 to " + height);
    }
    OutputFolder folder = new OutputFolder(output);
    float[] x = values(photograph);
    TiledConvolution convolution = new TiledConvolution(weights(), RED_GREEN_BLUE);
    int channels = convolution.outputs();
    TensorShape shape = TensorShape.nhwc(1, height, width, channels);

    // what a trained network would bring along: here the photograph's own statistics
    float[] before = convolution.apply(x, height, width, height, (y, tile) -> {});
    ChannelMoments moments = ChannelMoments.of(before, shape);
    FrozenBatchNorm norm =
        FrozenBatchNorm.of(moments.means(), moments.variances(), 1e-5, null, null);

    FrozenBatchNorm fused = norm.withActivation(Activation.relu());
    float[] z = residual(x, channels);

    float[] tiled =
        convolution.apply(
            x, height, width, rows, (y, tile) -> fused.apply(y, 0, z, 0, y, 0, shape, tile));

    float[] chain = new float[before.length];
    norm.apply(before, chain, shape);
    for (int i = 0; i < chain.length; i++) {
      chain[i] = Math.max(chain[i] + z[i], 0);
    }

    say("%s", norm);
    for (int c = 0; c < channels; c++) {
      say(
          "  %-17s mean %7.4f, standard deviation %.4f",
          FILTERS[c], moments.mean(c), Math.sqrt(moments.variance(c)));
    }
    boolean same = Arrays.equals(tiled, chain);
    int tiles = (height + rows - 1) / rows;
    say(
        "%d tiles of %d rows (%.0f KB) against the whole: %s",
        tiles,
        rows,
        rows * width * channels * Float.BYTES / 1024.0,
        same ? "the same bits" : "DIFFERENT");
    say("picture: %s", folder.write("feature-maps.jpg", sheet(photograph, before, tiled)));
    return same ? 0 : Main.WRONG;
  }

  /** What a skip connection would add to every channel: the input's grey, -1 to 1. */
  private static float[] residual(float[] x, int channels) {
    float[] z = new float[x.length / RED_GREEN_BLUE * channels];
    for (int i = 0; i < z.length; i++) {
      int pixel = i / channels * RED_GREEN_BLUE;
      z[i] = (x[pixel] + x[pixel + 1] + x[pixel + 2]) * 2 / 3 - 1;
    }
    return z;
  }

  /** OHWI: the same 3x3 pattern for all colours, or the same factors of colours at all places. */
  private static float[] weights() {
    float[] grey = {1 / 3f, 1 / 3f, 1 / 3f};
    float[] red = {1 / 9f, -0.5f / 9, -0.5f / 9};
    float[][][] filters = {{SUM, grey}, {SOBEL, grey}, {SOBEL_TURNED, grey}, {SUM, red}};
    float[] weights = new float[filters.length * SUM.length * RED_GREEN_BLUE];
    int at = 0;
    for (float[][] filter : filters) {
      for (float place : filter[0]) {
        for (float color : filter[1]) {
          weights[at++] = place * color;
        }
      }
    }
    return weights;
  }

  private static BufferedImage photograph() {
    try (InputStream in = EpilogueCommand.class.getResourceAsStream("astronaut.png")) {
      return ImageIO.read(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** NHWC, red, green, blue, from 0 to 1. */
  private static float[] values(BufferedImage picture) {
    int[] samples =
        picture.getRaster().getPixels(0, 0, picture.getWidth(), picture.getHeight(), (int[]) null);
    float[] values = new float[samples.length];
    for (int i = 0; i < samples.length; i++) {
      values[i] = samples[i] / 255f;
    }
    return values;
  }

  private static byte[] sheet(BufferedImage photograph, float[] before, float[] after) {
    FeatureMaps sheet = new FeatureMaps(1 + FILTERS.length, 2);
    sheet.put(0, 0, "input", photograph);
    sheet.note(
        0,
        1,
        "top: convolution,",
        "-8 black to 8 white",
        "",
        "bottom: normalized,",
        "plus grey, ReLU,",
        "0 black to 2 white");
    for (int c = 0; c < FILTERS.length; c++) {
      int width = photograph.getWidth();
      sheet.put(1 + c, 0, FILTERS[c], FeatureMaps.greys(before, FILTERS.length, c, width, -8, 8));
      sheet.put(1 + c, 1, "", FeatureMaps.greys(after, FILTERS.length, c, width, 0, 2));
    }
    return Pictures.jpeg(sheet.sheet());
  }

  private void say(String format, Object... values) {
    spec.commandLine().getOut().println(String.format(Locale.ROOT, format, values));
  }
}
