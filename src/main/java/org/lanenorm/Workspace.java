package org.lanenorm;

import org.lanenorm.kernel.Backend;
import org.lanenorm.kernel.ChannelBounds;
import org.lanenorm.kernel.ChannelGradients;
import org.lanenorm.kernel.FusedPasses;
import org.lanenorm.kernel.Passes;
import org.lanenorm.kernel.Segments;
import org.lanenorm.kernel.StoredPasses;

/**
 * The passes of one caller and the orders of the last two shapes it saw, so that the steady state
 * allocates nothing.
 */
final class Workspace {
  final Passes passes;
  final FusedPasses fused;
  final Parallelism parallelism;
  private final int channels;
  private ChannelGradients gradients;
  private ChannelBounds bounds;
  private StoredPasses stored;
  private TensorShape lastShape;
  private Segments lastOrder;

  /** The one before: a caller may go to and fro between two shapes. */
  private TensorShape otherShape;

  private Segments otherOrder;

  Workspace(int channels, Parallelism parallelism) {
    this.channels = channels;
    this.parallelism = parallelism;
    passes = new Passes(Backend.kernels(), parallelism.team(), channels);
    fused = new FusedPasses(passes);
  }

  /** The passes over storages. */
  StoredPasses stored() {
    if (stored == null) {
      stored = new StoredPasses(Backend.kernels(), parallelism.team(), channels);
    }
    return stored;
  }

  /** Sums of a backward. */
  ChannelGradients gradients() {
    if (gradients == null) {
      gradients = new ChannelGradients(channels);
    }
    return gradients;
  }

  /** Sums of what is watched. */
  ChannelBounds bounds() {
    if (bounds == null) {
      bounds = new ChannelBounds(channels);
    }
    return bounds;
  }

  Segments order(TensorShape shape) {
    if (!shape.equals(lastShape)) {
      Segments order = shape.equals(otherShape) ? otherOrder : newOrder(shape);
      otherShape = lastShape;
      otherOrder = lastOrder;
      lastShape = shape;
      lastOrder = order;
    }
    return lastOrder;
  }

  private static Segments newOrder(TensorShape shape) {
    return new Segments(
        shape.layout() == Layout.NHWC, shape.batch(), shape.channels(), shape.spatial());
  }
}
