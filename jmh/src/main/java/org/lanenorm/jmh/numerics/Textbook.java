package org.lanenorm.jmh.numerics;

import java.util.EnumSet;
import java.util.Set;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.jmh.Data;
import org.lanenorm.jmh.report.Ink;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Slice;
import org.lanenorm.verify.Tensors;

/**
 * One channel by the formulas as textbooks and articles have them, in float, one running sum each:
 * what is written where nobody asks for digits. They differ in how they come to mean and variance;
 * y and the gradients are those of
 *
 * <pre>
 * y = (x - mean)*(gamma*invStd) + beta
 * </pre>
 */
enum Textbook implements Kernel {
  /** Sums of x and x^2 in one read, variance = E[x^2] - E[x]^2, at least 0. */
  NAIVE("E[x^2] - E[x]^2") {
    @Override
    float[] moments(float[] x) {
      float sum = 0;
      float squares = 0;
      for (float value : x) {
        sum += value;
        squares += value * value;
      }
      float mean = sum / x.length;
      return new float[] {mean, Math.max(0, squares / x.length - mean * mean)};
    }
  },

  /** The mean first, then the squared distances from it. */
  TWO_PASSES("two passes") {
    @Override
    float[] moments(float[] x) {
      float sum = 0;
      for (float value : x) {
        sum += value;
      }
      float mean = sum / x.length;
      float m2 = 0;
      for (float value : x) {
        m2 += (value - mean) * (value - mean);
      }
      return new float[] {mean, m2 / x.length};
    }
  },

  /** Welford's update, element by element (Technometrics 4, 1962). */
  WELFORD("Welford") {
    @Override
    float[] moments(float[] x) {
      float mean = 0;
      float m2 = 0;
      for (int m = 0; m < x.length; m++) {
        float delta = x[m] - mean;
        mean += delta / (m + 1);
        m2 += delta * (x[m] - mean);
      }
      return new float[] {mean, m2 / x.length};
    }
  };

  private final String title;

  Textbook(String title) {
    this.title = title;
  }

  /** Mean and biased variance. */
  abstract float[] moments(float[] x);

  @Override
  public String title() {
    return title;
  }

  @Override
  public String setting() {
    return "plain Java, each sum one float";
  }

  @Override
  public Ink ink() {
    return Ink.NAIVE;
  }

  /** One loop for both. */
  @Override
  public Set<Layout> differingLayouts() {
    return EnumSet.of(Layout.NCHW);
  }

  @Override
  public void moments(Slice x, TensorShape shape, double[] mean, double[] variance) {
    for (int c = 0; c < shape.channels(); c++) {
      float[] moments = moments(channel(x, shape, c));
      mean[c] = moments[0];
      variance[c] = moments[1];
    }
  }

  @Override
  public void training(Layer layer, Slice x, Slice y, TensorShape shape) {
    for (int c = 0; c < shape.channels(); c++) {
      float[] values = channel(x, shape, c);
      float[] moments = moments(values);
      normalize(layer, c, values, moments[0], moments[1]);
      putChannel(y, shape, c, values);
    }
  }

  @Override
  public void inference(Layer layer, Slice x, Slice y, TensorShape shape) {
    for (int c = 0; c < shape.channels(); c++) {
      float[] values = channel(x, shape, c);
      normalize(layer, c, values, (float) layer.mean()[c], (float) layer.variance()[c]);
      putChannel(y, shape, c, values);
    }
  }

  private static void normalize(Layer layer, int c, float[] x, float mean, float variance) {
    float k = layer.gamma(c) * invStd(layer, variance);
    for (int m = 0; m < x.length; m++) {
      x[m] = (x[m] - mean) * k + layer.beta(c);
    }
  }

  private static float invStd(Layer layer, float variance) {
    return (float) (1 / Math.sqrt(variance + layer.epsilon()));
  }

  @Override
  public void backward(
      Layer layer,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    for (int c = 0; c < shape.channels(); c++) {
      float[] moments = moments(channel(x, shape, c));
      float invStd = invStd(layer, moments[1]);
      float[] xHat = channel(x, shape, c);
      float[] dy = channel(dOutput, shape, c);
      sums(xHat, dy, moments[0], invStd, dGamma, dBeta, c);
      float k = layer.gamma(c) * invStd;
      float meanOfDy = dBeta[c] / dy.length;
      float meanOfProducts = dGamma[c] / dy.length;
      for (int m = 0; m < dy.length; m++) {
        dy[m] = k * (dy[m] - meanOfDy - xHat[m] * meanOfProducts);
      }
      putChannel(dInput, shape, c, dy);
    }
  }

  @Override
  public void backwardFrozen(
      Layer layer,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    for (int c = 0; c < shape.channels(); c++) {
      float invStd = invStd(layer, (float) layer.variance()[c]);
      float[] dy = channel(dOutput, shape, c);
      sums(channel(x, shape, c), dy, (float) layer.mean()[c], invStd, dGamma, dBeta, c);
      for (int m = 0; m < dy.length; m++) {
        dy[m] *= layer.gamma(c) * invStd;
      }
      putChannel(dInput, shape, c, dy);
    }
  }

  /** Turns x into xHat on the way. */
  private static void sums(
      float[] x, float[] dy, float mean, float invStd, float[] dGamma, float[] dBeta, int c) {
    dGamma[c] = 0;
    dBeta[c] = 0;
    for (int m = 0; m < x.length; m++) {
      x[m] = (x[m] - mean) * invStd;
      dGamma[c] += dy[m] * x[m];
      dBeta[c] += dy[m];
    }
  }

  private static float[] channel(Slice tensor, TensorShape shape, int c) {
    return Tensors.channel(
        tensor.array(), tensor.offset(), Data.channelsLast(shape), Data.size(shape), c);
  }

  private static void putChannel(Slice tensor, TensorShape shape, int c, float[] values) {
    Tensors.putChannel(
        tensor.array(), tensor.offset(), Data.channelsLast(shape), Data.size(shape), c, values);
  }
}
