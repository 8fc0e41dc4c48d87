package org.lanenorm.examples;

/**
 * The largest of each 2x2 positions of every plane, in NCHW: half the height and half the width.
 */
final class MaxPool implements TrainedLayer {
  private final int width;
  private int inputs;

  /** Where each output came from. */
  private int[] source;

  /** For planes of even width and height. */
  MaxPool(int width) {
    this.width = width;
  }

  @Override
  public float[] forward(float[] x, int batch) {
    inputs = x.length;
    source = new int[x.length / 4];
    float[] y = new float[source.length];
    for (int k = 0; k < y.length; k++) {
      // the planes lie one below the other, so that rows need no plane
      int row = k / (width / 2);
      int first = 2 * row * width + 2 * (k % (width / 2));
      int largest = first;
      for (int i : new int[] {first + 1, first + width, first + width + 1}) {
        largest = x[i] > x[largest] ? i : largest;
      }
      source[k] = largest;
      y[k] = x[largest];
    }
    return y;
  }

  @Override
  public float[] backward(float[] dOutput) {
    float[] dInput = new float[inputs];
    for (int k = 0; k < source.length; k++) {
      dInput[source[k]] = dOutput[k];
    }
    return dInput;
  }
}
