package org.lanenorm;

/** Which measure of a channel's spread the running statistics average. */
public enum Spread {
  /** The variance, as every current framework. Inference takes its root and adds epsilon to it. */
  VARIANCE,
  /**
   * The standard deviation {@code sqrt(variance + e)}, in which e is what {@link EpsilonPlacement}
   * adds inside the root: Keras 1.0.0 to 1.0.5. Inference divides by it, plus what is added
   * outside.
   */
  STANDARD_DEVIATION;

  /** As it is called in formulas and errors. */
  String symbol() {
    return this == VARIANCE ? "variance" : "std";
  }

  String runningSymbol() {
    return this == VARIANCE ? "runningVariance" : "runningStd";
  }
}
