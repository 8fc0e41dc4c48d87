package org.lanenorm;

/**
 * Which variance of a batch of n values per channel goes into the running variance. Normalizing
 * always uses the biased one, M2/n, where M2 is the sum of squared distances from the mean.
 */
public enum VarianceConvention {
  /** M2/n: Keras 3, Keras 2 on rank 2, ONNX, Flax. */
  BIASED,
  /** M2/(n - 1), Bessel's correction: PyTorch. */
  UNBIASED,
  /** M2/max(n - 1, 1), which is 0 for one value: TensorFlow's fused kernel. */
  UNBIASED_CLAMPED,
  /**
   * M2/n * n/(n - (1 + epsilon)): Keras 2.1.4 to 2.3.1, which took epsilon for a part of the sample
   * size.
   */
  KERAS_LEGACY;

  /**
   * The running variance's input from M2 and n.
   *
   * @return NaN where n is too small for the convention to say anything (n - 1 or n - (1 + epsilon)
   *     not above 0)
   */
  double of(double m2, long n, double epsilon) {
    return m2 / divisor(n, epsilon);
  }

  /** What M2 is divided by; NaN as in {@link #of}. */
  double divisor(long n, double epsilon) {
    return switch (this) {
      case BIASED -> n > 0 ? n : Double.NaN;
      case UNBIASED -> n > 1 ? n - 1 : Double.NaN;
      case UNBIASED_CLAMPED -> n > 0 ? Math.max(n - 1, 1) : Double.NaN;
      case KERAS_LEGACY -> n > 1 + epsilon ? n - (1 + epsilon) : Double.NaN;
    };
  }

  /** The formula, M the number of values as in the package's formulas. */
  String formula(double epsilon) {
    return switch (this) {
      case BIASED -> "M2/M";
      case UNBIASED -> "M2/(M - 1)";
      case UNBIASED_CLAMPED -> "M2/max(M - 1, 1)";
      case KERAS_LEGACY -> "M2/(M - (1 + " + Convention.number(epsilon) + "))";
    };
  }
}
