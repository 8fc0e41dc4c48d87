package org.lanenorm.cli;

import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

/** Moves tensors from one layout to the other. */
final class Layouts {
  private Layouts() {}

  static Layout other(Layout layout) {
    return layout == Layout.NCHW ? Layout.NHWC : Layout.NCHW;
  }

  /** The same tensor in a layout; a new array, also where nothing moves. */
  static float[] convert(float[] values, TensorShape shape, Layout to) {
    if (to == shape.layout()) {
      return values.clone();
    }
    int image = shape.channels() * shape.spatial();
    boolean channelsFirst = shape.layout() == Layout.NCHW;
    int rows = channelsFirst ? shape.channels() : shape.spatial();
    int columns = channelsFirst ? shape.spatial() : shape.channels();
    float[] converted = new float[values.length];
    for (int n = 0; n < shape.batch(); n++) {
      for (int row = 0; row < rows; row++) {
        int from = n * image + row * columns;
        for (int column = 0, t = n * image + row; column < columns; column++, t += rows) {
          converted[t] = values[from + column];
        }
      }
    }
    return converted;
  }

  /** Channel c alone, in order of (n, s): a tensor of one channel in any layout. */
  static float[] channel(float[] values, TensorShape shape, int c) {
    float[] channel = new float[shape.count()];
    for (int n = 0, i = 0; n < shape.batch(); n++) {
      for (int s = 0; s < shape.spatial(); s++) {
        channel[i++] = values[shape.index(n, c, s)];
      }
    }
    return channel;
  }
}
