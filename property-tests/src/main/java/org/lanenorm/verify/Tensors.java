package org.lanenorm.verify;

import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * Flat tensors put together channel by channel, in the logical order m = n*S + s. The values depend
 * on seed, channel and M alone, so that both layouts hold the same numbers.
 */
public final class Tensors {
  private Tensors() {}

  /**
   * A tensor whose channels are filled each by a kind of its own.
   *
   * @param channelsLast element (n, c, s) lies at (n*S + s)*C + c if true, else at (n*C + c)*S + s
   * @param size N, C, S
   * @param kind of channel c
   * @param seed of all randomness
   */
  public static float[] of(
      boolean channelsLast, Shapes.Size size, IntFunction<HardData> kind, long seed) {
    float[] tensor = new float[size.length()];
    float[] channel = new float[size.count()];
    for (int c = 0; c < size.c(); c++) {
      kind.apply(c).fill(channel, Rng.stream(seed, c));
      putChannel(tensor, 0, channelsLast, size, c, channel);
    }
    return tensor;
  }

  /** Writes channel c from its M values in logical order. */
  public static void putChannel(
      float[] tensor, int offset, boolean channelsLast, Shapes.Size size, int c, float[] channel) {
    Place place = new Place(channelsLast, size.n(), size.c(), size.s());
    for (int n = 0, m = 0; n < size.n(); n++) {
      int at = offset + place.first(n, c);
      for (int s = 0; s < size.s(); s++, at += place.step()) {
        tensor[at] = channel[m++];
      }
    }
  }

  /** The M values of channel c in logical order. */
  public static float[] channel(
      float[] tensor, int offset, boolean channelsLast, Shapes.Size size, int c) {
    Place place = new Place(channelsLast, size.n(), size.c(), size.s());
    float[] channel = new float[size.count()];
    for (int n = 0, m = 0; n < size.n(); n++) {
      int at = offset + place.first(n, c);
      for (int s = 0; s < size.s(); s++, at += place.step()) {
        channel[m++] = tensor[at];
      }
    }
    return channel;
  }

  /** The same numbers in the other layout: channels last if they were not, and the reverse. */
  public static float[] permuted(float[] tensor, boolean channelsLast, Shapes.Size size) {
    float[] other = new float[size.length()];
    for (int c = 0; c < size.c(); c++) {
      putChannel(other, 0, !channelsLast, size, c, channel(tensor, 0, channelsLast, size, c));
    }
    return other;
  }

  /** Bits in which every NaN is the same and 0.0 is not -0.0. */
  public static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToIntBits(values[i]));
    return bits;
  }
}
