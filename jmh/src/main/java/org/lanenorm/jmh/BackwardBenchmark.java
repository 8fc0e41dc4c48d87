package org.lanenorm.jmh;

import org.lanenorm.BatchNorm;
import org.lanenorm.SavedStatistics;
import org.openjdk.jmh.annotations.Benchmark;

/** dInput, dGamma and dBeta, where statistics are the batch's own and where they are constants. */
public class BackwardBenchmark extends Workload {
  private BatchNorm layer;
  private SavedStatistics saved;
  private float[] dy;
  private float[] dx;
  private float[] dGamma;
  private float[] dBeta;

  @Override
  void prepare() {
    layer = newLayer().build();
    dy = Data.normal(tensor, 2);
    dx = new float[tensor.length()];
    dGamma = new float[tensor.channels()];
    dBeta = new float[tensor.channels()];
    frozen();
    check.frozen(x, dy, layer, dx, dGamma, dBeta);
    saved = layer.forwardTraining(x, dx, tensor);
    training();
    check.training(x, dy, layer, dx, dGamma, dBeta);
  }

  /** Of a training forward. */
  @Benchmark
  @Streams(3)
  public void training() {
    layer.backward(x, 0, dy, 0, saved, dx, 0, dGamma, dBeta, tensor);
  }

  /** Of a forward by the running statistics. */
  @Benchmark
  @Streams(3)
  public void frozen() {
    layer.backwardFrozen(x, 0, dy, 0, dx, 0, dGamma, dBeta, tensor);
  }
}
