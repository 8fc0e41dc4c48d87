package org.lanenorm.verify;

import java.util.EnumSet;
import java.util.Set;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

/**
 * A batch normalization that is checked: implement what there is. The properties of what is left
 * out are reported as skipped.
 *
 * <p>Tensors are slices of arrays: element (n, c, s) of one is {@code tensor.get(shape.index(n, c,
 * s))}, or {@code array[offset + index]} for kernels that take arrays. Sizes N, C and S are at
 * least 1.
 */
public interface BatchNormUnderTest {
  /** The layouts it takes; both unless it says otherwise. */
  default Set<Layout> layouts() {
    return EnumSet.allOf(Layout.class);
  }

  /**
   * Whether it takes every {@link Layer}: without gamma or beta, with epsilon in any place, with
   * running statistics in double. Else gamma and beta are always there, epsilon is inside the root,
   * and mean and variance are finite floats.
   */
  default boolean takesEveryLayer() {
    return false;
  }

  /** The same, sharing its work among up to this many threads; itself if it cannot. */
  default BatchNormUnderTest onThreads(int threads) {
    return this;
  }

  /** Writes mean and biased variance (M2/M) of each channel. */
  default void moments(Slice x, TensorShape shape, double[] mean, double[] variance) {
    throw new MissingOperation("moments");
  }

  /** Writes y = (x - mean)*invStd*gamma + beta by the moments of x itself. */
  default void training(Layer layer, Slice x, Slice y, TensorShape shape) {
    throw new MissingOperation("training");
  }

  /** Writes y = (x - mean)*invStd*gamma + beta by the layer's mean and variance. */
  default void inference(Layer layer, Slice x, Slice y, TensorShape shape) {
    throw new MissingOperation("inference");
  }

  /** Writes the gradients of {@link #training}. */
  default void backward(
      Layer layer,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    throw new MissingOperation("backward");
  }

  /** Writes the gradients of {@link #inference}. */
  default void backwardFrozen(
      Layer layer,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    throw new MissingOperation("backwardFrozen");
  }
}
