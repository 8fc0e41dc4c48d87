package org.lanenorm;

import org.lanenorm.kernel.Backend;
import org.lanenorm.kernel.ChannelGradients;
import org.lanenorm.kernel.Passes;
import org.lanenorm.kernel.Segments;

/**
 * The passes of one caller and the order of the last shape it saw, so that the steady state
 * allocates nothing.
 */
final class Workspace {
  final Passes passes;
  final Parallelism parallelism;
  private final int channels;
  private ChannelGradients gradients;
  private TensorShape lastShape;
  private Segments lastOrder;

  Workspace(int channels, Parallelism parallelism) {
    this.channels = channels;
    this.parallelism = parallelism;
    passes = new Passes(Backend.kernels(), parallelism.team(), channels);
  }

  /** Sums of a backward. */
  ChannelGradients gradients() {
    if (gradients == null) {
      gradients = new ChannelGradients(channels);
    }
    return gradients;
  }

  Segments order(TensorShape shape) {
    if (!shape.equals(lastShape)) {
      lastShape = shape;
      lastOrder =
          new Segments(
              shape.layout() == Layout.NHWC, shape.batch(), shape.channels(), shape.spatial());
    }
    return lastOrder;
  }
}
