package org.lanenorm.jmh;

import org.lanenorm.BatchNorm;
import org.lanenorm.SavedStatistics;
import org.openjdk.jmh.annotations.Benchmark;

/** Normalizing a batch by its own moments, running statistics included. */
public class TrainingForwardBenchmark extends Workload {
  private BatchNorm layer;
  private SavedStatistics saved;
  private float[] y;

  /** Normalized over and over; from the second time on it stays as it is, but for roundings. */
  private float[] inPlace;

  @Override
  void prepare() {
    layer = newLayer().build();
    saved = new SavedStatistics(tensor.channels());
    y = new float[tensor.length()];
    inPlace = x.clone();
    outOfPlace();
    check.training(x, y, layer);
    inPlace();
    check.training(x, inPlace, layer);
  }

  /** Into another array. */
  @Benchmark
  @Streams(2)
  public void outOfPlace() {
    layer.forwardTraining(x, 0, y, 0, tensor, saved);
  }

  /** Over the input. */
  @Benchmark
  @Streams(2)
  public void inPlace() {
    layer.forwardTraining(inPlace, 0, inPlace, 0, tensor, saved);
  }
}
