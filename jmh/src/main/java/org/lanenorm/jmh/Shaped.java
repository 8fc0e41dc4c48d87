package org.lanenorm.jmh;

import org.openjdk.jmh.annotations.Param;

/** Benchmarks over tensors. */
public abstract class Shaped extends Timed {
  /** N x C x spatial, as {@link BenchmarkShapes} reads it: beyond every cache, in L3, in L2. */
  @Param({"32x64x56x56", "32x256x14x14", "1x512x7x7", "256x512"})
  public String shape;
}
