package org.lanenorm;

/**
 * What training does with a channel that holds a NaN or an infinity. Its mean is not finite, so its
 * y is NaN under every policy that computes one; the other channels never notice.
 */
public enum NonFinitePolicy {
  /**
   * The channel's running statistics stay as they were; {@link SavedStatistics#skipped} tells which
   * did.
   */
  SKIP_UPDATE,
  /** The running statistics take the NaN and keep it for ever, as in PyTorch. */
  PROPAGATE,
  /** {@link IllegalArgumentException}; nothing is written. */
  ERROR
}
