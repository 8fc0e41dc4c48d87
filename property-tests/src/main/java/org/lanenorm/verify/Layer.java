package org.lanenorm.verify;

import java.util.Arrays;
import org.lanenorm.EpsilonPlacement;
import org.lanenorm.Spread;

/**
 * Parameters of a layer.
 *
 * @param gamma scale per channel, or null
 * @param beta shift per channel, or null
 * @param epsilon keeps the divisor from 0
 * @param placement where
 * @param spread what Lanenorm keeps of the running variance
 * @param mean running mean
 * @param variance running variance
 */
public record Layer(
    float[] gamma,
    float[] beta,
    double epsilon,
    EpsilonPlacement placement,
    Spread spread,
    double[] mean,
    double[] variance) {
  /**
   * Parameters of every sort that suit data of these moments: each of gamma and beta missing once
   * in four times, epsilon down to 0 where no variance is 0 and in its usual place every other
   * time, running statistics near the batch's.
   */
  public static Layer random(Oracle.Moments moments, Rng rng) {
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
    EpsilonPlacement[] places = EpsilonPlacement.values();
    EpsilonPlacement placement =
        rng.oneIn(2) ? EpsilonPlacement.INSIDE_SQRT : places[rng.below(places.length)];
    Spread spread = rng.oneIn(4) ? Spread.STANDARD_DEVIATION : Spread.VARIANCE;
    return new Layer(gamma, beta, epsilon, placement, spread, mean, variance);
  }

  /**
   * The nearest layer that any kernel takes: gamma of 1 and beta of 0 for those that are missing,
   * epsilon inside the root, mean and variance rounded to finite floats.
   */
  public Layer plain() {
    float[] scale = gamma;
    if (scale == null) {
      scale = new float[mean.length];
      Arrays.fill(scale, 1);
    }
    double[] floatMean = new double[mean.length];
    double[] floatVariance = new double[mean.length];
    double positive = epsilon;
    for (int c = 0; c < mean.length; c++) {
      floatMean[c] = (float) Math.clamp(mean[c], -Float.MAX_VALUE, Float.MAX_VALUE);
      floatVariance[c] = Math.min((float) variance[c], Float.MAX_VALUE);
      positive = floatVariance[c] > 0 ? positive : Math.max(positive, 1e-5);
    }
    return new Layer(
        scale,
        beta == null ? new float[mean.length] : beta,
        positive,
        EpsilonPlacement.INSIDE_SQRT,
        Spread.VARIANCE,
        floatMean,
        floatVariance);
  }

  /** The same with another epsilon. */
  public Layer with(double epsilon) {
    return new Layer(gamma, beta, epsilon, placement, spread, mean, variance);
  }

  /** As the oracle is told it. */
  public Oracle.Epsilon epsilons() {
    return switch (placement) {
      case INSIDE_SQRT -> new Oracle.Epsilon(epsilon, 0);
      case ON_STD -> new Oracle.Epsilon(0, epsilon);
      case BOTH -> new Oracle.Epsilon(epsilon, epsilon);
    };
  }

  /** The running variances, or what a layer keeps of them. */
  public double[] kept() {
    double[] kept = variance.clone();
    for (int c = 0; c < kept.length && spread == Spread.STANDARD_DEVIATION; c++) {
      kept[c] = Math.sqrt(kept[c] + epsilons().inside());
    }
    return kept;
  }

  /** Of channel c, 1 if there is none. */
  public float gamma(int c) {
    return gamma == null ? 1 : gamma[c];
  }

  /** Of channel c, 0 if there is none. */
  public float beta(int c) {
    return beta == null ? 0 : beta[c];
  }

  /** gamma*invStd of channel c for a variance. */
  public double k(int c, double ofVariance) {
    return gamma(c) / epsilons().divisor(ofVariance);
  }
}
