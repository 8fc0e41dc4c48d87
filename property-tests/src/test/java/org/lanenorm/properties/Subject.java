package org.lanenorm.properties;

import org.lanenorm.ChannelMoments;
import org.lanenorm.TensorShape;

/**
 * Batch normalization as the properties see it: the library, a plain implementation that shows that
 * the properties can be met, or one that is wrong on purpose and shows that they can fail.
 */
interface Subject {
  ChannelMoments moments(Slice x, TensorShape shape, int threads);

  default ChannelMoments merge(ChannelMoments a, ChannelMoments b) {
    return a.merge(b);
  }

  /** Writes y and returns the batch's moments. */
  ChannelMoments training(Layer layer, Slice x, Slice y, TensorShape shape, int threads);

  void inference(Layer layer, Slice x, Slice y, TensorShape shape, int threads);

  /** Gradients of training, or of inference if frozen; null outputs are left out. */
  void backward(
      Layer layer,
      boolean frozen,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      int threads);
}
