package org.lanenorm;

import java.util.Arrays;

/**
 * gamma and beta of a layer that normalizes each image by itself, and the checks that all calls of
 * such a layer make.
 */
final class AffineParameters {
  final int length;
  final float[] gamma;
  final float[] beta;

  private AffineParameters(int length, float[] gamma, float[] beta) {
    this.length = length;
    this.gamma = gamma;
    this.beta = beta;
  }

  /** Of so many parameters, until one is set gamma 1 and beta 0. */
  static AffineParameters of(int length) {
    float[] gamma = new float[length];
    Arrays.fill(gamma, 1);
    return new AffineParameters(length, gamma, new float[length]);
  }

  /** The same with another gamma, null for none. */
  AffineParameters withGamma(float[] gamma) {
    if (gamma != null) {
      Checks.length("gamma", gamma.length, length);
    }
    return new AffineParameters(length, gamma, beta);
  }

  /** The same with another beta, null for none. */
  AffineParameters withBeta(float[] beta) {
    if (beta != null) {
      Checks.length("beta", beta.length, length);
    }
    return new AffineParameters(length, gamma, beta);
  }

  /** A layer's own. */
  AffineParameters copy() {
    return new AffineParameters(
        length, gamma == null ? null : gamma.clone(), beta == null ? null : beta.clone());
  }

  void checkForward(float[] x, int xOffset, float[] y, int yOffset, TensorShape shape) {
    Checks.tensor("x", x, xOffset, shape);
    Checks.tensor("y", y, yOffset, shape);
    Checks.overlap("y", y, yOffset, shape.length(), "x", x, xOffset, shape.length(), true);
    checkOver("y", y, yOffset, shape.length());
  }

  void checkBackward(
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      float[] dInput,
      int dInputOffset,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    Checks.tensor("x", x, xOffset, shape);
    Checks.tensor("dOutput", dOutput, dOutputOffset, shape);
    int n = shape.length();
    if (dInput != null) {
      Checks.tensor("dInput", dInput, dInputOffset, shape);
      Checks.overlap("dInput", dInput, dInputOffset, n, "x", x, xOffset, n, true);
      Checks.overlap("dInput", dInput, dInputOffset, n, "dOutput", dOutput, dOutputOffset, n, true);
      checkOver("dInput", dInput, dInputOffset, n);
    }
    checkGradient("dGamma", dGamma, x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, n);
    checkGradient("dBeta", dBeta, x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, n);
    Checks.overlap("dBeta", dBeta, 0, length, "dGamma", dGamma, 0, length, false);
  }

  private void checkGradient(
      String name,
      float[] gradient,
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      float[] dInput,
      int dInputOffset,
      int n) {
    if (gradient == null) {
      return;
    }
    Checks.length(name, gradient.length, length);
    Checks.overlap(name, gradient, 0, length, "x", x, xOffset, n, false);
    Checks.overlap(name, gradient, 0, length, "dOutput", dOutput, dOutputOffset, n, false);
    Checks.overlap(name, gradient, 0, length, "dInput", dInput, dInputOffset, n, false);
    checkOver(name, gradient, 0, length);
  }

  /** The layer hands out its own gamma and beta: nothing may be written over them. */
  private void checkOver(String name, float[] array, int offset, int n) {
    Checks.overlap(name, array, offset, n, "the layer's gamma", gamma, 0, length, false);
    Checks.overlap(name, array, offset, n, "the layer's beta", beta, 0, length, false);
  }

  /** A constant may be divided by this. */
  static double checkedEpsilon(double epsilon) {
    if (!(epsilon >= Double.MIN_NORMAL && epsilon < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "epsilon must be finite and at least " + Double.MIN_NORMAL + ", but was " + epsilon);
    }
    return epsilon;
  }
}
