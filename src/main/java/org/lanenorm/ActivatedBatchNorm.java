package org.lanenorm;

import org.lanenorm.kernel.Curve;

/**
 * A {@link BatchNorm} in training, with a residual z and an {@link Activation} in the same pass
 * over memory, and one bit per element of y for the backward:
 *
 * <pre>
 * y = act((x - mean)*gamma*invStd + beta + z)
 * </pre>
 *
 * <p>The same bits, in floats, as one step after another: {@link BatchNorm#forwardTraining}, then
 * the float sum with z, then {@link Activation#apply}; back, act'(v)*dOutput by hand, then {@link
 * BatchNorm#backward}. A view of its layer, from {@link BatchNorm#withActivation}: parameters,
 * running statistics, policies and threads are the layer's, and so is the workspace. Use both from
 * one thread at a time.
 *
 * <p><b>Bits</b>: the derivative of ReLU, ReLU6 and leaky ReLU takes one of two values, so that the
 * backward needs neither y nor z but one bit of each element, 1/32 of y. They lie in the caller's
 * {@code long[]}, of {@link #bitsLength} words from an offset on. Element i of the tensor, in the
 * order of memory and so of the layout (i = 0 lies at y's offset), has bit i%64, counted from the
 * lowest, of word i/64. It is set where act' is 1:
 *
 * <pre>
 * relu, leakyRelu     !(y &lt;= 0)                   act' is 0, or the slope, elsewhere
 * relu6               !(y &lt;= 0 || y &gt;= 6)         act' is 0 elsewhere
 * </pre>
 *
 * so that NaN has a bit and passes its gradient on. The bits after the last element are 0. The
 * identity has none: its array may be null and is not looked at. SiLU and hard swish have
 * derivatives that no bit tells and are refused.
 *
 * <p>Not with a {@link Mask}. For inference see {@link FrozenBatchNorm#withActivation}.
 */
public final class ActivatedBatchNorm {
  private final BatchNorm norm;
  private final Activation activation;
  private final Curve curve;
  private final Widened widened;

  ActivatedBatchNorm(BatchNorm norm, Activation activation) {
    this.norm = norm;
    widened = new Widened(norm.parallelism());
    this.activation = Checks.notNull("activation", activation);
    curve = activation.curve();
    if (!curve.isIdentity() && !curve.hasBits()) {
      throw new IllegalArgumentException(
          "activation must be relu, relu6, leakyRelu or identity, whose derivative a bit tells, but was "
              + activation);
    }
  }

  /**
   * The words that the bits of a tensor take: one for every 64 elements that have begun.
   *
   * @param shape of the tensor
   * @return (N*C*S + 63)/64
   */
  public static int bitsLength(TensorShape shape) {
    Checks.notNull("shape", shape);
    return (int) ((shape.length() + (Long.SIZE - 1L)) / Long.SIZE);
  }

  /** As the form with offsets, all of them 0, into a new result. */
  public SavedStatistics forwardTraining(
      float[] x, float[] z, float[] y, long[] bits, TensorShape shape) {
    SavedStatistics saved = new SavedStatistics(norm.channels());
    forwardTraining(x, 0, z, 0, y, 0, bits, 0, shape, saved);
    return saved;
  }

  /**
   * Normalizes a batch by its own moments, adds z, activates, and moves the running statistics, as
   * {@link BatchNorm#forwardTraining} does and under the same policies.
   *
   * <p>The backward reads x again. So y may be z, which nobody needs any more, but y in the place
   * of x is for those who keep x elsewhere.
   *
   * @param x the batch
   * @param xOffset of its first element
   * @param z residual, added before the activation; null for none
   * @param zOffset of its first element
   * @param y receives {@code act((x - mean)*gamma*invStd + beta + z)}; may be x or z, as exactly
   *     the same slice
   * @param yOffset of its first element
   * @param bits receives a bit per element of y, for the backward; not looked at where the
   *     activation is the identity
   * @param bitsOffset of its first word
   * @param shape of x, z and y
   * @param saved receives what else the backward needs
   * @throws IllegalArgumentException if a tensor or the bits do not lie inside their array, and as
   *     {@link BatchNorm#forwardTraining}; nothing has changed then
   */
  public void forwardTraining(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      long[] bits,
      int bitsOffset,
      TensorShape shape,
      SavedStatistics saved) {
    norm.checkForward(x, xOffset, y, yOffset, shape);
    if (z != null) {
      Checks.tensor("z", z, zOffset, shape);
      Checks.overlap("y", y, yOffset, shape.length(), "z", z, zOffset, shape.length(), true);
    }
    checkBits(bits, bitsOffset, shape);
    norm.forwardTraining(x, xOffset, z, zOffset, y, yOffset, curve, bits, bitsOffset, shape, saved);
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept.
   */
  public void forwardTraining(
      Storage x,
      Storage z,
      Storage y,
      long[] bits,
      int bitsOffset,
      TensorShape shape,
      SavedStatistics saved) {
    norm.checkForward(x, y, shape);
    if (z != null) {
      Storage.checkInput("z", z, shape, norm.parallelism());
      Storage.overlap("y", y, "z", z, shape.length(), true);
    }
    forwardTraining(
        widened.input(x, shape, 0),
        Storage.offset(x),
        widened.input(z, shape, 1),
        Storage.offset(z),
        widened.output(y, shape, 0),
        Storage.offset(y),
        bits,
        bitsOffset,
        shape,
        saved);
    widened.finish(y, shape, 0);
  }

  private void checkBits(long[] bits, int bitsOffset, TensorShape shape) {
    if (curve.hasBits()) {
      Checks.bits(bits, bitsOffset, shape);
    }
  }

  /** As the form with offsets, all of them 0. */
  public void backward(
      float[] x,
      long[] bits,
      float[] dOutput,
      SavedStatistics saved,
      float[] dInput,
      float[] dResidual,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    backward(x, 0, bits, 0, dOutput, 0, saved, dInput, 0, dResidual, 0, dGamma, dBeta, shape);
  }

  /**
   * The gradients of {@link #forwardTraining}, from its input and its bits:
   *
   * <pre>
   * dResidual = act'(v)*dOutput            act'(v) of {@link Activation}, as the element's bit tells it
   * dBeta     = sum(dResidual)
   * dGamma    = sum(dResidual*xHat)
   * dInput    = gamma*invStd*(dResidual - dBeta/M - xHat*dGamma/M)
   * </pre>
   *
   * @param x the forward's input, as it was before the forward
   * @param xOffset of its first element
   * @param bits the forward's; not looked at where the activation is the identity
   * @param bitsOffset of its first word
   * @param dOutput gradient of the loss by y
   * @param dOutputOffset of its first element
   * @param saved the forward's result, with as many elements per channel as shape has
   * @param dInput receives the gradient by x; may be x, dOutput or dResidual, as exactly the same
   *     slice (dResidual is lost then); null leaves it out
   * @param dInputOffset of its first element
   * @param dResidual receives the gradient by z, which the others are made of, whether there was a
   *     z or not; may be dOutput, as exactly the same slice; null leaves it out where there is no
   *     activation
   * @param dResidualOffset of its first element
   * @param dGamma receives (does not add) C floats; null leaves it out
   * @param dBeta receives (does not add) C floats; null leaves it out
   * @param shape of all tensors
   * @throws IllegalArgumentException if an argument does not fit; nothing has changed then
   */
  public void backward(
      float[] x,
      int xOffset,
      long[] bits,
      int bitsOffset,
      float[] dOutput,
      int dOutputOffset,
      SavedStatistics saved,
      float[] dInput,
      int dInputOffset,
      float[] dResidual,
      int dResidualOffset,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    norm.checkSaved(saved);
    norm.checkBackward(
        true, x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, dGamma, dBeta, shape);
    checkBits(bits, bitsOffset, shape);
    int n = shape.length();
    int at = dResidualOffset;
    if (dResidual != null) {
      Checks.tensor("dResidual", dResidual, at, shape);
      Checks.overlap("dResidual", dResidual, at, n, "x", x, xOffset, n, false);
      Checks.overlap("dResidual", dResidual, at, n, "dOutput", dOutput, dOutputOffset, n, true);
      Checks.overlap("dResidual", dResidual, at, n, "dInput", dInput, dInputOffset, n, true);
      Checks.overlap("dResidual", dResidual, at, n, "dGamma", dGamma, 0, norm.channels(), false);
      Checks.overlap("dResidual", dResidual, at, n, "dBeta", dBeta, 0, norm.channels(), false);
      norm.checkOverParameters("dResidual", dResidual, at, n);
    } else if (!curve.isIdentity()) {
      throw new NullPointerException(
          "dResidual must not be null where there is an activation (it may be dOutput), which was "
              + activation);
    }
    BatchNorm.checkSaved(saved, shape.count(), shape);
    if (curve.isIdentity() && dResidual != null) {
      System.arraycopy(dOutput, dOutputOffset, dResidual, at, n);
    }
    norm.backward(
        x,
        xOffset,
        dOutput,
        dOutputOffset,
        dResidual == null ? dOutput : dResidual,
        dResidual == null ? dOutputOffset : at,
        saved,
        dInput,
        dInputOffset,
        dGamma,
        dBeta,
        curve,
        bits,
        bitsOffset,
        shape);
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept; dInput
   * and the sums come from dResidual as it is before it is rounded.
   */
  public void backward(
      Storage x,
      long[] bits,
      int bitsOffset,
      Storage dOutput,
      SavedStatistics saved,
      Storage dInput,
      Storage dResidual,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    norm.checkBackward(x, dOutput, dInput, dGamma, dBeta, shape);
    norm.checkResidualGradient(x, dOutput, dInput, dResidual, dGamma, dBeta, shape);
    backward(
        widened.input(x, shape, 0),
        Storage.offset(x),
        bits,
        bitsOffset,
        widened.input(dOutput, shape, 1),
        Storage.offset(dOutput),
        saved,
        widened.output(dInput, shape, 0),
        Storage.offset(dInput),
        widened.output(dResidual, shape, 1),
        Storage.offset(dResidual),
        dGamma,
        dBeta,
        shape);
    widened.finish(dResidual, shape, 1);
    widened.finish(dInput, shape, 0);
  }

  /** The layer that this is a view of. */
  public BatchNorm layer() {
    return norm;
  }

  /** What it ends in. */
  public Activation activation() {
    return activation;
  }

  /** The formula it computes, for example for a log. */
  @Override
  public String toString() {
    return "ActivatedBatchNorm(" + norm + ", then " + activation + ")";
  }
}
