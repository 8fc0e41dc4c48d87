package org.lanenorm;

import org.lanenorm.kernel.Team;

/**
 * The valid positions of masked calls, laid end to end, and the shape that they have then. Kept by
 * a caller between its calls, so that the steady state allocates nothing.
 */
final class Compaction {
  private final Team team;
  private TensorShape lastShape;
  private Mask lastMask;
  private TensorShape compact;
  private float[] values = {};
  private float[] gradient = {};

  Compaction(Parallelism parallelism) {
    team = parallelism.team();
  }

  /** One image of the mask's valid positions. */
  TensorShape shape(TensorShape shape, Mask mask) {
    if (mask != lastMask || !shape.equals(lastShape)) {
      compact =
          TensorShape.of(
              channelsLast(shape) ? Layout.NHWC : Layout.NCHW, 1, shape.channels(), mask.count());
      lastMask = mask;
      lastShape = shape;
    }
    return compact;
  }

  /** Rows are the same memory in both layouts, and only as NHWC are the valid ones rows as well. */
  private static boolean channelsLast(TensorShape shape) {
    return shape.layout() == Layout.NHWC || shape.spatial() == 1;
  }

  /** The valid positions of a tensor: an array that the next call of this method overwrites. */
  float[] values(float[] x, int xOffset, TensorShape shape, Mask mask) {
    values = grown(values, shape(shape, mask).length());
    mask.runs.gather(x, xOffset, channelsLast(shape), shape.channels(), values, team);
    return values;
  }

  /** As {@link #values}, in another array. */
  float[] gradient(float[] dy, int dyOffset, TensorShape shape, Mask mask) {
    gradient = grown(gradient, shape(shape, mask).length());
    mask.runs.gather(dy, dyOffset, channelsLast(shape), shape.channels(), gradient, team);
    return gradient;
  }

  /** Writes valid positions back to where they were, and 0 to all others. */
  void spread(float[] from, float[] y, int yOffset, TensorShape shape, Mask mask) {
    mask.runs.scatter(from, y, yOffset, channelsLast(shape), shape.channels(), team);
  }

  private static float[] grown(float[] array, int length) {
    return array.length < length ? new float[length] : array;
  }
}
