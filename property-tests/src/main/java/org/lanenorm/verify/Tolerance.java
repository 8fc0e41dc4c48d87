package org.lanenorm.verify;

/**
 * How many times Lanenorm's own bounds ({@link Bounds}, {@link GradientBounds}) a kernel may take.
 * What these bounds make exact (the moments of a constant channel) stays exact.
 *
 * @param mean times {@link Bounds#mean}
 * @param variance times {@link Bounds#variance}
 * @param output times {@link Bounds#output}
 * @param gradients times {@link GradientBounds}
 */
public record Tolerance(double mean, double variance, double output, double gradients) {
  /** What Lanenorm promises. */
  public static final Tolerance LANENORM = times(1);

  /** Checks that all are positive. */
  public Tolerance {
    positive("mean", mean);
    positive("variance", variance);
    positive("output", output);
    positive("gradients", gradients);
  }

  /** The same multiple of every bound; infinity to measure a kernel without judging it. */
  public static Tolerance times(double multiple) {
    return new Tolerance(multiple, multiple, multiple, multiple);
  }

  /** A multiple of a bound, which may be 0. */
  static double of(double multiple, double bound) {
    return Double.isInfinite(multiple) ? multiple : multiple * bound;
  }

  private static void positive(String name, double multiple) {
    if (!(multiple > 0)) {
      throw new IllegalArgumentException(name + " is " + multiple + ", must be positive");
    }
  }
}
