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
   * For each channel c in [from, to): shift[c] = K, the mean of a sample of the segment's elements;
   * sum[c] = S(x - K); square[c] = S((x - K)^2). The lanes' sums are float, folded in double:
   * {@link ChannelReduction} says when that is not enough.
   */
  void momentSums(
      float[] x,
      int xOffset,
      Segments order,
      int segment,
      int from,
      int to,
      float[] shift,
      double[] sum,
      double[] square,
      Scratch scratch);

  /**
   * For each channel c in [from, to): sum[c] = S(dy) and product[c] = S(dy*(x - hi[c])), likewise.
   */
  void gradientSums(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int segment,
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
}
