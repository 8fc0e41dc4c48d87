package org.lanenorm.jmh;

import org.lanenorm.BatchNorm;
import org.lanenorm.ErrorBounds;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.SavedStatistics;
import org.openjdk.jmh.annotations.Benchmark;

/** What bounds of the errors cost: the same calls with and without them. */
public class ErrorBoundsBenchmark extends Workload {
  private MomentsAccumulator accumulator;
  private BatchNorm layer;
  private SavedStatistics saved;
  private ErrorBounds bounds;
  private float[] y;

  @Override
  void prepare() {
    accumulator = new MomentsAccumulator(tensor.channels(), parallelism);
    layer = newLayer().build();
    saved = new SavedStatistics(tensor.channels());
    bounds = new ErrorBounds(tensor.channels());
    y = new float[tensor.length()];
    moments();
    check.moments(x, accumulator::mean, c -> accumulator.m2(c) / accumulator.count());
    training();
    check.training(x, y, layer);
    check.bounds(x, y, layer, saved, bounds);
  }

  /** Moments and their bounds. */
  @Benchmark
  @Streams(1)
  public void moments() {
    accumulator.reset();
    accumulator.add(x, 0, tensor, bounds);
  }

  /** Moments alone. */
  @Benchmark
  @Streams(1)
  public void plainMoments() {
    accumulator.reset();
    accumulator.add(x, 0, tensor);
  }

  /** A training forward and its bounds. */
  @Benchmark
  @Streams(2)
  public void training() {
    layer.forwardTraining(x, 0, y, 0, tensor, saved, bounds);
  }

  /** A training forward alone. */
  @Benchmark
  @Streams(2)
  public void plainTraining() {
    layer.forwardTraining(x, 0, y, 0, tensor, saved);
  }
}
