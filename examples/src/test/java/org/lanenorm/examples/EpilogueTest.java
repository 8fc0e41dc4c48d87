package org.lanenorm.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EpilogueTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"1, 256", "7, 37", "256, 1"})
  void tilesOfAnySizeGiveTheSameBits(int rows, int tiles) throws IOException {
    Run run = Run.of("epilogue", "--rows", rows, "--output", folder);
    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    assertThat(run.out())
        .contains("y = (x - mean)/sqrt(variance + 1e-5)")
        .contains("brightness        mean  5.0390, standard deviation 2.4732")
        .contains(tiles + " tiles of " + rows + " rows")
        .contains("the same bits");
    BufferedImage sheet = ImageIO.read(folder.resolve("feature-maps.jpg").toFile());
    assertThat(sheet.getWidth()).isEqualTo(700);
    // her nose is brighter than her hair, before and after
    for (int row = 0; row < 2; row++) {
      int top = 32 + row * 160;
      assertThat(grey(sheet, 148 + 65, top + 55)).isGreaterThan(grey(sheet, 148 + 40, top + 25));
    }
  }

  private static int grey(BufferedImage picture, int x, int y) {
    return picture.getRGB(x, y) & 0xff;
  }

  @Test
  void badOptionsAreRefused() {
    Run.of("epilogue", "--rows", 0).isRefused("--rows 0", "1 to 256");
    Run.of("epilogue", "--rows", 257).isRefused("--rows 257");
  }
}
