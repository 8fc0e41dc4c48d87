package org.lanenorm;

import org.lanenorm.kernel.Runs;

/**
 * Which positions (n, s) of a batch are valid, the same ones in every channel: real steps of padded
 * sequences, real rows of a batch that was filled up. Immutable, for any number of threads; make it
 * once per batch, for all layers and passes of it. Positions are valid or not: there are no weights
 * between.
 *
 * <p><b>A masked call gives what the same call without a mask gives for the valid positions alone,
 * laid end to end in order of (n, s) as one image</b> (N = 1, S = {@link #count}), and 0 at every
 * other position. With V = count, and all sums over the V valid elements of a channel:
 *
 * <pre>
 * mean     = sum(x)/V
 * M2       = sum((x - mean)^2),   variance = M2/V
 * y        = gamma*(x - mean)*invStd + beta       where valid, else 0
 *
 * dBeta    = sum(dOutput)
 * dGamma   = sum(dOutput*xHat)
 * dInput   = gamma*invStd*(dOutput - dBeta/V - xHat*dGamma/V)     where valid, else 0
 * </pre>
 *
 * dInput is the exact derivative of that y: a masked y is the constant 0, and nothing depends on a
 * masked x. Inference and its gradients likewise, with the running statistics as mean and variance.
 * It follows that
 *
 * <ul>
 *   <li>what stands at masked positions of x and dOutput, NaN and infinity included, changes
 *       nothing;
 *   <li>how a batch is padded changes no bit of what comes out at its valid positions;
 *   <li>counts are exact: running variances and merged moments are those of V values;
 *   <li>a mask with one valid position falls under {@link SingleValuePolicy}, and one with none is
 *       an empty batch: y and gradients are 0 and the running statistics stay;
 *   <li>a mask with nothing masked gives the bits of the batch as one image, which where N &gt; 1
 *       may differ in the last digits from those of the call without a mask. (In inference no y
 *       depends on others, so there they are the same.)
 * </ul>
 *
 * <p>A layer or an accumulator that is called with a mask keeps a copy of the valid values (and of
 * their gradients), which grows to the largest it has seen; a call with the mask and shape of the
 * one before allocates nothing.
 *
 * <p>Keras 3 (keras/src/layers/normalization/batch_normalization.py, argument mask) takes the
 * moments of the valid positions too, but divides by V + 1e-7, lets a batch without any move the
 * running statistics towards 0, and normalizes masked positions like the others. Their y is {@link
 * FrozenBatchNorm#of(double[], double[], double, float[], float[])} of the saved moments. Where a
 * loss does not read them (dOutput is 0 there) its gradients are the ones above.
 */
public final class Mask {
  final Runs runs;
  private final int batch;
  private final int spatial;

  private Mask(Runs runs, int batch, int spatial) {
    this.runs = runs;
    this.batch = batch;
    this.spatial = spatial;
  }

  /**
   * From one boolean per position.
   *
   * @param valid N*S booleans, that of position (n, s) at {@code n*S + s} whatever the layout; true
   *     where the position is valid. Not kept
   * @param shape N and S; the mask fits every shape that has the same, in any layout and with any C
   * @return the mask
   * @throws IllegalArgumentException if valid has another length
   */
  public static Mask of(boolean[] valid, TensorShape shape) {
    Checks.notNull("valid", valid);
    Checks.notNull("shape", shape);
    Checks.length("valid", valid.length, shape.count());
    return new Mask(
        new Runs(valid, shape.batch(), shape.spatial()), shape.batch(), shape.spatial());
  }

  /** V, the number of valid positions. */
  public int count() {
    return runs.count();
  }

  /** As an argument beside a shape. */
  static void checked(Mask mask, TensorShape shape) {
    Checks.notNull("mask", mask);
    if (mask.batch != shape.batch() || mask.spatial != shape.spatial()) {
      throw new IllegalArgumentException(
          "mask must be of "
              + positions(shape.batch(), shape.spatial())
              + " ("
              + shape
              + "), but was of "
              + positions(mask.batch, mask.spatial));
    }
  }

  private static String positions(int batch, int spatial) {
    return batch + "x" + spatial + " positions";
  }

  /** For example {@code mask of 32x128 positions, 2901 valid}. */
  @Override
  public String toString() {
    return "mask of " + positions(batch, spatial) + ", " + count() + " valid";
  }
}
