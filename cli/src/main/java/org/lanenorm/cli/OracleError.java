package org.lanenorm.cli;

import org.lanenorm.verify.Oracle;

/**
 * How far y is from the oracle's, in ulps.
 *
 * <p>y is a sum that may come out near 0, so its own ulp would say little. The unit is one for the
 * channel: the float32 ulp of its largest {@code |gamma*xHat| + |beta|}, the terms that y is the
 * sum of.
 */
final class OracleError {
  private OracleError() {}

  /**
   * The largest error in each channel; NaN in channels that hold NaN or infinity, which are not
   * compared.
   */
  static double[] ulps(
      Input x, Normalized result, Setup setup, Threads threads, Progress progress) {
    double[] worst = new double[x.shape().channels()];
    threads.each(
        worst.length,
        c -> {
          worst[c] = result.finite(c) ? ulps(x, result, setup, c) : Double.NaN;
          progress.step(1);
        });
    return worst;
  }

  private static double ulps(Input x, Normalized result, Setup setup, int c) {
    int batch = x.shape().batch();
    int spatial = x.shape().spatial();
    float[] values = Layouts.channel(x.values(), x.shape(), c);
    float[] y = Layouts.channel(result.y(), x.shape(), c);
    Params params = setup.params();
    double mean = params.runningMean()[c];
    double variance = params.runningVariance()[c];
    if (setup.training()) {
      Oracle.Moments moments = Oracle.moments(values, 0, false, batch, 1, spatial);
      mean = moments.mean()[0];
      variance = moments.variance()[0];
    }
    float gamma = params.gamma() == null ? 1 : params.gamma()[c];
    float beta = params.beta() == null ? 0 : params.beta()[c];
    double[] expected =
        Oracle.normalize(
            values,
            0,
            false,
            batch,
            1,
            spatial,
            new double[] {mean},
            new double[] {variance},
            setup.params().epsilon(),
            new float[] {gamma},
            new float[] {beta});
    double size = 0;
    double worst = 0;
    for (int i = 0; i < y.length; i++) {
      size = Math.max(size, Math.abs(expected[i] - beta) + Math.abs(beta));
      double error = distance(y[i], expected[i]);
      worst = error <= worst ? worst : error; // NaN stays
    }
    double unit = Math.ulp((float) Math.min(size, Float.MAX_VALUE));
    return worst == 0 ? 0 : Double.isNaN(worst) ? Double.POSITIVE_INFINITY : worst / unit;
  }

  private static double distance(float y, double expected) {
    // beyond float32's range, infinity is right
    return y == (float) expected && Float.isInfinite(y) ? 0 : Math.abs(y - expected);
  }
}
