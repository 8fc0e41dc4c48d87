package org.lanenorm;

/**
 * RMS normalization: each line of D elements is divided by its root mean square, with gamma along
 * the line. {@code y[d] = x[d]*invRms*gamma[d]} with {@code invRms = 1/sqrt(mean(x^2) + epsilon)}.
 * Lines lie as in {@link LayerNorm}. Training and inference are the same.
 *
 * <p>Sources: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019 (arXiv:1910.07467),
 * equation 4; as torch.nn.RMSNorm (epsilon 2^-23, {@code torch.finfo(torch.float32).eps}), ONNX
 * RMSNormalization-23 (1e-5) and Keras 3 RMSNormalization (1e-6).
 *
 * <p>The same bits in every layout, vector width, thread count and back end. The mean of squares is
 * M2/D + mean^2 in double, from the moments that all layers here use. With u = 2^-24:
 *
 * <pre>
 * |mean square error| &lt;= 10u*mean(x^2)
 * |y error|           &lt;= 8u*|y| + (1 + |gamma|)*2^-149
 * </pre>
 *
 * A line of zeros gives zeros. A NaN or an infinity makes its own line's y NaN. Gradient sums as in
 * {@link org.lanenorm}; gamma*dOutput is rounded to a float, which must not overflow.
 *
 * <p>Arrays, workspace and threads as in {@link LayerNorm}.
 */
public final class RmsNorm {
  private final double epsilon;
  private final Lines lines;
  private final Widened widened;

  private RmsNorm(Builder builder) {
    epsilon = builder.epsilon;
    widened = new Widened(builder.parallelism);
    lines = new Lines(builder.parameters, builder.parallelism, false, epsilon, 0);
  }

  /**
   * A builder with gamma 1, epsilon 2^-23, sequential.
   *
   * @param size D, the elements of a line, at least 0
   */
  public static Builder builder(int size) {
    Lines.checkSize(size);
    return new Builder(size);
  }

  /** Collects a layer's parameters; {@link #build} copies them. */
  public static final class Builder {
    private double epsilon = 0x1p-23;
    private AffineParameters parameters;
    private Parallelism parallelism = Parallelism.sequential();

    private Builder(int size) {
      parameters = AffineParameters.of(size).withBeta(null);
    }

    /**
     * Added to the mean of squares inside the root.
     *
     * @param epsilon finite, above 0 (at least {@link Double#MIN_NORMAL})
     */
    public Builder epsilon(double epsilon) {
      this.epsilon = AffineParameters.checkedEpsilon(epsilon);
      return this;
    }

    /** Scale per element of a line, copied; null for none (as if 1). */
    public Builder gamma(float[] gamma) {
      parameters = parameters.withGamma(gamma);
      return this;
    }

    /** How many threads each call of the layer may use. */
    public Builder parallelism(Parallelism parallelism) {
      this.parallelism = Checks.notNull("parallelism", parallelism);
      return this;
    }

    /** The layer. */
    public RmsNorm build() {
      return new RmsNorm(this);
    }
  }

  /** As the form with offsets, all of them 0, into a new result. */
  public SampleStatistics forward(float[] x, float[] y, TensorShape shape) {
    SampleStatistics saved = new SampleStatistics();
    forward(x, 0, y, 0, shape, saved);
    return saved;
  }

  /**
   * Normalizes each line.
   *
   * @param x the batch
   * @param xOffset of its first element
   * @param y receives {@code x*invRms*gamma}; may be x
   * @param yOffset of its first element
   * @param shape of both, with C = D
   * @param saved receives what backward needs; null where there is none
   * @throws IllegalArgumentException if a tensor does not lie inside its array, C is not D, or
   *     slices overlap; nothing has changed then
   */
  public void forward(
      float[] x, int xOffset, float[] y, int yOffset, TensorShape shape, SampleStatistics saved) {
    lines.forward(x, xOffset, y, yOffset, shape, saved);
  }

  /** As the form with offsets, all of them 0. */
  public void backward(
      float[] x,
      float[] dOutput,
      SampleStatistics saved,
      float[] dInput,
      float[] dGamma,
      TensorShape shape) {
    backward(x, 0, dOutput, 0, saved, dInput, 0, dGamma, shape);
  }

  /**
   * The gradients of a forward. With xHat = x*invRms, the sum for dGamma over all lines, for dInput
   * over the D elements of a line:
   *
   * <pre>
   * dGamma = sum(dOutput*xHat)
   * dInput = invRms*(gamma*dOutput - xHat*sum(gamma*dOutput*xHat)/D)
   * </pre>
   *
   * Each of the two outputs may be null and is left out then.
   *
   * @param x the forward's input, unchanged since
   * @param xOffset of its first element
   * @param dOutput gradient of the loss by y
   * @param dOutputOffset of its first element
   * @param saved the forward's result
   * @param dInput receives the gradient by x; may be dOutput or x; null leaves it out
   * @param dInputOffset of its first element
   * @param dGamma receives (does not add) D floats; null leaves it out
   * @param shape of x, dOutput and dInput
   * @throws IllegalArgumentException if an argument does not fit; nothing has changed then
   */
  public void backward(
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      SampleStatistics saved,
      float[] dInput,
      int dInputOffset,
      float[] dGamma,
      TensorShape shape) {
    lines.backward(
        x, xOffset, dOutput, dOutputOffset, saved, dInput, dInputOffset, dGamma, null, shape);
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept.
   */
  public void forward(Storage x, Storage y, TensorShape shape, SampleStatistics saved) {
    Storage.checkForward(x, y, shape, widened.threads, gamma(), null);
    forward(
        widened.input(x, shape, 0),
        Storage.offset(x),
        widened.output(y, shape, 0),
        Storage.offset(y),
        shape,
        saved);
    widened.finish(y, shape, 0);
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept.
   */
  public void backward(
      Storage x,
      Storage dOutput,
      SampleStatistics saved,
      Storage dInput,
      float[] dGamma,
      TensorShape shape) {
    Storage.checkBackward(x, dOutput, dInput, dGamma, null, shape, widened.threads, gamma(), null);
    backward(
        widened.input(x, shape, 0),
        Storage.offset(x),
        widened.input(dOutput, shape, 1),
        Storage.offset(dOutput),
        saved,
        widened.output(dInput, shape, 1),
        Storage.offset(dInput),
        dGamma,
        shape);
    widened.finish(dInput, shape, 1);
  }

  /** D. */
  public int size() {
    return lines.parameters.length;
  }

  /** What is added to the mean of squares inside the root. */
  public double epsilon() {
    return epsilon;
  }

  /** The layer's own scale per element of a line, live; null where the layer has none. */
  public float[] gamma() {
    return lines.parameters.gamma;
  }

  /** The formula it computes. */
  @Override
  public String toString() {
    return "RmsNorm(lines of "
        + size()
        + ": y = x/sqrt(mean(x^2) + "
        + Convention.number(epsilon)
        + ")"
        + (gamma() == null ? ")" : "*gamma)");
  }
}
