package org.lanenorm.cli;

import java.util.EnumMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.lanenorm.files.LayerParameters;

/** What a channel's parameters may look like when something has gone wrong with them. */
enum Suspicion {
  NOT_FINITE("NaN or infinity") {
    @Override
    boolean of(double gamma, double beta, double mean, double variance, double epsilon) {
      // finite floats are too small to add up to an infinity, and a NaN stays one
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

  /** The channels of a layer that give rise to each suspicion; none that nothing does. */
  static Map<Suspicion, int[]> in(LayerParameters layer, double epsilon) {
    float[] gamma = layer.gamma();
    float[] beta = layer.beta();
    double[] mean = layer.mean();
    double[] variance = layer.variance();
    Map<Suspicion, int[]> found = new EnumMap<>(Suspicion.class);
    for (Suspicion suspicion : values()) {
      int[] channels =
          IntStream.range(0, layer.channels())
              .filter(
                  c ->
                      suspicion.of(
                          gamma == null ? 1 : gamma[c],
                          beta == null ? 0 : beta[c],
                          mean[c],
                          variance[c],
                          epsilon))
              .toArray();
      if (channels.length > 0) {
        found.put(suspicion, channels);
      }
    }
    return found;
  }

  @Override
  public String toString() {
    return words;
  }
}
