package org.lanenorm.examples;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A dense layer: {@code y[n][o] = bias[o] + sum over i of w[o][i]*x[n][i]}. */
final class Dense implements TrainedLayer {
  private final int inputs;
  private final int outputs;
  private final Parameter weights;
  private final Parameter bias;
  private float[] x;

  private Dense(int inputs, int outputs, Parameter weights, Parameter bias) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.weights = weights;
    this.bias = bias;
  }

  Dense(int inputs, int outputs, Random random) {
    this(
        inputs,
        outputs,
        Parameter.random(outputs * inputs, inputs, random),
        Parameter.zeros(outputs));
  }

  /** The same with other weights (out, in) and another bias, for inference. */
  Dense with(float[] weights, float[] bias) {
    return new Dense(inputs, outputs, Parameter.of(weights), Parameter.of(bias));
  }

  /** Of the weights, slowest first: (out, in). */
  int[] dimensions() {
    return new int[] {outputs, inputs};
  }

  float[] weights() {
    return weights.values();
  }

  float[] bias() {
    return bias.values();
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weights, bias);
  }

  @Override
  public float[] forward(float[] x, int batch) {
    this.x = x;
    float[] w = weights.values();
    float[] y = new float[batch * outputs];
    for (int n = 0; n < batch; n++) {
      for (int o = 0; o < outputs; o++) {
        float sum = bias.values()[o];
        for (int i = 0; i < inputs; i++) {
          sum += w[o * inputs + i] * x[n * inputs + i];
        }
        y[n * outputs + o] = sum;
      }
    }
    return y;
  }

  @Override
  public float[] backward(float[] dOutput) {
    float[] w = weights.values();
    float[] dW = weights.gradient();
    float[] dInput = new float[x.length];
    Arrays.fill(dW, 0);
    Arrays.fill(bias.gradient(), 0);
    for (int n = 0; n < x.length / inputs; n++) {
      for (int o = 0; o < outputs; o++) {
        float d = dOutput[n * outputs + o];
        bias.gradient()[o] += d;
        for (int i = 0; i < inputs; i++) {
          dW[o * inputs + i] += d * x[n * inputs + i];
          dInput[n * inputs + i] += d * w[o * inputs + i];
        }
      }
    }
    return dInput;
  }
}
