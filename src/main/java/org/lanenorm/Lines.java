package org.lanenorm;

import org.lanenorm.kernel.Backend;
import org.lanenorm.kernel.LinePasses;

/** What {@link LayerNorm} and {@link RmsNorm} share: the checks, then the passes. */
final class Lines {
  final AffineParameters parameters;
  private final LinePasses passes;
  private final SampleStatistics own = new SampleStatistics();

  Lines(
      AffineParameters parameters,
      Parallelism parallelism,
      boolean centered,
      double inside,
      double outside) {
    this.parameters = parameters.copy();
    passes =
        new LinePasses(
            Backend.kernels(), parallelism.team(), parameters.length, centered, inside, outside);
  }

  static void checkSize(int size) {
    if (size < 0) {
      throw new IllegalArgumentException("size must be at least 0, but was " + size);
    }
  }

  void forward(
      float[] x, int xOffset, float[] y, int yOffset, TensorShape shape, SampleStatistics saved) {
    parameters.checkForward(x, xOffset, y, yOffset, shape);
    Checks.channels("shape", shape.channels(), parameters.length);
    SampleStatistics to = saved == null ? own : saved;
    to.reset(lines(shape), parameters.length);
    if (shape.length() > 0) {
      passes.forward(
          x,
          xOffset,
          y,
          yOffset,
          shape.layout() == Layout.NHWC,
          shape.batch(),
          shape.spatial(),
          parameters.gamma,
          parameters.beta,
          to.mean,
          to.m2,
          to.invStd);
    }
  }

  void backward(
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      SampleStatistics saved,
      float[] dInput,
      int dInputOffset,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    Checks.notNull("saved", saved);
    parameters.checkBackward(
        x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, dGamma, dBeta, shape);
    Checks.channels("shape", shape.channels(), parameters.length);
    saved.check(lines(shape), parameters.length, shape);
    passes.backward(
        x,
        xOffset,
        dOutput,
        dOutputOffset,
        dInput,
        dInputOffset,
        shape.layout() == Layout.NHWC,
        shape.length() == 0 ? 0 : shape.batch(),
        shape.spatial(),
        parameters.gamma,
        saved.mean,
        saved.m2,
        saved.invStd,
        dGamma,
        dBeta);
  }

  private static int lines(TensorShape shape) {
    return shape.length() == 0 ? 0 : shape.batch() * shape.spatial();
  }
}
