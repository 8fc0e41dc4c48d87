package org.lanenorm.examples;

import java.util.List;

/** A layer that gradients go through, back to front. It remembers its last forward. */
interface TrainedLayer extends Layer {
  /**
   * Computes the gradients of the last forward and writes those of the {@link #parameters}.
   *
   * @param dOutput the loss's gradient by the outputs; not changed
   * @return the loss's gradient by the inputs, a new array
   */
  float[] backward(float[] dOutput);

  /** What the layer learns; live arrays. */
  default List<Parameter> parameters() {
    return List.of();
  }
}
