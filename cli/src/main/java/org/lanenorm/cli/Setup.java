package org.lanenorm.cli;

import org.lanenorm.BatchNorm;
import org.lanenorm.Parallelism;

/**
 * How batches are normalized: everything but the data.
 *
 * @param training by the batch's own statistics; else by the running ones
 * @param params of the layer
 * @param parallelism of each call
 */
record Setup(boolean training, Params params, Parallelism parallelism) {
  /** A layer that has not seen a batch since its parameters were stored. */
  BatchNorm layer(int channels) {
    return BatchNorm.builder(channels)
        .epsilon(params.epsilon())
        .momentum(params.momentum())
        .gamma(params.gamma())
        .beta(params.beta())
        .runningStatistics(params.runningMean(), params.runningVariance())
        .parallelism(parallelism)
        .build();
  }
}
