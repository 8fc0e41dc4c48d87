package org.lanenorm.properties;

import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.BatchNormUnderTest;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Slice;
import org.lanenorm.verify.Tensors;

/**
 * The textbook in double, one channel at a time, two passes: slow, and right. Its steps are
 * protected so that each can be broken by itself.
 */
class Plain implements BatchNormUnderTest, Cloneable {
  private int threads = 1;

  /** Mean and M2 of one channel's values. */
  protected double[] meanAndM2(float[] x, Layout layout, int threads) {
    double mean = x.length == 0 ? 0 : x[0];
    for (int again = 0; again < 2; again++) {
      double rest = 0;
      for (float value : x) {
        rest += value - mean;
      }
      mean += x.length == 0 ? 0 : rest / x.length;
    }
    double m2 = 0;
    for (float value : x) {
      m2 += (value - mean) * (value - mean);
    }
    return new double[] {mean, m2};
  }

  /** (x - mean)*k + beta. */
  protected float normalize(float x, double mean, double k, float beta) {
    return (float) ((x - mean) * k + beta);
  }

  /** Sums of d and d*(x - mean). */
  protected double[] sums(float[] x, float[] d, double mean) {
    double sum = 0;
    double products = 0;
    for (int m = 0; m < x.length; m++) {
      sum += d[m];
      products += d[m] * (x[m] - mean);
    }
    return new double[] {sum, products};
  }

  /** 1/divisor. */
  protected double invStd(Layer layer, double variance) {
    return 1 / layer.epsilons().divisor(variance);
  }

  /** Divisor over root: 1 where epsilon is inside the root, or a constant channel has none. */
  protected double ratio(Layer layer, double variance) {
    return layer.epsilons().ratio(variance);
  }

  /** k*(d - dBeta/M - xHat*dGamma/M*ratio). */
  protected float gradient(float d, double k, double meanOfD, double xHat, double meanOfDx) {
    return (float) (k * (d - meanOfD - xHat * meanOfDx));
  }

  @Override
  public boolean takesEveryLayer() {
    return true;
  }

  @Override
  public Plain onThreads(int number) {
    try {
      Plain other = (Plain) clone();
      other.threads = number;
      return other;
    } catch (CloneNotSupportedException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  @Override
  public void moments(Slice x, TensorShape shape, double[] mean, double[] variance) {
    for (int c = 0; c < mean.length; c++) {
      double[] both = meanAndM2(channel(x, shape, c), shape.layout(), threads);
      mean[c] = both[0];
      variance[c] = both[1] / shape.count();
    }
  }

  @Override
  public void training(Layer layer, Slice x, Slice y, TensorShape shape) {
    double[] mean = new double[shape.channels()];
    double[] variance = new double[shape.channels()];
    moments(x, shape, mean, variance);
    forward(layer, x, y, shape, mean, variance);
  }

  @Override
  public void inference(Layer layer, Slice x, Slice y, TensorShape shape) {
    forward(layer, x, y, shape, layer.mean(), layer.variance());
  }

  private void forward(
      Layer layer, Slice x, Slice y, TensorShape shape, double[] mean, double[] variance) {
    for (int c = 0; c < shape.channels(); c++) {
      float[] values = channel(x, shape, c);
      double k = layer.gamma(c) * invStd(layer, variance[c]);
      for (int m = 0; m < values.length; m++) {
        values[m] = normalize(values[m], mean[c], k, layer.beta(c));
      }
      putChannel(y, shape, c, values);
    }
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
    double[] mean = new double[shape.channels()];
    double[] variance = new double[shape.channels()];
    moments(x, shape, mean, variance);
    backward(layer, false, mean, variance, x, dOutput, dInput, dGamma, dBeta, shape);
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
    double[] mean = layer.mean();
    double[] variance = layer.variance();
    backward(layer, true, mean, variance, x, dOutput, dInput, dGamma, dBeta, shape);
  }

  private void backward(
      Layer layer,
      boolean frozen,
      double[] means,
      double[] variances,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    for (int c = 0; c < shape.channels(); c++) {
      float[] values = channel(x, shape, c);
      float[] d = channel(dOutput, shape, c);
      double mean = means[c];
      double variance = variances[c];
      double invStd = invStd(layer, variance);
      double[] sums = sums(values, d, mean);
      double meanOfD = frozen ? 0 : sums[0] / shape.count();
      double meanOfDx = frozen ? 0 : sums[1] * invStd / shape.count() * ratio(layer, variance);
      for (int m = 0; m < d.length; m++) {
        double xHat = (values[m] - mean) * invStd;
        d[m] = gradient(d[m], layer.gamma(c) * invStd, meanOfD, xHat, meanOfDx);
      }
      putChannel(dInput, shape, c, d);
      dGamma[c] = (float) (sums[1] * invStd);
      dBeta[c] = (float) sums[0];
    }
  }

  /** The values of channel c in logical order, a copy. */
  protected float[] channel(Slice tensor, TensorShape shape, int c) {
    return Tensors.channel(tensor.array(), tensor.offset(), last(shape), size(shape), c);
  }

  protected void putChannel(Slice tensor, TensorShape shape, int c, float[] values) {
    Tensors.putChannel(tensor.array(), tensor.offset(), last(shape), size(shape), c, values);
  }

  private static boolean last(TensorShape shape) {
    return shape.layout() == Layout.NHWC;
  }

  private static Shapes.Size size(TensorShape shape) {
    return new Shapes.Size(shape.batch(), shape.channels(), shape.spatial());
  }

  @Override
  public String toString() {
    return getClass().getSimpleName();
  }
}
