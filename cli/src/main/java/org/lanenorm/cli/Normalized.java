package org.lanenorm.cli;

import java.util.Arrays;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.TensorShape;

/**
 * What one forward pass gives.
 *
 * @param shape of x and y
 * @param y the normalized batch
 * @param moments of x
 * @param runningMean after the pass
 * @param runningVariance after the pass
 */
record Normalized(
    TensorShape shape,
    float[] y,
    ChannelMoments moments,
    double[] runningMean,
    double[] runningVariance) {

  static Normalized of(float[] x, TensorShape shape, Setup setup) {
    BatchNorm layer = setup.layer(shape.channels());
    float[] y = new float[shape.length()];
    ChannelMoments moments;
    if (setup.training()) {
      moments = layer.forwardTraining(x, y, shape).moments();
    } else {
      MomentsAccumulator accumulator =
          new MomentsAccumulator(shape.channels(), setup.parallelism());
      accumulator.add(x, 0, shape);
      moments = accumulator.moments();
      layer.forwardInference(x, y, shape);
    }
    return new Normalized(
        shape,
        y,
        moments,
        layer.runningStatistics().means(),
        layer.runningStatistics().variances());
  }

  /** Whether channel c of x holds neither NaN nor infinity. */
  boolean finite(int c) {
    return Double.isFinite(moments.m2(c));
  }

  /** Smallest and largest y of a channel; NaN where one is. */
  float[] range(int c) {
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (int n = 0; n < shape.batch(); n++) {
      for (int s = 0; s < shape.spatial(); s++) {
        float value = y[shape.index(n, c, s)];
        min = Math.min(min, value);
        max = Math.max(max, value);
      }
    }
    return new float[] {min, max};
  }

  /** Whether the other layout, in which {@code other} ran, gave the same bits of everything. */
  boolean sameBits(Normalized other) {
    float[] permuted = Layouts.convert(other.y, other.shape, shape.layout());
    for (int i = 0; i < y.length; i++) {
      // all NaN are one: Java does not promise which of them an operation gives
      if (Float.floatToIntBits(y[i]) != Float.floatToIntBits(permuted[i])) {
        return false;
      }
    }
    return moments.equals(other.moments)
        && Arrays.equals(runningMean, other.runningMean)
        && Arrays.equals(runningVariance, other.runningVariance);
  }
}
