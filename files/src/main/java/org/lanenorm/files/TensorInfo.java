package org.lanenorm.files;

import java.util.List;

/**
 * What a file says of an array, without its values.
 *
 * @param type of the elements: {@link ElementType#toString} for those that can be read, else the
 *     file's own word
 * @param shape the dimensions, slowest first, each 0 or more; none for a single number
 */
public record TensorInfo(String type, List<Long> shape) {
  /** Makes an unmodifiable copy. */
  public TensorInfo {
    shape = List.copyOf(shape);
  }

  TensorInfo(ElementType type, int[] shape) {
    this(type.toString(), java.util.Arrays.stream(shape).mapToObj(Long::valueOf).toList());
  }

  /** For example {@code float32 (3, 4)}. */
  @Override
  public String toString() {
    return type + " " + Tensor.describe(shape);
  }
}
