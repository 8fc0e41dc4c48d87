package org.lanenorm;

/**
 * Layer normalization: each line of D elements is normalized by its own mean and variance, with
 * gamma and beta along the line. {@code y[d] = (x[d] - mean)*invStd*gamma[d] + beta[d]} with {@code
 * invStd = 1/sqrt(variance + epsilon)}, variance biased. Training and inference are the same.
 *
 * <p>A line is what {@link TensorShape} calls the channels, D = C, at one position of one image:
 *
 * <table>
 * <caption>How shapes of frameworks map onto it</caption>
 * <tr><th>framework</th><th>input</th><th>shape here, D</th></tr>
 * <tr><td>torch.nn.LayerNorm(D)</td><td>(*, D)</td><td>{@code rows(product of *, D)}</td></tr>
 * <tr><td>torch.nn.LayerNorm([C, H, W])</td><td>(N, C, H, W)</td>
 * <td>{@code rows(N, C*H*W)}, D = C*H*W</td></tr>
 * <tr><td>Keras, axis=-1</td><td>(N, H, W, C)</td><td>{@code nhwc(N, H, W, C)}, D = C</td></tr>
 * <tr><td>Keras, axis=1 (channels first)</td><td>(N, C, H, W)</td><td>{@code nchw(N, C, H, W)}, D =
 * C</td></tr>
 * <tr><td>Keras, axis=[1, 2, 3]</td><td>(N, H, W, C)</td><td>{@code rows(N, H*W*C)}</td></tr>
 * <tr><td>ONNX LayerNormalization-17, axis=a</td><td>(d0, .., dr)</td><td>{@code rows(product of d0
 * to d(a-1), product of da to dr)}</td></tr>
 * </table>
 *
 * <p>Sources: Ba, Kiros and Hinton, Layer Normalization, 2016 (arXiv:1607.06450); epsilon is 1e-5
 * in torch.nn.LayerNorm and ONNX, 1e-3 in Keras. Mode 1 of Keras 1's BatchNormalization is layer
 * normalization with epsilon elsewhere: {@link Builder#convention}.
 *
 * <p>The same bits in every layout, vector width, thread count and back end. With u = 2^-24, mean,
 * std and invStd of the line and k = gamma*invStd:
 *
 * <pre>
 * xHat      = fma(x - hi, invStd, -(mean - hi)*invStd),  hi = (float) mean
 * y         = fma(xHat, gamma, beta)
 * |y error| &lt;= 8u*(|gamma*xHat| + |beta| + |k|*(u*|mean| + std/2)) + (1 + |gamma|)*2^-149
 * </pre>
 *
 * of which 4u are the variance's share, 3u those of x - hi, invStd and the first fma, and 1u that
 * of the second. A constant line gives exactly beta. A NaN or an infinity makes its own line's y
 * NaN. Gradient sums as in {@link org.lanenorm}; gamma*dOutput is rounded to a float, which must
 * not overflow.
 *
 * <p>Arrays as in {@link BatchNorm}: y may be x, dInput may be dOutput or x, as exactly the same
 * slice; every argument is checked before anything is written. A layer owns its workspace, for
 * backward with room for some 32,000 elements or one image: use it from one thread at a time, and
 * nothing is allocated once it has seen a shape (sequential calls with caller-owned results).
 */
public final class LayerNorm {
  private static final Convention USUAL =
      Conventions.pytorch().withInferenceStatistics(InferenceStatistics.SAMPLE);

  private final Convention convention;
  private final Lines lines;
  private final Widened widened;

  private LayerNorm(Builder builder) {
    convention = builder.convention;
    double epsilon = convention.epsilon();
    widened = new Widened(builder.parallelism);
    lines =
        new Lines(
            builder.parameters,
            builder.parallelism,
            true,
            convention.epsilonPlacement().inside(epsilon),
            convention.epsilonPlacement().outside(epsilon));
  }

  /**
   * A builder with gamma 1, beta 0, epsilon 1e-5 inside the root, sequential.
   *
   * @param size D, the elements of a line, at least 0
   */
  public static Builder builder(int size) {
    Lines.checkSize(size);
    return new Builder(size);
  }

  /** Collects a layer's parameters; {@link #build} copies them. */
  public static final class Builder {
    private Convention convention = USUAL;
    private AffineParameters parameters;
    private Parallelism parallelism = Parallelism.sequential();

    private Builder(int size) {
      parameters = AffineParameters.of(size);
    }

    /**
     * Added to the variance inside the root, or where the convention has it.
     *
     * @param epsilon finite, above 0 (at least {@link Double#MIN_NORMAL})
     */
    public Builder epsilon(double epsilon) {
      convention = convention.withEpsilon(AffineParameters.checkedEpsilon(epsilon));
      return this;
    }

    /**
     * Epsilon and where it stands ({@link EpsilonPlacement}), from a convention that normalizes
     * each sample by itself.
     *
     * @param convention {@code Conventions.keras1(1, version)}, or your own
     * @throws IllegalArgumentException if it is not {@link InferenceStatistics#SAMPLE}, or its
     *     epsilon is 0
     */
    public Builder convention(Convention convention) {
      Checks.notNull("convention", convention);
      if (convention.inferenceStatistics() != InferenceStatistics.SAMPLE) {
        throw new IllegalArgumentException(
            "convention must normalize each sample by itself, but was " + convention);
      }
      AffineParameters.checkedEpsilon(convention.epsilon());
      this.convention = convention;
      return this;
    }

    /** Scale per element of a line, copied; null for none (as if 1). */
    public Builder gamma(float[] gamma) {
      parameters = parameters.withGamma(gamma);
      return this;
    }

    /** Shift per element of a line, copied; null for none (as if 0). */
    public Builder beta(float[] beta) {
      parameters = parameters.withBeta(beta);
      return this;
    }

    /** How many threads each call of the layer may use. */
    public Builder parallelism(Parallelism parallelism) {
      this.parallelism = Checks.notNull("parallelism", parallelism);
      return this;
    }

    /** The layer. */
    public LayerNorm build() {
      return new LayerNorm(this);
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
   * @param y receives {@code (x - mean)*invStd*gamma + beta}; may be x
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
      float[] dBeta,
      TensorShape shape) {
    backward(x, 0, dOutput, 0, saved, dInput, 0, dGamma, dBeta, shape);
  }

  /**
   * The gradients of a forward. With xHat = (x - mean)*invStd, and sums for dGamma and dBeta over
   * all lines, for dInput over the D elements of a line:
   *
   * <pre>
   * dBeta  = sum(dOutput)
   * dGamma = sum(dOutput*xHat)
   * dInput = invStd*(gamma*dOutput - sum(gamma*dOutput)/D - xHat*sum(gamma*dOutput*xHat)/D)
   * </pre>
   *
   * ({@link org.lanenorm} has the last term for epsilon outside the root). Each of the three
   * outputs may be null and is left out then.
   *
   * @param x the forward's input, unchanged since
   * @param xOffset of its first element
   * @param dOutput gradient of the loss by y
   * @param dOutputOffset of its first element
   * @param saved the forward's result
   * @param dInput receives the gradient by x; may be dOutput or x; null leaves it out
   * @param dInputOffset of its first element
   * @param dGamma receives (does not add) D floats; null leaves it out
   * @param dBeta receives (does not add) D floats; null leaves it out
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
      float[] dBeta,
      TensorShape shape) {
    lines.backward(
        x, xOffset, dOutput, dOutputOffset, saved, dInput, dInputOffset, dGamma, dBeta, shape);
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept.
   */
  public void forward(Storage x, Storage y, TensorShape shape, SampleStatistics saved) {
    Storage.checkForward(x, y, shape, widened.threads, gamma(), beta());
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
      float[] dBeta,
      TensorShape shape) {
    Storage.checkBackward(
        x, dOutput, dInput, dGamma, dBeta, shape, widened.threads, gamma(), beta());
    backward(
        widened.input(x, shape, 0),
        Storage.offset(x),
        widened.input(dOutput, shape, 1),
        Storage.offset(dOutput),
        saved,
        widened.output(dInput, shape, 1),
        Storage.offset(dInput),
        dGamma,
        dBeta,
        shape);
    widened.finish(dInput, shape, 1);
  }

  /** D. */
  public int size() {
    return lines.parameters.length;
  }

  /** What is added to the variance inside the root, or where the convention has it. */
  public double epsilon() {
    return convention.epsilon();
  }

  /** The layer's own scale per element of a line, live; null where the layer has none. */
  public float[] gamma() {
    return lines.parameters.gamma;
  }

  /** The layer's own shift per element of a line, live; null where the layer has none. */
  public float[] beta() {
    return lines.parameters.beta;
  }

  /** The formula it computes. */
  @Override
  public String toString() {
    String divisor = convention.divisor("variance", Spread.VARIANCE);
    return "LayerNorm(lines of "
        + size()
        + ": "
        + Convention.output("mean", divisor, gamma() != null, beta() != null)
        + ")";
  }
}
