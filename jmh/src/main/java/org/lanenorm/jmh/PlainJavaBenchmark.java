package org.lanenorm.jmh;

import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.Oracle;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** Where one starts from: batch normalization as anybody would write it in Java. */
public class PlainJavaBenchmark extends Shaped {
  private static final float EPSILON = 1e-5f;

  /** Order in memory. */
  @Param({"NCHW", "NHWC"})
  public Layout layout;

  private TensorShape tensor;
  private float[] x;
  private float[] y;
  private float[] gamma;
  private float[] beta;

  /** Makes the arrays and checks the result. */
  @Setup
  public void setUp() {
    tensor = BenchmarkShapes.parse(layout, shape);
    x = Data.normal(tensor, 1);
    y = new float[x.length];
    gamma = Data.gamma(tensor.channels());
    beta = Data.beta(tensor.channels());
    trainingForward();
    check();
  }

  /** Nothing is promised of it: float sums of many elements leave three digits or so. */
  private void check() {
    boolean last = Data.channelsLast(tensor);
    int n = tensor.batch();
    int c = tensor.channels();
    int s = tensor.spatial();
    Oracle.Moments moments = Oracle.moments(x, 0, last, n, c, s);
    double[] exact =
        Oracle.normalize(
            x, 0, last, n, c, s, moments.mean(), moments.variance(), EPSILON, gamma, beta);
    for (int i = 0; i < y.length; i++) {
      if (!(Math.abs(y[i] - exact[i]) <= 1e-3 * (1 + Math.abs(exact[i])))) {
        throw new IllegalStateException(
            "%s: y at %d is %s, not %s".formatted(tensor, i, y[i], exact[i]));
      }
    }
  }

  /** Into another array. */
  @Benchmark
  @Streams(2)
  public void trainingForward() {
    PlainBatchNorm.forwardTraining(x, y, tensor, gamma, beta, EPSILON);
  }
}
