package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;

/** Small tensors for tests: laid out either way, compared with a stated tolerance. */
public final class Tensors {
  /** Half an ulp of 1 in float32. */
  public static final double U = 0x1p-24;

  private Tensors() {}

  /** The same tensor in another order of memory. */
  public static float[] permuted(float[] values, TensorShape from, TensorShape to) {
    assertThat(values).hasSize(from.length());
    float[] result = new float[values.length];
    for (int n = 0; n < from.batch(); n++) {
      for (int c = 0; c < from.channels(); c++) {
        for (int s = 0; s < from.spatial(); s++) {
          result[to.index(n, c, s)] = values[from.index(n, c, s)];
        }
      }
    }
    return result;
  }

  /** The values of channel c in order of (n, s). */
  public static float[] channel(float[] values, TensorShape shape, int c) {
    float[] result = new float[shape.count()];
    for (int m = 0; m < result.length; m++) {
      result[m] = values[shape.index(m / shape.spatial(), c, m % shape.spatial())];
    }
    return result;
  }

  public static float[] normal(int length, long seed) {
    Random random = new Random(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  public static float[] floats(double... values) {
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = (float) values[i];
    }
    return result;
  }

  public static void assertClose(float[] actual, double tolerance, double... expected) {
    double[] widened = new double[actual.length];
    for (int i = 0; i < actual.length; i++) {
      widened[i] = actual[i];
    }
    assertClose(widened, tolerance, expected);
  }

  public static void assertClose(double[] actual, double tolerance, double... expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(actual[i] - expected[i]))
          .as("[%d]: %s is not %s to %s", i, actual[i], expected[i], tolerance)
          .isLessThanOrEqualTo(tolerance);
    }
  }

  /** Equal bit for bit: -0 is not 0, and a NaN is the same NaN. */
  public static void assertSameBits(float[] actual, float[] expected) {
    assertThat(bits(actual)).isEqualTo(bits(expected));
  }

  public static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
