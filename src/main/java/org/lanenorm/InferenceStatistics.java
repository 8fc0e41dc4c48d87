package org.lanenorm;

/** Whose mean and variance inference normalizes by. Training always takes the input's own. */
public enum InferenceStatistics {
  /** The running statistics, averages over the batches of training: the usual way. */
  RUNNING,
  /**
   * The batch's own, as in training, and none are kept: Keras 1 in mode 2, PyTorch with {@code
   * track_running_stats=False}.
   */
  BATCH,
  /**
   * Those of each sample over its last axis, in training too, and none are kept: Keras 1 in mode 1,
   * which is layer normalization. {@link BatchNorm} refuses it.
   */
  SAMPLE
}
