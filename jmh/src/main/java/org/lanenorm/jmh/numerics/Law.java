package org.lanenorm.jmh.numerics;

import org.lanenorm.Layout;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Tolerance;
import org.lanenorm.verify.WorstErrors.Quantity;

/**
 * The properties of the contract that say something about a peer behind an adapter, each called
 * without jqwik. (An adapter copies tensors: what is said of the memory round them it holds by
 * itself.)
 */
enum Law {
  MEAN(
      "mean",
      Quantity.MEAN,
      (contract, input, layout, rng) -> contract.momentsAreWithinTheirBounds(input, layout)) {
    @Override
    Tolerance times(double multiple) {
      return new Tolerance(multiple, ANY, ANY, ANY);
    }
  },
  VARIANCE(
      "variance",
      Quantity.VARIANCE,
      (contract, input, layout, rng) -> contract.momentsAreWithinTheirBounds(input, layout)) {
    @Override
    Tolerance times(double multiple) {
      return new Tolerance(ANY, multiple, ANY, ANY);
    }
  },
  TRAINING(
      "y of training",
      Quantity.OUTPUT,
      (contract, input, layout, rng) -> contract.trainingOutputIsWithinItsBound(input, layout)),
  INFERENCE(
      "y of inference",
      Quantity.OUTPUT,
      (contract, input, layout, rng) -> contract.inferenceOutputIsWithinItsBound(input, layout)),
  GRADIENTS(
      "gradients of training",
      Quantity.GRADIENT,
      (contract, input, layout, rng) -> contract.gradientsAreWithinTheirBounds(input, layout)),
  FROZEN_GRADIENTS(
      "gradients of inference",
      Quantity.GRADIENT,
      (contract, input, layout, rng) ->
          contract.frozenGradientsAreWithinTheirBounds(input, layout)),
  CONSTANT(
      "a constant channel gives exactly beta",
      null,
      (contract, input, layout, rng) -> contract.constantChannelGivesExactlyBeta(input, layout)),
  EXACT(
      "data whose sums are exact gives exact moments",
      null,
      (contract, input, layout, rng) ->
          contract.dataExactByConstructionGivesExactMoments(input, layout)),
  SHIFT(
      "a shift moves the mean alone",
      null,
      (contract, input, layout, rng) ->
          contract.aShiftMovesTheMeanAlone(input, layout, rng.between(-8192, 8191))),
  SCALE(
      "a power of two scales exactly",
      null,
      (contract, input, layout, rng) ->
          contract.scalingByAPowerOfTwoScalesExactly(input, layout, rng.between(-20, 20))),
  ORTHOGONAL(
      "dInput is orthogonal to shift and scale",
      null,
      (contract, input, layout, rng) -> contract.dInputIsOrthogonalToShiftAndScale(input, layout)),
  NON_FINITE_MOMENTS(
      "moments keep a NaN to its channel",
      null,
      (contract, input, layout, rng) ->
          contract.momentsKeepANonFiniteChannelToItself(input, layout, poison(rng))),
  NON_FINITE_TRAINING(
      "training keeps a NaN to its channel",
      null,
      (contract, input, layout, rng) ->
          contract.trainingKeepsANonFiniteChannelToItself(input, layout, poison(rng))),
  NON_FINITE_INFERENCE(
      "inference keeps a NaN to its element",
      null,
      (contract, input, layout, rng) ->
          contract.inferenceKeepsANonFiniteElementToItself(input, layout, poison(rng))),
  NON_FINITE_GRADIENTS(
      "backward keeps a NaN to its channel",
      null,
      (contract, input, layout, rng) ->
          contract.backwardKeepsANonFiniteChannelToItself(input, layout, poison(rng))),
  LAYOUTS(
      "the same bits in both layouts",
      null,
      (contract, input, layout, rng) -> contract.nchwAndNhwcGiveTheSameBits(input)),
  THREADS(
      "the same bits on two threads",
      null,
      (contract, input, layout, rng) -> contract.resultDoesNotDependOnThreads(input, layout, 2)),
  TWICE(
      "the same bits in the next call",
      null,
      (contract, input, layout, rng) -> contract.theSameCallTwiceGivesTheSameBits(input, layout));

  private static final double ANY = Double.POSITIVE_INFINITY;

  private interface Call {
    void holds(Measured contract, Case input, Layout layout, Rng rng);
  }

  private final String title;
  private final Quantity quantity;
  private final Call call;

  Law(String title, Quantity quantity, Call call) {
    this.title = title;
    this.quantity = quantity;
    this.call = call;
  }

  /** In a table. */
  String title() {
    return title;
  }

  /** Whose errors it measures; null where a result is right or wrong. */
  Quantity quantity() {
    return quantity;
  }

  /** Whether it takes large tensors to see anything: long sums, work that is worth sharing. */
  boolean needsLarge() {
    return quantity != null || this == THREADS;
  }

  /** So many times our bounds for this law's quantity, anything for others. */
  Tolerance times(double multiple) {
    return Tolerance.times(multiple);
  }

  /** Calls it; what else it needs is drawn from the case. */
  void check(Measured contract, Case input, Layout layout) {
    call.holds(contract, input, layout, Rng.stream(input.seed(), ordinal()));
  }

  private static float poison(Rng rng) {
    return rng.pick(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
  }
}
