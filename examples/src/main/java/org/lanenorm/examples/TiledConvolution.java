package org.lanenorm.examples;

import org.lanenorm.Tile;

/**
 * A 3x3 convolution in NHWC that keeps height and width (stride 1, a border of zeros) and hands
 * over its output tile by tile, some rows each:
 *
 * <pre>
 * y[r][c][o] = sum over u, v, i of w[o][u][v][i]*x[r + u - 1][c + v - 1][i]
 * </pre>
 *
 * @param weights OHWI
 * @param inputs channels of x
 */
record TiledConvolution(float[] weights, int inputs) {
  private static final int KERNEL = 3;

  /** What is done to a tile of outputs while it is still in the processor's cache. */
  interface Epilogue {
    /**
     * Called once for each tile, in order.
     *
     * @param y the whole output, to be changed in place where the tile lies
     * @param tile the part that has just been computed
     */
    void finish(float[] y, Tile tile);
  }

  int outputs() {
    return weights.length / (KERNEL * KERNEL * inputs);
  }

  /**
   * Convolves one image.
   *
   * @param x the image
   * @param height of x and y
   * @param width of x and y
   * @param tileRows how many rows make a tile; the last one may have fewer
   * @param epilogue for each tile
   * @return y
   */
  float[] apply(float[] x, int height, int width, int tileRows, Epilogue epilogue) {
    float[] y = new float[height * width * outputs()];
    for (int top = 0; top < height; top += tileRows) {
      int bottom = Math.min(top + tileRows, height);
      for (int r = top; r < bottom; r++) {
        row(x, height, width, r, y);
      }
      epilogue.finish(y, new Tile(0, top * width, (bottom - top) * width, 0, outputs()));
    }
    return y;
  }

  private void row(float[] x, int height, int width, int r, float[] y) {
    for (int c = 0; c < width; c++) {
      for (int o = 0; o < outputs(); o++) {
        float sum = 0;
        for (int u = Math.max(0, 1 - r); u < Math.min(KERNEL, height + 1 - r); u++) {
          for (int v = Math.max(0, 1 - c); v < Math.min(KERNEL, width + 1 - c); v++) {
            int from = ((r + u - 1) * width + c + v - 1) * inputs;
            int weight = ((o * KERNEL + u) * KERNEL + v) * inputs;
            for (int i = 0; i < inputs; i++) {
              sum += weights[weight + i] * x[from + i];
            }
          }
        }
        y[(r * width + c) * outputs() + o] = sum;
      }
    }
  }
}
