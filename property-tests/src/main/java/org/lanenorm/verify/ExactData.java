package org.lanenorm.verify;

/**
 * Data whose mean and variance are exact in any order of summation, so that a test may ask for
 * equality. The idea is that of oneDNN's benchdnn, driver bnorm: neighbours lie symmetrically about
 * a mean that is a power of two, their distances are short integers times a power of two, and no
 * sum of the squares of as many of them as there are needs more bits than a float has.
 */
public final class ExactData {
  /** Significant bits of a float. */
  private static final int BITS = 24;

  /** Distances of fewer bits than this would repeat after a handful of elements. */
  private static final int FEWEST = 3;

  /** Bits of a distance when most elements are 0. */
  private static final int SPARSE = 6;

  private ExactData() {}

  /** M values of channel c, their exact mean and the exact sum of squared distances from it. */
  public record Channel(float[] values, double mean, double m2) {}

  /**
   * Channel c of n images of s positions.
   *
   * <p>Up to 2^16 values: mean m = 2^(c mod 7 - 2), and pairs m(1 + f), m(1 - f) with f = g/2^b, g
   * running through integers of b = (24 - log2(count))/2 - 1 bits; the last of an odd run is m.
   * Beyond: mean 0 and sparse pairs +g/2^6, -g/2^6, so few that the sum of g^2 stays below 2^24.
   *
   * <p>No pair reaches from one image into the next unless images are shorter than 16: a one-pass
   * algorithm that shifts by the mean of some whole vectors of 16 then shifts by exactly m, and
   * loses nothing either.
   */
  public static Channel channel(int c, int n, int s) {
    int count = n * s;
    int run = s < 16 ? count : s;
    int log = 32 - Integer.numberOfLeadingZeros(Math.max(count - 1, 0));
    int free = (BITS - log) / 2 - 1;
    boolean dense = free >= FEWEST;
    int bits = dense ? Math.min(free, 10) : SPARSE;
    double mean = dense ? Math.scalb(1.0, c % 7 - 2) : 0;
    double unit = Math.scalb(dense ? mean : 1, -bits);
    int mask = (1 << bits) - 1;
    // every period-th pair is not 0; there are count/(2*period) of them, two squares below 2^12
    // each
    int period = dense ? 1 : (count >> BITS - 2 * SPARSE) + 1;
    float[] values = new float[count];
    long squares = 0;
    for (int m = 0, pair = 0; m < count; m++) {
      if (m % run == run - 1 && run % 2 == 1) {
        values[m] = (float) mean;
        continue;
      }
      // 1637 is prime and takes consecutive pairs all over the range
      int g = pair % period == 0 ? (pair / period + 1) * 1637 & mask : 0;
      values[m++] = (float) (mean + g * unit);
      values[m] = (float) (mean - g * unit);
      squares += 2L * g * g;
      pair++;
    }
    return new Channel(values, mean, squares * unit * unit);
  }
}
