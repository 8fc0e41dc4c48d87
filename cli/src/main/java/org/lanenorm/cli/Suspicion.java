package org.lanenorm.cli;

/** What a channel's parameters may look like when something has gone wrong with them. */
enum Suspicion {
  NOT_FINITE("NaN or infinity") {
    @Override
    boolean of(double gamma, double beta, double mean, double variance, double epsilon) {
      return !Double.isFinite(gamma)
          || !Double.isFinite(beta)
          || !Double.isFinite(mean)
          || !Double.isFinite(variance);
    }
  },

  NEGATIVE_VARIANCE("negative variance") {
    @Override
    boolean of(double gamma, double beta, double mean, double variance, double epsilon) {
      return variance < 0;
    }
  },

  VARIANCE_UNDER_EPSILON("variance under epsilon") {
    @Override
    boolean of(double gamma, double beta, double mean, double variance, double epsilon) {
      return variance >= 0 && variance < epsilon;
    }
  },

  /** y is beta whatever x is: weight decay, or pruning, leaves gammas like this. */
  DEAD("gamma about 0") {
    @Override
    boolean of(double gamma, double beta, double mean, double variance, double epsilon) {
      return Math.abs(gamma) < DEAD_GAMMA;
    }
  };

  /** Where normalized values are about 1, y then differs from beta in the sixth digit at most. */
  static final double DEAD_GAMMA = 1e-6;

  private final String words;

  Suspicion(String words) {
    this.words = words;
  }

  /** Whether a channel is suspicious. */
  abstract boolean of(double gamma, double beta, double mean, double variance, double epsilon);

  @Override
  public String toString() {
    return words;
  }
}
