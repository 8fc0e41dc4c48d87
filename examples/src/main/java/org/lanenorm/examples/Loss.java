package org.lanenorm.examples;

/** Softmax and cross-entropy of a batch of logits. */
final class Loss {
  private final float[] probabilities;
  private final int[] labels;
  private final int classes;

  /**
   * Of a batch.
   *
   * @param logits of each class for each example
   * @param labels the right class of each example
   */
  Loss(float[] logits, int[] labels) {
    this.labels = labels;
    classes = logits.length / labels.length;
    probabilities = new float[logits.length];
    for (int n = 0; n < labels.length; n++) {
      double largest = Double.NEGATIVE_INFINITY;
      for (int k = 0; k < classes; k++) {
        largest = Math.max(largest, logits[n * classes + k]);
      }
      double sum = 0;
      // StrictMath, here and everywhere: the same bits on every machine
      for (int k = 0; k < classes; k++) {
        sum += StrictMath.exp(logits[n * classes + k] - largest);
      }
      for (int k = 0; k < classes; k++) {
        probabilities[n * classes + k] =
            (float) (StrictMath.exp(logits[n * classes + k] - largest) / sum);
      }
    }
  }

  /** The mean of -ln of what the right class was given, in nats. */
  double value() {
    double sum = 0;
    for (int n = 0; n < labels.length; n++) {
      sum -= StrictMath.log(Math.max(probabilities[n * classes + labels[n]], Float.MIN_VALUE));
    }
    return sum / labels.length;
  }

  /** By the logits. */
  float[] gradient() {
    float[] gradient = probabilities.clone();
    for (int n = 0; n < labels.length; n++) {
      gradient[n * classes + labels[n]] -= 1;
    }
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] /= labels.length;
    }
    return gradient;
  }
}
