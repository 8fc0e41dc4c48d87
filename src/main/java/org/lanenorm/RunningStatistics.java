package org.lanenorm;

import java.util.Arrays;
import org.lanenorm.kernel.Flags;

/**
 * Running mean and spread of every channel, the latter a variance or a standard deviation as {@link
 * Spread} says: the only place that applies momentum and the variance conventions.
 *
 * <p>Each batch moves them by {@code running += share*(batch - running)}, share as {@link Momentum}
 * says, starting from mean 0 and spread 1. They are kept in double: a float32 average stalls where
 * share*(batch - running) falls under half an ulp of the running value, about 1.5e-6 short of the
 * limit at decay 0.99 and values near 0.4; these arrive.
 *
 * <p>Mutable; used by one thread at a time.
 */
public final class RunningStatistics {
  private final Convention convention;
  final double[] mean;

  /** The variances or standard deviations. */
  final double[] spread;

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
    this(
        channels,
        Conventions.pytorch()
            .withEpsilon(epsilon)
            .withMomentum(momentum)
            .withVarianceConvention(Checks.notNull("convention", convention)));
  }

  /**
   * Mean 0, variance or standard deviation 1, no updates.
   *
   * @param channels C, at least 0
   * @param convention its momentum, variance convention, spread, epsilon and where it is added
   */
  public RunningStatistics(int channels, Convention convention) {
    Checks.channelCount(channels);
    this.convention = Checks.notNull("convention", convention);
    this.mean = new double[channels];
    this.spread = new double[channels];
    this.updates = new long[channels];
    this.varianceUpdates = new long[channels];
    Arrays.fill(spread, 1);
  }

  /** As {@link #set(double[], double[], long)}, leaving the numbers of updates as they are. */
  public void set(double[] mean, double[] spread) {
    checked("runningMean", mean, convention.spread().runningSymbol(), spread, channels());
    System.arraycopy(mean, 0, this.mean, 0, mean.length);
    System.arraycopy(spread, 0, this.spread, 0, spread.length);
  }

  /**
   * Replaces the statistics, for example by those of a stored layer.
   *
   * @param mean of each channel, finite, copied
   * @param spread of each channel the variance, or the standard deviation where the convention
   *     keeps that; finite and at least 0, copied
   * @param updates how many batches they come from (PyTorch: num_batches_tracked), at least 0;
   *     {@link Momentum#cumulative} and {@link Momentum#zeroDebiased} go on from there (from 0, the
   *     next batch replaces them)
   * @throws IllegalArgumentException on another length or value; nothing has changed then
   */
  public void set(double[] mean, double[] spread, long updates) {
    if (updates < 0) {
      throw new IllegalArgumentException("updates must be at least 0, but was " + updates);
    }
    set(mean, spread);
    Arrays.fill(this.updates, updates);
    Arrays.fill(this.varianceUpdates, updates);
  }

  /**
   * Replaces the statistics by those of a data set, leaving the numbers of updates as they are: the
   * mean, and what the convention keeps of M2 and the count.
   *
   * @param population moments of the data, as {@link PopulationStatistics} or {@link
   *     MomentsAccumulator} collect them
   * @throws IllegalArgumentException if C is another, a moment is not finite, or there are too few
   *     elements for the variance convention; nothing has changed then
   */
  public void set(ChannelMoments population) {
    Checks.notNull("population", population);
    Checks.channels("population", population.channels(), channels());
    long count = population.count();
    double[] kept = new double[channels()];
    for (int c = 0; c < kept.length; c++) {
      double m2 = population.m2(c);
      double variance = convention.varianceConvention().of(m2, count, convention.epsilon());
      if (Double.isNaN(variance) && !Double.isNaN(m2)) {
        throw new IllegalArgumentException(
            "population must have elements enough for "
                + convention.varianceConvention().formula(convention.epsilon())
                + ", but had "
                + count);
      }
      kept[c] = convention.kept(variance);
    }
    checked(
        "population's mean",
        population.mean,
        "population's " + convention.spread().symbol(),
        kept,
        channels());
    set(population.mean, kept);
  }

  static void checked(
      String meanName, double[] mean, String spreadName, double[] spread, int channels) {
    Checks.notNull(meanName, mean);
    Checks.notNull(spreadName, spread);
    Checks.length(meanName, mean.length, channels);
    Checks.length(spreadName, spread.length, channels);
    for (int c = 0; c < channels; c++) {
      if (!Double.isFinite(mean[c])) {
        throw new IllegalArgumentException(
            meanName + "[" + c + "] must be finite, but was " + mean[c]);
      }
      if (!(spread[c] >= 0 && spread[c] < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            spreadName + "[" + c + "] must be finite and at least 0, but was " + spread[c]);
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
    update(moments.count(), moments.mean, moments.m2, new boolean[channels()]);
  }

  /**
   * Moves all channels but those to be skipped by a batch of {@code count} values, count at least
   * 1.
   */
  void update(long count, double[] batchMean, double[] batchM2, boolean[] skipped) {
    Momentum momentum = convention.momentum();
    double divisor = convention.varianceConvention().divisor(count, convention.epsilon());
    if (momentum.constant()
        && convention.spread() == Spread.VARIANCE
        && divisor > 0
        && !Flags.any(skipped, 0, skipped.length)) {
      // the usual case in loops that C2 makes vector loops of: one by one, 512 channels of 49
      // elements spent a tenth of their time here
      double share = momentum.shareOfNew(1);
      move(mean, batchMean, 1, share, updates);
      move(spread, batchM2, divisor, share, varianceUpdates);
      return;
    }
    for (int c = 0; c < channels(); c++) {
      if (!skipped[c]) {
        update(c, count, batchMean[c], batchM2[c]);
      }
    }
  }

  private static void move(
      double[] running, double[] batch, double divisor, double share, long[] updates) {
    for (int c = 0; c < running.length; c++) {
      running[c] = moved(running[c], batch[c] / divisor, share);
    }
    for (int c = 0; c < updates.length; c++) {
      updates[c]++;
    }
  }

  /** Moves channel c by a batch of {@code count} values, count at least 1. */
  private void update(int c, long count, double batchMean, double batchM2) {
    Momentum momentum = convention.momentum();
    mean[c] = moved(mean[c], batchMean, momentum.shareOfNew(++updates[c]));
    double variance = convention.varianceConvention().of(batchM2, count, convention.epsilon());
    // NaN says either that n is too small for the convention, or that M2 itself is NaN and is meant
    // to go in
    if (!Double.isNaN(variance) || Double.isNaN(batchM2)) {
      double share = momentum.shareOfNew(++varianceUpdates[c]);
      spread[c] = moved(spread[c], convention.kept(variance), share);
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
    return convention.momentum();
  }

  /** Which variance of a batch goes in. */
  public VarianceConvention convention() {
    return convention.varianceConvention();
  }

  /** Running mean of channel c. */
  public double mean(int c) {
    return mean[c];
  }

  /**
   * Running variance of channel c; the square of the running standard deviation where that is kept.
   */
  public double variance(int c) {
    return convention.spread() == Spread.VARIANCE ? spread[c] : spread[c] * spread[c];
  }

  /** What is kept of channel c: the running variance or the running standard deviation. */
  public double spread(int c) {
    return spread[c];
  }

  /** How many batches have moved channel c. */
  public long updates(int c) {
    return updates[c];
  }

  /** The running means; a new array. */
  public double[] means() {
    return mean.clone();
  }

  /** {@link #variance} of every channel; a new array. */
  public double[] variances() {
    double[] variance = new double[channels()];
    Arrays.setAll(variance, this::variance);
    return variance;
  }

  /** {@link #spread} of every channel, as {@link #set} takes it; a new array. */
  public double[] spreads() {
    return spread.clone();
  }

  @Override
  public String toString() {
    return "running statistics of "
        + channels()
        + " channels, momentum "
        + momentum()
        + ", "
        + convention.spread().symbol()
        + " "
        + convention.batchSpread();
  }
}
