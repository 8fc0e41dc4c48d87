package org.lanenorm;

import org.lanenorm.kernel.Backend;
import org.lanenorm.kernel.GroupPasses;

/**
 * Group normalization: the C channels of each image are cut into G groups of C/G neighbours, and
 * each group is normalized by its own mean and variance, over its channels and all positions.
 * {@code y = (x - mean)*gamma*invStd + beta} with {@code invStd = 1/sqrt(variance + epsilon)};
 * mean, variance (biased) and invStd belong to (image, group), gamma and beta to the channel. G = C
 * is instance normalization ({@link #instanceNorm}), G = 1 normalizes each image as a whole.
 * Training and inference are the same.
 *
 * <p>Sources: Wu and He, Group Normalization, 2018 (arXiv:1803.08494), section 3; Ulyanov, Vedaldi
 * and Lempitsky, Instance Normalization, 2016 (arXiv:1607.08022). As torch.nn.GroupNorm (epsilon
 * 1e-5), torch.nn.InstanceNorm1d to 3d (1e-5; without gamma and beta by default; running
 * statistics, off by default there, are a batch normalization in inference: {@link
 * FrozenBatchNorm}), Keras 3 GroupNormalization (1e-3, 32 groups, -1 for as many as channels), ONNX
 * GroupNormalization-21 and InstanceNormalization-6 (1e-5). GroupNormalization-18 has one scale and
 * bias per group: repeat each C/G times.
 *
 * <p>The same bits in every layout, vector width, thread count and back end. With u = 2^-24, mean,
 * std and k = gamma*invStd of the group:
 *
 * <pre>
 * |variance error| &lt;= 10u*variance        (8u for G = C)
 * |y error|        &lt;= 8u*(|gamma*xHat| + |beta| + |k|*(u*|mean| + std/2))
 * </pre>
 *
 * A constant group gives exactly beta; so does a group of one element, which PyTorch refuses. A NaN
 * or an infinity makes its own group's y NaN. Gradient sums as in {@link org.lanenorm}.
 *
 * <p>Arrays as in {@link BatchNorm}: y may be x, dInput may be dOutput or x, as exactly the same
 * slice; every argument is checked before anything is written. A layer owns its workspace: use it
 * from one thread at a time, and nothing is allocated once it has seen a shape (sequential calls
 * with caller-owned results).
 */
public final class GroupNorm {
  private final int groups;
  private final double epsilon;
  private final AffineParameters parameters;
  private final GroupPasses passes;
  private final SampleStatistics own = new SampleStatistics();
  private final Widened widened;

  private GroupNorm(Builder builder) {
    groups = builder.groups;
    epsilon = builder.epsilon;
    parameters = builder.parameters.copy();
    widened = new Widened(builder.parallelism);
    passes =
        new GroupPasses(
            Backend.kernels(), builder.parallelism.team(), parameters.length, groups, epsilon);
  }

  /**
   * A builder with gamma 1, beta 0, epsilon 1e-5, sequential.
   *
   * @param groups G, at least 1
   * @param channels C, a multiple of G
   * @throws IllegalArgumentException if they are not
   */
  public static Builder builder(int groups, int channels) {
    Checks.channelCount(channels);
    if (groups < 1 || channels % groups != 0) {
      throw new IllegalArgumentException(
          "groups must be at least 1 and divide the " + channels + " channels, but was " + groups);
    }
    return new Builder(groups, channels);
  }

  /**
   * Instance normalization: each channel of each image by itself.
   *
   * @param channels C, at least 1
   * @return a builder as {@link #builder} gives it, for C groups
   */
  public static Builder instanceNorm(int channels) {
    return builder(channels, channels);
  }

  /** Collects a layer's parameters; {@link #build} copies them. */
  public static final class Builder {
    private final int groups;
    private double epsilon = 1e-5;
    private AffineParameters parameters;
    private Parallelism parallelism = Parallelism.sequential();

    private Builder(int groups, int channels) {
      this.groups = groups;
      parameters = AffineParameters.of(channels);
    }

    /**
     * Added to the variance inside the root.
     *
     * @param epsilon finite, above 0 (at least {@link Double#MIN_NORMAL})
     */
    public Builder epsilon(double epsilon) {
      this.epsilon = AffineParameters.checkedEpsilon(epsilon);
      return this;
    }

    /** Scale per channel, copied; null for none (as if 1). */
    public Builder gamma(float[] gamma) {
      parameters = parameters.withGamma(gamma);
      return this;
    }

    /** Shift per channel, copied; null for none (as if 0). */
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
    public GroupNorm build() {
      return new GroupNorm(this);
    }
  }

  /** As the form with offsets, all of them 0, into a new result. */
  public SampleStatistics forward(float[] x, float[] y, TensorShape shape) {
    SampleStatistics saved = new SampleStatistics();
    forward(x, 0, y, 0, shape, saved);
    return saved;
  }

  /**
   * Normalizes each group of each image.
   *
   * @param x the batch
   * @param xOffset of its first element
   * @param y receives {@code (x - mean)*gamma*invStd + beta}; may be x
   * @param yOffset of its first element
   * @param shape of both
   * @param saved receives what backward needs; null where there is none
   * @throws IllegalArgumentException if a tensor does not lie inside its array, C is another, or
   *     slices overlap; nothing has changed then
   */
  public void forward(
      float[] x, int xOffset, float[] y, int yOffset, TensorShape shape, SampleStatistics saved) {
    parameters.checkForward(x, xOffset, y, yOffset, shape);
    Checks.channels("shape", shape.channels(), channels());
    SampleStatistics to = saved == null ? own : saved;
    to.reset(statistics(shape), count(shape));
    if (shape.length() > 0) {
      passes.forward(
          x,
          xOffset,
          y,
          yOffset,
          shape.layout() == Layout.NHWC,
          shape.batch(),
          shape.spatial(),
          parameters.gamma,
          parameters.beta,
          to.mean,
          to.m2,
          to.invStd);
    }
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
   * the elements of a channel in all images, for dInput over the M = C/G*S elements of a group:
   *
   * <pre>
   * dBeta  = sum(dOutput)
   * dGamma = sum(dOutput*xHat)
   * dInput = invStd*(gamma*dOutput - sum(gamma*dOutput)/M - xHat*sum(gamma*dOutput*xHat)/M)
   * </pre>
   *
   * Each of the three outputs may be null and is left out then.
   *
   * @param x the forward's input, unchanged since
   * @param xOffset of its first element
   * @param dOutput gradient of the loss by y
   * @param dOutputOffset of its first element
   * @param saved the forward's result
   * @param dInput receives the gradient by x; may be dOutput or x; null leaves it out
   * @param dInputOffset of its first element
   * @param dGamma receives (does not add) C floats; null leaves it out
   * @param dBeta receives (does not add) C floats; null leaves it out
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
    Checks.notNull("saved", saved);
    parameters.checkBackward(
        x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, dGamma, dBeta, shape);
    Checks.channels("shape", shape.channels(), channels());
    saved.check(statistics(shape), count(shape), shape);
    passes.backward(
        x,
        xOffset,
        dOutput,
        dOutputOffset,
        dInput,
        dInputOffset,
        shape.layout() == Layout.NHWC,
        shape.length() == 0 ? 0 : shape.batch(),
        shape.spatial(),
        parameters.gamma,
        saved.mean,
        saved.invStd,
        dGamma,
        dBeta);
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

  private int statistics(TensorShape shape) {
    return shape.length() == 0 ? 0 : shape.batch() * groups;
  }

  private long count(TensorShape shape) {
    return (long) (channels() / groups) * shape.spatial();
  }

  /** C. */
  public int channels() {
    return parameters.length;
  }

  /** G. */
  public int groups() {
    return groups;
  }

  /** What is added to the variance inside the root. */
  public double epsilon() {
    return epsilon;
  }

  /** The layer's own scale per channel, live; null where the layer has none. */
  public float[] gamma() {
    return parameters.gamma;
  }

  /** The layer's own shift per channel, live; null where the layer has none. */
  public float[] beta() {
    return parameters.beta;
  }

  /** The formula it computes. */
  @Override
  public String toString() {
    return "GroupNorm("
        + channels()
        + " channels in "
        + groups
        + " groups: "
        + Convention.output(
            "mean",
            "sqrt(variance + " + Convention.number(epsilon) + ")",
            gamma() != null,
            beta() != null)
        + ")";
  }
}
