package org.lanenorm.jmh.numerics;

import org.lanenorm.verify.BatchNormContract;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.SameBitsContract;
import org.lanenorm.verify.Tolerance;
import org.lanenorm.verify.WorstErrors;

/** The contract of one kernel, for layers that everybody takes. */
final class Measured extends BatchNormContract implements SameBitsContract {
  /** PyTorch's and ONNX's default. Without it some divide by a variance that came out as 0. */
  static final double EPSILON = 1e-5;

  private final Kernel kernel;
  private final Tolerance tolerance;
  private final WorstErrors errors;

  Measured(Kernel kernel, Tolerance tolerance, WorstErrors errors) {
    this.kernel = kernel;
    this.tolerance = tolerance;
    this.errors = errors;
  }

  @Override
  public Kernel kernel() {
    return kernel;
  }

  @Override
  public Tolerance tolerance() {
    return tolerance;
  }

  @Override
  public WorstErrors errors() {
    return errors;
  }

  @Override
  public Layer layerOf(Case input) {
    return input.layer().plain().with(EPSILON);
  }
}
