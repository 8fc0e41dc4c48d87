package org.lanenorm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Count, mean and M2 (the sum of squared distances from the mean) of every channel: all that
 * training needs to know of a batch, and a value that can be stored, sent and merged. Immutable.
 *
 * <p>Every channel of a tensor holds the same number of elements, so there is one count. With count
 * 0 all means and M2 are 0, and merging such moments changes nothing.
 *
 * <p>Accuracy against exact arithmetic, for every finite input (u = 2^-24): |mean error| &lt;=
 * 4u(|mean| + std), |variance error| &lt;= 8u*variance; a constant channel has exactly its value as
 * the mean and exactly 0 as M2. A channel with a NaN or an infinity has a NaN or infinite mean and
 * NaN as M2. See {@link org.lanenorm} for the algorithm.
 */
public final class ChannelMoments {
  /** The first bytes of the byte form: LNCM. */
  private static final int MAGIC = 'L' | 'N' << 8 | 'C' << 16 | 'M' << 24;

  private static final int VERSION = 1;

  /** Bytes before the means. */
  private static final int HEADER = 20;

  private final long count;
  final double[] mean;
  final double[] m2;

  ChannelMoments(long count, double[] mean, double[] m2) {
    this.count = count;
    this.mean = mean;
    this.m2 = m2;
  }

  /**
   * Moments known from elsewhere.
   *
   * @param count elements per channel, at least 0
   * @param mean of each channel, copied
   * @param m2 sum of squared distances from the mean of each channel, none negative, copied
   * @return the moments; the means and M2 given are ignored (taken as 0) where count is 0
   * @throws IllegalArgumentException if the arrays' lengths differ, the count or an M2 is negative
   */
  public static ChannelMoments of(long count, double[] mean, double[] m2) {
    Checks.notNull("mean", mean);
    Checks.length("m2", Checks.notNull("m2", m2).length, mean.length);
    if (count < 0) {
      throw new IllegalArgumentException("count must be at least 0, but was " + count);
    }
    if (count == 0) {
      return empty(mean.length);
    }
    for (int c = 0; c < m2.length; c++) {
      if (m2[c] < 0) {
        throw new IllegalArgumentException("m2[" + c + "] must be at least 0, but was " + m2[c]);
      }
    }
    return new ChannelMoments(count, mean.clone(), m2.clone());
  }

  /** The moments of no elements at all: the identity of {@link #merge}. */
  public static ChannelMoments empty(int channels) {
    Checks.channelCount(channels);
    return new ChannelMoments(0, new double[channels], new double[channels]);
  }

  /** As {@link #of(float[], int, TensorShape)} from offset 0. */
  public static ChannelMoments of(float[] x, TensorShape shape) {
    return of(x, 0, shape);
  }

  /**
   * The moments of a tensor, in one read of it. {@link MomentsAccumulator} does the same over many
   * tensors without allocating, and in parallel.
   *
   * @param x holds the tensor; not changed
   * @param offset of the tensor's first element in x
   * @param shape N, C, S and the layout
   * @return count N*S, mean and M2 of each channel: the same bits in every layout and on every back
   *     end
   * @throws IllegalArgumentException if the tensor does not lie inside x
   */
  public static ChannelMoments of(float[] x, int offset, TensorShape shape) {
    Checks.notNull("shape", shape);
    MomentsAccumulator accumulator = new MomentsAccumulator(shape.channels());
    accumulator.add(x, offset, shape);
    return accumulator.moments();
  }

  /**
   * The same, and how far they may lie from the exact ones.
   *
   * @param x holds the tensor; not changed
   * @param offset of the tensor's first element in x
   * @param shape N, C, S and the layout
   * @param bounds receives the bounds of mean and variance
   * @return the bits of the form without bounds
   * @throws IllegalArgumentException if the tensor does not lie inside x or bounds are of another C
   */
  public static ChannelMoments of(float[] x, int offset, TensorShape shape, ErrorBounds bounds) {
    Checks.notNull("shape", shape);
    MomentsAccumulator accumulator = new MomentsAccumulator(shape.channels());
    accumulator.add(x, offset, shape, bounds);
    return accumulator.moments();
  }

  /**
   * The moments of a tensor in a storage.
   *
   * @param x holds the tensor; not changed
   * @param shape N, C, S and the layout
   * @return those of its elements as floats
   * @throws IllegalArgumentException if x is too small or cannot be accessed
   */
  public static ChannelMoments of(Storage x, TensorShape shape) {
    Checks.notNull("shape", shape);
    MomentsAccumulator accumulator = new MomentsAccumulator(shape.channels());
    accumulator.add(x, shape);
    return accumulator.moments();
  }

  /**
   * The moments of a tensor's valid positions: as of a tensor that holds no others.
   *
   * @param x holds the tensor; not changed
   * @param offset of the tensor's first element in x
   * @param shape N, C, S and the layout
   * @param mask which positions count
   * @return count, the mask's, mean and M2 of each channel
   * @throws IllegalArgumentException if the tensor does not lie inside x, or the mask is of another
   *     N or S
   */
  public static ChannelMoments of(float[] x, int offset, TensorShape shape, Mask mask) {
    Checks.notNull("shape", shape);
    MomentsAccumulator accumulator = new MomentsAccumulator(shape.channels());
    accumulator.add(x, offset, shape, mask);
    return accumulator.moments();
  }

  /** The moments of the valid positions of a tensor in a storage. */
  public static ChannelMoments of(Storage x, TensorShape shape, Mask mask) {
    Checks.notNull("shape", shape);
    MomentsAccumulator accumulator = new MomentsAccumulator(shape.channels());
    accumulator.add(x, shape, mask);
    return accumulator.moments();
  }

  /**
   * The moments of both sets of elements together, by Chan, Golub and LeVeque's update in double
   * (Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979): with d =
   * mean(b) - mean(a) and n = n(a) + n(b), {@code mean = mean(a) + d*n(b)/n} and {@code M2 = M2(a)
   * + M2(b) + d^2*n(a)*n(b)/n}.
   *
   * @param other the other set, over the same number of channels
   * @return the merged moments
   * @throws IllegalArgumentException if the numbers of channels differ or the counts overflow a
   *     long
   */
  public ChannelMoments merge(ChannelMoments other) {
    Checks.notNull("other", other);
    Checks.channels("other", other.channels(), channels());
    MomentsAccumulator accumulator = new MomentsAccumulator(channels());
    accumulator.add(this);
    accumulator.add(other);
    return accumulator.moments();
  }

  /** C. */
  public int channels() {
    return mean.length;
  }

  /** Elements per channel. */
  public long count() {
    return count;
  }

  /** Mean of channel c, 0 where count is 0. */
  public double mean(int c) {
    return mean[c];
  }

  /** Sum of squared distances from the mean of channel c, 0 where count is 0. */
  public double m2(int c) {
    return m2[c];
  }

  /** Biased variance of channel c, M2/count: what normalizing uses. NaN where count is 0. */
  public double variance(int c) {
    return count == 0 ? Double.NaN : m2[c] / count;
  }

  /**
   * Unbiased variance of channel c, M2/(count - 1), Bessel's correction. NaN where count is below
   * 2.
   */
  public double unbiasedVariance(int c) {
    return count < 2 ? Double.NaN : m2[c] / (count - 1);
  }

  /** The means; a new array. */
  public double[] means() {
    return mean.clone();
  }

  /** The biased variances; a new array. */
  public double[] variances() {
    double[] variance = new double[m2.length];
    Arrays.setAll(variance, this::variance);
    return variance;
  }

  /**
   * The moments as bytes, to be stored or sent: the same bytes exactly for equal moments, on every
   * machine. Numbers are little-endian, doubles as IEEE 754 has them, every NaN as
   * 0x7ff8000000000000.
   *
   * <pre>
   * from       bytes
   *  0         4      4c 4e 43 4d, "LNCM" in ASCII
   *  4         4      version, int: 1
   *  8         8      count, long, at least 0
   * 16         4      channels C, int, at least 0
   * 20         8*C    mean of each channel, double
   * 20 + 8*C   8*C    M2 of each channel, double, none negative
   * 20 + 16*C         the end
   * </pre>
   *
   * Where count is 0 all means and M2 are 0.
   *
   * @return 20 + 16*C bytes; a new array
   * @throws IllegalStateException if there are more channels than an array of bytes can hold,
   *     134,217,726
   */
  public byte[] toBytes() {
    long length = HEADER + 16L * channels();
    if (length > Integer.MAX_VALUE) {
      throw new IllegalStateException("bytes of " + channels() + " channels exceed an array");
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(MAGIC).putInt(VERSION).putLong(count).putInt(channels());
    for (double value : mean) {
      bytes.putLong(Double.doubleToLongBits(value));
    }
    for (double value : m2) {
      bytes.putLong(Double.doubleToLongBits(value));
    }
    return bytes.array();
  }

  /**
   * Reads what {@link #toBytes} has written. Nothing in the bytes is taken on trust: all of it is
   * checked, and nothing is allocated for more channels than there are bytes.
   *
   * @param bytes the whole of it and nothing more; not kept
   * @return the moments
   * @throws IllegalArgumentException if the bytes are not those of moments in a version known here
   */
  public static ChannelMoments fromBytes(byte[] bytes) {
    Checks.notNull("bytes", bytes);
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < HEADER) {
      throw malformed("be " + HEADER + " at least", "were " + bytes.length);
    }
    int magic = in.getInt();
    if (magic != MAGIC) {
      throw malformed("begin with 4c 4e 43 4d", "with the int " + Integer.toHexString(magic));
    }
    int version = in.getInt();
    if (version != VERSION) {
      throw malformed("be of version " + VERSION, "of version " + version);
    }
    long count = in.getLong();
    if (count < 0) {
      throw malformed("have a count of at least 0", "had " + count);
    }
    int channels = in.getInt();
    if (channels < 0) {
      throw malformed("have at least 0 channels", "had " + channels);
    }
    long length = HEADER + 16L * channels;
    if (bytes.length != length) {
      throw malformed("be " + length + " for " + channels + " channels", "were " + bytes.length);
    }
    double[] mean = new double[channels];
    double[] m2 = new double[channels];
    in.asDoubleBuffer().get(mean).get(m2);
    for (int c = 0; c < channels; c++) {
      if (m2[c] < 0) {
        throw malformed("have an m2[" + c + "] of at least 0", "had " + m2[c]);
      }
      if (count == 0 && !(mean[c] == 0 && m2[c] == 0)) {
        String moments = "mean " + mean[c] + " and m2 " + m2[c] + " of channel " + c;
        throw malformed("have moments of 0 where count is 0", "had " + moments);
      }
    }
    return count == 0 ? empty(channels) : new ChannelMoments(count, mean, m2);
  }

  private static IllegalArgumentException malformed(String allowed, String was) {
    return new IllegalArgumentException("bytes must " + allowed + ", but " + was);
  }

  /** Same count and the same bits of every mean and M2 (NaN equal to NaN). */
  @Override
  public boolean equals(Object other) {
    return other instanceof ChannelMoments that
        && count == that.count
        && Arrays.equals(mean, that.mean)
        && Arrays.equals(m2, that.m2);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(mean) * 31 + Arrays.hashCode(m2);
  }

  @Override
  public String toString() {
    return "moments of " + channels() + " channels, " + count + " elements each";
  }
}
