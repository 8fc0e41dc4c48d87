package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;

import java.math.BigDecimal;
import java.math.MathContext;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.verify.ExactData;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Slice;
import org.lanenorm.verify.Tensors;

/** The oracle against BigDecimal, element by element as the formulas stand. */
class OracleProperties {
  /** 800 digits: more than the products of any two floats need, and 60 after any quotient. */
  private static final MathContext DIGITS = new MathContext(800);

  @Property(tries = 450)
  void momentsAreTheNearestDoubles(
      @ForAll HardData kind,
      @ForAll @IntRange(min = 1, max = 5) int n,
      @ForAll @IntRange(min = 1, max = 4) int c,
      @ForAll @IntRange(min = 1, max = 9) int s,
      @ForAll boolean channelsLast,
      @ForAll @IntRange(min = 0, max = 3) int offset,
      @ForAll long seed) {
    Shapes.Size size = new Shapes.Size(n, c, s);
    float[] tensor = Tensors.of(channelsLast, size, HardData.mixed(kind.ordinal()), seed);
    float[] x = Slice.guarded(tensor, offset, 2).array();
    Oracle.Moments moments = Oracle.moments(x, offset, channelsLast, n, c, s);
    BigDecimal count = BigDecimal.valueOf(n * s);
    for (int channel = 0; channel < c; channel++) {
      BigDecimal mean = BigDecimal.ZERO;
      for (int m = 0; m < n * s; m++) {
        mean = mean.add(new BigDecimal(x[offset + at(size, channelsLast, channel, m)]));
      }
      mean = mean.divide(count, DIGITS);
      BigDecimal m2 = BigDecimal.ZERO;
      for (int m = 0; m < n * s; m++) {
        BigDecimal distance =
            new BigDecimal(x[offset + at(size, channelsLast, channel, m)]).subtract(mean);
        m2 = m2.add(distance.multiply(distance));
      }
      equal(moments.mean()[channel], mean, "mean", kind, seed);
      equal(moments.variance()[channel], m2.divide(count, DIGITS), "variance", kind, seed);
    }
  }

  @Property(tries = 450)
  void sumsOfBackwardAreExact(
      @ForAll HardData kind,
      @ForAll HardData ofGradients,
      @ForAll @IntRange(min = 1, max = 5) int n,
      @ForAll @IntRange(min = 1, max = 4) int c,
      @ForAll @IntRange(min = 1, max = 9) int s,
      @ForAll boolean channelsLast,
      @ForAll long seed) {
    Shapes.Size size = new Shapes.Size(n, c, s);
    float[] x = Tensors.of(channelsLast, size, HardData.mixed(kind.ordinal()), seed);
    float[] d = Tensors.of(channelsLast, size, HardData.mixed(ofGradients.ordinal()), ~seed);
    double[] mean = Oracle.moments(x, 0, channelsLast, n, c, s).mean();
    // invStd of exactly 1 leaves the sums bare
    double[] variance = new double[c];
    Oracle.Gradients gradients =
        Oracle.backward(x, d, channelsLast, n, c, s, mean, variance, 1, null, false);
    for (int channel = 0; channel < c; channel++) {
      BigDecimal sum = BigDecimal.ZERO;
      BigDecimal products = BigDecimal.ZERO;
      for (int m = 0; m < n * s; m++) {
        int i = at(size, channelsLast, channel, m);
        BigDecimal distance = new BigDecimal(x[i]).subtract(new BigDecimal(mean[channel]));
        sum = sum.add(new BigDecimal(d[i]));
        products = products.add(new BigDecimal(d[i]).multiply(distance));
      }
      equal(gradients.dBeta()[channel], sum, "dBeta", kind, seed);
      equal(gradients.dGamma()[channel], products, "dGamma", kind, seed);
    }
  }

  @Example
  void whatIsNotFiniteGivesNaNInItsChannelAlone() {
    float[] x = {1, Float.NaN, 3, Float.POSITIVE_INFINITY, 5, 6};
    float[] d = {1, 1, 1, 1, 1, 1};
    Oracle.Moments moments = Oracle.moments(x, 0, false, 1, 3, 2);
    check(
        Double.isNaN(moments.mean()[0])
            && Double.isNaN(moments.variance()[1])
            && moments.mean()[2] == 5.5
            && moments.variance()[2] == 0.25,
        "moments are %s",
        moments);
    Oracle.Gradients gradients =
        Oracle.backward(x, d, false, 1, 3, 2, moments.mean(), moments.variance(), 0, null, false);
    check(
        Double.isNaN(gradients.dGamma()[0])
            && gradients.dBeta()[0] == 2
            && gradients.dGamma()[2] == 0,
        "gradients are %s",
        gradients);
  }

  /** The generator's own claim, which the properties of the library lean on. */
  @Property(tries = 200)
  void exactDataHasTheMomentsItClaims(
      @ForAll @IntRange(min = 0, max = 20) int c,
      @ForAll @IntRange(min = 1, max = 400) int n,
      @ForAll @IntRange(min = 1, max = 400) int s) {
    int count = n * s;
    ExactData.Channel channel = ExactData.channel(c, n, s);
    Oracle.Moments moments = Oracle.moments(channel.values(), 0, false, n, 1, s);
    check(
        moments.mean()[0] == channel.mean()
            && moments.variance()[0] == channel.m2() / count
            && (count < 4 || channel.m2() > 0),
        "channel %d of %d: %s and %s, not %s",
        c,
        count,
        channel.mean(),
        channel.m2(),
        moments);
  }

  private static int at(Shapes.Size size, boolean channelsLast, int c, int m) {
    int n = m / size.s();
    int s = m % size.s();
    return channelsLast ? m * size.c() + c : (n * size.c() + c) * size.s() + s;
  }

  private static void equal(
      double actual, BigDecimal expected, String what, HardData kind, long seed) {
    check(
        actual == expected.doubleValue(),
        "%s seed %d: %s is %s, exactly %s",
        kind,
        seed,
        what,
        actual,
        expected);
  }
}
