package org.lanenorm.jmh.report;

/**
 * A measured value with JMH's confidence interval (99.9 %).
 *
 * @param score the mean
 * @param low where the interval begins; NaN if there were too few measurements for one
 * @param high where it ends
 */
record Estimate(double score, double low, double high) {

  /** Interpreted vector code takes 100 times its time and more; no compiled one does. */
  static final int COLD = 100;

  /** Whether there is an interval. */
  boolean bounded() {
    return Double.isFinite(low) && Double.isFinite(high);
  }

  /** Half of the interval, NaN if there is none. */
  double error() {
    return bounded() ? (high - low) / 2 : Double.NaN;
  }

  /** The error relative to the score. */
  double relativeError() {
    return error() / score;
  }

  /** Whether this time was taken before the code was compiled. */
  boolean cold(Estimate floor) {
    return floor != null && score > COLD * floor.score;
  }

  /**
   * Times of a call turned into bandwidth.
   *
   * @param bytes of a call that takes this many microseconds
   * @return GB/s; the interval is open to the top where the time's reaches 0
   */
  Estimate gigabytesPerSecond(double bytes) {
    double scale = bytes * 1e-3;
    return new Estimate(scale / score, scale / high, scale / Math.max(low, 0));
  }
}
