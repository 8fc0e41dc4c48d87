package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;

import net.jqwik.api.Example;
import org.lanenorm.ChannelMoments;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;

/**
 * Random data rarely meets the worst case of a bound, so one goes looking for it: from hard data
 * uphill, changing a few values at a time and keeping what makes the error no smaller. The same
 * search on every machine and, as all back ends give the same bits, with the same result.
 */
class WorstCaseSearchTest {
  /** Few elements have nothing to average out against; hundreds of two values add up in step. */
  private static final int[] COUNTS = {
    2, 3, 4, 7, 12, 15, 16, 17, 24, 31, 32, 33, 48, 64, 128, 257, 600
  };

  private static final HardData[] STARTS = {
    HardData.BENIGN, HardData.TWO_LEVELS, HardData.PIXELS, HardData.RAMP
  };

  private static final int STEPS = 4000;

  /** The error of one of the moments as a share of its bound. */
  private interface Share {
    double of(ChannelMoments moments, double mean, double variance);
  }

  @Example
  void noVarianceIsFoundBeyondItsBound() {
    search(
        "variance",
        (moments, mean, variance) ->
            Math.abs(moments.variance(0) - variance) / Bounds.variance(variance));
  }

  @Example
  void noMeanIsFoundBeyondItsBound() {
    search(
        "mean",
        (moments, mean, variance) ->
            Math.abs(moments.mean(0) - mean) / Bounds.mean(mean, variance));
  }

  private void search(String what, Share share) {
    double worst = 0;
    float[] found = {};
    for (int count : COUNTS) {
      for (HardData start : STARTS) {
        Rng rng = new Rng(count);
        float[] x = new float[count];
        start.fill(x, rng);
        double height = height(x, share);
        for (int step = 0; step < STEPS; step++) {
          float[] next = neighbour(x, rng);
          double nextHeight = height(next, share);
          if (nextHeight >= height) {
            height = nextHeight;
            x = next;
          }
        }
        if (height > worst) {
          worst = height;
          found = x;
        }
      }
    }
    System.out.printf("%7.3f of its bound is the worst %s found%n", worst, what);
    check(
        worst <= 1,
        "%s off by %.2f times its bound for rows(%d, 1) of %s",
        what,
        worst,
        found.length,
        hex(found));
  }

  private double height(float[] x, Share share) {
    ChannelMoments moments = ChannelMoments.of(x, TensorShape.rows(x.length, 1));
    Oracle.Moments exact = Oracle.moments(x, 0, true, x.length, 1, 1);
    double variance = exact.variance()[0];
    return variance > 0 ? share.of(moments, exact.mean()[0], variance) : 0;
  }

  /** One to three values changed: a low bit, the size, or a copy of another. */
  private static float[] neighbour(float[] x, Rng rng) {
    float[] next = x.clone();
    for (int changes = rng.between(1, 3); changes > 0; changes--) {
      int at = rng.below(x.length);
      switch (rng.below(3)) {
        case 0:
          next[at] = Float.intBitsToFloat(Float.floatToIntBits(next[at]) ^ 1 << rng.below(20));
          break;
        case 1:
          next[at] *= 0.5f + rng.uniform();
          break;
        default:
          next[at] = next[rng.below(x.length)];
      }
    }
    return next;
  }

  private static String hex(float[] x) {
    StringBuilder text = new StringBuilder();
    for (float value : x) {
      text.append(text.length() == 0 ? "" : ", ").append(Float.toHexString(value));
    }
    return text.toString();
  }
}
