package org.lanenorm;

import java.util.ArrayList;
import java.util.List;

/**
 * What changes when the parameters of a trained layer move from one convention to another, so that
 * inference stays the same function of x. gamma, beta and the running mean mean the same in all of
 * them and move as they are; epsilon goes along with its value; momentum is written as the other
 * convention writes it; the running variance or standard deviation is {@link #spread} of what it
 * was. {@link #toString} and {@link #changes} say it in words.
 *
 * <p>Two differences remain, and are among the changes. A running variance goes on towards another
 * limit in further training where the conventions disagree about Bessel's correction ({@link
 * #varianceFactor}). And where epsilon moves, training divides by something else than it did.
 */
public final class Conversion {
  private final Convention from;
  private final Convention to;

  /** {@code to} with the values of {@code from}. */
  private final Convention result;

  private Conversion(Convention from, Convention to) {
    this.from = from;
    this.to = to;
    result = to.withEpsilon(from.epsilon()).withMomentum(momentum(from, to));
  }

  /**
   * From the convention that a layer was trained under to the one that it shall have.
   *
   * @param from with the momentum and epsilon of the layer
   * @param to the other; its own momentum counts for the way it is written, its epsilon not at all
   * @return what changes
   * @throws IllegalArgumentException if nothing carries over: the conventions normalize by
   *     different statistics; one averages cumulatively or debiased and the other does not (give
   *     one the momentum of the other with {@link Convention#withMomentum} if that is meant); or no
   *     running statistics are kept that could make up for another place of epsilon
   */
  public static Conversion between(Convention from, Convention to) {
    Checks.notNull("from", from);
    Checks.notNull("to", to);
    if (from.inferenceStatistics() != to.inferenceStatistics()) {
      throw refused(
          from,
          to,
          "inference normalizes by",
          from.inferenceStatistics(),
          to.inferenceStatistics());
    }
    if (from.keepsRunningStatistics()) {
      if (!from.momentum().sameKind(to.momentum())) {
        throw refused(from, to, "momentum is", from.momentum(), to.momentum());
      }
    } else if (trainsOtherwise(from, to.withEpsilon(from.epsilon()))) {
      throw refused(from, to, "epsilon is placed", from.epsilonPlacement(), to.epsilonPlacement());
    }
    return new Conversion(from, to);
  }

  private static IllegalArgumentException refused(
      Convention from, Convention to, String what, Object ofFrom, Object ofTo) {
    return new IllegalArgumentException(
        from.name()
            + " cannot be converted to "
            + to.name()
            + ": "
            + what
            + " "
            + ofFrom
            + " in the one and "
            + ofTo
            + " in the other");
  }

  private static Momentum momentum(Convention from, Convention to) {
    return from.keepsRunningStatistics() && !from.momentum().equals(Momentum.cumulative())
        ? from.momentum().writtenAs(to.momentum())
        : from.momentum();
  }

  private static boolean trainsOtherwise(Convention from, Convention to) {
    return from.epsilon() != 0 && from.epsilonPlacement() != to.epsilonPlacement();
  }

  /** The convention to use: the other's, with the epsilon of the first, and its momentum. */
  public Convention convention() {
    return result;
  }

  /**
   * The running variances or standard deviations of the first convention as those of the other, so
   * that both divide by the same in inference, up to a rounding in double.
   *
   * @param spread of each channel, as the first convention keeps it: finite and at least 0
   * @return of each channel, as the other keeps it; a new array
   * @throws IllegalArgumentException if a value is outside, or divides by less than any value of
   *     the other convention could
   * @throws IllegalStateException if no running statistics are kept
   */
  public double[] spread(double[] spread) {
    if (!from.keepsRunningStatistics()) {
      throw new IllegalStateException("there are no running statistics in " + from);
    }
    String name = from.spread().symbol();
    Checks.notNull(name, spread);
    RunningStatistics.checked("mean", new double[spread.length], name, spread, spread.length);
    double[] converted = spread.clone();
    for (int c = 0; c < spread.length && !dividesAlike(); c++) {
      double divisor = from.divisorOfKept(spread[c]);
      double root = divisor - result.epsilonPlacement().outside(result.epsilon());
      converted[c] =
          result.spread() == Spread.STANDARD_DEVIATION
              ? root
              : root * root - result.epsilonPlacement().inside(result.epsilon());
      if (!(root >= 0 && converted[c] >= 0)) {
        throw new IllegalArgumentException(
            name
                + "["
                + c
                + "] must be such that "
                + sameDivisor()
                + " has a solution of at least 0, but was "
                + spread[c]);
      }
    }
    return converted;
  }

  /** Whether the running statistic stays what it is, to the bit. */
  private boolean dividesAlike() {
    return from.spread() == result.spread() && !trainsOtherwise(from, result)
        // what is inside the root of a standard deviation has gone into it already
        || from.spread() == Spread.STANDARD_DEVIATION
            && result.spread() == Spread.STANDARD_DEVIATION
            && from.epsilonPlacement().outside(from.epsilon())
                == result.epsilonPlacement().outside(result.epsilon());
  }

  /** For example {@code sqrt(runningVariance + 1e-6) = runningStd + 1e-6}. */
  private String sameDivisor() {
    return ofRunning(result) + " = " + ofRunning(from);
  }

  private static String ofRunning(Convention convention) {
    return convention.divisor(convention.spread().runningSymbol(), convention.spread());
  }

  /**
   * The variance that the other convention takes from a batch, over that which the first one takes
   * from it: (M - 1)/M from PyTorch to Keras 3. Multiply running variances by it to have what the
   * other would have kept after the same training; inference then changes, by as much.
   *
   * @param count M, the elements per channel of each batch of the training
   * @return the factor
   * @throws IllegalArgumentException if M is too small for one of the two
   */
  public double varianceFactor(long count) {
    double ofFrom = from.varianceConvention().of(1, count, from.epsilon());
    double ofTo = to.varianceConvention().of(1, count, from.epsilon());
    if (!(ofFrom > 0 && ofTo > 0)) {
      throw new IllegalArgumentException(
          "count must be enough for "
              + variance(from)
              + " and "
              + variance(to)
              + ", but was "
              + count);
    }
    return ofTo / ofFrom;
  }

  private String variance(Convention convention) {
    return convention.varianceConvention().formula(from.epsilon());
  }

  /** What changes, a sentence each; empty where nothing does. */
  public List<String> changes() {
    List<String> changes = new ArrayList<>();
    if (from.epsilon() != to.epsilon()) {
      changes.add(
          "epsilon stays "
              + Convention.number(from.epsilon())
              + ", which must be set: "
              + to.name()
              + " has "
              + Convention.number(to.epsilon()));
    }
    if (trainsOtherwise(from, result)) {
      changes.add(
          "training divides by "
              + result.divisor("variance", Spread.VARIANCE)
              + " where it divided by "
              + from.divisor("variance", Spread.VARIANCE));
    }
    if (!from.keepsRunningStatistics()) {
      return List.copyOf(changes);
    }
    if (!result.momentum().toString().equals(from.momentum().toString())) {
      changes.add("momentum " + from.momentum() + " is written " + result.momentum());
    }
    if (!dividesAlike()) {
      changes.add(
          result.spread().runningSymbol()
              + " is such that inference divides by the same: "
              + sameDivisor());
    }
    if (!variance(from).equals(variance(to))) {
      changes.add(
          "further training takes "
              + variance(to)
              + " of each batch where "
              + variance(from)
              + " was taken");
    }
    return List.copyOf(changes);
  }

  /** The names and the {@link #changes}, a line each. */
  @Override
  public String toString() {
    List<String> changes = changes();
    String head = from.name() + " to " + to.name() + ":";
    return changes.isEmpty()
        ? head + " nothing changes"
        : head + "\n  " + String.join("\n  ", changes);
  }
}
