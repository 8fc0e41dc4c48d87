package org.lanenorm.verify;

import java.util.Arrays;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;

/**
 * Kinds of values that break sums, shifts or square roots, each a way to fill the M values of one
 * channel in logical order. What a kind leaves open (which offset, which constant, where the step
 * lies) is drawn per channel, so that the channels of one tensor differ. Deterministic from the
 * generator alone, on every machine.
 */
public enum HardData {
  BENIGN("N(0, 1)", (x, rng) -> each(x, i -> rng.normal())),

  OFFSET(
      "N(0, 1) + 10^2 .. 10^8: E[x^2] - E[x]^2 and x*a + b lose every digit",
      (x, rng) -> {
        float offset = rng.sign() * rng.pick(1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f, 1e8f);
        each(x, i -> offset + rng.normal());
      }),

  SCALED(
      "N(0, 1) * 10^-6 .. 10^6",
      (x, rng) -> {
        float scale = rng.pick(1e-6f, 1e-5f, 1e-4f, 1e-3f, 1e-2f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f);
        each(x, i -> scale * rng.normal());
      }),

  OFFSET_SCALED(
      "offset 10^0 .. 10^8 and std 10^-6 .. 10^6, down to a few ulps of noise",
      (x, rng) -> {
        float offset = rng.sign() * rng.pick(1, 1e1f, 1e2f, 1e4f, 1e6f, 1e8f);
        float scale = rng.pick(1e-6f, 1e-4f, 1e-2f, 1e2f, 1e4f, 1e6f);
        each(x, i -> offset + scale * rng.normal());
      }),

  CONSTANT(
      "one value: variance exactly 0, y exactly beta",
      (x, rng) ->
          Arrays.fill(
              x,
              rng.pick(
                  0,
                  -0.0f,
                  0.1f,
                  -0.1f,
                  1 / 3f,
                  100,
                  1e8f,
                  3.3e7f,
                  3e38f,
                  -3e38f,
                  Float.MAX_VALUE,
                  Float.MIN_NORMAL,
                  Float.MIN_VALUE,
                  1e-30f))),

  NEARLY_CONSTANT(
      "one value, and another one ulp from it: first, anywhere or in half of all places",
      (x, rng) -> {
        float value = rng.pick(0, 0.1f, 100, 1e8f, 3e38f, Float.MIN_NORMAL);
        int odd = rng.oneIn(2) ? 0 : rng.below(x.length);
        boolean one = rng.between(0, 2) > 0;
        each(x, i -> (one ? i == odd : rng.oneIn(2)) ? Math.nextUp(value) : value);
      }),

  OUTLIER_FIRST(
      "N(0, 1), the first element 1e30: float squares overflow",
      (x, rng) -> {
        each(x, i -> rng.normal());
        x[0] = rng.sign() * 1e30f;
      }),

  OUTLIER_LAST(
      "N(0, 1), the last element 1e30",
      (x, rng) -> {
        each(x, i -> rng.normal());
        x[x.length - 1] = rng.sign() * 1e30f;
      }),

  OUTLIER_MILD(
      "N(0, 1), one element anywhere 10^2 .. 10^18, whose square is still a float",
      (x, rng) -> {
        each(x, i -> rng.normal());
        x[rng.below(x.length)] = rng.pick(1e2f, -1e4f, 1e6f, -1e9f, 1e12f, -1e18f);
      }),

  SUBNORMAL(
      "subnormals of both signs, or of one: squares are below every float",
      (x, rng) -> {
        int bits = rng.between(1, 23);
        int signs = rng.oneIn(2) ? 0x8000_0000 : 0;
        each(x, i -> Float.intBitsToFloat((int) rng.nextLong() & (signs | (1 << bits) - 1)));
      }),

  TINY(
      "alternating signs round 1e-18, 1e-20, 1e-30 or 1e-40: squares sink towards 0",
      (x, rng) -> {
        float size = rng.pick(1e-18f, 1e-20f, 1e-22f, 1e-30f, 1e-40f);
        each(x, i -> (i % 2 == 0 ? size : -size) * (1 + rng.uniform()));
      }),

  TINY_ON_OFFSET(
      "subnormal or tiny steps on a tiny offset",
      (x, rng) -> {
        float offset = rng.pick(1e-20f, 1e-30f, 1e-37f);
        float step = rng.pick(1e-27f, 1e-37f, 1e-40f, 1e-44f);
        each(x, i -> offset + step * rng.below(16));
      }),

  FIRST_16_DIFFER(
      "the first 16 elements 1e4 away from the rest: a shift taken from them is far from the data",
      (x, rng) -> {
        float distance = rng.sign() * 1e4f;
        float noise = rng.pick(0, 1e-3f, 1);
        each(x, i -> (i < 16 ? distance : 0) + noise * rng.normal());
      }),

  TWO_LEVELS(
      "the first 1/2, 1/4, 1/8, 1/64 or 1/1000 at one level, the rest at another, without noise",
      (x, rng) -> {
        long share = x.length / (int) rng.pick(2, 4, 8, 64, 1000);
        float low = rng.pick(0, 0.1f, 1, 1e4f);
        float high = low + rng.sign() * rng.pick(0.1f, 1 / 3f, 1e4f);
        each(x, i -> i <= share ? low : high);
      }),

  LEVELS_PER_SEGMENT(
      "another level every 1,024 elements, noise of 1: nearly all variance lies between segments",
      (x, rng) -> {
        float jump = rng.pick(1e1f, 1e3f, 1e5f);
        float[] level = {0};
        each(
            x,
            i -> {
              level[0] = i % 1024 == 0 ? jump * rng.normal() : level[0];
              return level[0] + rng.normal();
            });
      }),

  LANES_DIFFER(
      "each residue mod 16 has a size of its own, 10^-6 .. 10^6",
      (x, rng) -> {
        float[] size = new float[16];
        each(size, i -> rng.pick(1e-6f, 1e-4f, 1e-2f, 1, 1e2f, 1e4f, 1e6f));
        each(x, i -> size[i % 16] * rng.normal());
      }),

  ALTERNATING(
      "+a, -a, equal in size, on an offset of 0 or 1e3",
      (x, rng) -> {
        float size = rng.pick(1e-3f, 0.1f, 1, 1 / 3f, 1e4f, 1e15f);
        float offset = rng.pick(0, 1e3f);
        each(x, i -> i % 2 == 0 ? offset + size : offset - size);
      }),

  RAMP(
      "a straight line, rising or falling, from an offset of 0 .. 1e6",
      (x, rng) -> {
        float step = rng.sign() * rng.pick(1e-3f, 0.1f, 1 / 3f, 1, 1e2f);
        float offset = rng.pick(0, 1, 1e3f, 1e6f);
        each(x, i -> offset + i * step);
      }),

  WIDE("both signs, size 10^U(-30, 30)", (x, rng) -> each(x, i -> rng.wide(-100, 99))),

  ANY_FLOAT(
      "any finite float, each exponent as likely as any other",
      (x, rng) -> each(x, i -> rng.anyFinite())),

  HUGE(
      "both signs within 10 % of Float.MAX_VALUE: sums and squares overflow",
      (x, rng) -> each(x, i -> rng.sign() * Float.MAX_VALUE * (1 - 0.1f * rng.uniform()))),

  HUGE_LOPSIDED(
      "most near -Float.MAX_VALUE, every 16th near the other: even x - mean overflows",
      (x, rng) -> {
        int sign = rng.sign();
        int rare = rng.below(16);
        each(
            x, i -> (i % 16 == rare ? sign : -sign) * Float.MAX_VALUE * (1 - 0.1f * rng.uniform()));
      }),

  LARGE(
      "N(0, 1) * 10^12 .. 10^37: squares overflow from 10^19 on",
      (x, rng) -> {
        float scale = rng.pick(1e12f, 1e18f, 1e19f, 1e20f, 1e25f, 1e30f, 1e36f, 4e37f);
        each(x, i -> scale * rng.normal());
      }),

  SPARSE(
      "max(0, N(0, 1) - t), as behind a ReLU: from half to nearly all zeros",
      (x, rng) -> {
        float threshold = rng.pick(0, 0.5f, 1, 2, 3);
        each(x, i -> Math.max(0, rng.normal() - threshold));
      }),

  PIXELS("0/255 .. 255/255, as a photograph has", (x, rng) -> each(x, i -> rng.below(256) / 255f));

  private final String description;
  private final BiConsumer<float[], Rng> filler;

  HardData(String description, BiConsumer<float[], Rng> filler) {
    this.description = description;
    this.filler = filler;
  }

  /** What is in it and what it breaks. */
  public String description() {
    return description;
  }

  /**
   * Fills one channel.
   *
   * @param x receives the values, in logical order m = n*S + s
   * @param rng source of all that the kind leaves open
   */
  public void fill(float[] x, Rng rng) {
    if (x.length > 0) {
      filler.accept(x, rng);
    }
  }

  /** All kinds in turn: channel c has the kind that follows {@code first} by c places. */
  public static IntFunction<HardData> mixed(int first) {
    return c -> values()[Math.floorMod(first + c, values().length)];
  }

  private interface FloatAt {
    float at(int i);
  }

  private static void each(float[] x, FloatAt value) {
    for (int i = 0; i < x.length; i++) {
      x[i] = value.at(i);
    }
  }
}
