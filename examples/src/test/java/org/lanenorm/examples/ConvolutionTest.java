package org.lanenorm.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lanenorm.Tile;

/** Both convolutions on numbers whose results can be seen. */
class ConvolutionTest {
  private static final float[] X = {
    1, 2, 3, //
    4, 5, 6,
    7, 8, 9
  };

  /** Of all neighbours, with a border of zeros. */
  private static final float[] SUMS = {
    12, 21, 16, //
    27, 45, 33,
    24, 39, 28
  };

  /** The neighbour above and to the right. */
  private static final float[] SHIFTED = {
    0, 0, 0, //
    2, 3, 0,
    5, 6, 0
  };

  private static final float[] ALL = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  private static final float[] ABOVE_RIGHT = {0, 0, 1, 0, 0, 0, 0, 0, 0};

  private static Convolution convolution(int inputs, int outputs, float[] weights) {
    return new Convolution(inputs, outputs, 3, 3, new Random(1)).with(weights, new float[outputs]);
  }

  @Test
  void planes() {
    assertThat(convolution(1, 1, ALL).forward(X, 1)).isEqualTo(SUMS);
    assertThat(convolution(1, 1, ABOVE_RIGHT).forward(X, 1)).isEqualTo(SHIFTED);
    float[] both = concat(ALL, ABOVE_RIGHT);
    assertThat(convolution(1, 2, both).forward(concat(X, X), 2))
        .isEqualTo(concat(SUMS, SHIFTED, SUMS, SHIFTED));
    float[] sum = new float[9];
    setAll(sum, i -> SUMS[i] + SHIFTED[i]);
    assertThat(convolution(2, 1, both).forward(concat(X, X), 1)).isEqualTo(sum);
  }

  private static void setAll(float[] values, IntToDoubleFunction of) {
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) of.applyAsDouble(i);
    }
  }

  private static float[] concat(float[]... parts) {
    float[] all = new float[parts.length * 9];
    for (int i = 0; i < parts.length; i++) {
      System.arraycopy(parts[i], 0, all, 9 * i, 9);
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void tiles(int rows) {
    // two outputs, of one input
    TiledConvolution convolution = new TiledConvolution(concat(ALL, ABOVE_RIGHT), 1);
    List<Tile> tiles = new ArrayList<>();
    float[] y =
        convolution.apply(
            X,
            3,
            3,
            rows,
            (values, tile) -> {
              tiles.add(tile);
              int begin = tile.firstPosition() * tile.channels();
              for (int i = begin; i < begin + tile.positions() * tile.channels(); i++) {
                values[i] = -values[i];
              }
            });
    assertThat(tiles).hasSize((3 + rows - 1) / rows);
    for (int i = 0; i < 9; i++) {
      assertThat(y[2 * i]).isEqualTo(-SUMS[i]);
      assertThat(y[2 * i + 1]).isEqualTo(-SHIFTED[i]);
    }
  }

  @Test
  void colorsOfAPixelAreAdded() {
    float[] x = new float[27];
    setAll(x, i -> X[i / 3] * (i % 3));
    float[] weights = new float[27];
    setAll(weights, i -> i / 3 == 4 ? 1 + i % 3 : 0);
    float[] y = new TiledConvolution(weights, 3).apply(x, 3, 3, 3, (values, tile) -> {});
    // 1*0 + 2*1 + 3*2
    float[] expected = new float[9];
    setAll(expected, i -> 8 * X[i]);
    assertThat(y).isEqualTo(expected);
  }
}
