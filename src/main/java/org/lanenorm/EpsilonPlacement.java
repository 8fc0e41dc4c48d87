package org.lanenorm;

/**
 * Where epsilon, which keeps a constant channel from being divided by 0, is added in {@code y = (x
 * - mean)/divisor*gamma + beta}.
 */
public enum EpsilonPlacement {
  /** {@code sqrt(variance + epsilon)}: Ioffe and Szegedy 2015, and every current framework. */
  INSIDE_SQRT,
  /** {@code sqrt(variance) + epsilon}: Keras 1.0.0 to 1.0.4, mode 1. */
  ON_STD,
  /**
   * {@code sqrt(variance + epsilon) + epsilon}: Keras 1.0.0 to 1.0.5, modes 0 and 2; Keras 1.0.5 to
   * 1.2.2, mode 1.
   */
  BOTH;

  /** What is added to the variance. */
  double inside(double epsilon) {
    return this == ON_STD ? 0 : epsilon;
  }

  /** What is added to the root. */
  double outside(double epsilon) {
    return this == INSIDE_SQRT ? 0 : epsilon;
  }
}
