package org.lanenorm.jmh;

import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The floors that memory sets: moments cannot be faster than {@code read}, a forward than {@code
 * copy}, a backward than {@code copy2}, over as many bytes.
 */
public class BaselineBenchmark extends Shaped {
  /** A stride that keeps two threads' results out of each other's cache line. */
  private static final int APART = 64;

  private static final float A = 0.7f;
  private static final float B = -0.3f;

  /** Threads per call. */
  @Param("1")
  public int threads;

  private SpinningTeam team;
  private float[] x;
  private float[] z;
  private float[] y;
  private float[] inPlace;
  private float[] sums;
  private SpinningTeam.Part read;
  private SpinningTeam.Part copy;
  private SpinningTeam.Part copyInPlace;
  private SpinningTeam.Part copy2;

  /** Makes the arrays and checks every loop. */
  @Setup
  public void setUp() {
    TensorShape tensor = BenchmarkShapes.parse(Layout.NCHW, shape);
    x = Data.normal(tensor, 1);
    z = Data.normal(tensor, 2);
    y = new float[x.length];
    inPlace = x.clone();
    sums = new float[threads * APART];
    team = new SpinningTeam(threads, x.length);
    read = (member, from, to) -> sums[member * APART] = Loops.sum(x, from, to);
    copy = (member, from, to) -> Loops.copy(x, y, A, B, from, to);
    // twice -x + b gives x back: any other factor would end in infinities or subnormals
    copyInPlace = (member, from, to) -> Loops.copy(inPlace, inPlace, -1, B, from, to);
    copy2 = (member, from, to) -> Loops.copy2(x, z, y, A, B, from, to);
    check();
  }

  private void check() {
    double sum = 0;
    double sizes = 0;
    for (float value : x) {
      sum += value;
      sizes += Math.abs(value);
    }
    verify("read", 0, read(), sum, 1e-4 * sizes);
    copy();
    for (int i = 0; i < x.length; i++) {
      verify("copy", i, y[i], Math.fma(x[i], A, B), 0);
    }
    copyInPlace();
    for (int i = 0; i < x.length; i++) {
      verify("copyInPlace", i, inPlace[i], B - x[i], 0);
    }
    copy2();
    for (int i = 0; i < x.length; i++) {
      verify("copy2", i, y[i], Math.fma(x[i], A, z[i] * B), 0);
    }
  }

  private static void verify(String name, int i, double actual, double expected, double bound) {
    if (!(Math.abs(actual - expected) <= bound)) {
      throw new IllegalStateException(
          "%s at %d gave %s, not %s".formatted(name, i, actual, expected));
    }
  }

  /** Ends the helpers. */
  @TearDown
  public void tearDown() {
    team.close();
  }

  /** A bare sum. */
  @Benchmark
  @Streams(1)
  public float read() {
    team.run(read);
    float sum = 0;
    for (int member = 0; member < threads; member++) {
      sum += sums[member * APART];
    }
    return sum;
  }

  /** One input, one output. */
  @Benchmark
  @Streams(2)
  public void copy() {
    team.run(copy);
  }

  /** The output over the input. */
  @Benchmark
  @Streams(2)
  public void copyInPlace() {
    team.run(copyInPlace);
  }

  /** Two inputs, one output. */
  @Benchmark
  @Streams(3)
  public void copy2() {
    team.run(copy2);
  }
}
