package org.lanenorm.verify;

import java.util.function.Consumer;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

/** The operations of a {@link BatchNormUnderTest}, called in one way. */
enum Operation {
  MOMENTS {
    @Override
    void run(BatchNormUnderTest kernel, Inputs in, Slice x, Slice d, Slice to, Results results) {
      kernel.moments(x, in.shape, results.mean, results.variance);
    }
  },
  TRAINING {
    @Override
    void run(BatchNormUnderTest kernel, Inputs in, Slice x, Slice d, Slice to, Results results) {
      kernel.training(in.layer, x, to, in.shape);
    }
  },
  INFERENCE {
    @Override
    void run(BatchNormUnderTest kernel, Inputs in, Slice x, Slice d, Slice to, Results results) {
      kernel.inference(in.layer, x, to, in.shape);
    }
  },
  BACKWARD {
    @Override
    void run(BatchNormUnderTest kernel, Inputs in, Slice x, Slice d, Slice to, Results results) {
      kernel.backward(in.layer, x, d, to, results.dGamma, results.dBeta, in.shape);
    }
  },
  BACKWARD_FROZEN {
    @Override
    void run(BatchNormUnderTest kernel, Inputs in, Slice x, Slice d, Slice to, Results results) {
      kernel.backwardFrozen(in.layer, x, d, to, results.dGamma, results.dBeta, in.shape);
    }
  };

  /** What the operations of one case read; x and d are not to be written. */
  record Inputs(Case input, Layout layout, Layer layer, TensorShape shape, float[] x, float[] d) {
    static Inputs of(Contract contract, Case input, Layout layout) {
      return new Inputs(
          input,
          layout,
          contract.layerOf(input),
          input.shape(layout),
          input.x(layout),
          input.dOutput(layout));
    }

    @Override
    public String toString() {
      return input + " in " + layout;
    }
  }

  /** What an operation writes beside its tensor; zeros where it writes nothing. */
  static final class Results {
    final double[] mean;
    final double[] variance;
    final float[] dGamma;
    final float[] dBeta;

    private Results(int channels) {
      mean = new double[channels];
      variance = new double[channels];
      dGamma = new float[channels];
      dBeta = new float[channels];
    }

    void sameBits(Results expected, Object what) {
      Checks.sameBits(mean, expected.mean, "means", what);
      Checks.sameBits(variance, expected.variance, "variances", what);
      Checks.sameBits(dGamma, expected.dGamma, "dGamma", what);
      Checks.sameBits(dBeta, expected.dBeta, "dBeta", what);
    }
  }

  abstract void run(
      BatchNormUnderTest kernel, Inputs in, Slice x, Slice d, Slice to, Results results);

  /** Writes its tensor, if it has one, to the slice. */
  Results run(BatchNormUnderTest kernel, Inputs in, Slice x, Slice d, Slice to) {
    Results results = new Results(in.shape.channels());
    run(kernel, in, x, d, to, results);
    return results;
  }

  /** From the inputs themselves. */
  Results run(BatchNormUnderTest kernel, Inputs in, float[] to) {
    return run(kernel, in, Slice.of(in.x), Slice.of(in.d), Slice.of(to));
  }

  boolean readsGradients() {
    return this == BACKWARD || this == BACKWARD_FROZEN;
  }

  /** For each operation that the kernel has; it must have one. */
  static void each(Consumer<Operation> check) {
    MissingOperation missing = null;
    int there = 0;
    for (Operation operation : values()) {
      try {
        check.accept(operation);
        there++;
      } catch (MissingOperation e) {
        missing = e;
      }
    }
    if (there == 0) {
      throw missing;
    }
  }
}
