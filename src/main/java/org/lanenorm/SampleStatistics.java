package org.lanenorm;

/**
 * What a forward of {@link GroupNorm}, {@link LayerNorm} or {@link RmsNorm} leaves for its
 * backward: mean, variance and invStd of each thing that was normalized by itself. Of a group norm
 * these are the groups, group g of image n at index n*G + g; of a layer norm or an RMS norm the
 * lines, that of position s of image n at index n*S + s (of rows: the row). Owned by the caller,
 * grown as needed and overwritten by each forward that is given it.
 */
public final class SampleStatistics {
  double[] mean = new double[0];
  double[] m2 = mean;
  double[] invStd = mean;
  private int size;
  private long count;

  /** Holds the statistics of an empty batch until a forward fills it. */
  public SampleStatistics() {}

  /** Makes room for {@code size} statistics of {@code count} elements each. */
  void reset(int size, long count) {
    if (mean.length < size) {
      mean = new double[size];
      m2 = new double[size];
      invStd = new double[size];
    }
    this.size = size;
    this.count = count;
  }

  void check(int expectedSize, long expectedCount, TensorShape shape) {
    if (size != expectedSize || size > 0 && count != expectedCount) {
      throw new IllegalArgumentException(
          "saved must be of a forward with "
              + expectedSize
              + " statistics of "
              + expectedCount
              + " elements each ("
              + shape
              + "), but was of "
              + size
              + " of "
              + count);
    }
  }

  /** How many things were normalized; 0 where the batch had no element. */
  public int size() {
    return size;
  }

  /** Elements of each of them. */
  public long count() {
    return count;
  }

  /** Mean of the i-th; 0 after an RMS norm. */
  public double mean(int i) {
    return mean[check(i)];
  }

  /** Biased variance of the i-th; after an RMS norm the mean of its squares. */
  public double variance(int i) {
    return m2[check(i)] / count;
  }

  /** 1/sqrt(variance + epsilon) of the i-th, or what the layer's convention makes of it. */
  public double invStd(int i) {
    return invStd[check(i)];
  }

  private int check(int i) {
    return java.util.Objects.checkIndex(i, size);
  }

  @Override
  public String toString() {
    return "statistics of " + size + " times " + count + " elements";
  }
}
