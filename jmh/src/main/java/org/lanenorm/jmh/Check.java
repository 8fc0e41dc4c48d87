package org.lanenorm.jmh;

import java.util.function.IntToDoubleFunction;
import org.lanenorm.BatchNorm;
import org.lanenorm.ErrorBounds;
import org.lanenorm.RunningStatistics;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.ExactError;
import org.lanenorm.verify.GradientBounds;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Tensors;

/**
 * Compares results over one tensor with the oracle's, channel by channel (so that it needs little
 * memory), and throws where one is farther off than the library promises.
 */
public final class Check {
  private final TensorShape shape;
  private final double slack;
  private double worst;

  /** For results of the library. */
  Check(TensorShape shape) {
    this(shape, 1);
  }

  /**
   * For results of others.
   *
   * @param slack how many times as far off as the library they may be
   */
  public Check(TensorShape shape, double slack) {
    this.shape = shape;
    this.slack = slack;
  }

  /** The largest error so far, as a part of what the library promises. */
  public double worst() {
    return worst;
  }

  /** The moments of x. */
  public void moments(float[] x, IntToDoubleFunction mean, IntToDoubleFunction variance) {
    for (int c = 0; c < shape.channels(); c++) {
      Oracle.Moments exact = moments(channel(x, c));
      double exactMean = exact.mean()[0];
      double exactVariance = exact.variance()[0];
      near("mean", c, mean.applyAsDouble(c), exactMean, Bounds.mean(exactMean, exactVariance));
      near("variance", c, variance.applyAsDouble(c), exactVariance, Bounds.variance(exactVariance));
    }
  }

  /** y of x by its own moments. */
  public void training(float[] x, float[] y, BatchNorm layer) {
    for (int c = 0; c < shape.channels(); c++) {
      float[] values = channel(x, c);
      Oracle.Moments exact = moments(values);
      double std = Math.sqrt(exact.variance()[0]);
      output(c, values, y, layer, exact.mean()[0], exact.variance()[0], std);
    }
  }

  /** The bounds of a training forward: none is below the true error. */
  void bounds(float[] x, float[] y, BatchNorm layer, SavedStatistics saved, ErrorBounds bounds) {
    for (int c = 0; c < shape.channels(); c++) {
      ExactError exact = new ExactError(channel(x, c));
      double k = layer.gamma()[c] / Math.sqrt(exact.variance() + layer.epsilon());
      near("mean", c, exact.mean(saved.mean(c)), 0, bounds.mean(c));
      near("variance", c, exact.variance(saved.variance(c)), 0, bounds.variance(c));
      near("y", c, exact.output(channel(y, c), k, layer.beta()[c]), 0, bounds.y(c));
    }
  }

  /** y of x by the layer's running statistics. */
  public void inference(float[] x, float[] y, BatchNorm layer) {
    RunningStatistics running = layer.runningStatistics();
    for (int c = 0; c < shape.channels(); c++) {
      double variance = running.variance(c);
      // others round the mean to float, and so are off next to it too
      double std = slack > 1 ? Math.sqrt(variance) : 0;
      output(c, channel(x, c), y, layer, running.mean(c), variance, std);
    }
  }

  private void output(
      int c, float[] x, float[] y, BatchNorm layer, double mean, double variance, double std) {
    float gamma = layer.gamma()[c];
    float beta = layer.beta()[c];
    double k = gamma / Math.sqrt(variance + layer.epsilon());
    double[] exact =
        Oracle.normalize(
            x,
            0,
            false,
            1,
            1,
            x.length,
            new double[] {mean},
            new double[] {variance},
            layer.epsilon(),
            new float[] {gamma},
            new float[] {beta});
    float[] actual = channel(y, c);
    for (int m = 0; m < exact.length; m++) {
      near("y", c, actual[m], exact[m], Bounds.output(exact[m], beta, mean, k, std));
    }
  }

  /** The gradients of a forward by the batch's own moments. */
  public void training(
      float[] x, float[] dy, BatchNorm layer, float[] dx, float[] dGamma, float[] dBeta) {
    for (int c = 0; c < shape.channels(); c++) {
      float[] values = channel(x, c);
      Oracle.Moments exact = moments(values);
      gradients(
          c,
          values,
          dy,
          layer,
          exact.mean()[0],
          exact.variance()[0],
          false,
          dx,
          dGamma[c],
          dBeta[c]);
    }
  }

  /** The gradients of a forward by the layer's running statistics. */
  void frozen(float[] x, float[] dy, BatchNorm layer, float[] dx, float[] dGamma, float[] dBeta) {
    RunningStatistics running = layer.runningStatistics();
    for (int c = 0; c < shape.channels(); c++) {
      gradients(
          c,
          channel(x, c),
          dy,
          layer,
          running.mean(c),
          running.variance(c),
          true,
          dx,
          dGamma[c],
          dBeta[c]);
    }
  }

  private void gradients(
      int c,
      float[] x,
      float[] dOutput,
      BatchNorm layer,
      double mean,
      double variance,
      boolean frozen,
      float[] dInput,
      float dGamma,
      float dBeta) {
    float gamma = layer.gamma()[c];
    double invStd = 1 / Math.sqrt(variance + layer.epsilon());
    float[] dy = channel(dOutput, c);
    float[] dx = channel(dInput, c);
    Oracle.Gradients exact =
        Oracle.backward(
            x,
            dy,
            false,
            1,
            1,
            x.length,
            new double[] {mean},
            new double[] {variance},
            layer.epsilon(),
            new float[] {gamma},
            frozen);
    GradientBounds bounds =
        new GradientBounds(
            x.length,
            frozen,
            mean,
            variance,
            layer.epsilon(),
            gamma,
            exact.dGamma()[0],
            exact.dBeta()[0]);
    for (int m = 0; m < x.length; m++) {
      bounds.add(dy[m], (x[m] - mean) * invStd);
    }
    near("dGamma", c, dGamma, exact.dGamma()[0], bounds.dGamma());
    near("dBeta", c, dBeta, exact.dBeta()[0], bounds.dBeta());
    for (int m = 0; m < x.length; m++) {
      double bound = bounds.dInput(dy[m], (x[m] - mean) * invStd);
      near("dInput", c, dx[m], exact.dInput()[m], bound);
    }
  }

  private static Oracle.Moments moments(float[] values) {
    return Oracle.moments(values, 0, false, 1, 1, values.length);
  }

  private float[] channel(float[] tensor, int c) {
    return Tensors.channel(tensor, 0, Data.channelsLast(shape), Data.size(shape), c);
  }

  private void near(String name, int c, double actual, double exact, double bound) {
    double error = Math.abs(actual - exact);
    if (!(error <= slack * bound)) {
      throw new IllegalStateException(
          "%s: %s in channel %d is %s, but exactly %s and may be off by %s"
              .formatted(shape, name, c, actual, exact, slack * bound));
    }
    worst = Math.max(worst, error / bound);
  }
}
