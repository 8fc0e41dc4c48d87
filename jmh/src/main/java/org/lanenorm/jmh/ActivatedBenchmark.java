package org.lanenorm.jmh;

import org.lanenorm.ActivatedBatchNorm;
import org.lanenorm.Activation;
import org.lanenorm.BatchNorm;
import org.lanenorm.SavedStatistics;
import org.openjdk.jmh.annotations.Benchmark;

/** Training with residual and ReLU, fused with a bit per element and one step after another. */
public class ActivatedBenchmark extends Workload {
  private BatchNorm layer;
  private ActivatedBatchNorm relu;
  private SavedStatistics saved;
  private long[] bits;
  private float[] z;
  private float[] y;
  private float[] dy;
  private float[] dz;
  private float[] dx;
  private float[] dGamma;
  private float[] dBeta;

  @Override
  void prepare() {
    layer = newLayer().build();
    relu = layer.withActivation(Activation.relu());
    saved = new SavedStatistics(tensor.channels());
    bits = new long[ActivatedBatchNorm.bitsLength(tensor)];
    z = Data.normal(tensor, 3);
    y = new float[tensor.length()];
    dy = Data.normal(tensor, 2);
    dz = new float[tensor.length()];
    dx = new float[tensor.length()];
    dGamma = new float[tensor.channels()];
    dBeta = new float[tensor.channels()];

    layer.forwardTraining(x, 0, y, 0, tensor, saved);
    check.training(x, y, layer);
    forwardUnfused();
    float[] unfused = y.clone();
    forward();
    same("y", y, unfused);
    backwardUnfused();
    check.training(x, dz, layer, dx, dGamma, dBeta);
    unfused = dx.clone();
    float[] unfusedResidual = dz.clone();
    backward();
    same("dResidual", dz, unfusedResidual);
    same("dInput", dx, unfused);
    backwardWithoutResidual();
    same("dInput", dx, unfused);
  }

  private static void same(String what, float[] actual, float[] expected) {
    for (int i = 0; i < actual.length; i++) {
      if (actual[i] != expected[i]) {
        throw new IllegalStateException(
            "%s at %d gave %s, not %s".formatted(what, i, actual[i], expected[i]));
      }
    }
  }

  /** y and its bits. */
  @Benchmark
  @Streams(3)
  public void forward() {
    relu.forwardTraining(x, 0, z, 0, y, 0, bits, 0, tensor, saved);
  }

  /** y by a pass over memory for each step. */
  @Benchmark
  @Streams(3)
  public void forwardUnfused() {
    layer.forwardTraining(x, 0, y, 0, tensor, saved);
    Loops.copy2(y, z, y, 1, 1, 0, y.length);
    Loops.relu(y);
  }

  /** All four gradients, by the bits. */
  @Benchmark
  @Streams(4)
  public void backward() {
    relu.backward(x, 0, bits, 0, dy, 0, saved, dx, 0, dz, 0, dGamma, dBeta, tensor);
  }

  /** The gradient by z in the place of dInput, where nobody wants it. */
  @Benchmark
  @Streams(3)
  public void backwardWithoutResidual() {
    relu.backward(x, 0, bits, 0, dy, 0, saved, dx, 0, dx, 0, dGamma, dBeta, tensor);
  }

  /** All four gradients, by y. */
  @Benchmark
  @Streams(5)
  public void backwardUnfused() {
    Loops.reluGradient(y, dy, dz);
    layer.backward(x, 0, dz, 0, saved, dx, 0, dGamma, dBeta, tensor);
  }
}
