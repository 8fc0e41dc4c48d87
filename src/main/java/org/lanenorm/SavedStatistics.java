package org.lanenorm;

import java.util.Arrays;

/**
 * What a training forward leaves for its backward: count, mean, M2 and invStd per channel (no copy
 * of x), and which channels' running statistics it did not move. Owned by the caller and
 * overwritten by each forward that is given it.
 */
public final class SavedStatistics {
  final double[] mean;
  final double[] m2;
  final double[] invStd;
  final boolean[] skipped;
  long count;

  /** For a layer of C channels; holds the statistics of an empty batch until a forward fills it. */
  public SavedStatistics(int channels) {
    Checks.channelCount(channels);
    mean = new double[channels];
    m2 = new double[channels];
    invStd = new double[channels];
    skipped = new boolean[channels];
  }

  /** To those of an empty batch. */
  void clear() {
    count = 0;
    Arrays.fill(skipped, false);
    Arrays.fill(mean, 0);
    Arrays.fill(m2, 0);
    Arrays.fill(invStd, 0);
  }

  void copyFrom(SavedStatistics other) {
    count = other.count;
    System.arraycopy(other.skipped, 0, skipped, 0, skipped.length);
    System.arraycopy(other.mean, 0, mean, 0, mean.length);
    System.arraycopy(other.m2, 0, m2, 0, m2.length);
    System.arraycopy(other.invStd, 0, invStd, 0, invStd.length);
  }

  /** Whether both are of the same forward, as far as backward can tell. */
  boolean sameAs(SavedStatistics other) {
    return count == other.count
        && Arrays.equals(mean, other.mean)
        && Arrays.equals(m2, other.m2)
        && Arrays.equals(invStd, other.invStd);
  }

  /** C. */
  public int channels() {
    return mean.length;
  }

  /** M = N*S of the batch. */
  public long count() {
    return count;
  }

  /** Batch mean of channel c. */
  public double mean(int c) {
    return mean[c];
  }

  /** Biased batch variance of channel c. NaN where count is 0. */
  public double variance(int c) {
    return count == 0 ? Double.NaN : m2[c] / count;
  }

  /**
   * 1/sqrt(variance + epsilon) of channel c, or what the layer's {@link EpsilonPlacement} makes of
   * it; 0 where count is 0.
   */
  public double invStd(int c) {
    return invStd[c];
  }

  /**
   * Whether {@link NonFinitePolicy#SKIP_UPDATE} kept channel c's running statistics from this
   * batch.
   */
  public boolean skipped(int c) {
    return skipped[c];
  }

  /** The channels for which {@link #skipped} is true, in order; a new array. */
  public int[] skippedChannels() {
    return java.util.stream.IntStream.range(0, skipped.length).filter(c -> skipped[c]).toArray();
  }

  /** The batch's moments as a value, to be merged or stored. */
  public ChannelMoments moments() {
    return new ChannelMoments(count, mean.clone(), m2.clone());
  }

  @Override
  public String toString() {
    return "saved statistics of " + channels() + " channels, " + count + " elements each";
  }
}
