package org.lanenorm;

/**
 * Batch normalization whose statistics are constants: {@code y = (x - mean)*k + beta}, {@code k =
 * gamma/sqrt(variance + epsilon)}. Immutable and thread-safe.
 */
public final class FrozenBatchNorm {
  private FrozenBatchNorm() {}

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
    throw new UnsupportedOperationException();
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
    throw new UnsupportedOperationException();
  }
}
