package org.lanenorm;

/**
 * How far one batch moves a running statistic. The field uses the word with two opposite meanings,
 * so it is a type here and not a number: say which share you mean.
 *
 * <ul>
 *   <li>{@link #decay} is the share of the old value that stays: Keras, TensorFlow and ONNX
 *       (default 0.99 or 0.9).
 *   <li>{@link #update} is the share of the new value: PyTorch (default 0.1, up to a rounding
 *       {@code decay(0.9)}).
 *   <li>{@link #cumulative} is the plain average of all batches so far: PyTorch's {@code
 *       momentum=None}.
 * </ul>
 */
public final class Momentum {
  private static final Momentum CUMULATIVE = new Momentum(Double.NaN, "cumulative()");

  private final double share;
  private final String text;

  private Momentum(double share, String text) {
    this.share = share;
    this.text = text;
  }

  /**
   * Keras, TensorFlow, ONNX: {@code running = share*running + (1 - share)*batch}.
   *
   * @param share of the old value, 0 to 1
   * @return the momentum
   * @throws IllegalArgumentException outside [0, 1] or NaN
   */
  public static Momentum decay(double share) {
    return new Momentum(1 - checked(share), "decay(" + share + ")");
  }

  /**
   * PyTorch: {@code running = (1 - share)*running + share*batch}.
   *
   * @param share of the new value, 0 to 1
   * @return the momentum
   * @throws IllegalArgumentException outside [0, 1] or NaN
   */
  public static Momentum update(double share) {
    return new Momentum(checked(share), "update(" + share + ")");
  }

  /** The t-th batch has the share 1/t: the running statistic is the average over all batches. */
  public static Momentum cumulative() {
    return CUMULATIVE;
  }

  private static double checked(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("momentum must be in [0, 1], but was " + share);
    }
    return share;
  }

  /** The share of the new value when it is the {@code t}-th, t counted from 1. */
  double shareOfNew(long t) {
    return this == CUMULATIVE ? 1.0 / t : share;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Momentum that && Double.compare(share, that.share) == 0;
  }

  @Override
  public int hashCode() {
    return Double.hashCode(share);
  }

  /** The call that makes it, for example {@code decay(0.99)}. */
  @Override
  public String toString() {
    return text;
  }
}
