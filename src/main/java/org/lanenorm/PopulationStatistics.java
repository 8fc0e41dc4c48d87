package org.lanenorm;

import java.util.Arrays;

/**
 * Statistics of a data set from those of its batches, for inference in place of running averages
 * ("precise batch normalization"; Wu and Johnson, Rethinking "Batch" in BatchNorm, 2021,
 * arXiv:2105.07576, section 3). The batches' moments are merged, not averaged: an average of batch
 * variances leaves out how far the batches' means lie apart, and an average of means is wrong where
 * batches differ in size.
 *
 * <pre>{@code
 * for each batch: population.add(norm.forwardTraining(x, y, shape));
 * norm.runningStatistics().set(population.moments());
 * FrozenBatchNorm frozen = norm.freeze();
 * }</pre>
 *
 * <p>{@link ChannelMoments#merge}'s update of mean and M2, each kept as the sum of two doubles, so
 * that neither many batches nor a small first one cost digits: to the errors of the batches' own
 * moments, merging adds at most {@code 2^-50*sqrt(M/M1)} of std to the mean and of the variance to
 * the variance, with M1 elements in the first batch that is not empty; at 2^40 times as many in all
 * that is u/64, u = 2^-24. (A mean that is far from 0 is rounded to double once more.)
 *
 * <p>Nothing is allocated by adding. Used by one thread at a time.
 */
public final class PopulationStatistics {
  private final double[] mean;
  private final double[] m2;

  /** What rounding has kept out of the mean so far; the same of M2. */
  private final double[] meanRest;

  private final double[] m2Rest;
  private long count;

  /** Of no batches yet, over C channels. */
  public PopulationStatistics(int channels) {
    Checks.channelCount(channels);
    mean = new double[channels];
    m2 = new double[channels];
    meanRest = new double[channels];
    m2Rest = new double[channels];
  }

  /**
   * Adds the batch of a training forward. A channel with NaN or infinity makes the population's
   * NaN: leave out what {@link SavedStatistics#skippedChannels} names, batch and all.
   *
   * @param saved over the same number of channels
   * @throws IllegalArgumentException if C is another or the counts overflow a long; nothing has
   *     changed then
   */
  public void add(SavedStatistics saved) {
    Checks.notNull("saved", saved);
    Checks.channels("saved", saved.channels(), channels());
    Checks.countsFit(count, saved.count);
    add(saved.count, saved.mean, saved.m2);
  }

  /**
   * Adds a batch, or a population of its own, from its moments.
   *
   * @param moments over the same number of channels
   * @throws IllegalArgumentException if C is another or the counts overflow a long; nothing has
   *     changed then
   */
  public void add(ChannelMoments moments) {
    Checks.notNull("moments", moments);
    Checks.channels("moments", moments.channels(), channels());
    Checks.countsFit(count, moments.count());
    add(moments.count(), moments.mean, moments.m2);
  }

  private void add(long otherCount, double[] otherMean, double[] otherM2) {
    if (count == 0) {
      System.arraycopy(otherMean, 0, mean, 0, mean.length);
      System.arraycopy(otherM2, 0, m2, 0, m2.length);
    } else if (otherCount > 0) {
      double share = otherCount / ((double) count + otherCount);
      double weight = count * share;
      for (int c = 0; c < mean.length; c++) {
        double delta = otherMean[c] - mean[c] - meanRest[c];
        add(delta * share, mean, meanRest, c);
        add(otherM2[c] + delta * delta * weight, m2, m2Rest, c);
      }
    }
    count += otherCount;
  }

  /** Adds to the sum of two doubles: Knuth's two-sum, exact but for the rounding of the rest. */
  private static void add(double term, double[] sum, double[] rest, int c) {
    double old = sum[c];
    double next = old + (term + rest[c]);
    double added = next - old;
    rest[c] = old - (next - added) + (term + rest[c] - added);
    sum[c] = next;
  }

  /** Forgets everything added. */
  public void reset() {
    count = 0;
    for (double[] array : new double[][] {mean, m2, meanRest, m2Rest}) {
      Arrays.fill(array, 0);
    }
  }

  /** C. */
  public int channels() {
    return mean.length;
  }

  /** Elements per channel so far. */
  public long count() {
    return count;
  }

  /**
   * The moments of everything added, as one value: {@link RunningStatistics#set(ChannelMoments)}
   * takes it.
   */
  public ChannelMoments moments() {
    double[] wholeMean = mean.clone();
    double[] wholeM2 = m2.clone();
    for (int c = 0; c < mean.length; c++) {
      wholeMean[c] = mean[c] + meanRest[c];
      wholeM2[c] = m2[c] + m2Rest[c];
    }
    return new ChannelMoments(count, wholeMean, wholeM2);
  }

  @Override
  public String toString() {
    return "population, " + moments();
  }
}
