package org.lanenorm.jmh;

import java.lang.foreign.Arena;
import java.util.Arrays;
import org.lanenorm.BatchNorm;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.SavedStatistics;
import org.lanenorm.Storage;
import org.lanenorm.TensorShape;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** The operations over tensors in memory segments, or of 16 bits, beside arrays of floats. */
public class StorageBenchmark extends Workload {
  /** Where x, dOutput and the results lie, and how wide they are. */
  public enum Kind {
    /** The array that all other benchmarks use. */
    FLOAT32_ARRAY {
      @Override
      Storage of(int length) {
        return Storage.of(new float[length]);
      }
    },
    /** Off-heap. */
    FLOAT32_NATIVE {
      @Override
      Storage of(int length) {
        return Storage.float32(Arena.ofAuto().allocate(4L * length, ALIGNMENT));
      }
    },
    /** Shorts. */
    BFLOAT16_ARRAY {
      @Override
      Storage of(int length) {
        return Storage.bfloat16(new short[length]);
      }
    },
    /** Off-heap. */
    BFLOAT16_NATIVE {
      @Override
      Storage of(int length) {
        return Storage.bfloat16(Arena.ofAuto().allocate(2L * length, ALIGNMENT));
      }
    },
    /** Shorts. */
    FLOAT16_ARRAY {
      @Override
      Storage of(int length) {
        return Storage.float16(new short[length]);
      }
    },
    /** Off-heap. */
    FLOAT16_NATIVE {
      @Override
      Storage of(int length) {
        return Storage.float16(Arena.ofAuto().allocate(2L * length, ALIGNMENT));
      }
    };

    abstract Storage of(int length);
  }

  /** Of a cache line, as native tensors of others have it. */
  private static final long ALIGNMENT = 64;

  /** x + beta with beta -0.0: x itself. */
  private static final FrozenBatchNorm COPY =
      FrozenBatchNorm.of(new double[1], new double[] {1}, 0, null, new float[] {-0.0f});

  /** Where tensors lie. */
  @Param public Kind storage;

  private BatchNorm layer;
  private MomentsAccumulator accumulator;
  private SavedStatistics saved;
  private Storage stored;
  private Storage dy;
  private Storage y;
  private float[] dGamma;
  private float[] dBeta;

  @Override
  void prepare() {
    int channels = tensor.channels();
    int length = tensor.length();
    layer = newLayer().build();
    accumulator = new MomentsAccumulator(channels, parallelism);
    saved = new SavedStatistics(channels);
    stored = storage.of(length);
    dy = storage.of(length);
    y = storage.of(length);
    dGamma = new float[channels];
    dBeta = new float[channels];

    // the floats that the storages hold, on which arrays have been checked against the oracle
    copy(Storage.of(x), stored);
    copy(stored, Storage.of(x));
    float[] dOutput = Data.normal(tensor, 2);
    copy(Storage.of(dOutput), dy);
    copy(dy, Storage.of(dOutput));
    float[] expected = new float[length];
    moments();
    check.moments(x, accumulator::mean, c -> accumulator.m2(c) / accumulator.count());
    inference();
    layer.forwardInference(x, expected, tensor);
    check.inference(x, expected, layer);
    compare(expected);
    training();
    layer.forwardTraining(x, expected, tensor);
    check.training(x, expected, layer);
    compare(expected);
    backward();
    layer.backward(x, dOutput, saved, expected, dGamma, dBeta, tensor);
    check.training(x, dOutput, layer, expected, dGamma, dBeta);
    compare(expected);
  }

  private void copy(Storage from, Storage to) {
    COPY.apply(from, null, to, TensorShape.rows(tensor.length(), 1));
  }

  private void compare(float[] expected) {
    float[] actual = new float[expected.length];
    copy(y, Storage.of(actual));
    Storage rounded = storage.of(expected.length);
    copy(Storage.of(expected), rounded);
    copy(rounded, Storage.of(expected));
    int at = Arrays.mismatch(actual, expected);
    if (at >= 0) {
      throw new IllegalStateException(
          "%s at %d gave %s, not %s".formatted(storage, at, actual[at], expected[at]));
    }
  }

  /** Count, mean and M2. */
  @Benchmark
  @Streams(1)
  public void moments() {
    accumulator.reset();
    accumulator.add(stored, tensor);
  }

  /** By running statistics. */
  @Benchmark
  @Streams(2)
  public void inference() {
    layer.forwardInference(stored, y, tensor);
  }

  /** By the batch's own moments. */
  @Benchmark
  @Streams(2)
  public void training() {
    layer.forwardTraining(stored, y, tensor, saved);
  }

  /** All gradients. */
  @Benchmark
  @Streams(3)
  public void backward() {
    layer.backward(stored, dy, saved, y, dGamma, dBeta, tensor);
  }
}
