package org.lanenorm.jmh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lanenorm.Activation;
import org.lanenorm.BatchNorm;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.Tile;
import org.openjdk.jmh.annotations.Benchmark;

/** A frozen layer with residual and activation, fused and one step after another. */
public class FusedBenchmark extends Workload {
  private BatchNorm layer;
  private FrozenBatchNorm frozen;
  private FrozenBatchNorm relu;
  private FrozenBatchNorm silu;
  private Tile[] tiles;
  private float[] z;
  private float[] y;
  private float[] dy;
  private float[] dx;
  private float[] dz;
  private float[] dGamma;
  private float[] dBeta;

  @Override
  void prepare() {
    layer = newLayer().build();
    frozen = layer.freeze();
    relu = frozen.withActivation(Activation.relu());
    silu = frozen.withActivation(Activation.silu());
    tiles = tiles();
    z = Data.normal(tensor, 3);
    y = new float[tensor.length()];
    dy = Data.normal(tensor, 2);
    dx = new float[tensor.length()];
    dz = new float[tensor.length()];
    dGamma = new float[tensor.channels()];
    dBeta = new float[tensor.channels()];

    plain();
    check(Activation.identity(), false);
    relu();
    check(Activation.relu(), false);
    silu();
    check(Activation.silu(), false);
    residualRelu();
    check(Activation.relu(), true);
    residualReluUnfused();
    check(Activation.relu(), true);
    residualReluByTiles();
    check(Activation.relu(), true);
    residualSilu();
    check(Activation.silu(), true);
    reluBackward();
    // frozen gradients of dz are exact to the bounds of those without activation
    check.frozen(x, dz, layer, dx, dGamma, dBeta);
    relu.backward(x, dy, dx, dz, dGamma, dBeta, tensor);
    float[] expected = dx.clone();
    reluBackwardInPlace();
    if (!Arrays.equals(dx, expected)) {
      throw new IllegalStateException("dInput in dResidual's place is another");
    }
    plainBackward();
    check.frozen(x, dy, layer, dx, dGamma, dBeta);
  }

  /** Of an image a quarter of the positions and some channels each, as a convolution would go. */
  private Tile[] tiles() {
    List<Tile> tiles = new ArrayList<>();
    int positions = (tensor.spatial() + 3) / 4;
    int channels = Math.min(64, tensor.channels());
    for (int n = 0; n < tensor.batch(); n++) {
      for (int c = 0; c < tensor.channels(); c += channels) {
        for (int s = 0; s < tensor.spatial(); s += positions) {
          int run = Math.min(positions, tensor.spatial() - s);
          tiles.add(new Tile(n, s, run, c, Math.min(channels, tensor.channels() - c)));
        }
      }
    }
    return tiles.toArray(new Tile[0]);
  }

  /** The frozen layer's output has been checked against the oracle: the rest is exact. */
  private void check(Activation activation, boolean residual) {
    float[] plain = new float[tensor.length()];
    frozen.apply(x, plain, tensor);
    check.inference(x, plain, layer);
    for (int i = 0; i < plain.length; i++) {
      float expected = activation.apply(residual ? plain[i] + z[i] : plain[i]);
      if (y[i] != expected) {
        throw new IllegalStateException(
            "%s at %d gave %s, not %s".formatted(activation, i, y[i], expected));
      }
    }
  }

  /** Neither: what the others are measured by. */
  @Benchmark
  @Streams(2)
  public void plain() {
    frozen.apply(x, 0, y, 0, tensor, parallelism);
  }

  /** SiLU. */
  @Benchmark
  @Streams(2)
  public void silu() {
    silu.apply(x, 0, y, 0, tensor, parallelism);
  }

  /** ReLU. */
  @Benchmark
  @Streams(2)
  public void relu() {
    relu.apply(x, 0, y, 0, tensor, parallelism);
  }

  /** Residual and ReLU. */
  @Benchmark
  @Streams(3)
  public void residualRelu() {
    relu.apply(x, 0, z, 0, y, 0, tensor, parallelism);
  }

  /** The same as a pass over memory each. */
  @Benchmark
  @Streams(3)
  public void residualReluUnfused() {
    frozen.apply(x, 0, y, 0, tensor, parallelism);
    Loops.copy2(y, z, y, 1, 1, 0, y.length);
    Loops.relu(y);
  }

  /** The same tile by tile, as the end of a convolution. */
  @Benchmark
  @Streams(3)
  public void residualReluByTiles() {
    for (Tile tile : tiles) {
      relu.apply(x, 0, z, 0, y, 0, tensor, tile);
    }
  }

  /** Residual and SiLU. */
  @Benchmark
  @Streams(3)
  public void residualSilu() {
    silu.apply(x, 0, z, 0, y, 0, tensor, parallelism);
  }

  /** All four gradients of {@link #residualRelu}. */
  @Benchmark
  @Streams(5)
  public void reluBackward() {
    relu.backward(x, 0, z, 0, dy, 0, dx, 0, dz, 0, dGamma, dBeta, tensor, parallelism);
  }

  /** Those of {@link #relu}, dResidual in dInput's place: the bytes of {@link #plainBackward}. */
  @Benchmark
  @Streams(3)
  public void reluBackwardInPlace() {
    relu.backward(x, 0, null, 0, dy, 0, dx, 0, dx, 0, dGamma, dBeta, tensor, parallelism);
  }

  /** dInput, dGamma and dBeta of {@link #plain}. */
  @Benchmark
  @Streams(3)
  public void plainBackward() {
    frozen.backward(x, 0, null, 0, dy, 0, dx, 0, null, 0, dGamma, dBeta, tensor, parallelism);
  }
}
