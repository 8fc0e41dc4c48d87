package org.lanenorm.files;

import java.util.Arrays;

/** Dimensions as files claim them. */
final class Dimensions {
  /** NumPy's own limit; a tensor here has at most five. */
  static final int MAX_RANK = 64;

  private Dimensions() {}

  /** The number of elements, each dimension being 0 or more; Long.MAX_VALUE where it is beyond. */
  static long product(long... shape) {
    long product = 1;
    // a 0 anywhere makes the product 0, whatever came before: look for it first
    if (Arrays.stream(shape).anyMatch(dimension -> dimension == 0)) {
      return 0;
    }
    for (long dimension : shape) {
      if (product > Long.MAX_VALUE / dimension) {
        return Long.MAX_VALUE;
      }
      product *= dimension;
    }
    return product;
  }

  /**
   * The shape of an array that is to be read.
   *
   * @throws FileFormatException if Java has no arrays of that size
   */
  static int[] ints(String title, String name, long... shape) throws FileFormatException {
    if (product(shape) > Integer.MAX_VALUE
        || Arrays.stream(shape).anyMatch(dimension -> dimension > Integer.MAX_VALUE)) {
      throw new FileFormatException(
          title,
          "holds '%s' of shape %s, but at most %d elements can be read"
              .formatted(name, describe(shape), Integer.MAX_VALUE));
    }
    return Arrays.stream(shape).mapToInt(Math::toIntExact).toArray();
  }

  static String describe(long... shape) {
    return Tensor.describe(Arrays.stream(shape).boxed().toList());
  }
}
