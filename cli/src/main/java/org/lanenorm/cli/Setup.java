package org.lanenorm.cli;

import org.lanenorm.BatchNorm;
import org.lanenorm.Momentum;
import org.lanenorm.Parallelism;

/**
 * How batches are normalized: everything but the data.
 *
 * @param training by the batch's own statistics; else by the running ones
 * @param epsilon added to the variance inside the root
 * @param momentum of the running statistics
 * @param params of the layer
 * @param parallelism of each call
 */
record Setup(
    boolean training, double epsilon, Momentum momentum, Params params, Parallelism parallelism) {

  /** A layer that has not seen a batch since its parameters were stored. */
  BatchNorm layer(int channels) {
    return BatchNorm.builder(channels)
        .epsilon(epsilon)
        .momentum(momentum)
        .gamma(params.gamma())
        .beta(params.beta())
        .runningStatistics(params.runningMean(), params.runningVariance())
        .parallelism(parallelism)
        .build();
  }
}
