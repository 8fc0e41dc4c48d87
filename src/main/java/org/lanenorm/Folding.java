package org.lanenorm;

/**
 * Folds frozen batch normalization into the convolution or dense layer in front of it. With {@code
 * k = gamma/sqrt(variance + epsilon)} for each output channel,
 *
 * <pre>
 * y = (sum(w*x) + b - mean)*k + beta = sum((w*k)*x) + ((b - mean)*k + beta)
 * </pre>
 *
 * so that w*k and (b - mean)*k + beta are weights and bias of a layer that does both (Jacob et al.,
 * Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
 * 2018, section 3.2). They are computed in double and rounded once to float; {@link FoldedWeights}
 * tells how far that rounding can move an output.
 *
 * <p>This is an export for those who cannot run a normalization. {@link FrozenBatchNorm} keeps more
 * digits: where |b - mean| is much larger than the standard deviation, the folded sum and bias
 * nearly cancel in whatever precision the layer adds them.
 *
 * <p>Immutable and thread-safe.
 */
public final class Folding {
  /** So that k, and its product with any float, keep all of double's digits. */
  private static final double MOST_DIVISOR = 0x1p600;

  private final double[] mean;
  private final double[] k;
  private final float[] beta;

  private Folding(double[] mean, double[] k, float[] beta) {
    this.mean = mean;
    this.k = k;
    this.beta = beta;
  }

  /** Of a layer's inference form as it is now: see {@link BatchNorm#freeze}. */
  public static Folding of(BatchNorm layer) {
    Checks.notNull("layer", layer);
    RunningStatistics running = layer.runningStatistics();
    return of(running.means(), running.spreads(), layer.convention(), layer.gamma(), layer.beta());
  }

  /**
   * Of the parameters of a trained layer.
   *
   * @param mean of each channel, finite
   * @param variance of each channel, finite and at least 0
   * @param epsilon added to the variance inside the root; finite, at least 0, and above 0 if a
   *     variance is 0
   * @param gamma scale per channel, finite; null for none (as if 1)
   * @param beta shift per channel, finite; null for none (as if 0)
   * @return the folding; nothing given is kept
   * @throws IllegalArgumentException if lengths differ or a value is outside
   */
  public static Folding of(
      double[] mean, double[] variance, double epsilon, float[] gamma, float[] beta) {
    Checks.epsilon(epsilon);
    return of(mean, variance, Conventions.pytorch().withEpsilon(epsilon), gamma, beta);
  }

  /**
   * Of the parameters of a layer trained elsewhere.
   *
   * @param mean of each channel, finite
   * @param spread of each channel the variance, or the standard deviation where the convention
   *     keeps that; finite and at least 0, and such that its divisor is from 2^-600 to 2^600
   * @param convention its epsilon, where that is added, and what spread is
   * @param gamma scale per channel, finite; null for none (as if 1)
   * @param beta shift per channel, finite; null for none (as if 0)
   * @return the folding; nothing given is kept
   * @throws IllegalArgumentException if lengths differ, a value is outside, or the convention keeps
   *     no running statistics
   */
  public static Folding of(
      double[] mean, double[] spread, Convention convention, float[] gamma, float[] beta) {
    Checks.notNull("convention", convention).checkFrozen();
    String symbol = convention.spread().symbol();
    int channels = Checks.notNull("mean", mean).length;
    RunningStatistics.checked("mean", mean, symbol, spread, channels);
    checkParameter("gamma", gamma, channels);
    checkParameter("beta", beta, channels);
    double[] k = new double[channels];
    for (int c = 0; c < channels; c++) {
      double divisor = convention.divisorOfKept(spread[c]);
      if (!(divisor >= 1 / MOST_DIVISOR && divisor <= MOST_DIVISOR)) {
        throw new IllegalArgumentException(
            "%s[%d] must give a divisor, %s, from 2^-600 to 2^600, but was %s and gave %s"
                .formatted(
                    symbol,
                    c,
                    convention.divisor(symbol, convention.spread()),
                    spread[c],
                    divisor));
      }
      k[c] = (gamma == null ? 1 : gamma[c]) / divisor;
    }
    return new Folding(mean.clone(), k, beta == null ? new float[channels] : beta.clone());
  }

  private static void checkParameter(String name, float[] values, int channels) {
    if (values != null) {
      Checks.length(name, values.length, channels);
      checkFinite(name, values);
    }
  }

  private static void checkFinite(String name, float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalArgumentException(
            name + "[" + i + "] must be finite, but was " + values[i]);
      }
    }
  }

  /** C. */
  public int channels() {
    return mean.length;
  }

  /**
   * As {@link #into(float[], int[], WeightLayout, int, float[])} for a layer without groups; in all
   * layouts but {@link WeightLayout#IOHW} groups make no difference here.
   */
  public FoldedWeights into(float[] weights, int[] dimensions, WeightLayout layout, float[] bias) {
    return into(weights, dimensions, layout, 1, bias);
  }

  /**
   * Folds into a layer's weights and bias.
   *
   * @param weights finite, unchanged
   * @param dimensions of the weights, slowest first, each at least 1
   * @param layout which of them are the output channels
   * @param groups of a transposed convolution, at least 1: with {@link WeightLayout#IOHW}, group g
   *     of the inputs makes the g-th run of O channels
   * @param bias C values, finite, unchanged; null for none (as if 0)
   * @return new weights of the same dimensions and layout, and a new bias
   * @throws IllegalArgumentException if an argument does not fit, or a folded value is beyond the
   *     largest float
   */
  public FoldedWeights into(
      float[] weights, int[] dimensions, WeightLayout layout, int groups, float[] bias) {
    Checks.notNull("weights", weights);
    Checks.notNull("dimensions", dimensions);
    Checks.notNull("layout", layout);
    if (!layout.allows(dimensions.length)) {
      throw new IllegalArgumentException(
          "dimensions must be "
              + (layout.allows(2) ? "2" : "3 to 5")
              + " for layout "
              + layout
              + ", but were "
              + dimensions.length);
    }
    Checks.length("weights", weights.length, product(dimensions, 0, dimensions.length));
    int o = layout.outputDimension(dimensions.length);
    int outer = product(dimensions, 0, o);
    int inner = product(dimensions, o + 1, dimensions.length);
    checkChannels(dimensions[o], layout, groups, outer);
    checkFinite("weights", weights);
    checkParameter("bias", bias, channels());

    FoldedWeights folded = new FoldedWeights(weights.length, channels());
    for (int c = 0; c < channels(); c++) {
      folded.bias(c, bias == null ? 0 : bias[c], mean[c], k[c], beta[c]);
    }
    for (int i = 0, at = 0; i < outer; i++) {
      // of IOHW alone, whose outer dimension are the inputs: others have one group here
      int first = (int) ((long) i * groups / outer) * dimensions[o];
      for (int c = first; c < first + dimensions[o]; c++, at += inner) {
        folded.weights(c, weights, at, inner, k[c]);
      }
    }
    return folded;
  }

  private void checkChannels(int outputs, WeightLayout layout, int groups, int inputs) {
    boolean grouped = layout == WeightLayout.IOHW;
    if (groups < 1 || groups > 1 && !grouped || grouped && inputs % groups != 0) {
      throw new IllegalArgumentException(
          grouped
              ? "groups must be at least 1 and divide the "
                  + inputs
                  + " input channels, but was "
                  + groups
              : "groups must be 1 for layout " + layout + ", but was " + groups);
    }
    if ((long) outputs * groups != channels()) {
      throw new IllegalArgumentException(
          "dimensions must have "
              + channels()
              + " output channels"
              + (groups > 1 ? " in " + groups + " groups" : "")
              + ", but had "
              + (long) outputs * groups
              + " in layout "
              + layout);
    }
  }

  private static int product(int[] dimensions, int from, int to) {
    long product = 1;
    for (int d = from; d < to; d++) {
      if (dimensions[d] < 1) {
        throw new IllegalArgumentException(
            "dimensions[" + d + "] must be at least 1, but was " + dimensions[d]);
      }
      product *= dimensions[d];
      if (product > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "dimensions must multiply to at most " + Integer.MAX_VALUE + ", but do not");
      }
    }
    return (int) product;
  }

  /** The number of channels. */
  @Override
  public String toString() {
    return "Folding(" + channels() + " channels)";
  }
}
