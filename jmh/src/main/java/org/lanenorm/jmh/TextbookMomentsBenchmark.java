package org.lanenorm.jmh;

import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * Why the library sums as it does: the moments of one contiguous channel by each algorithm, and how
 * far its variance is from the exact one, beside its time, in units of u = 2^-24 of the variance:
 *
 * <ul>
 *   <li>{@code error}: N(0, 1)
 *   <li>{@code error:offset}: 1e4 + N(0, 1)
 *   <li>{@code error:tiny}: 1 + 1e-6*N(0, 1)
 * </ul>
 *
 * 2^24 units, 1.7e7, are as much as the variance itself.
 */
public class TextbookMomentsBenchmark extends Timed {
  /** Which. */
  @Param public VarianceAlgorithm algorithm;

  /** 16 KB (L1), 1 MB (L2) and 25 MB (beyond). */
  @Param({"4096", "262144", "6553600"})
  public int elements;

  private VarianceAlgorithm.Variance variance;
  private float[] x;

  /** Makes the data and measures the errors. */
  @Setup
  public void setUp() {
    if (elements % TextbookMoments.CHUNK != 0) {
      throw new IllegalArgumentException("elements must be a multiple of 64, but was " + elements);
    }
    variance = algorithm.over(elements);
    x = data(z -> z);
    Metrics.errors(
        TextbookMomentsBenchmark.class, algorithm == VarianceAlgorithm.READ ? Map.of() : errors());
  }

  private Map<String, Double> errors() {
    double benign = error(x);
    // the worst of the others is at 1,000 units or so; what is beyond is a mistake of ours
    double limit = algorithm == VarianceAlgorithm.LANENORM ? 8 : 1 << 16;
    if (!(benign <= limit)) {
      throw new IllegalStateException(algorithm + " is off by " + benign + " units");
    }
    return Map.of(
        "error", benign,
        "error:offset", error(data(z -> 1e4 + z)),
        "error:tiny", error(data(z -> 1 + 1e-6 * z)));
  }

  private float[] data(DoubleUnaryOperator place) {
    Rng rng = new Rng(1);
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (float) place.applyAsDouble(rng.normal());
    }
    return values;
  }

  private double error(float[] values) {
    double exact = Oracle.moments(values, 0, false, 1, 1, elements).variance()[0];
    return Math.abs(variance.of(values) - exact) / (Bounds.U * exact);
  }

  /** The variance, or for {@code READ} the sum. */
  @Benchmark
  @Streams(1)
  public double variance() {
    return variance.of(x);
  }
}
