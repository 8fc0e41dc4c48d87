package org.lanenorm.examples;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A 3x3 convolution in NCHW that keeps height and width (stride 1, a border of zeros):
 *
 * <pre>
 * y[n][o][r][c] = bias[o] + sum over i, u, v of w[o][i][u][v]*x[n][i][r + u - 1][c + v - 1]
 * </pre>
 */
final class Convolution implements TrainedLayer {
  private static final int KERNEL = 3;

  private final int inputs;
  private final int outputs;
  private final int height;
  private final int width;
  private final Parameter weights;
  private final float[] bias;
  private float[] x;

  private Convolution(
      int inputs, int outputs, int height, int width, Parameter weights, float[] bias) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.height = height;
    this.width = width;
    this.weights = weights;
    this.bias = bias;
  }

  /** To be trained: without a bias, which a normalization behind it would only subtract again. */
  Convolution(int inputs, int outputs, int height, int width, Random random) {
    this(
        inputs,
        outputs,
        height,
        width,
        Parameter.random(outputs * inputs * KERNEL * KERNEL, inputs * KERNEL * KERNEL, random),
        new float[outputs]);
  }

  /** The same with other weights (OIHW) and a bias, for inference. */
  Convolution with(float[] weights, float[] bias) {
    return new Convolution(inputs, outputs, height, width, Parameter.of(weights), bias);
  }

  /** Of the weights, slowest first: OIHW. */
  int[] dimensions() {
    return new int[] {outputs, inputs, KERNEL, KERNEL};
  }

  float[] weights() {
    return weights.values();
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weights);
  }

  /** What is done for each weight, over all positions of an image that have that neighbour. */
  private interface Tap {
    /**
     * One row of positions.
     *
     * @param weight index of the weight
     * @param input index of the first neighbour in x
     * @param output index of the first position in y
     * @param length of the row
     */
    void row(int weight, int input, int output, int length);
  }

  private void forEachRow(int batch, Tap tap) {
    for (int n = 0; n < batch; n++) {
      for (int o = 0; o < outputs; o++) {
        for (int i = 0; i < inputs; i++) {
          for (int u = 0; u < KERNEL; u++) {
            for (int v = 0; v < KERNEL; v++) {
              int weight = ((o * inputs + i) * KERNEL + u) * KERNEL + v;
              int left = Math.max(0, 1 - v);
              int right = Math.min(width, width + 1 - v);
              for (int r = Math.max(0, 1 - u); r < Math.min(height, height + 1 - u); r++) {
                int output = ((n * outputs + o) * height + r) * width + left;
                int input = ((n * inputs + i) * height + r + u - 1) * width + left + v - 1;
                tap.row(weight, input, output, right - left);
              }
            }
          }
        }
      }
    }
  }

  @Override
  public float[] forward(float[] x, int batch) {
    this.x = x;
    float[] w = weights.values();
    int area = height * width;
    float[] y = new float[batch * outputs * area];
    for (int plane = 0; plane < batch * outputs; plane++) {
      Arrays.fill(y, plane * area, (plane + 1) * area, bias[plane % outputs]);
    }
    forEachRow(
        batch,
        (weight, input, output, length) -> {
          for (int k = 0; k < length; k++) {
            y[output + k] += w[weight] * x[input + k];
          }
        });
    return y;
  }

  @Override
  public float[] backward(float[] dOutput) {
    float[] w = weights.values();
    float[] dW = weights.gradient();
    float[] dInput = new float[x.length];
    Arrays.fill(dW, 0);
    forEachRow(
        x.length / (inputs * height * width),
        (weight, input, output, length) -> {
          for (int k = 0; k < length; k++) {
            dW[weight] += dOutput[output + k] * x[input + k];
            dInput[input + k] += dOutput[output + k] * w[weight];
          }
        });
    return dInput;
  }
}
