package org.lanenorm.cli;

import org.lanenorm.TensorShape;

/**
 * A tensor as it was read.
 *
 * @param name as the user knows it
 * @param values in the order of the shape's layout
 * @param shape with the layout
 */
record Input(String name, float[] values, TensorShape shape) {
  Input {
    if (values.length != shape.length()) {
      throw new IllegalArgumentException("values must be of length " + shape.length());
    }
  }
}
