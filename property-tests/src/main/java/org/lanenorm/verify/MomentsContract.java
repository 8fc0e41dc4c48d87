package org.lanenorm.verify;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.WorstErrors.Quantity;

/** Mean and variance against exact arithmetic. */
public interface MomentsContract extends Contract {
  /** Mean and biased variance per channel, as the kernel says. */
  private Oracle.Moments momentsOf(float[] x, TensorShape shape) {
    double[] mean = new double[shape.channels()];
    double[] variance = new double[shape.channels()];
    kernel().moments(Slice.of(x), shape, mean, variance);
    return new Oracle.Moments(shape.count(), mean, variance);
  }

  /** {@link Bounds#mean} and {@link Bounds#variance}. */
  @Property(tries = 2000)
  default void momentsAreWithinTheirBounds(@ForAll Case input, @ForAll("layouts") Layout layout) {
    Oracle.Moments moments = momentsOf(input.x(layout), input.shape(layout));
    Oracle.Moments exact = input.exactMoments();
    for (int c = 0; c < input.size().c(); c++) {
      double mean = exact.mean()[c];
      double variance = exact.variance()[c];
      errors().count(input.kindOf(c));
      Near near = new Near(this, input, layout, c, () -> "");
      // variance first: it is what most kernels fail by, and what tells why. Both at one place:
      // jqwik takes failures of two places for two faults, and would shrink to a harder case
      for (boolean second : new boolean[] {true, false}) {
        near.check(
            second ? Quantity.VARIANCE : Quantity.MEAN,
            second ? "variance" : "mean",
            (second ? moments.variance() : moments.mean())[c],
            second ? variance : mean,
            second ? Bounds.variance(variance) : Bounds.mean(mean, variance));
      }
    }
  }

  /**
   * oneDNN's idea: data whose sums are exact in any order. What is left are two roundings to float,
   * of 1/M and of the result.
   */
  @Property(tries = 300)
  default void dataExactByConstructionGivesExactMoments(
      @ForAll Case input, @ForAll("layouts") Layout layout) {
    exactDataGivesExactMoments(input.size(), layout, 2 * Bounds.U);
  }

  /** The same for one size, with a relative error of so much. */
  default void exactDataGivesExactMoments(Shapes.Size size, Layout layout, double error) {
    float[] x = new float[size.length()];
    ExactData.Channel[] channels = new ExactData.Channel[size.c()];
    for (int c = 0; c < size.c(); c++) {
      channels[c] = ExactData.channel(c, size.n(), size.s());
      Tensors.putChannel(x, 0, layout == Layout.NHWC, size, c, channels[c].values());
    }
    TensorShape shape = TensorShape.of(layout, size.n(), size.c(), size.s());
    Oracle.Moments moments = momentsOf(x, shape);
    for (int c = 0; c < size.c(); c++) {
      double mean = channels[c].mean();
      double variance = channels[c].m2() / size.count();
      Checks.check(
          Math.abs(moments.mean()[c] - mean) <= error * Math.abs(mean)
              && Math.abs(moments.variance()[c] - variance) <= error * variance,
          "%s: channel %d of data whose sums are exact in any order has mean %s and variance %s,"
              + " exactly %s and %s",
          shape,
          c,
          moments.mean()[c],
          moments.variance()[c],
          mean,
          variance);
    }
  }

  /** Values and shift are multiples of 2^-10, so that their sum is a float. */
  @Property(tries = 300)
  default void aShiftMovesTheMeanAlone(
      @ForAll Case input,
      @ForAll("layouts") Layout layout,
      @ForAll @IntRange(min = -8192, max = 8191) int shift) {
    float[] x = onAGrid(input);
    float[] shifted = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      shifted[i] = x[i] + shift;
    }
    Shapes.Size size = input.size();
    Oracle.Moments exact =
        Oracle.moments(x, 0, layout == Layout.NHWC, size.n(), size.c(), size.s());
    Oracle.Moments moments = momentsOf(shifted, input.shape(layout));
    for (int c = 0; c < size.c(); c++) {
      double mean = exact.mean()[c] + shift;
      double variance = exact.variance()[c];
      Checks.check(
          Math.abs(moments.mean()[c] - mean)
                  <= Tolerance.of(tolerance().mean(), Bounds.mean(mean, variance))
              && Math.abs(moments.variance()[c] - variance)
                  <= Tolerance.of(tolerance().variance(), Bounds.variance(variance)),
          "N(0, 1) of %s, seed %d, shifted by %s: channel %d has mean %s and variance %s,"
              + " exactly %s and %s",
          input.shape(layout),
          input.seed(),
          shift,
          c,
          moments.mean()[c],
          moments.variance()[c],
          mean,
          variance);
    }
  }

  /** No rounding depends on the exponent as long as nothing overflows or underflows. */
  @Property(tries = 300)
  default void scalingByAPowerOfTwoScalesExactly(
      @ForAll Case input,
      @ForAll("layouts") Layout layout,
      @ForAll @IntRange(min = -20, max = 20) int power) {
    float scale = (power % 2 == 0 ? 1 : -1) * Math.scalb(1f, power);
    float[] x = onAGrid(input);
    float[] scaled = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      scaled[i] = x[i] * scale;
    }
    TensorShape shape = input.shape(layout);
    Oracle.Moments moments = momentsOf(x, shape);
    Oracle.Moments ofScaled = momentsOf(scaled, shape);
    for (int c = 0; c < shape.channels(); c++) {
      Checks.check(
          ofScaled.mean()[c] == moments.mean()[c] * scale
              && ofScaled.variance()[c] == moments.variance()[c] * scale * scale,
          "N(0, 1) of %s, seed %d, times %s: channel %d has mean %s and variance %s, unscaled %s"
              + " and %s",
          shape,
          input.seed(),
          scale,
          c,
          ofScaled.mean()[c],
          ofScaled.variance()[c],
          moments.mean()[c],
          moments.variance()[c]);
    }
  }

  /** N(0, 1) rounded to multiples of 2^-10. */
  private static float[] onAGrid(Case input) {
    Rng rng = new Rng(input.seed());
    float[] x = new float[input.size().length()];
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.round(rng.normal() * 1024) / 1024f;
    }
    return x;
  }
}
