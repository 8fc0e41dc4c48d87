package org.lanenorm;

import java.util.Arrays;
import org.lanenorm.kernel.ChannelBounds;
import org.lanenorm.kernel.ChannelReduction;

/**
 * Moments over any number of tensors, one read of each, with nothing allocated after the first of a
 * shape: the form of {@link ChannelMoments} that owns its results. Used by one thread at a time.
 */
public final class MomentsAccumulator {
  private final double[] mean;
  private final double[] m2;
  private final double[] batchMean;
  private final double[] batchM2;
  private final Workspace workspace;
  private final Compaction compaction;
  private final Widened widened;
  private long count;

  /** Sequential. */
  public MomentsAccumulator(int channels) {
    this(channels, Parallelism.sequential());
  }

  /**
   * An accumulator that has seen nothing yet.
   *
   * @param channels C, at least 0
   * @param parallelism how many threads {@link #add(float[], int, TensorShape)} may use
   */
  public MomentsAccumulator(int channels, Parallelism parallelism) {
    Checks.channelCount(channels);
    Checks.notNull("parallelism", parallelism);
    this.mean = new double[channels];
    this.m2 = new double[channels];
    this.batchMean = new double[channels];
    this.batchM2 = new double[channels];
    this.workspace = new Workspace(channels, parallelism);
    this.compaction = new Compaction(parallelism);
    this.widened = new Widened(parallelism);
  }

  /**
   * Merges the moments of a tensor into these.
   *
   * @param x holds the tensor; not changed
   * @param offset of the tensor's first element in x
   * @param shape N, C, S and the layout
   * @throws IllegalArgumentException if the tensor does not lie inside x, C is another, or the
   *     counts overflow a long; nothing has changed then
   */
  public void add(float[] x, int offset, TensorShape shape) {
    Checks.tensor("x", x, offset, shape);
    Checks.channels("shape", shape.channels(), channels());
    Checks.countsFit(count, shape.count());
    if (shape.count() == 0) {
      return;
    }
    workspace.passes.moments(x, offset, workspace.order(shape), batchMean, batchM2);
    merge(shape.count(), batchMean, batchM2);
  }

  /**
   * The same, and how far mean and variance of all that has been added may lie from the exact ones.
   * The moments have the bits of the form without bounds.
   *
   * @param x holds the tensor; not changed
   * @param offset of the tensor's first element in x
   * @param shape N, C, S and the layout
   * @param bounds receives the bounds, none of y
   * @throws IllegalArgumentException as the form without bounds, if bounds are of another C, or if
   *     something was added without bounds since the last {@link #reset}; nothing has changed then
   */
  public void add(float[] x, int offset, TensorShape shape, ErrorBounds bounds) {
    Checks.tensor("x", x, offset, shape);
    Checks.channels("shape", shape.channels(), channels());
    Checks.notNull("bounds", bounds);
    Checks.channels("bounds", bounds.channels(), channels());
    ChannelBounds watching = workspace.bounds();
    if (count == 0) {
      watching.clear();
    }
    if (watching.count() != count) {
      throw new IllegalArgumentException(
          "bounds must be given with everything added since the last reset, but were with "
              + watching.count()
              + " of "
              + count
              + " elements per channel");
    }
    Checks.countsFit(count, shape.count());
    if (shape.count() > 0) {
      watching.begin(x, offset, workspace.order(shape));
      workspace.passes.watch(watching);
      try {
        add(x, offset, shape);
      } finally {
        workspace.passes.watch(null);
      }
      watching.end(workspace.order(shape));
    }
    bounds.set(watching, mean, m2);
  }

  /**
   * Merges the moments of a tensor in a storage into these.
   *
   * @param x holds the tensor; not changed
   * @param shape N, C, S and the layout
   * @throws IllegalArgumentException if x is too small or cannot be accessed, C is another, or the
   *     counts overflow a long; nothing has changed then
   */
  public void add(Storage x, TensorShape shape) {
    Storage.checkInput("x", x, shape, workspace.parallelism);
    if (Storage.inArray(x)) {
      add(Storage.array(x), Storage.offset(x), shape);
      return;
    }
    Checks.channels("shape", shape.channels(), channels());
    Checks.countsFit(count, shape.count());
    if (shape.count() == 0) {
      return;
    }
    workspace.stored().moments(x.elements, workspace.order(shape), batchMean, batchM2);
    merge(shape.count(), batchMean, batchM2);
  }

  /**
   * Merges the moments of a tensor's valid positions into these.
   *
   * @param x holds the tensor; not changed
   * @param offset of the tensor's first element in x
   * @param shape N, C, S and the layout
   * @param mask which positions count; with none this changes nothing
   * @throws IllegalArgumentException if the tensor does not lie inside x, C is another, the mask is
   *     of another N or S, or the counts overflow a long; nothing has changed then
   */
  public void add(float[] x, int offset, TensorShape shape, Mask mask) {
    Checks.tensor("x", x, offset, shape);
    Checks.channels("shape", shape.channels(), channels());
    Mask.checked(mask, shape);
    Checks.countsFit(count, mask.count());
    float[] valid = compaction.values(x, offset, shape, mask);
    add(valid, 0, compaction.shape(shape, mask));
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept.
   */
  public void add(Storage x, TensorShape shape, Mask mask) {
    Storage.checkInput("x", x, shape, workspace.parallelism);
    add(widened.input(x, shape, 0), Storage.offset(x), shape, mask);
  }

  /**
   * Merges moments known already into these.
   *
   * @param moments over the same number of channels
   * @throws IllegalArgumentException if C is another or the counts overflow a long; nothing has
   *     changed then
   */
  public void add(ChannelMoments moments) {
    Checks.notNull("moments", moments);
    Checks.channels("moments", moments.channels(), channels());
    Checks.countsFit(count, moments.count());
    if (moments.count() == 0) {
      return;
    }
    for (int c = 0; c < mean.length; c++) {
      batchMean[c] = moments.mean(c);
      batchM2[c] = moments.m2(c);
    }
    merge(moments.count(), batchMean, batchM2);
  }

  private void merge(long otherCount, double[] otherMean, double[] otherM2) {
    ChannelReduction.merge(count, mean, m2, otherCount, otherMean, otherM2, 0, mean.length);
    count += otherCount;
  }

  /** Forgets everything added. */
  public void reset() {
    count = 0;
    Arrays.fill(mean, 0);
    Arrays.fill(m2, 0);
  }

  /** C. */
  public int channels() {
    return mean.length;
  }

  /** Elements per channel so far. */
  public long count() {
    return count;
  }

  /** Mean of channel c so far, 0 where count is 0. */
  public double mean(int c) {
    return mean[c];
  }

  /** Sum of squared distances from the mean of channel c so far. */
  public double m2(int c) {
    return m2[c];
  }

  /** What has been accumulated, as a value. */
  public ChannelMoments moments() {
    return new ChannelMoments(count, mean.clone(), m2.clone());
  }

  @Override
  public String toString() {
    return "accumulator of " + moments();
  }
}
