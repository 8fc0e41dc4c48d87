package org.lanenorm.jmh;

import org.lanenorm.MomentsAccumulator;
import org.openjdk.jmh.annotations.Benchmark;

/** Count, mean and M2 of every channel: one read of memory. */
public class MomentsBenchmark extends Workload {
  private MomentsAccumulator accumulator;

  @Override
  void prepare() {
    accumulator = new MomentsAccumulator(tensor.channels(), parallelism);
    moments();
    check.moments(x, accumulator::mean, c -> accumulator.m2(c) / accumulator.count());
  }

  /** Of one batch. */
  @Benchmark
  @Streams(1)
  public void moments() {
    accumulator.reset();
    accumulator.add(x, 0, tensor);
  }
}
