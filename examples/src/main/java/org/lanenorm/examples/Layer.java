package org.lanenorm.examples;

/** A part of a network: numbers of a batch in, numbers of the same batch out. */
interface Layer {
  /**
   * Computes the outputs of a batch.
   *
   * @param x the inputs of each example, one example behind the other; not changed
   * @param batch how many examples
   * @return the outputs in the same order, a new array
   */
  float[] forward(float[] x, int batch);
}
