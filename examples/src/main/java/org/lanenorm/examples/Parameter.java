package org.lanenorm.examples;

import java.util.Random;

/**
 * Numbers that are learned, and the loss's gradient by each of them.
 *
 * @param values an optimizer writes into them
 * @param gradient of the last backward
 */
record Parameter(float[] values, float[] gradient) {
  static Parameter zeros(int length) {
    return of(new float[length]);
  }

  static Parameter of(float[] values) {
    return new Parameter(values, new float[values.length]);
  }

  /**
   * Normal with variance 2/inputs, so that ReLU layers keep the size of what passes through them
   * (He et al., Delving Deep into Rectifiers, 2015).
   *
   * @param inputs how many of them meet in one output
   */
  static Parameter random(int length, int inputs, Random random) {
    Parameter parameter = zeros(length);
    for (int i = 0; i < length; i++) {
      parameter.values[i] = (float) (random.nextGaussian() * StrictMath.sqrt(2.0 / inputs));
    }
    return parameter;
  }
}
