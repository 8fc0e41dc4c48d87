package org.lanenorm.verify;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.Layout;

/** Gradients against the closed form in exact arithmetic, and against finite differences. */
public interface BackwardContract extends Contract {
  /** {@link GradientBounds}, after a training forward. */
  @Property(tries = 500)
  default void gradientsAreWithinTheirBounds(@ForAll Case input, @ForAll("layouts") Layout layout) {
    new Gradients(this, input, layout, false, layerOf(input)).areWithinTheirBounds();
  }

  /** {@link GradientBounds}, with mean and variance as constants. */
  @Property(tries = 500)
  default void frozenGradientsAreWithinTheirBounds(
      @ForAll Case input, @ForAll("layouts") Layout layout) {
    frozenGradientsAreWithinTheirBounds(input, layout, layerOf(input));
  }

  /** The same with a layer of your own. */
  default void frozenGradientsAreWithinTheirBounds(Case input, Layout layout, Layer layer) {
    new Gradients(this, input, layout, true, layer).areWithinTheirBounds();
  }

  /**
   * A shift of all x changes no y: dInput sums to 0. A scale of all x - mean changes y by epsilon
   * alone: with R = sqrt(variance + inside) and D = R + outside, the sum of dInput*xHat is
   * gamma/D*dGamma*(inside + outside*R)/(D*R).
   */
  @Property(tries = 300)
  default void dInputIsOrthogonalToShiftAndScale(
      @ForAll Case input, @ForAll("layouts") Layout layout) {
    new Gradients(this, input, layout, false, layerOf(input)).areOrthogonalToShiftAndScale();
  }

  /**
   * (L(x + h) - L(x - h))/2h of L = sum(dOutput*y) with y by the oracle in double. h = 2^-10 and x
   * a multiple of it, so that x + h is exact; the difference itself is off by h^2/6 times a third
   * derivative of about k^3*|dOutput|.
   */
  @Property(tries = 100)
  default void finiteDifferencesOfTheOracleAgreeWithBackward(
      @ForAll @IntRange(min = 1, max = 5) int n,
      @ForAll @IntRange(min = 1, max = 3) int c,
      @ForAll @IntRange(min = 1, max = 6) int s,
      @ForAll("layouts") Layout layout,
      @ForAll long seed) {
    new FiniteDifferences(this, new Shapes.Size(n, c, s), layout, seed, false).ofTheOracle();
  }

  /** The same with mean and variance as constants. */
  @Property(tries = 100)
  default void finiteDifferencesOfTheOracleAgreeWithBackwardFrozen(
      @ForAll @IntRange(min = 1, max = 5) int n,
      @ForAll @IntRange(min = 1, max = 3) int c,
      @ForAll @IntRange(min = 1, max = 6) int s,
      @ForAll("layouts") Layout layout,
      @ForAll long seed) {
    new FiniteDifferences(this, new Shapes.Size(n, c, s), layout, seed, true).ofTheOracle();
  }

  /** The same of the kernel's own forward; h = 2^-5 because its y is rounded to float. */
  @Property(tries = 100)
  default void finiteDifferencesOfTrainingAgreeWithBackward(
      @ForAll @IntRange(min = 1, max = 5) int n,
      @ForAll @IntRange(min = 1, max = 3) int c,
      @ForAll @IntRange(min = 1, max = 6) int s,
      @ForAll("layouts") Layout layout,
      @ForAll long seed) {
    new FiniteDifferences(this, new Shapes.Size(n, c, s), layout, seed, false).ofTheKernel();
  }

  /** The same with mean and variance as constants. */
  @Property(tries = 100)
  default void finiteDifferencesOfInferenceAgreeWithBackwardFrozen(
      @ForAll @IntRange(min = 1, max = 5) int n,
      @ForAll @IntRange(min = 1, max = 3) int c,
      @ForAll @IntRange(min = 1, max = 6) int s,
      @ForAll("layouts") Layout layout,
      @ForAll long seed) {
    new FiniteDifferences(this, new Shapes.Size(n, c, s), layout, seed, true).ofTheKernel();
  }
}
