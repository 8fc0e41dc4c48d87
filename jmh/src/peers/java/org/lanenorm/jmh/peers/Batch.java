package org.lanenorm.jmh.peers;

import java.util.Arrays;
import org.lanenorm.BatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.jmh.Data;

/**
 * What every peer is given: the numbers that the core's benchmarks have.
 *
 * @param shape of x and dy
 * @param x input
 * @param dy gradient of the output
 * @param layer gamma, beta, epsilon and running statistics
 */
record Batch(TensorShape shape, float[] x, float[] dy, BatchNorm layer) {
  static Batch of(TensorShape shape) {
    int channels = shape.channels();
    BatchNorm layer =
        BatchNorm.builder(channels)
            .gamma(Data.gamma(channels))
            .beta(Data.beta(channels))
            .runningStatistics(Data.means(channels), Data.variances(channels))
            .build();
    return new Batch(shape, Data.normal(shape, 1), Data.normal(shape, 2), layer);
  }

  boolean channelsLast() {
    return shape.layout() == Layout.NHWC;
  }

  int channels() {
    return shape.channels();
  }

  /** N, C and the spatial sizes, in this order in either layout. */
  long[] sizes() {
    return Arrays.stream(shape.withLayout(Layout.NCHW).dimensions()).asLongStream().toArray();
  }

  float[] gamma() {
    return layer.gamma();
  }

  float[] beta() {
    return layer.beta();
  }

  double epsilon() {
    return layer.epsilon();
  }

  /** The running means. */
  float[] means() {
    return floats(layer.runningStatistics().means());
  }

  /** The running variances. */
  float[] variances() {
    return floats(layer.runningStatistics().variances());
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
