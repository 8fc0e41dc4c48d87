package org.lanenorm.jmh;

import org.lanenorm.BatchNorm;
import org.lanenorm.FrozenBatchNorm;
import org.openjdk.jmh.annotations.Benchmark;

/** Normalizing by constants: a layer's running statistics, or a frozen layer. */
public class InferenceBenchmark extends Workload {
  private BatchNorm layer;
  private FrozenBatchNorm frozen;
  private float[] y;
  private float[] inPlace;

  @Override
  void prepare() {
    layer = newLayer().gamma(minusStd()).build();
    frozen = layer.freeze();
    y = new float[tensor.length()];
    layer();
    check.inference(x, y, layer);
    frozen();
    check.inference(x, y, layer);
    inPlace = x.clone();
    layerInPlace();
    check.inference(x, inPlace, layer);
    inPlace = x.clone();
    frozenInPlace();
    check.inference(x, inPlace, layer);
  }

  /**
   * A gamma with which normalizing twice gives the input back: any other would drive the values of
   * the forms in place to infinity or to subnormals, whose arithmetic takes another time.
   */
  private float[] minusStd() {
    float[] gamma = new float[tensor.channels()];
    double[] variances = Data.variances(gamma.length);
    for (int c = 0; c < gamma.length; c++) {
      gamma[c] = (float) -Math.sqrt(variances[c] + 1e-5);
    }
    return gamma;
  }

  /** A layer, into another array. */
  @Benchmark
  @Streams(2)
  public void layer() {
    layer.forwardInference(x, 0, y, 0, tensor);
  }

  /** A layer, over the input. */
  @Benchmark
  @Streams(2)
  public void layerInPlace() {
    layer.forwardInference(inPlace, 0, inPlace, 0, tensor);
  }

  /** A frozen layer, into another array. */
  @Benchmark
  @Streams(2)
  public void frozen() {
    frozen.apply(x, 0, y, 0, tensor, parallelism);
  }

  /** A frozen layer, over the input. */
  @Benchmark
  @Streams(2)
  public void frozenInPlace() {
    frozen.apply(inPlace, 0, inPlace, 0, tensor, parallelism);
  }
}
