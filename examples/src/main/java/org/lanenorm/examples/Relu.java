package org.lanenorm.examples;

/** {@code y = max(x, 0)}. */
final class Relu implements TrainedLayer {
  private float[] x;

  @Override
  public float[] forward(float[] x, int batch) {
    this.x = x;
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = Math.max(x[i], 0);
    }
    return y;
  }

  @Override
  public float[] backward(float[] dOutput) {
    float[] dInput = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      dInput[i] = x[i] > 0 ? dOutput[i] : 0;
    }
    return dInput;
  }
}
