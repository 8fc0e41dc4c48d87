package org.lanenorm.verify;

/**
 * The same numbers on every machine from one seed: integer arithmetic and single roundings alone.
 * The generator is SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number
 * Generators, 2014).
 */
public final class Rng {
  private long state;

  /** Starts from a seed. */
  public Rng(long seed) {
    state = seed;
  }

  /** The k-th of many streams of one seed: what it gives does not depend on the other streams. */
  public static Rng stream(long seed, int k) {
    return new Rng(new Rng(seed ^ 0x5DEE_CE66_D1CE_5EEDL * (k + 1L)).nextLong());
  }

  /** 64 random bits. */
  public long nextLong() {
    state += 0x9E37_79B9_7F4A_7C15L;
    long z = state;
    z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
    return z ^ z >>> 31;
  }

  /** An int from 0 to bound - 1; the bias of 2^-33 or so does not matter here. */
  public int below(int bound) {
    return (int) ((nextLong() >>> 32) * bound >>> 32);
  }

  /** An int from low to high, both included. */
  public int between(int low, int high) {
    return low + below(high - low + 1);
  }

  /** True once in k times on average. */
  public boolean oneIn(int k) {
    return below(k) == 0;
  }

  /** Uniform in [0, 1), a multiple of 2^-24. */
  public float uniform() {
    return (nextLong() >>> 40) * 0x1p-24f;
  }

  /** 1 or -1. */
  public int sign() {
    return nextLong() < 0 ? -1 : 1;
  }

  /**
   * Mean 0, variance 1, nearly normal: twelve uniform numbers of 32 bits added as integers, less
   * their mean, rounded once to a float. Between -6 and 6.
   */
  public float normal() {
    long sum = -6 * 0xFFFF_FFFFL;
    for (int i = 0; i < 6; i++) {
      long bits = nextLong();
      sum += (bits >>> 32) + (bits & 0xFFFF_FFFFL);
    }
    return sum * 0x1p-32f;
  }

  /** Any finite float, each exponent as likely as any other: bits as they come. */
  public float anyFinite() {
    while (true) {
      float value = Float.intBitsToFloat((int) nextLong());
      if (Float.isFinite(value)) {
        return value;
      }
    }
  }

  /** A normal float of random sign, its exponent from low to high with equal probability. */
  public float wide(int low, int high) {
    int exponent = between(low, high) + 127;
    return Float.intBitsToFloat((int) nextLong() & 0x807F_FFFF | exponent << 23);
  }

  /** One of the values. */
  public float pick(float... values) {
    return values[below(values.length)];
  }
}
