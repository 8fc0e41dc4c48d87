package org.lanenorm;

/**
 * What a framework means by batch normalization: where epsilon stands, which variance the running
 * statistics average, how fast, and what inference normalizes by. An immutable value; {@link
 * Conventions} has those of the frameworks, and {@code BatchNorm.builder(64).convention(...)} takes
 * one.
 *
 * <p>With variance = M2/M of the input in training:
 *
 * <pre>
 * divisor = sqrt(variance + epsilon)               EpsilonPlacement.INSIDE_SQRT
 *           sqrt(variance) + epsilon               EpsilonPlacement.ON_STD
 *           sqrt(variance + epsilon) + epsilon     EpsilonPlacement.BOTH
 * y       = (x - mean)/divisor*gamma + beta
 * </pre>
 *
 * @param name where it comes from, for reports and errors
 * @param momentum how far a batch moves the running statistics
 * @param epsilon finite, at least 0; with 0, a channel of variance 0 is an error where it is
 *     normalized
 * @param epsilonPlacement where epsilon is added
 * @param varianceConvention which variance of a batch goes into the running statistic
 * @param spread whether the running statistic is a variance or a standard deviation
 * @param inferenceStatistics what inference normalizes by; where it is not the running statistics,
 *     none are kept, and momentum, varianceConvention and spread have nothing to say
 */
public record Convention(
    String name,
    Momentum momentum,
    double epsilon,
    EpsilonPlacement epsilonPlacement,
    VarianceConvention varianceConvention,
    Spread spread,
    InferenceStatistics inferenceStatistics) {

  /** Of a convention that is no framework's. */
  private static final String CUSTOM = "custom";

  /**
   * A convention of your own.
   *
   * @throws NullPointerException if one is null
   * @throws IllegalArgumentException if epsilon is outside
   */
  public Convention {
    Checks.notNull("name", name);
    Checks.notNull("momentum", momentum);
    Checks.epsilon(epsilon);
    Checks.notNull("epsilonPlacement", epsilonPlacement);
    Checks.notNull("varianceConvention", varianceConvention);
    Checks.notNull("spread", spread);
    Checks.notNull("inferenceStatistics", inferenceStatistics);
  }

  /** The same with another momentum, which every framework leaves to the user. */
  public Convention withMomentum(Momentum momentum) {
    return new Convention(
        name, momentum, epsilon, epsilonPlacement, varianceConvention, spread, inferenceStatistics);
  }

  /** The same with another epsilon, which every framework leaves to the user. */
  public Convention withEpsilon(double epsilon) {
    return new Convention(
        name, momentum, epsilon, epsilonPlacement, varianceConvention, spread, inferenceStatistics);
  }

  /** A custom convention with epsilon elsewhere. */
  public Convention withEpsilonPlacement(EpsilonPlacement epsilonPlacement) {
    return new Convention(
        CUSTOM,
        momentum,
        epsilon,
        epsilonPlacement,
        varianceConvention,
        spread,
        inferenceStatistics);
  }

  /** A custom convention with another variance. */
  public Convention withVarianceConvention(VarianceConvention varianceConvention) {
    return new Convention(
        CUSTOM,
        momentum,
        epsilon,
        epsilonPlacement,
        varianceConvention,
        spread,
        inferenceStatistics);
  }

  /** A custom convention that keeps the other measure of spread. */
  public Convention withSpread(Spread spread) {
    return new Convention(
        CUSTOM,
        momentum,
        epsilon,
        epsilonPlacement,
        varianceConvention,
        spread,
        inferenceStatistics);
  }

  /** A custom convention that normalizes by something else in inference. */
  public Convention withInferenceStatistics(InferenceStatistics inferenceStatistics) {
    return new Convention(
        CUSTOM,
        momentum,
        epsilon,
        epsilonPlacement,
        varianceConvention,
        spread,
        inferenceStatistics);
  }

  // What it computes. Adding a 0 inside or outside changes no bit.

  /** The root in the divisor: what a running standard deviation averages. */
  double root(double variance) {
    return Math.sqrt(variance + epsilonPlacement.inside(epsilon));
  }

  /** 1/divisor of a variance. */
  double invStd(double variance) {
    return 1 / (root(variance) + epsilonPlacement.outside(epsilon));
  }

  /** What the running statistic averages, of a batch's variance. */
  double kept(double variance) {
    return spread == Spread.VARIANCE ? variance : root(variance);
  }

  /** The divisor, from what the running statistic holds. */
  double divisorOfKept(double kept) {
    double root = spread == Spread.VARIANCE ? root(kept) : kept;
    return root + epsilonPlacement.outside(epsilon);
  }

  boolean keepsRunningStatistics() {
    return inferenceStatistics == InferenceStatistics.RUNNING;
  }

  /** That of a frozen layer: its mean and spread are constants. */
  void checkFrozen() {
    if (!keepsRunningStatistics()) {
      throw new IllegalArgumentException(
          "convention must normalize by running statistics in inference, but was " + this);
    }
  }

  // What it prints

  /** For example {@code sqrt(variance + 1e-5)}; {@code kept} says which measure the symbol is. */
  String divisor(String symbol, Spread kept) {
    double inside = epsilonPlacement.inside(epsilon);
    double outside = epsilonPlacement.outside(epsilon);
    String root = kept == Spread.VARIANCE ? "sqrt(" + plus(symbol, inside) + ")" : symbol;
    return plus(root, outside);
  }

  private static String plus(String term, double epsilon) {
    return epsilon == 0 ? term : term + " + " + number(epsilon);
  }

  /** {@code y = (x - mean)/divisor*gamma + beta}. */
  static String output(String mean, String divisor, boolean gamma, boolean beta) {
    // a sum needs brackets, a root has its own
    boolean sum = divisor.lastIndexOf(" + ") > divisor.lastIndexOf(')');
    return "y = (x - "
        + mean
        + ")/"
        + (sum ? "(" + divisor + ")" : divisor)
        + (gamma ? "*gamma" : "")
        + (beta ? " + beta" : "");
  }

  /** What a batch contributes to the running spread, for example {@code M2/(M - 1)}. */
  String batchSpread() {
    String variance = varianceConvention.formula(epsilon);
    return spread == Spread.VARIANCE
        ? variance
        : "sqrt(" + plus(variance, epsilonPlacement.inside(epsilon)) + ")";
  }

  /** All of it, with or without gamma and beta. */
  String formula(boolean gamma, boolean beta) {
    String training = output("mean", divisor("variance", Spread.VARIANCE), gamma, beta);
    return switch (inferenceStatistics) {
      case SAMPLE -> training + ", mean and variance of each sample over its last axis";
      case BATCH -> training + ", in inference as in training";
      case RUNNING -> {
        String running = spread.runningSymbol();
        yield training
            + "; inference "
            + output("runningMean", divisor(running, spread), gamma, beta)
            + "; runningMean += "
            + moved("runningMean", "mean")
            + "; "
            + running
            + " += "
            + moved(running, batchSpread());
      }
    };
  }

  private String moved(String running, String batch) {
    return momentum.formula() + "*(" + batch + " - " + running + ")";
  }

  /** As people write it: 1e-5, 0.001. */
  static String number(double value) {
    return Double.toString(value).replace(".0E", "e").replace('E', 'e');
  }

  /** Name and formulas, on one line. */
  @Override
  public String toString() {
    return name + ": " + formula(true, true);
  }
}
