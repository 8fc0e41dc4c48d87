package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which tiles there are, and which lie inside a tensor. */
class TileTest {
  /** 2 images of 3 channels and 20 positions. */
  private static final TensorShape SHAPE = TensorShape.nhwc(2, 4, 5, 3);

  @ParameterizedTest
  @CsvSource({"0, 0, 20, 0, 3", "1, 19, 1, 2, 1", "0, 20, 0, 3, 0", "1, 5, 15, 1, 2"})
  void aTileMayReachTheEndOfTheTensor(int n, int s, int positions, int c, int channels) {
    assertThatNoException()
        .isThrownBy(() -> new Tile(n, s, positions, c, channels).checkWithin(SHAPE));
  }

  @ParameterizedTest
  @CsvSource({
    "2, 0, 1, 0, 1",
    "0, 0, 21, 0, 1",
    "0, 19, 2, 0, 1",
    "0, 2147483647, 1, 0, 1",
    "0, 0, 1, 0, 4",
    "0, 0, 1, 2, 2",
    "0, 0, 1, 2147483647, 1"
  })
  void aTileMayNotReachFurther(int n, int s, int positions, int c, int channels) {
    Tile tile = new Tile(n, s, positions, c, channels);
    assertThatThrownBy(() -> tile.checkWithin(SHAPE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("tile must lie inside the tensor (NHWC 2x4x5x3), but was " + tile);
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 0, 0, 0, 0, image",
    "0, -1, 0, 0, 0, firstPosition",
    "0, 0, -1, 0, 0, positions",
    "0, 0, 0, -1, 0, firstChannel",
    "0, 0, 0, 0, -1, channels"
  })
  void noNumberOfATileIsNegative(int n, int s, int positions, int c, int channels, String name) {
    assertThatThrownBy(() -> new Tile(n, s, positions, c, channels))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(name + " must be at least 0, but was -1");
  }
}
