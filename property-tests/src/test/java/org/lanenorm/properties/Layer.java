package org.lanenorm.properties;

import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;

/**
 * Parameters of a layer.
 *
 * @param gamma scale per channel, or null
 * @param beta shift per channel, or null
 * @param epsilon inside the root
 * @param mean running mean
 * @param variance running variance
 */
record Layer(float[] gamma, float[] beta, double epsilon, double[] mean, double[] variance) {
  /**
   * Parameters that suit data of these moments: each of gamma and beta missing once in four times,
   * epsilon down to 0 where no variance is 0, running statistics near the batch's.
   */
  static Layer random(Oracle.Moments moments, Rng rng) {
    int channels = moments.mean().length;
    float[] gamma = rng.oneIn(4) ? null : new float[channels];
    float[] beta = rng.oneIn(4) ? null : new float[channels];
    double epsilon = rng.pick(1e-5f, 1e-3f, 1e-12f, 0);
    double[] mean = new double[channels];
    double[] variance = new double[channels];
    for (int c = 0; c < channels; c++) {
      if (gamma != null) {
        gamma[c] = rng.oneIn(16) ? 0 : rng.normal() * rng.pick(1e-3f, 1, 1, 1e3f);
      }
      if (beta != null) {
        beta[c] = rng.oneIn(16) ? 0 : rng.normal() * rng.pick(1e-3f, 1, 1, 1e3f);
      }
      double std = Math.sqrt(moments.variance()[c]);
      mean[c] = moments.mean()[c] + 0.1 * rng.normal() * std;
      variance[c] = moments.variance()[c] * (0.5 + rng.uniform());
      if (!(variance[c] > 0)) {
        epsilon = Math.max(epsilon, 1e-5);
      }
    }
    return new Layer(gamma, beta, epsilon, mean, variance);
  }

  float gamma(int c) {
    return gamma == null ? 1 : gamma[c];
  }

  float beta(int c) {
    return beta == null ? 0 : beta[c];
  }

  /** gamma*invStd of channel c for a variance. */
  double k(int c, double ofVariance) {
    return gamma(c) / Math.sqrt(ofVariance + epsilon);
  }
}
