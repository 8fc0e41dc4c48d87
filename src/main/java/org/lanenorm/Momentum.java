package org.lanenorm;

import java.math.BigDecimal;

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
  private enum Kind {
    DECAY,
    UPDATE,
    CUMULATIVE
  }

  private static final Momentum CUMULATIVE = new Momentum(Kind.CUMULATIVE, Double.NaN, false);

  private final Kind kind;

  /** As it was given: of the old value or of the new one. */
  private final double given;

  private final double share;
  private final boolean zeroDebiased;

  private Momentum(Kind kind, double given, boolean zeroDebiased) {
    this.kind = kind;
    this.given = given;
    this.share = kind == Kind.DECAY ? 1 - given : given;
    this.zeroDebiased = zeroDebiased;
  }

  /**
   * Keras, TensorFlow, ONNX: {@code running = share*running + (1 - share)*batch}.
   *
   * @param share of the old value, 0 to 1
   * @return the momentum
   * @throws IllegalArgumentException outside [0, 1] or NaN
   */
  public static Momentum decay(double share) {
    return new Momentum(Kind.DECAY, checked(share), false);
  }

  /**
   * PyTorch: {@code running = (1 - share)*running + share*batch}.
   *
   * @param share of the new value, 0 to 1
   * @return the momentum
   * @throws IllegalArgumentException outside [0, 1] or NaN
   */
  public static Momentum update(double share) {
    return new Momentum(Kind.UPDATE, checked(share), false);
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

  /**
   * The same without the weight that the starting value (mean 0, variance 1) has in the first
   * batches: with s the share of the new value, the t-th batch has the share {@code s/(1 - (1 -
   * s)^t)}, so that the first one has the share 1. The result is an average that starts from 0,
   * divided by {@code 1 - (1 - s)^t}: {@code zero_debias} of TensorFlow's {@code
   * assign_moving_average}, after Kingma and Ba, Adam, 2014 (arXiv:1412.6980), section 3.
   *
   * @return the momentum
   * @throws IllegalArgumentException if the average does not move (share of the new value 0) or is
   *     {@link #cumulative}, which has nothing to debias
   */
  public Momentum zeroDebiased() {
    if (!(share > 0)) {
      throw new IllegalArgumentException(
          "momentum must have a share of the new value above 0 to be debiased, but was " + this);
    }
    return new Momentum(kind, given, true);
  }

  /**
   * The same average as Keras, TensorFlow and ONNX write it: {@code update(0.1)} is {@code
   * decay(0.9)}, in decimals and so up to a rounding.
   *
   * @throws IllegalArgumentException if it is {@link #cumulative}
   */
  public Momentum asDecay() {
    return as(Kind.DECAY);
  }

  /**
   * The same average as PyTorch writes it: {@code decay(0.99)} is {@code update(0.01)}, in decimals
   * and so up to a rounding.
   *
   * @throws IllegalArgumentException if it is {@link #cumulative}
   */
  public Momentum asUpdate() {
    return as(Kind.UPDATE);
  }

  private Momentum as(Kind wanted) {
    if (kind == Kind.CUMULATIVE) {
      throw new IllegalArgumentException(
          "momentum must be a share of the old or the new value, but was " + this);
    }
    return kind == wanted ? this : new Momentum(wanted, complement(), zeroDebiased);
  }

  /** Written by {@link #decay} or {@link #update}, whichever the other one was. */
  Momentum writtenAs(Momentum other) {
    return as(other.kind);
  }

  /** Whether one can be written as the other: both shares, debiased or not, or both cumulative. */
  boolean sameKind(Momentum other) {
    return (kind == Kind.CUMULATIVE) == (other.kind == Kind.CUMULATIVE)
        && zeroDebiased == other.zeroDebiased;
  }

  /** 1 - given, as people write it: 0.01 for 0.99, where the doubles' difference has 16 digits. */
  private double complement() {
    return BigDecimal.ONE.subtract(BigDecimal.valueOf(given)).doubleValue();
  }

  /** Whether every batch has the same share. */
  boolean constant() {
    return kind != Kind.CUMULATIVE && (!zeroDebiased || share == 1);
  }

  /** The share of the new value when it is the {@code t}-th, t counted from 1. */
  double shareOfNew(long t) {
    if (kind == Kind.CUMULATIVE) {
      return 1.0 / t;
    }
    if (constant()) {
      return share;
    }
    // 1 - (1 - s)^t without cancellation; StrictMath, as Math's last bit depends on the compiler
    return t == 1 ? 1 : share / -StrictMath.expm1(t * StrictMath.log1p(-share));
  }

  /** The share of the new value in a formula, for example {@code (1 - 0.99)}. */
  String formula() {
    if (kind == Kind.CUMULATIVE) {
      return "1/t";
    }
    String ofNew = kind == Kind.DECAY ? "(1 - " + given + ")" : "" + given;
    String ofOld = "" + (kind == Kind.DECAY ? given : complement());
    return zeroDebiased ? ofNew + "/(1 - " + ofOld + "^t)" : ofNew;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Momentum that
        && Double.compare(share, that.share) == 0
        && zeroDebiased == that.zeroDebiased;
  }

  @Override
  public int hashCode() {
    return Double.hashCode(share);
  }

  /** The call that makes it, for example {@code decay(0.99)}. */
  @Override
  public String toString() {
    String call =
        switch (kind) {
          case DECAY -> "decay(" + given + ")";
          case UPDATE -> "update(" + given + ")";
          case CUMULATIVE -> "cumulative()";
        };
    return zeroDebiased ? call + ".zeroDebiased()" : call;
  }
}
