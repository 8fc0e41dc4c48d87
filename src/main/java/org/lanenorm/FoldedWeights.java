package org.lanenorm;

/**
 * Weights and bias into which batch normalization was folded, and how far off they can be.
 *
 * <p>Let y be the output of the unfolded layers and y' that of the folded one, both in exact
 * arithmetic: y' of the float weights w' and bias b' here, y of the weights, bias and parameters
 * that were given. In channel c, with sums over the inputs x of one output,
 *
 * <pre>
 * |y' - y| &lt;= sum(|w' - w*k|*|x|) + |b' - ((b - mean)*k + beta)|
 *          &lt;= {@link #weightError}*max|x| + {@link #biasError}
 * |y' - y| &lt;= {@link #maxWeightError}*sum|x| + {@link #biasError}
 * </pre>
 *
 * A weight is rounded once to float, which is off by at most 2^-24 of it (2^-150 if it is
 * subnormal), so that weightError is about 2^-26 of sum|w*k|; the arithmetic in double before it
 * adds some 2^-50. The numbers here are the roundings that did happen, with all of double's added
 * and themselves rounded up. What they leave out is how the folded layer is evaluated: adding up n
 * products in float has errors of its own, and those come on top.
 *
 * <p>The bounds hold for convolutions with padding and strides and for transposed ones, where an
 * output sees a part of its channel's weights.
 */
public final class FoldedWeights {
  /** Half a unit in the last place of 1: what one operation in double is off by, relatively. */
  private static final double V = 0x1p-53;

  /**
   * Of a product w*k in double. k comes from a sum, of which half counts under the root, the root,
   * a second sum where epsilon is added outside, and a quotient: 3.5V; with the product that is
   * 4.5V of w*k, and less than 8V of what it is rounded to.
   */
  private static final double PRODUCT = 8 * V;

  /** Of (b - mean)*k: one operation more. */
  private static final double SHIFT = 9 * V;

  /** Sums of up to 2^31 terms are too small by up to 2^-22. */
  private static final double UP = 1 + 0x1p-20;

  private final float[] weights;
  private final float[] bias;
  private final double[] weightError;
  private final double[] maxWeightError;
  private final double[] biasError;
  private final double[] weightSize;

  FoldedWeights(int length, int channels) {
    weights = new float[length];
    bias = new float[channels];
    weightError = new double[channels];
    maxWeightError = new double[channels];
    biasError = new double[channels];
    weightSize = new double[channels];
  }

  /** Folds a run of weights of channel c. */
  void weights(int c, float[] from, int at, int length, double k) {
    double sum = 0;
    double max = 0;
    double size = 0;
    for (int i = at; i < at + length; i++) {
      double product = from[i] * k; // from 2^-898 to 2^856: all of double's digits
      weights[i] = finite("weights[" + i + "]", c, product);
      double error = Math.abs(weights[i] - product) + PRODUCT * Math.abs(product);
      sum += error;
      max = Math.max(max, error);
      size += Math.abs(product);
    }
    weightError[c] += sum;
    maxWeightError[c] = Math.max(maxWeightError[c], max);
    weightSize[c] += size;
  }

  /** Folds the bias of channel c. */
  void bias(int c, float from, double mean, double k, float beta) {
    double shift = (from - mean) * k;
    double sum = shift + beta;
    bias[c] = finite("bias[" + c + "]", c, sum);
    biasError[c] =
        Math.abs(bias[c] - sum) + SHIFT * Math.abs(shift) + V * Math.abs(sum) + Double.MIN_VALUE;
  }

  private static float finite(String name, int c, double folded) {
    float rounded = (float) folded;
    if (!Float.isFinite(rounded)) {
      throw new IllegalArgumentException(
          name + " of channel " + c + " must fit a float when folded, but becomes " + folded);
    }
    return rounded;
  }

  /** C, the output channels. */
  public int channels() {
    return bias.length;
  }

  /** The folded weights in the layout of the given ones; this result's own array. */
  public float[] weights() {
    return weights;
  }

  /** The folded bias, C values; this result's own array. */
  public float[] bias() {
    return bias;
  }

  /** At least the sum of |w' - w*k| over the weights of channel c. */
  public double weightError(int c) {
    return weightError[c] * UP;
  }

  /** At least the largest |w' - w*k| of channel c. */
  public double maxWeightError(int c) {
    return maxWeightError[c] * UP;
  }

  /** At least |b' - ((b - mean)*k + beta)| of channel c. */
  public double biasError(int c) {
    return biasError[c] * UP;
  }

  /**
   * {@link #weightError} as a share of sum|w*k|: about 2^-26, and at most 2^-24 and a little where
   * no folded weight is subnormal; 0 where all weights are 0.
   */
  public double relativeWeightError(int c) {
    return weightSize[c] == 0 ? 0 : weightError(c) / weightSize[c];
  }

  /**
   * How far an output of channel c can be from the unfolded one, for any input.
   *
   * @param maxAbs at least the largest |x|; finite, at least 0
   */
  public double bound(int c, double maxAbs) {
    return (weightError[c] * checked("maxAbs", maxAbs) + biasError[c]) * UP;
  }

  /**
   * How far an output of channel c can be from the unfolded one, tighter where few inputs are
   * large.
   *
   * @param sumAbs at least the sum of |x| over the inputs of that output; finite, at least 0
   */
  public double boundOfSum(int c, double sumAbs) {
    return (maxWeightError[c] * checked("sumAbs", sumAbs) + biasError[c]) * UP;
  }

  private static double checked(String name, double size) {
    if (!(size >= 0 && size < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be finite and at least 0, but was " + size);
    }
    return size;
  }

  /** The number of weights and channels. */
  @Override
  public String toString() {
    return "FoldedWeights(" + weights.length + " weights, " + bias.length + " channels)";
  }
}
