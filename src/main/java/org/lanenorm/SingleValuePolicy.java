package org.lanenorm;

/**
 * What training does with M = N*S = 1, one value per channel, whose variance is 0 whatever the
 * value.
 */
public enum SingleValuePolicy {
  /** {@link IllegalArgumentException}, as in PyTorch: the output would not depend on the input. */
  ERROR,
  /**
   * y = beta exactly, as in Keras and ONNX Runtime. The running mean moves; the running variance
   * moves only under {@link VarianceConvention#BIASED}, as one value has no unbiased variance.
   */
  BETA
}
