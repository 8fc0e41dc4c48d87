package org.lanenorm.kernel;

/**
 * The primitive operations. Symbols: x, y, dy, dx are elements of channel c; S sums over one
 * segment in the order of {@link Segments}. Results of one implementation equal those of another
 * bit for bit (all NaNs are one).
 *
 * <p>Implementations check nothing: shapes, lengths and overlaps have been checked by the caller.
 * All of them are stateless; {@code scratch} is the calling thread's own.
 */
public interface Kernels {
  /** For example {@code "vector-512"}. */
  String name();

  /**
   * Whether these are vectors, so that {@link StoredVectorKernels} and {@link
   * StoredRowVectorKernels} can be used beside them.
   */
  default boolean vectors() {
    return false;
  }

  /**
   * For each segment in [firstSegment, endSegment) and channel c in [from, to), at i = (segment -
   * firstSegment)*(to - from) + c - from: shift[i] = K, the mean of a sample of the segment's
   * elements; sum[i] = S(x - K); square[i] = S((x - K)^2). The lanes' sums are float, folded in
   * double: {@link ChannelReduction} says when that is not enough. Not every combination of
   * segments and channels is allowed: {@link Segments#segmentsTogether}.
   */
  void momentSums(
      float[] x,
      int xOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] shift,
      double[] sum,
      double[] square,
      Scratch scratch);

  /**
   * For the segments and channels of momentSums, at segment*C + c and in double: d = x - origin[c],
   * sum = S(d), square = S(d*d) and reach, the largest sum of squares of two lanes, which no d*d
   * exceeds. Each lane adds d, and fma(d, d, ...), superrow by superrow, the short ones behind the
   * full ones; of a superrow of t positions those belong to the last t lanes. Lanes are folded by
   * halving as elsewhere, and reach is taken after the first step of that.
   */
  void referenceSums(
      float[] x,
      int xOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] origin,
      double[] sum,
      double[] square,
      double[] reach,
      Scratch scratch);

  /**
   * From these sums to moments, {@link ChannelReduction#segmentMoments} for each segment: sum[i]
   * becomes the mean and square[i] becomes M2.
   */
  void segmentMoments(
      float[] x,
      int xOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] shift,
      double[] sum,
      double[] square,
      Scratch scratch);

  /**
   * invStd = 1/sqrt(M2/count + epsilon) of the channels [from, to), and what {@link
   * ChannelAffine#compute} makes of it.
   */
  void coefficients(
      double[] mean,
      double[] m2,
      double count,
      double epsilon,
      double[] invStd,
      float[] gamma,
      float[] beta,
      ChannelAffine affine,
      int from,
      int to);

  /** {@link ChannelGradients#compute} of the channels [from, to). */
  void coefficients(
      ChannelGradients gradients, double[] invStd, float[] gamma, double count, int from, int to);

  /** As {@link #momentSums}, sum[i] = S(dy) and product[i] = S(dy*(x - hi[c])). */
  void gradientSums(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] hi,
      double[] sum,
      double[] product,
      Scratch scratch);

  /** {@link ChannelReduction#segmentGradients} for each segment of these sums. */
  void segmentGradients(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] hi,
      double[] sum,
      double[] product,
      Scratch scratch);

  /**
   * y = fma(x - hi, k, b) for the channels [from, to) of the {@link Segments#rows} [firstRow,
   * endRow). y may be x.
   */
  void normalize(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      ChannelAffine affine,
      Scratch scratch);

  /**
   * dx = fma(dy, k, fma(x - hi, p, q)) for the channels [from, to) of the {@link Segments#rows}
   * [firstRow, endRow). dx may be dy or x.
   */
  void inputGradient(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      float[] dx,
      int dxOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      ChannelGradients gradients,
      Scratch scratch);

  /**
   * y = act(fma(x - hi, k, b) + z) for the elements [begin, end) of each {@link Segments#run} of
   * the channels [from, to) of the {@link Segments#rows} [firstRow, endRow). y may be x or z.
   *
   * @param z null for none: nothing is added then
   * @param curve act
   */
  void fused(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      int begin,
      int end,
      ChannelAffine affine,
      Curve curve,
      Scratch scratch);

  /**
   * As {@link #fused}, of whole runs that follow one another in memory (all channels, or one row),
   * and the bits of y, which {@link Bits} shares with whoever has other elements of a word.
   *
   * @param curve act, one that has bits
   */
  void marked(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] y,
      int yOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      ChannelAffine affine,
      Curve curve,
      long[] bits,
      int bitsOffset,
      Scratch scratch);

  /**
   * dz = act'(v)*dy, v = fma(x - hi, k, b) + z, for the channels [from, to) of the {@link
   * Segments#rows} [firstRow, endRow). dz may be dy or z.
   *
   * @param z null for none: nothing is added then
   */
  void fusedGradient(
      float[] x,
      int xOffset,
      float[] z,
      int zOffset,
      float[] dy,
      int dyOffset,
      float[] dz,
      int dzOffset,
      Segments order,
      int firstRow,
      int endRow,
      int from,
      int to,
      ChannelAffine affine,
      Curve curve,
      Scratch scratch);

  /** dx = act'(v)*dy for so many floats from each offset on, of v from its first. dx may be dy. */
  void gradient(float[] v, float[] dy, int dyFrom, float[] dx, int dxFrom, int length, Curve curve);

  /** Sets so many words, from {@code at} on, to the bits of 64 floats of y = act(v) each. */
  void mark(float[] y, int yFrom, int words, Curve curve, long[] bits, int at);

  /** dz = act'(v)*dy for 64 floats of each of so many words of bits. dz may be dy. */
  void gate(
      float[] dy, int dyFrom, float[] dz, int dzFrom, int words, Curve curve, long[] bits, int at);

  /**
   * y = fma(fma(x - hi, k, b), gamma[s], beta[s]) at every position s of one image, whose channels
   * are lines of their own: hi, k and b belong to the channel, gamma and beta to the position. y
   * may be x.
   */
  void normalizeElements(
      float[] x,
      int xOffset,
      float[] y,
      int yOffset,
      Segments order,
      ChannelAffine affine,
      float[] gamma,
      float[] beta);

  /** y = x*gamma[s] at every position s of one image. */
  void scaleElements(float[] x, int xOffset, float[] y, int yOffset, Segments order, float[] gamma);

  /** to = from as floats: {@link HalfFloats}. */
  void widenBfloat16(short[] from, int fromAt, float[] to, int toAt, int length);

  /** to = from as floats: {@link HalfFloats}. */
  void widenFloat16(short[] from, int fromAt, float[] to, int toAt, int length);

  /** to = from, rounded. */
  void narrowBfloat16(float[] from, int fromAt, short[] to, int toAt, int length);
}
