package org.lanenorm;

import java.util.Arrays;

/**
 * Running mean and variance of every channel: the only place that knows momentum and the variance
 * conventions.
 *
 * <p>Each batch moves them by {@code running += share*(batch - running)}, share as {@link Momentum}
 * says, starting from mean 0 and variance 1. They are kept in double: a float32 average stalls
 * where share*(batch - running) falls under half an ulp of the running value, about 1.5e-6 short of
 * the limit at decay 0.99 and values near 0.4; these arrive.
 *
 * <p>Mutable; used by one thread at a time.
 */
public final class RunningStatistics {
  private final Momentum momentum;
  private final VarianceConvention convention;
  private final double epsilon;
  private final double[] mean;
  private final double[] variance;
  private final long[] updates;

  /** As {@link #updates}, without the batches that were too small to have a variance. */
  private final long[] varianceUpdates;

  /**
   * Mean 0, variance 1, no updates.
   *
   * @param channels C, at least 0
   * @param momentum share of each batch
   * @param convention which variance of a batch goes in
   * @param epsilon read by {@link VarianceConvention#KERAS_LEGACY} alone; finite, at least 0
   */
  public RunningStatistics(
      int channels, Momentum momentum, VarianceConvention convention, double epsilon) {
    Checks.channelCount(channels);
    Checks.epsilon(epsilon);
    this.momentum = Checks.notNull("momentum", momentum);
    this.convention = Checks.notNull("convention", convention);
    this.epsilon = epsilon;
    this.mean = new double[channels];
    this.variance = new double[channels];
    this.updates = new long[channels];
    this.varianceUpdates = new long[channels];
    Arrays.fill(variance, 1);
  }

  /** As {@link #set(double[], double[], long)}, leaving the numbers of updates as they are. */
  public void set(double[] mean, double[] variance) {
    checked("runningMean", mean, "runningVariance", variance, channels());
    System.arraycopy(mean, 0, this.mean, 0, mean.length);
    System.arraycopy(variance, 0, this.variance, 0, variance.length);
  }

  /**
   * Replaces the statistics, for example by those of a stored layer.
   *
   * @param mean of each channel, finite, copied
   * @param variance of each channel, finite and at least 0, copied
   * @param updates how many batches they come from (PyTorch: num_batches_tracked), at least 0;
   *     {@link Momentum#cumulative} goes on from there
   * @throws IllegalArgumentException on another length or value; nothing has changed then
   */
  public void set(double[] mean, double[] variance, long updates) {
    if (updates < 0) {
      throw new IllegalArgumentException("updates must be at least 0, but was " + updates);
    }
    set(mean, variance);
    Arrays.fill(this.updates, updates);
    Arrays.fill(this.varianceUpdates, updates);
  }

  static void checked(
      String meanName, double[] mean, String varianceName, double[] variance, int channels) {
    Checks.notNull(meanName, mean);
    Checks.notNull(varianceName, variance);
    Checks.length(meanName, mean.length, channels);
    Checks.length(varianceName, variance.length, channels);
    for (int c = 0; c < channels; c++) {
      if (!Double.isFinite(mean[c])) {
        throw new IllegalArgumentException(
            meanName + "[" + c + "] must be finite, but was " + mean[c]);
      }
      if (!(variance[c] >= 0 && variance[c] < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            varianceName + "[" + c + "] must be finite and at least 0, but was " + variance[c]);
      }
    }
  }

  /**
   * Moves the statistics by one batch. Moments of no elements change nothing. A batch too small for
   * the variance convention (n - 1 or n - (1 + epsilon) not above 0) moves the mean alone.
   *
   * @param moments of the batch, over the same number of channels; NaN and infinity go in as they
   *     are
   */
  public void update(ChannelMoments moments) {
    Checks.notNull("moments", moments);
    Checks.channels("moments", moments.channels(), channels());
    if (moments.count() == 0) {
      return;
    }
    for (int c = 0; c < channels(); c++) {
      update(c, moments.count(), moments.mean(c), moments.m2(c));
    }
  }

  /** Moves channel c by a batch of {@code count} values, count at least 1. */
  void update(int c, long count, double batchMean, double batchM2) {
    mean[c] = moved(mean[c], batchMean, momentum.shareOfNew(++updates[c]));
    double batchVariance = convention.of(batchM2, count, epsilon);
    // NaN says either that n is too small for the convention, or that M2 itself is NaN and is meant
    // to go in
    if (!Double.isNaN(batchVariance) || Double.isNaN(batchM2)) {
      variance[c] = moved(variance[c], batchVariance, momentum.shareOfNew(++varianceUpdates[c]));
    }
  }

  private static double moved(double running, double batch, double share) {
    // running + 1*(batch - running) would lose the digits of a batch that is much smaller
    return share == 1 ? batch : running + share * (batch - running);
  }

  /** C. */
  public int channels() {
    return mean.length;
  }

  /** Share of each batch. */
  public Momentum momentum() {
    return momentum;
  }

  /** Which variance of a batch goes in. */
  public VarianceConvention convention() {
    return convention;
  }

  /** Running mean of channel c. */
  public double mean(int c) {
    return mean[c];
  }

  /** Running variance of channel c. */
  public double variance(int c) {
    return variance[c];
  }

  /** How many batches have moved channel c. */
  public long updates(int c) {
    return updates[c];
  }

  /** The running means; a new array. */
  public double[] means() {
    return mean.clone();
  }

  /** The running variances; a new array. */
  public double[] variances() {
    return variance.clone();
  }

  @Override
  public String toString() {
    return "running statistics of "
        + channels()
        + " channels, momentum "
        + momentum
        + ", variance "
        + convention;
  }
}
