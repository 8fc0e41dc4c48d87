package org.lanenorm;

/**
 * A part of a tensor: some positions of some channels of one image, which a convolution has just
 * computed, say. Make tiles once where calls must not allocate.
 *
 * @param image n, 0 to N - 1
 * @param firstPosition s of the first one
 * @param positions how many follow one another from there on, within S
 * @param firstChannel c of the first one
 * @param channels how many follow one another from there on, within C
 */
public record Tile(int image, int firstPosition, int positions, int firstChannel, int channels) {
  /**
   * Checks what no shape allows.
   *
   * @throws IllegalArgumentException if a number is negative
   */
  public Tile {
    notNegative("image", image);
    notNegative("firstPosition", firstPosition);
    notNegative("positions", positions);
    notNegative("firstChannel", firstChannel);
    notNegative("channels", channels);
  }

  private static void notNegative(String name, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " must be at least 0, but was " + value);
    }
  }

  void checkWithin(TensorShape shape) {
    if (image >= shape.batch()
        || positions > shape.spatial() - firstPosition
        || channels > shape.channels() - firstChannel) {
      throw new IllegalArgumentException(
          "tile must lie inside the tensor (" + shape + "), but was " + this);
    }
  }
}
