package org.lanenorm;

import java.util.concurrent.atomic.AtomicReference;
import org.lanenorm.kernel.ChannelAffine;

/**
 * Batch normalization whose statistics are constants: {@code y = (x - mean)*k + beta}, {@code k =
 * gamma/sqrt(variance + epsilon)}, or as another {@link Convention} has it. Immutable and
 * thread-safe; the same bits as {@link BatchNorm#forwardInference}.
 */
public final class FrozenBatchNorm {
  private final int channels;
  private final String formula;
  private final ChannelAffine affine;

  /**
   * Work arrays of the last call, for the next one to take: one at a time, others make their own.
   */
  private final AtomicReference<Workspace> spare = new AtomicReference<>();

  private FrozenBatchNorm(int channels, String formula, ChannelAffine affine) {
    this.channels = channels;
    this.formula = formula;
    this.affine = affine;
  }

  /**
   * From the parameters of a trained layer.
   *
   * @param mean of each channel, finite
   * @param variance of each channel, finite and at least 0
   * @param epsilon added to the variance inside the root; finite, at least 0, and above 0 if a
   *     variance is 0
   * @param gamma scale per channel, null for none (as if 1)
   * @param beta shift per channel, null for none (as if 0)
   * @return the frozen layer; nothing given is kept
   * @throws IllegalArgumentException if lengths differ or a value is outside
   */
  public static FrozenBatchNorm of(
      double[] mean, double[] variance, double epsilon, float[] gamma, float[] beta) {
    Checks.epsilon(epsilon);
    return of(mean, variance, Conventions.pytorch().withEpsilon(epsilon), gamma, beta);
  }

  /**
   * From the parameters of a layer trained elsewhere.
   *
   * @param mean of each channel, finite
   * @param spread of each channel the variance, or the standard deviation where the convention
   *     keeps that; finite and at least 0, and such that no divisor is 0
   * @param convention its epsilon, where that is added, and what spread is
   * @param gamma scale per channel, null for none (as if 1)
   * @param beta shift per channel, null for none (as if 0)
   * @return the frozen layer; nothing given is kept
   * @throws IllegalArgumentException if lengths differ, a value is outside, or the convention keeps
   *     no running statistics
   */
  public static FrozenBatchNorm of(
      double[] mean, double[] spread, Convention convention, float[] gamma, float[] beta) {
    Checks.notNull("convention", convention).checkFrozen();
    String symbol = convention.spread().symbol();
    int channels = Checks.notNull("mean", mean).length;
    RunningStatistics.checked("mean", mean, symbol, spread, channels);
    if (gamma != null) {
      Checks.length("gamma", gamma.length, channels);
    }
    if (beta != null) {
      Checks.length("beta", beta.length, channels);
    }
    double[] invStd = new double[channels];
    for (int c = 0; c < channels; c++) {
      invStd[c] = Checks.invStd(symbol, c, spread[c], convention);
    }
    ChannelAffine affine = new ChannelAffine(channels);
    affine.compute(mean, invStd, gamma, beta, 0, channels);
    String divisor = convention.divisor(symbol, convention.spread());
    String formula = Convention.output("mean", divisor, gamma != null, beta != null);
    return new FrozenBatchNorm(channels, formula, affine);
  }

  /**
   * As {@link #apply(float[], int, float[], int, TensorShape, Parallelism)} from offset 0,
   * sequential.
   */
  public void apply(float[] x, float[] y, TensorShape shape) {
    apply(x, 0, y, 0, shape, Parallelism.sequential());
  }

  /**
   * Normalizes.
   *
   * @param x the batch
   * @param xOffset of its first element
   * @param y receives {@code (x - mean)*k + beta}; may be x, as exactly the same slice
   * @param yOffset of its first element
   * @param shape of both
   * @param parallelism how many threads the call may use
   * @throws IllegalArgumentException if a tensor does not lie inside its array, C is another, or
   *     slices overlap; nothing has changed then
   */
  public void apply(
      float[] x, int xOffset, float[] y, int yOffset, TensorShape shape, Parallelism parallelism) {
    Checks.tensor("x", x, xOffset, shape);
    Checks.tensor("y", y, yOffset, shape);
    Checks.notNull("parallelism", parallelism);
    Checks.channels("shape", shape.channels(), channels);
    Checks.overlap("y", y, yOffset, shape.length(), "x", x, xOffset, shape.length(), true);
    Workspace workspace = spare.getAndSet(null);
    if (workspace == null || workspace.parallelism != parallelism) {
      workspace = new Workspace(channels, parallelism);
    }
    workspace.passes.normalize(x, xOffset, y, yOffset, workspace.order(shape), affine);
    spare.set(workspace);
  }

  /** C. */
  public int channels() {
    return channels;
  }

  /** The formula it computes. */
  @Override
  public String toString() {
    return "FrozenBatchNorm(" + channels + " channels: " + formula + ")";
  }
}
