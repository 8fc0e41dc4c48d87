package org.lanenorm;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.lanenorm.kernel.ChannelAffine;
import org.lanenorm.kernel.Curve;
import org.lanenorm.kernel.Segments;

/**
 * Batch normalization whose statistics are constants, with a residual z and an {@link Activation}
 * in the same pass over memory:
 *
 * <pre>
 * y = act((x - mean)*k + beta + z),   k = gamma/sqrt(variance + epsilon)
 * </pre>
 *
 * or k as another {@link Convention} has it. Immutable and thread-safe. The same bits as one step
 * after another: {@link BatchNorm#forwardInference}, then the float sum with z, then {@link
 * Activation#apply}.
 */
public final class FrozenBatchNorm {
  /** Places for work arrays; a power of two. */
  private static final int PLACES = 16;

  private final int channels;
  private final String formula;
  private final double[] mean;
  private final double[] invStd;
  private final ChannelAffine affine;

  /** k*v: the gradient by x. */
  private final ChannelAffine scale;

  private final Activation activation;

  /**
   * Work arrays of earlier calls, for the next ones to take: a place for each of a few threads,
   * which make their own where they meet in one.
   */
  private final AtomicReferenceArray<Workspace> spare = new AtomicReferenceArray<>(PLACES);

  private FrozenBatchNorm(
      int channels,
      String formula,
      double[] mean,
      double[] invStd,
      ChannelAffine affine,
      ChannelAffine scale,
      Activation activation) {
    this.channels = channels;
    this.formula = formula;
    this.mean = mean;
    this.invStd = invStd;
    this.affine = affine;
    this.scale = scale;
    this.activation = activation;
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
    ChannelAffine scale = new ChannelAffine(channels);
    scale.computeScale(invStd, gamma, 0, channels);
    String divisor = convention.divisor(symbol, convention.spread());
    String formula = Convention.output("mean", divisor, gamma != null, beta != null);
    return new FrozenBatchNorm(
        channels, formula, mean.clone(), invStd, affine, scale, Activation.identity());
  }

  /**
   * The same with another activation; a frozen layer is made with {@link Activation#identity}.
   *
   * @param activation act of {@code y = act((x - mean)*k + beta + z)}
   * @return the layer that ends in it
   */
  public FrozenBatchNorm withActivation(Activation activation) {
    Checks.notNull("activation", activation);
    return new FrozenBatchNorm(channels, formula, mean, invStd, affine, scale, activation);
  }

  /** As {@link #warmUp(Duration, TensorShape...)} within 10 seconds. */
  public boolean warmUp(TensorShape... shapes) {
    return warmUp(Duration.ofSeconds(10), shapes);
  }

  /**
   * As {@link Lanenorm#warmUp(Duration, TensorShape...)}, for {@code apply} over arrays with this
   * layer's activation, with a residual and without.
   *
   * @param limit when to stop at the latest, but for the call that is running then; at least 0
   * @param shapes at least one, of this layer's channels; where one is empty nothing is done for it
   * @return whether speed is steady
   * @throws IllegalArgumentException if the limit is negative, there is no shape, or one has other
   *     channels
   * @throws IllegalStateException as {@link Lanenorm#backend}
   */
  public boolean warmUp(Duration limit, TensorShape... shapes) {
    return warmUp(limit, WarmUp.ARRAY, shapes);
  }

  /**
   * The same for tensors that are all stored like one that is given, as {@link
   * Lanenorm#warmUp(Duration, Storage, TensorShape...)}.
   */
  public boolean warmUp(Duration limit, Storage like, TensorShape... shapes) {
    WarmUp.check(limit, like, shapes);
    for (int i = 0; i < shapes.length; i++) {
      Checks.channels("shapes[" + i + "]", shapes[i].channels(), channels);
    }
    return WarmUp.ofFrozen(limit, activation, like, shapes);
  }

  /**
   * As {@link #apply(float[], int, float[], int, float[], int, TensorShape, Parallelism)} from
   * offset 0, without residual, sequential.
   */
  public void apply(float[] x, float[] y, TensorShape shape) {
    apply(x, 0, null, 0, y, 0, shape, Parallelism.sequential());
  }

  /** As the form with a residual, without one. */
  public void apply(
      float[] x, int xOffset, float[] y, int yOffset, TensorShape shape, Parallelism parallelism) {
    apply(x, xOffset, null, 0, y, yOffset, shape, parallelism);
  }

  /**
   * Normalizes, adds and activates in one pass.
   *
   * @param x the batch
   * @param xOffset of its first element
   * @param z residual, added before the activation; null for none
   * @param zOffset of its first element
   * @param y receives {@code act((x - mean)*k + beta + z)}; may be x or z, as exactly the same
   *     slice
   * @param yOffset of its first element
   * @param shape of all of them
   * @param parallelism how many threads the call may use
   * @throws IllegalArgumentException if a tensor does not lie inside its array, C is another, or
   *     slices overlap; nothing has changed then
   */
  public void apply(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      TensorShape shape,
      Parallelism parallelism) {
    checkApply(x, xOffset, z, zOffset, y, yOffset, shape);
    Checks.notNull("parallelism", parallelism);
    Workspace workspace = take(parallelism);
    Segments order = workspace.order(shape);
    if (z == null && activation.curve().isIdentity()) {
      workspace.passes.normalize(x, xOffset, y, yOffset, order, affine);
    } else {
      workspace.fused.fused(x, xOffset, z, zOffset, y, yOffset, order, affine, activation.curve());
    }
    put(workspace);
  }

  /**
   * The same for a part of the tensor, on the calling thread alone: for a convolution that ends
   * each tile of its output with this call, while the tile is in a cache. Nothing else of y is
   * written, nor of x and z read; where they lie is said for the whole tensor.
   *
   * @param x the whole batch
   * @param xOffset of its first element
   * @param z residual of the same shape; null for none
   * @param zOffset of its first element
   * @param y as x; may be x or z, as exactly the same slice
   * @param yOffset of its first element
   * @param shape of the whole tensor
   * @param tile the part
   * @throws IllegalArgumentException as for the whole tensor, or if the tile is not inside it
   */
  public void apply(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      TensorShape shape,
      Tile tile) {
    checkApply(x, xOffset, z, zOffset, y, yOffset, shape);
    Checks.notNull("tile", tile).checkWithin(shape);
    Workspace workspace = take(Parallelism.sequential());
    workspace.fused.fused(
        x,
        xOffset,
        z,
        zOffset,
        y,
        yOffset,
        workspace.order(shape),
        tile.image(),
        tile.firstPosition(),
        tile.positions(),
        tile.firstChannel(),
        tile.firstChannel() + tile.channels(),
        affine,
        activation.curve());
    put(workspace);
  }

  /** As {@link #apply(Storage, Storage, Storage, TensorShape, Parallelism)}, sequential. */
  public void apply(Storage x, Storage z, Storage y, TensorShape shape) {
    apply(x, z, y, shape, Parallelism.sequential());
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}.
   *
   * @param x the batch
   * @param z residual, added before the activation; null for none
   * @param y receives {@code act((x - mean)*k + beta + z)}; may be x's or z's place
   * @param shape of all of them
   * @param parallelism how many threads the call may use
   * @throws IllegalArgumentException as the form with arrays, and if a storage cannot be accessed;
   *     nothing has changed then
   */
  public void apply(Storage x, Storage z, Storage y, TensorShape shape, Parallelism parallelism) {
    Checks.notNull("parallelism", parallelism);
    checkApply(x, z, y, shape, parallelism);
    if (Storage.inArray(x) && Storage.inArray(z) && Storage.inArray(y)) {
      apply(
          Storage.array(x),
          Storage.offset(x),
          Storage.array(z),
          Storage.offset(z),
          Storage.array(y),
          Storage.offset(y),
          shape,
          parallelism);
      return;
    }
    Workspace workspace = take(parallelism);
    Segments order = workspace.order(shape);
    workspace
        .stored()
        .fused(x.elements, Storage.elements(z), y.elements, order, affine, activation.curve());
    put(workspace);
  }

  /**
   * The same for a part of the tensor, on the calling thread alone.
   *
   * @param x the whole batch
   * @param z residual of the same shape; null for none
   * @param y as x; may be x's or z's place
   * @param shape of the whole tensor
   * @param tile the part: nothing else of y is written, nor of x and z read
   * @throws IllegalArgumentException as for the whole tensor, or if the tile is not inside it
   */
  public void apply(Storage x, Storage z, Storage y, TensorShape shape, Tile tile) {
    checkApply(x, z, y, shape, Parallelism.sequential());
    if (Storage.inArray(x) && Storage.inArray(z) && Storage.inArray(y)) {
      apply(
          Storage.array(x),
          Storage.offset(x),
          Storage.array(z),
          Storage.offset(z),
          Storage.array(y),
          Storage.offset(y),
          shape,
          tile);
      return;
    }
    Checks.notNull("tile", tile).checkWithin(shape);
    Workspace workspace = take(Parallelism.sequential());
    workspace
        .stored()
        .fused(
            x.elements,
            Storage.elements(z),
            y.elements,
            workspace.order(shape),
            tile.image(),
            tile.firstPosition(),
            tile.positions(),
            tile.firstChannel(),
            tile.firstChannel() + tile.channels(),
            affine,
            activation.curve());
    put(workspace);
  }

  private void checkApply(
      Storage x, Storage z, Storage y, TensorShape shape, Parallelism parallelism) {
    Storage.checkInput("x", x, shape, parallelism);
    if (z != null) {
      Storage.checkInput("z", z, shape, parallelism);
    }
    Storage.checkOutput("y", y, shape, parallelism);
    Checks.channels("shape", shape.channels(), channels);
    Storage.overlap("y", y, "x", x, shape.length(), true);
    Storage.overlap("y", y, "z", z, shape.length(), true);
  }

  private void checkApply(
      float[] x, int xOffset, float[] z, int zOffset, float[] y, int yOffset, TensorShape shape) {
    Checks.tensor("x", x, xOffset, shape);
    if (z != null) {
      Checks.tensor("z", z, zOffset, shape);
    }
    Checks.tensor("y", y, yOffset, shape);
    Checks.channels("shape", shape.channels(), channels);
    int length = shape.length();
    Checks.overlap("y", y, yOffset, length, "x", x, xOffset, length, true);
    Checks.overlap("y", y, yOffset, length, "z", z, zOffset, length, true);
  }

  /** As the form with offsets and a residual, all offsets 0, without residual, sequential. */
  public void backward(
      float[] x,
      float[] dOutput,
      float[] dInput,
      float[] dResidual,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    Parallelism alone = Parallelism.sequential();
    backward(x, 0, null, 0, dOutput, 0, dInput, 0, dResidual, 0, dGamma, dBeta, shape, alone);
  }

  /**
   * The gradients of {@link #apply}, in which mean and variance are constants. With v = (x -
   * mean)*k + beta + z, computed anew as every activation's derivative can be had from it (y would
   * do for ReLU, ReLU6 and leaky ReLU alone), xHat = (x - mean)/sqrt(variance + epsilon), and sums
   * over the M elements of a channel:
   *
   * <pre>
   * dResidual = act'(v)*dOutput
   * dInput    = k*dResidual
   * dGamma    = sum(dResidual*xHat)
   * dBeta     = sum(dResidual)
   * </pre>
   *
   * <p>The bits are those of the activation's gradient followed by {@link
   * BatchNorm#backwardFrozen}. {@link Activation} says what act' is at corners.
   *
   * @param x the forward's input, unchanged since; may be null where there is no activation and
   *     dGamma is left out
   * @param xOffset of its first element
   * @param z the forward's residual, unchanged since; null for none; not read where there is no
   *     activation
   * @param zOffset of its first element
   * @param dOutput gradient of the loss by y
   * @param dOutputOffset of its first element
   * @param dInput receives the gradient by x; may be x, z, dOutput or dResidual, as exactly the
   *     same slice (dResidual is lost then); null leaves it out
   * @param dInputOffset of its first element
   * @param dResidual receives the gradient by z, which the others are made of; may be dOutput or z,
   *     as exactly the same slice; null leaves it out where there is no activation
   * @param dResidualOffset of its first element
   * @param dGamma receives (does not add) C floats; null leaves it out
   * @param dBeta receives (does not add) C floats; null leaves it out
   * @param shape of all tensors
   * @param parallelism how many threads the call may use
   * @throws IllegalArgumentException if an argument does not fit; nothing has changed then
   */
  public void backward(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] dOutput,
      int dOutputOffset,
      float[] dInput,
      int dInputOffset,
      float[] dResidual,
      int dResidualOffset,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      Parallelism parallelism) {
    Curve curve = activation.curve();
    boolean readsX = dGamma != null || !curve.isIdentity();
    float[] input = readsX ? x : null;
    float[] residual = curve.isIdentity() ? null : z;
    checkBackward(
        readsX,
        input,
        xOffset,
        residual,
        zOffset,
        dOutput,
        dOutputOffset,
        dInput,
        dInputOffset,
        dResidual,
        dResidualOffset,
        dGamma,
        dBeta,
        shape);
    Checks.notNull("parallelism", parallelism);
    float[] gradient = dResidual == null ? dOutput : dResidual;
    int gradientOffset = dResidual == null ? dOutputOffset : dResidualOffset;
    if (curve.isIdentity() && dResidual != null) {
      System.arraycopy(dOutput, dOutputOffset, dResidual, dResidualOffset, shape.length());
    }
    Workspace workspace = take(parallelism);
    boolean sums = dGamma != null || dBeta != null;
    workspace.fused.frozenBackward(
        input,
        xOffset,
        residual,
        zOffset,
        dOutput,
        dOutputOffset,
        dInput,
        dInputOffset,
        gradient,
        gradientOffset,
        workspace.order(shape),
        mean,
        affine,
        scale,
        curve,
        sums ? workspace.gradients() : null);
    if (dGamma != null) {
      workspace.gradients().dGamma(invStd, dGamma);
    }
    if (dBeta != null) {
      workspace.gradients().dBeta(dBeta);
    }
    put(workspace);
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}.
   * dInput and the sums come from dResidual as it is before it is rounded.
   *
   * @param x the forward's input, unchanged since; may be null where there is no activation and
   *     dGamma is left out
   * @param z the forward's residual, unchanged since; null for none; not read where there is no
   *     activation
   * @param dOutput gradient of the loss by y
   * @param dInput receives the gradient by x; may be x's, z's, dOutput's or dResidual's place
   *     (dResidual is lost then); null leaves it out
   * @param dResidual receives the gradient by z; may be dOutput's or z's place; null leaves it out
   * @param dGamma receives (does not add) C floats; null leaves it out
   * @param dBeta receives (does not add) C floats; null leaves it out
   * @param shape of all tensors
   * @param parallelism how many threads the call may use
   * @throws IllegalArgumentException as the form with arrays, and if a storage cannot be accessed;
   *     nothing has changed then
   */
  public void backward(
      Storage x,
      Storage z,
      Storage dOutput,
      Storage dInput,
      Storage dResidual,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      Parallelism parallelism) {
    Checks.notNull("parallelism", parallelism);
    Curve curve = activation.curve();
    boolean readsX = dGamma != null || !curve.isIdentity();
    Storage input = readsX ? x : null;
    Storage residual = curve.isIdentity() ? null : z;
    checkBackward(
        readsX, input, residual, dOutput, dInput, dResidual, dGamma, dBeta, shape, parallelism);
    if (Storage.inArray(input)
        && Storage.inArray(residual)
        && Storage.inArray(dOutput)
        && Storage.inArray(dInput)
        && Storage.inArray(dResidual)
        && (dResidual != null || curve.isIdentity())) {
      backward(
          Storage.array(input),
          Storage.offset(input),
          Storage.array(residual),
          Storage.offset(residual),
          Storage.array(dOutput),
          Storage.offset(dOutput),
          Storage.array(dInput),
          Storage.offset(dInput),
          Storage.array(dResidual),
          Storage.offset(dResidual),
          dGamma,
          dBeta,
          shape,
          parallelism);
      return;
    }
    Workspace workspace = take(parallelism);
    boolean sums = dGamma != null || dBeta != null;
    workspace
        .stored()
        .frozenBackward(
            Storage.elements(input),
            Storage.elements(residual),
            dOutput.elements,
            Storage.elements(dInput),
            Storage.elements(dResidual),
            workspace.order(shape),
            mean,
            affine,
            scale,
            curve,
            sums ? workspace.gradients() : null);
    if (sums) {
      BatchNorm.writeGradients(workspace.gradients(), invStd, dGamma, dBeta);
    }
    put(workspace);
  }

  private void checkBackward(
      boolean readsX,
      Storage x,
      Storage z,
      Storage dOutput,
      Storage dInput,
      Storage dResidual,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      Parallelism parallelism) {
    if (readsX) {
      Storage.checkInput("x", x, shape, parallelism);
    }
    if (z != null) {
      Storage.checkInput("z", z, shape, parallelism);
    }
    Storage.checkInput("dOutput", dOutput, shape, parallelism);
    Checks.channels("shape", shape.channels(), channels);
    int n = shape.length();
    if (dInput != null) {
      Storage.checkOutput("dInput", dInput, shape, parallelism);
      Storage.overlap("dInput", dInput, "x", x, n, true);
      Storage.overlap("dInput", dInput, "z", z, n, true);
      Storage.overlap("dInput", dInput, "dOutput", dOutput, n, true);
    }
    if (dResidual != null) {
      Storage.checkOutput("dResidual", dResidual, shape, parallelism);
      Storage.overlap("dResidual", dResidual, "x", x, n, false);
      Storage.overlap("dResidual", dResidual, "z", z, n, true);
      Storage.overlap("dResidual", dResidual, "dOutput", dOutput, n, true);
      Storage.overlap("dResidual", dResidual, "dInput", dInput, n, true);
    }
    Storage.checkGradients(dGamma, dBeta, channels);
    Storage.overlapGradients("x", x, n, dGamma, dBeta);
    Storage.overlapGradients("z", z, n, dGamma, dBeta);
    Storage.overlapGradients("dOutput", dOutput, n, dGamma, dBeta);
    Storage.overlapGradients("dInput", dInput, n, dGamma, dBeta);
    Storage.overlapGradients("dResidual", dResidual, n, dGamma, dBeta);
  }

  private void checkBackward(
      boolean readsX,
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] dOutput,
      int dOutputOffset,
      float[] dInput,
      int dInputOffset,
      float[] dResidual,
      int dResidualOffset,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    if (readsX) {
      Checks.tensor("x", x, xOffset, shape);
    }
    if (z != null) {
      Checks.tensor("z", z, zOffset, shape);
    }
    Checks.tensor("dOutput", dOutput, dOutputOffset, shape);
    Checks.channels("shape", shape.channels(), channels);
    int n = shape.length();
    if (dInput != null) {
      Checks.tensor("dInput", dInput, dInputOffset, shape);
      Checks.overlap("dInput", dInput, dInputOffset, n, "x", x, xOffset, n, true);
      Checks.overlap("dInput", dInput, dInputOffset, n, "z", z, zOffset, n, true);
      Checks.overlap("dInput", dInput, dInputOffset, n, "dOutput", dOutput, dOutputOffset, n, true);
    }
    if (dResidual != null) {
      Checks.tensor("dResidual", dResidual, dResidualOffset, shape);
      int at = dResidualOffset;
      Checks.overlap("dResidual", dResidual, at, n, "x", x, xOffset, n, false);
      Checks.overlap("dResidual", dResidual, at, n, "z", z, zOffset, n, true);
      Checks.overlap("dResidual", dResidual, at, n, "dOutput", dOutput, dOutputOffset, n, true);
      Checks.overlap("dResidual", dResidual, at, n, "dInput", dInput, dInputOffset, n, true);
    } else if (!activation.curve().isIdentity()) {
      throw new NullPointerException(
          "dResidual must not be null where there is an activation (it may be dOutput), which was "
              + activation);
    }
    checkSum(
        "dGamma",
        dGamma,
        x,
        xOffset,
        z,
        zOffset,
        dOutput,
        dOutputOffset,
        dInput,
        dInputOffset,
        dResidual,
        dResidualOffset,
        n);
    checkSum(
        "dBeta",
        dBeta,
        x,
        xOffset,
        z,
        zOffset,
        dOutput,
        dOutputOffset,
        dInput,
        dInputOffset,
        dResidual,
        dResidualOffset,
        n);
    Checks.overlap("dBeta", dBeta, 0, channels, "dGamma", dGamma, 0, channels, false);
  }

  private void checkSum(
      String name,
      float[] sum,
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] dOutput,
      int dOutputOffset,
      float[] dInput,
      int dInputOffset,
      float[] dResidual,
      int dResidualOffset,
      int n) {
    if (sum != null) {
      Checks.length(name, sum.length, channels);
      Checks.overlap(name, sum, 0, channels, "x", x, xOffset, n, false);
      Checks.overlap(name, sum, 0, channels, "z", z, zOffset, n, false);
      Checks.overlap(name, sum, 0, channels, "dOutput", dOutput, dOutputOffset, n, false);
      Checks.overlap(name, sum, 0, channels, "dInput", dInput, dInputOffset, n, false);
      Checks.overlap(name, sum, 0, channels, "dResidual", dResidual, dResidualOffset, n, false);
    }
  }

  private Workspace take(Parallelism parallelism) {
    Workspace workspace = spare.getAndSet(place(), null);
    return workspace == null || workspace.parallelism != parallelism
        ? new Workspace(channels, parallelism)
        : workspace;
  }

  private void put(Workspace workspace) {
    spare.set(place(), workspace);
  }

  private static int place() {
    return (int) Thread.currentThread().threadId() & PLACES - 1;
  }

  /** C. */
  public int channels() {
    return channels;
  }

  /** What it ends in. */
  public Activation activation() {
    return activation;
  }

  /** The formula it computes. */
  @Override
  public String toString() {
    String activated = activation.curve().isIdentity() ? formula : formula + ", then " + activation;
    return "FrozenBatchNorm(" + channels + " channels: " + activated + ")";
  }
}
