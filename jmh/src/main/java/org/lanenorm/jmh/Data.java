package org.lanenorm.jmh;

import java.util.stream.IntStream;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Tensors;

/** Inputs: ordinary numbers, since no kernel's speed depends on them. */
public final class Data {
  private Data() {}

  /** N(0, 1) in every channel, from the seed alone: both layouts hold the same numbers. */
  public static float[] normal(TensorShape shape, int seed) {
    return Tensors.of(channelsLast(shape), size(shape), c -> HardData.BENIGN, seed);
  }

  public static boolean channelsLast(TensorShape shape) {
    return shape.layout() == Layout.NHWC;
  }

  public static Shapes.Size size(TensorShape shape) {
    return new Shapes.Size(shape.batch(), shape.channels(), shape.spatial());
  }

  public static float[] gamma(int channels) {
    float[] gamma = new float[channels];
    for (int c = 0; c < channels; c++) {
      gamma[c] = 0.5f + c % 7 * 0.25f;
    }
    return gamma;
  }

  public static float[] beta(int channels) {
    float[] beta = new float[channels];
    for (int c = 0; c < channels; c++) {
      beta[c] = c % 5 * 0.1f - 0.2f;
    }
    return beta;
  }

  /** Running means. */
  public static double[] means(int channels) {
    return IntStream.range(0, channels).mapToDouble(c -> c % 3 * 0.3 - 0.3).toArray();
  }

  /** Running variances. */
  public static double[] variances(int channels) {
    return IntStream.range(0, channels).mapToDouble(c -> 0.5 + c % 4 * 0.5).toArray();
  }
}
