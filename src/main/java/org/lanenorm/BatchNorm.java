package org.lanenorm;

import java.util.Arrays;
import org.lanenorm.kernel.ChannelAffine;
import org.lanenorm.kernel.ChannelBounds;
import org.lanenorm.kernel.ChannelGradients;
import org.lanenorm.kernel.Curve;
import org.lanenorm.kernel.Passes;
import org.lanenorm.kernel.Segments;
import org.lanenorm.kernel.StoredPasses;

/**
 * A batch normalization layer: gamma, beta, epsilon and running statistics over C channels. {@code
 * y = (x - mean)*gamma* invStd + beta} with {@code invStd = 1/sqrt(variance + epsilon)}, from the
 * batch's own moments in training and from the running statistics in inference, unless a {@link
 * Convention} says otherwise. Formulas, accuracy and determinism: {@link org.lanenorm}.
 *
 * <p>Arrays: x, y, dOutput and dInput hold one tensor of the shape given, in its layout, from their
 * offset on; gamma, beta, dGamma and dBeta hold C floats. y may be x, and dInput may be dOutput or
 * x, as exactly the same slice; any other overlap with an array that is written is an error. Every
 * argument is checked before anything is written: a call that throws has changed nothing.
 *
 * <p>A layer owns its workspace: use it from one thread at a time, and nothing is allocated once it
 * has seen a shape (sequential calls with caller-owned results). For use from many threads see
 * {@link #freeze}.
 */
public final class BatchNorm {
  private final int channels;
  private final Convention convention;
  private final double epsilon;
  private final NonFinitePolicy nonFinitePolicy;
  private final SingleValuePolicy singleValuePolicy;
  private final float[] gamma;
  private final float[] beta;
  private final RunningStatistics running;

  /**
   * Of this call, where it has no {@link SavedStatistics} to write to or may not write to it yet.
   */
  private final double[] mean;

  private final double[] m2;
  private final double[] invStd;

  /** 1/sqrt of what is in the root, for backward; null where invStd is just that. */
  private final double[] invRoot;

  /** Of an inference that normalizes by the batch's own moments; else null. */
  private final SavedStatistics ofInference;

  private final ChannelAffine affine;
  private final ChannelGradients gradients;
  private final Workspace workspace;

  /** Of calls with a mask. */
  private final Compaction compaction;

  private final Widened widened;

  private BatchNorm(Builder builder) {
    channels = builder.channels;
    convention = builder.convention;
    epsilon = convention.epsilon();
    nonFinitePolicy = builder.nonFinitePolicy;
    singleValuePolicy = builder.singleValuePolicy;
    gamma = builder.gamma == null ? null : builder.gamma.clone();
    beta = builder.beta == null ? null : builder.beta.clone();
    running = new RunningStatistics(channels, convention);
    if (builder.runningMean != null) {
      if (!convention.keepsRunningStatistics()) {
        throw new IllegalArgumentException(
            "runningStatistics must not be given where none are kept, as in " + convention);
      }
      running.set(builder.runningMean, builder.runningSpread);
    }
    mean = new double[channels];
    m2 = new double[channels];
    invStd = new double[channels];
    affine = new ChannelAffine(channels);
    gradients = new ChannelGradients(channels);
    invRoot = epsilonIsInside() ? null : new double[channels];
    gradients.setInvRoot(invRoot);
    ofInference = convention.keepsRunningStatistics() ? null : new SavedStatistics(channels);
    workspace = new Workspace(channels, builder.parallelism);
    compaction = new Compaction(builder.parallelism);
    widened = new Widened(builder.parallelism);
  }

  boolean epsilonIsInside() {
    return convention.epsilonPlacement() == EpsilonPlacement.INSIDE_SQRT;
  }

  /**
   * A builder with gamma 1, beta 0, {@link Conventions#pytorch} (epsilon 1e-5, {@code
   * Momentum.update(0.1)}, unbiased running variance), sequential.
   *
   * @param channels C, at least 0
   * @return the builder
   */
  public static Builder builder(int channels) {
    return new Builder(channels);
  }

  /** Collects a layer's parameters; {@link #build} copies them. */
  public static final class Builder {
    private final int channels;
    private Convention convention = Conventions.pytorch();
    private NonFinitePolicy nonFinitePolicy = NonFinitePolicy.SKIP_UPDATE;
    private SingleValuePolicy singleValuePolicy = SingleValuePolicy.ERROR;
    private Parallelism parallelism = Parallelism.sequential();
    private float[] gamma;
    private float[] beta;
    private double[] runningMean;
    private double[] runningSpread;

    private Builder(int channels) {
      Checks.channelCount(channels);
      this.channels = channels;
      gamma = new float[channels];
      Arrays.fill(gamma, 1);
      beta = new float[channels];
    }

    /**
     * What the layer computes, all of it: replaces what {@link #epsilon}, {@link #momentum} and
     * {@link #varianceConvention} have set, and is changed by those that follow.
     *
     * @param convention a framework's, from {@link Conventions}, or your own
     * @throws IllegalArgumentException if it normalizes each sample by itself ({@link
     *     InferenceStatistics#SAMPLE}): that is a {@link LayerNorm}
     */
    public Builder convention(Convention convention) {
      Checks.notNull("convention", convention);
      if (convention.inferenceStatistics() == InferenceStatistics.SAMPLE) {
        throw new IllegalArgumentException(
            "convention must normalize each channel over the batch, but was " + convention);
      }
      this.convention = convention;
      return this;
    }

    /**
     * Added to the variance inside the root, or where the convention has it.
     *
     * @param epsilon finite, at least 0; with 0, a channel of variance 0 is an error where it is
     *     normalized
     */
    public Builder epsilon(double epsilon) {
      convention = convention.withEpsilon(epsilon);
      return this;
    }

    /** How far a batch moves the running statistics. */
    public Builder momentum(Momentum momentum) {
      convention = convention.withMomentum(momentum);
      return this;
    }

    /** Which variance of a batch goes into the running variance. */
    public Builder varianceConvention(VarianceConvention convention) {
      Checks.notNull("convention", convention);
      this.convention = this.convention.withVarianceConvention(convention);
      return this;
    }

    /** What training does with a channel that holds NaN or infinity. */
    public Builder nonFinitePolicy(NonFinitePolicy policy) {
      this.nonFinitePolicy = Checks.notNull("nonFinitePolicy", policy);
      return this;
    }

    /** What training does with one value per channel. */
    public Builder singleValuePolicy(SingleValuePolicy policy) {
      this.singleValuePolicy = Checks.notNull("singleValuePolicy", policy);
      return this;
    }

    /** Scale per channel, copied; null for none (as if 1). */
    public Builder gamma(float[] gamma) {
      if (gamma != null) {
        Checks.length("gamma", gamma.length, channels);
      }
      this.gamma = gamma;
      return this;
    }

    /** Shift per channel, copied; null for none (as if 0). */
    public Builder beta(float[] beta) {
      if (beta != null) {
        Checks.length("beta", beta.length, channels);
      }
      this.beta = beta;
      return this;
    }

    /**
     * Running statistics to start from, the second one a standard deviation where the convention
     * (set before) keeps that: see {@link RunningStatistics#set}.
     */
    public Builder runningStatistics(double[] mean, double[] spread) {
      String name = convention.spread().runningSymbol();
      RunningStatistics.checked("runningMean", mean, name, spread, channels);
      this.runningMean = mean;
      this.runningSpread = spread;
      return this;
    }

    /** How many threads each call of the layer may use. */
    public Builder parallelism(Parallelism parallelism) {
      this.parallelism = Checks.notNull("parallelism", parallelism);
      return this;
    }

    /**
     * The layer.
     *
     * @throws IllegalArgumentException if running statistics were given and the convention keeps
     *     none
     */
    public BatchNorm build() {
      return new BatchNorm(this);
    }
  }

  /**
   * As {@link #forwardTraining(float[], int, float[], int, TensorShape, SavedStatistics)}, into a
   * new result.
   */
  public SavedStatistics forwardTraining(float[] x, float[] y, TensorShape shape) {
    SavedStatistics saved = new SavedStatistics(channels);
    forwardTraining(x, 0, y, 0, shape, saved);
    return saved;
  }

  /**
   * Normalizes a batch by its own moments and moves the running statistics. Policies: N = 0 or S =
   * 0 writes an empty y and leaves the running statistics; one value per channel and non-finite
   * values as {@link SingleValuePolicy} and {@link NonFinitePolicy} say.
   *
   * @param x the batch
   * @param xOffset of its first element
   * @param y receives {@code (x - mean)*gamma*invStd + beta}; may be x
   * @param yOffset of its first element
   * @param shape of both
   * @param saved receives what backward needs
   * @throws IllegalArgumentException if a tensor does not lie inside its array, C is another,
   *     slices overlap, epsilon is 0 and a channel's variance is 0, or a policy says so; nothing
   *     has changed then
   */
  public void forwardTraining(
      float[] x, int xOffset, float[] y, int yOffset, TensorShape shape, SavedStatistics saved) {
    checkForward(x, xOffset, y, yOffset, shape);
    checkSaved(saved);
    forwardByBatch(x, xOffset, y, yOffset, shape, saved);
    updateRunning(saved);
  }

  /** As {@link ActivatedBatchNorm#forwardTraining}, which has checked what it adds. */
  void forwardTraining(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Curve curve,
      long[] bits,
      int bitsOffset,
      TensorShape shape,
      SavedStatistics saved) {
    checkSaved(saved);
    forwardByBatch(x, xOffset, z, zOffset, y, yOffset, curve, bits, bitsOffset, shape, saved);
    updateRunning(saved);
  }

  void checkSaved(SavedStatistics saved) {
    Checks.notNull("saved", saved);
    Checks.channels("saved", saved.channels(), channels);
  }

  /**
   * The same, and how far mean, variance and y may lie from the exact ones: all other results have
   * the bits of the form without bounds.
   *
   * @param x the batch
   * @param xOffset of its first element
   * @param y receives {@code (x - mean)*gamma*invStd + beta}; may be x
   * @param yOffset of its first element
   * @param shape of both
   * @param saved receives what backward needs
   * @param bounds receives the bounds, of the means and variances in saved and of y
   * @throws IllegalArgumentException as the form without bounds, and if bounds are of another C;
   *     nothing has changed then
   */
  public void forwardTraining(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      TensorShape shape,
      SavedStatistics saved,
      ErrorBounds bounds) {
    checkForward(x, xOffset, y, yOffset, shape);
    checkSaved(saved);
    Checks.notNull("bounds", bounds);
    Checks.channels("bounds", bounds.channels(), channels);
    ChannelBounds watching = workspace.bounds();
    watching.clear();
    if (shape.count() > 0) {
      watching.begin(x, xOffset, workspace.order(shape));
    }
    workspace.passes.watch(watching);
    try {
      forwardByBatch(x, xOffset, y, yOffset, shape, saved);
    } finally {
      workspace.passes.watch(null);
    }
    if (shape.count() > 0) {
      watching.end(workspace.order(shape));
    }
    bounds.set(watching, saved, affine, convention, gamma, beta);
    updateRunning(saved);
  }

  /**
   * As the form with arrays, with x and y wherever and however wide they are: {@link Storage}.
   *
   * @param x the batch
   * @param y receives {@code (x - mean)*gamma*invStd + beta}; may be x's place
   * @param shape of both
   * @param saved receives what backward needs
   * @throws IllegalArgumentException as the form with arrays, and if a storage cannot be accessed;
   *     nothing has changed then
   */
  public void forwardTraining(Storage x, Storage y, TensorShape shape, SavedStatistics saved) {
    checkForward(x, y, shape);
    if (Storage.inArray(x) && Storage.inArray(y)) {
      int xOffset = Storage.offset(x);
      forwardTraining(Storage.array(x), xOffset, Storage.array(y), Storage.offset(y), shape, saved);
      return;
    }
    checkSaved(saved);
    forwardByBatch(x, y, shape, saved);
    updateRunning(saved);
  }

  private void updateRunning(SavedStatistics saved) {
    if (saved.count > 0 && convention.keepsRunningStatistics()) {
      running.update(saved.count, saved.mean, saved.m2, saved.skipped);
    }
  }

  /**
   * What {@link #forwardTraining} makes of a batch's moments once they are known, for {@link
   * SyncedBatchNorm}: everything but y.
   *
   * @param saved with mean and M2 of the batch; the rest of it is filled
   * @param ofBatch receives the coefficients of y
   */
  void train(long count, SavedStatistics saved, ChannelAffine ofBatch) {
    checkSingleValue(count, "of one over all workers");
    if (count == 0) {
      saved.clear();
      return;
    }
    checkMoments(count, saved.mean, saved.m2);
    coefficients(count, saved, ofBatch);
    mark(count, saved);
    updateRunning(saved);
  }

  /**
   * As {@link #forwardTraining(float[], int, float[], int, TensorShape, Mask, SavedStatistics)},
   * into a new result.
   */
  public SavedStatistics forwardTraining(float[] x, float[] y, TensorShape shape, Mask mask) {
    SavedStatistics saved = new SavedStatistics(channels);
    forwardTraining(x, 0, y, 0, shape, mask, saved);
    return saved;
  }

  /**
   * Normalizes the valid positions of a batch by their own moments and moves the running statistics
   * by these; {@link Mask} has the definition. As the form without a mask in all else.
   *
   * @param x the batch; what stands at masked positions has no effect
   * @param xOffset of its first element
   * @param y receives {@code (x - mean)*gamma*invStd + beta} at valid positions and 0 at the
   *     others; may be x
   * @param yOffset of its first element
   * @param shape of both
   * @param mask which positions are valid; with none the running statistics stay
   * @param saved receives what backward needs, its count that of valid positions
   * @throws IllegalArgumentException as the form without a mask, and if the mask is of another N or
   *     S; nothing has changed then
   */
  public void forwardTraining(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      TensorShape shape,
      Mask mask,
      SavedStatistics saved) {
    checkForward(x, xOffset, y, yOffset, shape);
    Mask.checked(mask, shape);
    checkSaved(saved);
    checkSingleValue(mask);
    float[] valid = compaction.values(x, xOffset, shape, mask);
    forwardTraining(valid, 0, valid, 0, compaction.shape(shape, mask), saved);
    compaction.spread(valid, y, yOffset, shape, mask);
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept.
   */
  public void forwardTraining(
      Storage x, Storage y, TensorShape shape, Mask mask, SavedStatistics saved) {
    checkForward(x, y, shape);
    forwardTraining(
        widened.input(x, shape, 0),
        Storage.offset(x),
        widened.output(y, shape, 0),
        Storage.offset(y),
        shape,
        mask,
        saved);
    widened.finish(y, shape, 0);
  }

  private void checkSingleValue(Mask mask) {
    if (mask.count() == 1 && channels > 0 && singleValuePolicy == SingleValuePolicy.ERROR) {
      throw new IllegalArgumentException(
          "mask must leave more than one value per channel in training (or use SingleValuePolicy.BETA), but was "
              + mask);
    }
  }

  /** Normalizes by the batch's own moments. */
  private void forwardByBatch(
      float[] x, int xOffset, float[] y, int yOffset, TensorShape shape, SavedStatistics saved) {
    forwardByBatch(x, xOffset, null, 0, y, yOffset, Curve.IDENTITY, null, 0, shape, saved);
  }

  private void forwardByBatch(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Curve curve,
      long[] bits,
      int bitsOffset,
      TensorShape shape,
      SavedStatistics saved) {
    int count = shape.count();
    checkSingleValue(count, shape);
    if (count == 0) {
      saved.clear();
      return;
    }
    Passes passes = workspace.passes;
    Segments order = workspace.order(shape);
    if (momentsComeFirst()) {
      passes.moments(x, xOffset, order, mean, m2);
      saveChecked(count, saved);
      workspace.fused.activate(
          x, xOffset, z, zOffset, y, yOffset, curve, bits, bitsOffset, order, affine);
    } else {
      workspace.fused.trainingForward(
          x,
          xOffset,
          z,
          zOffset,
          y,
          yOffset,
          curve,
          bits,
          bitsOffset,
          order,
          saved.mean,
          saved.m2,
          epsilon,
          saved.invStd,
          gamma,
          beta,
          affine);
    }
    mark(count, saved);
  }

  private void forwardByBatch(Storage x, Storage y, TensorShape shape, SavedStatistics saved) {
    int count = shape.count();
    checkSingleValue(count, shape);
    if (count == 0) {
      saved.clear();
      return;
    }
    StoredPasses passes = workspace.stored();
    Segments order = workspace.order(shape);
    if (momentsComeFirst()) {
      passes.moments(x.elements, order, mean, m2);
      saveChecked(count, saved);
      passes.fused(x.elements, null, y.elements, order, affine, Curve.IDENTITY);
    } else {
      passes.trainingForward(
          x.elements,
          y.elements,
          order,
          saved.mean,
          saved.m2,
          epsilon,
          saved.invStd,
          gamma,
          beta,
          affine);
    }
    mark(count, saved);
  }

  /**
   * Whether only the moments can tell if y may be written; they go to arrays of this layer's own
   * until then. And the pass that does all in one go knows epsilon inside the root alone.
   */
  private boolean momentsComeFirst() {
    return nonFinitePolicy == NonFinitePolicy.ERROR || epsilon == 0 || !epsilonIsInside();
  }

  private void saveChecked(int count, SavedStatistics saved) {
    checkMoments(count, mean, m2);
    System.arraycopy(mean, 0, saved.mean, 0, channels);
    System.arraycopy(m2, 0, saved.m2, 0, channels);
    coefficients(count, saved, affine);
  }

  private void coefficients(long count, SavedStatistics saved, ChannelAffine ofBatch) {
    for (int c = 0; c < channels; c++) {
      saved.invStd[c] = convention.invStd(saved.m2[c] / count);
    }
    ofBatch.compute(saved.mean, saved.invStd, gamma, beta, 0, channels);
  }

  private void mark(long count, SavedStatistics saved) {
    saved.count = count;
    for (int c = 0; c < channels; c++) {
      saved.skipped[c] =
          nonFinitePolicy == NonFinitePolicy.SKIP_UPDATE && !finite(saved.mean[c], saved.m2[c]);
    }
  }

  private void checkSingleValue(long count, Object was) {
    if (count == 1 && channels > 0 && singleValuePolicy == SingleValuePolicy.ERROR) {
      throw new IllegalArgumentException(
          "shape must have more than one value per channel in training (or use SingleValuePolicy.BETA), but was "
              + was);
    }
  }

  private void checkMoments(long count, double[] mean, double[] m2) {
    for (int c = 0; c < channels; c++) {
      if (nonFinitePolicy == NonFinitePolicy.ERROR && !finite(mean[c], m2[c])) {
        throw new IllegalArgumentException(
            "x must be finite (or use another NonFinitePolicy), but channel "
                + c
                + " has NaN or infinity");
      }
      if (epsilon == 0 && m2[c] / count == 0) {
        throw new IllegalArgumentException(
            "epsilon must be above 0 where a channel's variance is 0, but was 0 and channel "
                + c
                + " is constant");
      }
    }
  }

  private static boolean finite(double mean, double m2) {
    return Double.isFinite(mean) && Double.isFinite(m2);
  }

  /** As {@link #forwardInference(float[], int, float[], int, TensorShape)} from offset 0. */
  public void forwardInference(float[] x, float[] y, TensorShape shape) {
    forwardInference(x, 0, y, 0, shape);
  }

  /**
   * Normalizes by the running statistics, which do not change. {@link #freeze} once for a layer
   * that no longer changes. A layer of {@link InferenceStatistics#BATCH} normalizes by the batch's
   * own moments instead, under the policies of training.
   *
   * @param x the batch
   * @param xOffset of its first element
   * @param y receives {@code (x - runningMean)*gamma/sqrt(runningVariance + epsilon) + beta}; may
   *     be x
   * @param yOffset of its first element
   * @param shape of both
   * @throws IllegalArgumentException if a tensor does not lie inside its array, C is another,
   *     slices overlap, epsilon is 0 and a running variance is 0, or (by the batch's own moments) a
   *     policy says so; nothing has changed then
   */
  public void forwardInference(float[] x, int xOffset, float[] y, int yOffset, TensorShape shape) {
    checkForward(x, xOffset, y, yOffset, shape);
    if (ofInference != null) {
      forwardByBatch(x, xOffset, y, yOffset, shape, ofInference);
      return;
    }
    Segments order = workspace.order(shape);
    inferenceCoefficients(order);
    workspace.passes.normalize(x, xOffset, y, yOffset, order, affine);
  }

  /**
   * As the form with arrays, with x and y wherever and however wide they are: {@link Storage}.
   *
   * @param x the batch
   * @param y receives {@code (x - runningMean)*gamma/sqrt(runningVariance + epsilon) + beta}; may
   *     be x's place
   * @param shape of both
   * @throws IllegalArgumentException as the form with arrays, and if a storage cannot be accessed;
   *     nothing has changed then
   */
  public void forwardInference(Storage x, Storage y, TensorShape shape) {
    checkForward(x, y, shape);
    if (Storage.inArray(x) && Storage.inArray(y)) {
      int xOffset = Storage.offset(x);
      forwardInference(Storage.array(x), xOffset, Storage.array(y), Storage.offset(y), shape);
    } else if (ofInference != null) {
      forwardByBatch(x, y, shape, ofInference);
    } else {
      Segments order = workspace.order(shape);
      inferenceCoefficients(order);
      StoredPasses passes = workspace.stored();
      passes.fused(x.elements, null, y.elements, order, affine, Curve.IDENTITY);
    }
  }

  /** As the form with offsets, all of them 0. */
  public void forwardInference(float[] x, float[] y, TensorShape shape, Mask mask) {
    forwardInference(x, 0, y, 0, shape, mask);
  }

  /**
   * Normalizes the valid positions by the running statistics, which do not change; {@link Mask} has
   * the definition. At valid positions it gives the bits of {@link #forwardInference(float[], int,
   * float[], int, TensorShape)}, unless the layer is one of {@link InferenceStatistics#BATCH},
   * which takes the moments of the valid positions.
   *
   * @param x the batch; what stands at masked positions has no effect
   * @param xOffset of its first element
   * @param y receives {@code (x - runningMean)*gamma/sqrt(runningVariance + epsilon) + beta} at
   *     valid positions and 0 at the others; may be x
   * @param yOffset of its first element
   * @param shape of both
   * @param mask which positions are valid
   * @throws IllegalArgumentException as the form without a mask, and if the mask is of another N or
   *     S; nothing has changed then
   */
  public void forwardInference(
      float[] x, int xOffset, float[] y, int yOffset, TensorShape shape, Mask mask) {
    checkForward(x, xOffset, y, yOffset, shape);
    Mask.checked(mask, shape);
    if (ofInference != null) {
      checkSingleValue(mask);
    }
    float[] valid = compaction.values(x, xOffset, shape, mask);
    forwardInference(valid, 0, valid, 0, compaction.shape(shape, mask));
    compaction.spread(valid, y, yOffset, shape, mask);
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept.
   */
  public void forwardInference(Storage x, Storage y, TensorShape shape, Mask mask) {
    checkForward(x, y, shape);
    forwardInference(
        widened.input(x, shape, 0),
        Storage.offset(x),
        widened.output(y, shape, 0),
        Storage.offset(y),
        shape,
        mask);
    widened.finish(y, shape, 0);
  }

  /** Sets the coefficients of y to those of the running statistics. */
  private void inferenceCoefficients(Segments order) {
    // with epsilon 0 a divisor may be 0, which is an error that names the channel
    if (epsilon > 0 && epsilonIsInside() && convention.spread() == Spread.VARIANCE) {
      workspace.passes.coefficients(
          running.mean, running.spread, order, epsilon, invStd, gamma, beta, affine);
    } else {
      runningInvStd();
      affine.compute(mean, invStd, gamma, beta, 0, channels);
    }
  }

  /** Sets mean and invStd to those of the running statistics. */
  private void runningInvStd() {
    for (int c = 0; c < channels; c++) {
      mean[c] = running.mean(c);
      invStd[c] =
          Checks.invStd(convention.spread().runningSymbol(), c, running.spread(c), convention);
    }
  }

  /** As the form with offsets, all of them 0. */
  public void backward(
      float[] x,
      float[] dOutput,
      SavedStatistics saved,
      float[] dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    backward(x, 0, dOutput, 0, saved, dInput, 0, dGamma, dBeta, shape);
  }

  /**
   * The gradients of a training forward. With xHat = (x - mean)*invStd and sums over the M elements
   * of a channel:
   *
   * <pre>
   * dBeta  = sum(dOutput)
   * dGamma = sum(dOutput*xHat)
   * dInput = gamma*invStd*(dOutput - dBeta/M - xHat*dGamma/M)
   * </pre>
   *
   * (Ioffe and Szegedy, Batch Normalization, 2015, section 3; {@link org.lanenorm} has dInput for
   * epsilon outside the root). Each of the three outputs may be null and is left out then.
   *
   * @param x the forward's input, unchanged since
   * @param xOffset of its first element
   * @param dOutput gradient of the loss by y
   * @param dOutputOffset of its first element
   * @param saved the forward's result, with as many elements per channel as shape has
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
      SavedStatistics saved,
      float[] dInput,
      int dInputOffset,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    checkSaved(saved);
    checkBackward(
        true, x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, dGamma, dBeta, shape);
    checkSaved(saved, shape.count(), shape);
    backward(
        x,
        xOffset,
        dOutput,
        dOutputOffset,
        dOutput,
        dOutputOffset,
        saved,
        dInput,
        dInputOffset,
        dGamma,
        dBeta,
        Curve.IDENTITY,
        null,
        0,
        shape);
  }

  /** As {@link ActivatedBatchNorm#backward}, of arguments that have been checked. */
  void backward(
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      float[] dResidual,
      int dResidualOffset,
      SavedStatistics saved,
      float[] dInput,
      int dInputOffset,
      float[] dGamma,
      float[] dBeta,
      Curve curve,
      long[] bits,
      int bitsOffset,
      TensorShape shape) {
    if (invRoot != null) {
      invRoot(saved, invRoot);
    }
    workspace.fused.backward(
        x,
        xOffset,
        dOutput,
        dOutputOffset,
        dResidual,
        dResidualOffset,
        dInput,
        dInputOffset,
        curve,
        bits,
        bitsOffset,
        workspace.order(shape),
        saved.mean,
        saved.invStd,
        gamma,
        gradients);
    writeGradients(gradients, saved.invStd, dGamma, dBeta);
  }

  /**
   * As the form with arrays, with x, dOutput and dInput wherever and however wide they are: {@link
   * Storage}.
   *
   * @param x the forward's input, unchanged since
   * @param dOutput gradient of the loss by y
   * @param saved the forward's result, with as many elements per channel as shape has
   * @param dInput receives the gradient by x; may be dOutput's or x's place; null leaves it out
   * @param dGamma receives (does not add) C floats; null leaves it out
   * @param dBeta receives (does not add) C floats; null leaves it out
   * @param shape of x, dOutput and dInput
   * @throws IllegalArgumentException as the form with arrays, and if a storage cannot be accessed;
   *     nothing has changed then
   */
  public void backward(
      Storage x,
      Storage dOutput,
      SavedStatistics saved,
      Storage dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    checkSaved(saved);
    checkBackward(x, dOutput, dInput, dGamma, dBeta, shape);
    if (Storage.inArray(x) && Storage.inArray(dOutput) && Storage.inArray(dInput)) {
      backward(
          Storage.array(x),
          Storage.offset(x),
          Storage.array(dOutput),
          Storage.offset(dOutput),
          saved,
          Storage.array(dInput),
          Storage.offset(dInput),
          dGamma,
          dBeta,
          shape);
      return;
    }
    checkSaved(saved, shape.count(), shape);
    if (invRoot != null) {
      invRoot(saved, invRoot);
    }
    workspace
        .stored()
        .backward(
            x.elements,
            dOutput.elements,
            Storage.elements(dInput),
            workspace.order(shape),
            saved.mean,
            saved.invStd,
            gamma,
            gradients);
    writeGradients(gradients, saved.invStd, dGamma, dBeta);
  }

  static void checkSaved(SavedStatistics saved, int count, Object of) {
    if (saved.count != count) {
      throw new IllegalArgumentException(
          "saved must be of a forward with "
              + count
              + " elements per channel ("
              + of
              + "), but was of "
              + saved.count);
    }
  }

  /** As the form with offsets, all of them 0. */
  public void backward(
      float[] x,
      float[] dOutput,
      SavedStatistics saved,
      float[] dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      Mask mask) {
    backward(x, 0, dOutput, 0, saved, dInput, 0, dGamma, dBeta, shape, mask);
  }

  /**
   * The gradients of a training forward with a mask: sums over the valid positions, and dInput 0 at
   * the others, as their x has no effect. {@link Mask} has the formulas.
   *
   * @param x the forward's input, unchanged since at valid positions
   * @param xOffset of its first element
   * @param dOutput gradient of the loss by y; what stands at masked positions has no effect
   * @param dOutputOffset of its first element
   * @param saved the forward's result, with as many elements per channel as the mask has valid
   *     positions
   * @param dInput receives the gradient by x; may be dOutput or x; null leaves it out
   * @param dInputOffset of its first element
   * @param dGamma receives (does not add) C floats; null leaves it out
   * @param dBeta receives (does not add) C floats; null leaves it out
   * @param shape of x, dOutput and dInput
   * @param mask the forward's
   * @throws IllegalArgumentException if an argument does not fit; nothing has changed then
   */
  public void backward(
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      SavedStatistics saved,
      float[] dInput,
      int dInputOffset,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      Mask mask) {
    checkSaved(saved);
    checkBackward(
        true, x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, dGamma, dBeta, shape);
    Mask.checked(mask, shape);
    checkSaved(saved, mask.count(), mask);
    float[] valid = compaction.values(x, xOffset, shape, mask);
    float[] gradient = compaction.gradient(dOutput, dOutputOffset, shape, mask);
    float[] validInput = dInput == null ? null : gradient;
    TensorShape compact = compaction.shape(shape, mask);
    backward(valid, 0, gradient, 0, saved, validInput, 0, dGamma, dBeta, compact);
    if (dInput != null) {
      compaction.spread(gradient, dInput, dInputOffset, shape, mask);
    }
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept.
   */
  public void backward(
      Storage x,
      Storage dOutput,
      SavedStatistics saved,
      Storage dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      Mask mask) {
    checkBackward(x, dOutput, dInput, dGamma, dBeta, shape);
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
        shape,
        mask);
    widened.finish(dInput, shape, 1);
  }

  /** 1/sqrt of what is in the root. */
  void invRoot(SavedStatistics saved, double[] invRoot) {
    for (int c = 0; c < channels; c++) {
      double root = convention.root(saved.m2[c] / saved.count);
      // a constant channel: x - mean is 0, and no change of the root changes y
      invRoot[c] = root == 0 ? 0 : 1 / root;
    }
  }

  static void writeGradients(
      ChannelGradients gradients, double[] invStd, float[] dGamma, float[] dBeta) {
    if (dGamma != null) {
      gradients.dGamma(invStd, dGamma);
    }
    if (dBeta != null) {
      gradients.dBeta(dBeta);
    }
  }

  /** As the form with offsets, all of them 0. */
  public void backwardFrozen(
      float[] x,
      float[] dOutput,
      float[] dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    backwardFrozen(x, 0, dOutput, 0, dInput, 0, dGamma, dBeta, shape);
  }

  /**
   * The gradients of {@link #forwardInference}, in which the running statistics are constants:
   * {@code dInput = dOutput* gamma*invStd}, and dGamma and dBeta as in {@link #backward} with xHat
   * from the running statistics.
   *
   * @param x the forward's input, unchanged since; may be null where dGamma is left out
   * @param xOffset of its first element
   * @param dOutput gradient of the loss by y
   * @param dOutputOffset of its first element
   * @param dInput receives the gradient by x; may be dOutput or x; null leaves it out
   * @param dInputOffset of its first element
   * @param dGamma receives (does not add) C floats; null leaves it out
   * @param dBeta receives (does not add) C floats; null leaves it out
   * @param shape of x, dOutput and dInput
   * @throws IllegalArgumentException if an argument does not fit; nothing has changed then
   * @throws IllegalStateException if the layer keeps no running statistics ({@link
   *     InferenceStatistics#BATCH}): its inference has the gradients of training
   */
  public void backwardFrozen(
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      float[] dInput,
      int dInputOffset,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    checkKeepsRunningStatistics();
    boolean readsX = dGamma != null;
    checkBackward(
        readsX, x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, dGamma, dBeta, shape);
    float[] values = readsX ? x : dOutput;
    int valuesOffset = readsX ? xOffset : dOutputOffset;
    runningInvStd();
    Passes passes = workspace.passes;
    Segments order = workspace.order(shape);
    if (dGamma != null || dBeta != null) {
      passes.gradientSums(values, valuesOffset, dOutput, dOutputOffset, order, mean, gradients);
    }
    if (dInput != null) {
      affine.computeScale(invStd, gamma, 0, channels);
      passes.normalize(dOutput, dOutputOffset, dInput, dInputOffset, order, affine);
    }
    writeGradients(gradients, invStd, dGamma, dBeta);
  }

  /**
   * As the form with arrays, with x, dOutput and dInput wherever and however wide they are: {@link
   * Storage}.
   *
   * @param x the forward's input, unchanged since; may be null where dGamma is left out
   * @param dOutput gradient of the loss by y
   * @param dInput receives the gradient by x; may be dOutput's or x's place; null leaves it out
   * @param dGamma receives (does not add) C floats; null leaves it out
   * @param dBeta receives (does not add) C floats; null leaves it out
   * @param shape of x, dOutput and dInput
   * @throws IllegalArgumentException as the form with arrays, and if a storage cannot be accessed;
   *     nothing has changed then
   * @throws IllegalStateException if the layer keeps no running statistics
   */
  public void backwardFrozen(
      Storage x,
      Storage dOutput,
      Storage dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    checkKeepsRunningStatistics();
    boolean readsX = dGamma != null;
    Storage values = readsX ? x : null;
    checkBackward(readsX ? x : dOutput, dOutput, dInput, dGamma, dBeta, shape);
    if (Storage.inArray(values) && Storage.inArray(dOutput) && Storage.inArray(dInput)) {
      backwardFrozen(
          Storage.array(values),
          Storage.offset(values),
          Storage.array(dOutput),
          Storage.offset(dOutput),
          Storage.array(dInput),
          Storage.offset(dInput),
          dGamma,
          dBeta,
          shape);
      return;
    }
    runningInvStd();
    affine.computeScale(invStd, gamma, 0, channels);
    workspace
        .stored()
        .frozenBackward(
            Storage.elements(values),
            null,
            dOutput.elements,
            Storage.elements(dInput),
            null,
            workspace.order(shape),
            mean,
            affine,
            affine,
            Curve.IDENTITY,
            dGamma == null && dBeta == null ? null : gradients);
    writeGradients(gradients, invStd, dGamma, dBeta);
  }

  /** As the form with offsets, all of them 0. */
  public void backwardFrozen(
      float[] x,
      float[] dOutput,
      float[] dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      Mask mask) {
    backwardFrozen(x, 0, dOutput, 0, dInput, 0, dGamma, dBeta, shape, mask);
  }

  /**
   * The gradients of {@link #forwardInference(float[], int, float[], int, TensorShape, Mask)}: sums
   * over the valid positions, and dInput 0 at the others.
   *
   * @param x the forward's input, unchanged since at valid positions; may be null where dGamma is
   *     left out
   * @param xOffset of its first element
   * @param dOutput gradient of the loss by y; what stands at masked positions has no effect
   * @param dOutputOffset of its first element
   * @param dInput receives the gradient by x; may be dOutput or x; null leaves it out
   * @param dInputOffset of its first element
   * @param dGamma receives (does not add) C floats; null leaves it out
   * @param dBeta receives (does not add) C floats; null leaves it out
   * @param shape of x, dOutput and dInput
   * @param mask the forward's
   * @throws IllegalArgumentException if an argument does not fit; nothing has changed then
   * @throws IllegalStateException if the layer keeps no running statistics
   */
  public void backwardFrozen(
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      float[] dInput,
      int dInputOffset,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      Mask mask) {
    checkKeepsRunningStatistics();
    boolean readsX = dGamma != null;
    checkBackward(
        readsX, x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, dGamma, dBeta, shape);
    Mask.checked(mask, shape);
    float[] valid = readsX ? compaction.values(x, xOffset, shape, mask) : null;
    float[] gradient = compaction.gradient(dOutput, dOutputOffset, shape, mask);
    float[] validInput = dInput == null ? null : gradient;
    TensorShape compact = compaction.shape(shape, mask);
    backwardFrozen(valid, 0, gradient, 0, validInput, 0, dGamma, dBeta, compact);
    if (dInput != null) {
      compaction.spread(gradient, dInput, dInputOffset, shape, mask);
    }
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept.
   */
  public void backwardFrozen(
      Storage x,
      Storage dOutput,
      Storage dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      Mask mask) {
    Storage values = dGamma == null ? null : x;
    checkBackward(values == null ? dOutput : x, dOutput, dInput, dGamma, dBeta, shape);
    backwardFrozen(
        widened.input(values, shape, 0),
        Storage.offset(values),
        widened.input(dOutput, shape, 1),
        Storage.offset(dOutput),
        widened.output(dInput, shape, 1),
        Storage.offset(dInput),
        dGamma,
        dBeta,
        shape,
        mask);
    widened.finish(dInput, shape, 1);
  }

  /**
   * The layer's inference form as it is now: immutable, for any number of threads.
   *
   * @throws IllegalStateException if the layer keeps no running statistics ({@link
   *     InferenceStatistics#BATCH})
   */
  public FrozenBatchNorm freeze() {
    checkKeepsRunningStatistics();
    return FrozenBatchNorm.of(running.means(), running.spreads(), convention, gamma, beta);
  }

  /**
   * This layer in training, with a residual and an activation in the passes that normalize and that
   * take the gradients; for inference, {@link #freeze} has them. It is the same layer, parameters,
   * statistics and workspace: use both from one thread at a time.
   *
   * @param activation one whose derivative takes two values, which a bit tells: relu, relu6,
   *     leakyRelu; or identity, for a residual alone
   * @throws IllegalArgumentException if it is another
   */
  public ActivatedBatchNorm withActivation(Activation activation) {
    return new ActivatedBatchNorm(this, activation);
  }

  private void checkKeepsRunningStatistics() {
    if (!convention.keepsRunningStatistics()) {
      throw new IllegalStateException(
          "the layer has no statistics that could be constants: " + convention);
    }
  }

  void checkForward(float[] x, int xOffset, float[] y, int yOffset, TensorShape shape) {
    Checks.tensor("x", x, xOffset, shape);
    Checks.tensor("y", y, yOffset, shape);
    Checks.channels("shape", shape.channels(), channels);
    Checks.overlap("y", y, yOffset, shape.length(), "x", x, xOffset, shape.length(), true);
    checkOverParameters("y", y, yOffset, shape.length());
  }

  void checkBackward(
      boolean readsX,
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      float[] dInput,
      int dInputOffset,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    if (readsX) {
      Checks.tensor("x", x, xOffset, shape);
    } else {
      x = null;
    }
    Checks.tensor("dOutput", dOutput, dOutputOffset, shape);
    Checks.channels("shape", shape.channels(), channels);
    int length = shape.length();
    if (dInput != null) {
      Checks.tensor("dInput", dInput, dInputOffset, shape);
      Checks.overlap("dInput", dInput, dInputOffset, length, "x", x, xOffset, length, true);
      Checks.overlap(
          "dInput", dInput, dInputOffset, length, "dOutput", dOutput, dOutputOffset, length, true);
      checkOverParameters("dInput", dInput, dInputOffset, length);
    }
    checkParameterGradient(
        "dGamma", dGamma, x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, length);
    checkParameterGradient(
        "dBeta", dBeta, x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, length);
    Checks.overlap("dBeta", dBeta, 0, channels, "dGamma", dGamma, 0, channels, false);
  }

  void checkForward(Storage x, Storage y, TensorShape shape) {
    Storage.checkForward(x, y, shape, workspace.parallelism, gamma, beta);
    Checks.channels("shape", shape.channels(), channels);
  }

  void checkBackward(
      Storage x,
      Storage dOutput,
      Storage dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    Parallelism threads = workspace.parallelism;
    Storage.checkBackward(x, dOutput, dInput, dGamma, dBeta, shape, threads, gamma, beta);
    Checks.channels("shape", shape.channels(), channels);
    Storage.checkGradients(dGamma, dBeta, channels);
    if (dGamma != null) {
      checkOverParameters("dGamma", dGamma, 0, channels);
    }
    if (dBeta != null) {
      checkOverParameters("dBeta", dBeta, 0, channels);
    }
  }

  /** For {@link ActivatedBatchNorm}. */
  void checkResidualGradient(
      Storage x,
      Storage dOutput,
      Storage dInput,
      Storage dResidual,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    if (dResidual == null) {
      return;
    }
    int length = shape.length();
    Storage.checkOutput("dResidual", dResidual, shape, workspace.parallelism);
    Storage.overlap("dResidual", dResidual, "x", x, length, false);
    Storage.overlap("dResidual", dResidual, "dOutput", dOutput, length, true);
    Storage.overlap("dResidual", dResidual, "dInput", dInput, length, true);
    Storage.overlapGradients("dResidual", dResidual, length, dGamma, dBeta);
    Storage.overlap("dResidual", dResidual, length, "the layer's gamma", gamma);
    Storage.overlap("dResidual", dResidual, length, "the layer's beta", beta);
  }

  private void checkParameterGradient(
      String name,
      float[] gradient,
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      float[] dInput,
      int dInputOffset,
      int length) {
    if (gradient == null) {
      return;
    }
    Checks.length(name, gradient.length, channels);
    Checks.overlap(name, gradient, 0, channels, "x", x, xOffset, length, false);
    Checks.overlap(name, gradient, 0, channels, "dOutput", dOutput, dOutputOffset, length, false);
    Checks.overlap(name, gradient, 0, channels, "dInput", dInput, dInputOffset, length, false);
    checkOverParameters(name, gradient, 0, channels);
  }

  /** The layer hands out its own gamma and beta: nothing may be written over them here. */
  void checkOverParameters(String name, float[] array, int offset, int length) {
    Checks.overlap(name, array, offset, length, "the layer's gamma", gamma, 0, channels, false);
    Checks.overlap(name, array, offset, length, "the layer's beta", beta, 0, channels, false);
  }

  Parallelism parallelism() {
    return workspace.parallelism;
  }

  /** What one value per channel leads to. */
  SingleValuePolicy singleValuePolicy() {
    return singleValuePolicy;
  }

  /** What a channel that is not finite leads to. */
  NonFinitePolicy nonFinitePolicy() {
    return nonFinitePolicy;
  }

  /** C. */
  public int channels() {
    return channels;
  }

  /** What the layer computes. */
  public Convention convention() {
    return convention;
  }

  /** What is added to the variance inside the root, or where the convention has it. */
  public double epsilon() {
    return epsilon;
  }

  /**
   * The layer's own scale per channel, live: an optimizer writes into it. Null where the layer has
   * none.
   */
  public float[] gamma() {
    return gamma;
  }

  /**
   * The layer's own shift per channel, live: an optimizer writes into it. Null where the layer has
   * none.
   */
  public float[] beta() {
    return beta;
  }

  /** The layer's own running statistics, live; never moved where the convention keeps none. */
  public RunningStatistics runningStatistics() {
    return running;
  }

  /** The formulas it computes, for example for a log. */
  @Override
  public String toString() {
    return "BatchNorm("
        + channels
        + " channels: "
        + convention.formula(gamma != null, beta != null)
        + ")";
  }
}
