package org.lanenorm;

import java.util.Arrays;

/**
 * The shape of a batch and where its element (n, c, s) lies in a flat array: N images, C channels
 * and S spatial positions (the product of the spatial dimensions, 1 for rows).
 *
 * <p>The factories take the dimensions in the order in which they lie in memory, slowest first:
 * {@code nchw(32, 64, 56, 56)} and {@code nhwc(32, 56, 56, 64)} describe the same numbers. Every
 * dimension may be 0; their product must fit an {@code int}, as Java's arrays are indexed by one.
 * Immutable; two shapes are equal when layout and dimensions are.
 */
public final class TensorShape {
  private final Layout layout;
  private final int batch;
  private final int channels;
  private final int[] spatialDimensions;
  private final int spatial;
  private final int length;

  private TensorShape(Layout layout, int batch, int channels, int... spatialDimensions) {
    Checks.notNull("layout", layout);
    Checks.notNull("spatial", spatialDimensions);
    if (spatialDimensions.length > 3) {
      throw new IllegalArgumentException(
          "spatial must have 0 to 3 dimensions, but was " + Arrays.toString(spatialDimensions));
    }
    this.layout = layout;
    this.batch = batch;
    this.channels = channels;
    this.spatialDimensions = spatialDimensions.clone();
    for (int dimension : dimensions()) {
      if (dimension < 0) {
        throw new IllegalArgumentException(
            "shape must have dimensions >= 0, but was " + describe());
      }
    }
    // M = N*S is checked on its own because C may be 0
    this.spatial = product(spatialDimensions);
    this.length = product(new int[] {batch, channels, spatial});
    product(new int[] {batch, spatial});
  }

  private int product(int... factors) {
    long product = 1;
    for (int factor : factors) {
      // first, as an empty tensor fits whatever its other dimensions are
      product = factor == 0 ? 0 : product;
    }
    for (int factor : factors) {
      product *= factor;
      if (product > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "shape must have at most " + Integer.MAX_VALUE + " elements, but was " + describe());
      }
    }
    return (int) product;
  }

  /**
   * Any rank from 2 to 5.
   *
   * @param layout order in memory
   * @param batch N
   * @param channels C
   * @param spatial 0 to 3 spatial dimensions, slowest first
   * @return the shape
   * @throws IllegalArgumentException on a negative dimension, more than three spatial ones, or a
   *     product over {@link Integer#MAX_VALUE}
   */
  public static TensorShape of(Layout layout, int batch, int channels, int... spatial) {
    return new TensorShape(layout, batch, channels, spatial);
  }

  /** Rank 2, rows of features (N, D): S = 1, where both layouts are the same memory. */
  public static TensorShape rows(int batch, int channels) {
    return new TensorShape(Layout.NCHW, batch, channels);
  }

  /** Rank 3, (N, C, W). */
  public static TensorShape ncw(int batch, int channels, int width) {
    return new TensorShape(Layout.NCHW, batch, channels, width);
  }

  /** Rank 3, (N, W, C). */
  public static TensorShape nwc(int batch, int width, int channels) {
    return new TensorShape(Layout.NHWC, batch, channels, width);
  }

  /** Rank 4, (N, C, H, W). */
  public static TensorShape nchw(int batch, int channels, int height, int width) {
    return new TensorShape(Layout.NCHW, batch, channels, height, width);
  }

  /** Rank 4, (N, H, W, C). */
  public static TensorShape nhwc(int batch, int height, int width, int channels) {
    return new TensorShape(Layout.NHWC, batch, channels, height, width);
  }

  /** Rank 5, (N, C, D, H, W). */
  public static TensorShape ncdhw(int batch, int channels, int depth, int height, int width) {
    return new TensorShape(Layout.NCHW, batch, channels, depth, height, width);
  }

  /** Rank 5, (N, D, H, W, C). */
  public static TensorShape ndhwc(int batch, int depth, int height, int width, int channels) {
    return new TensorShape(Layout.NHWC, batch, channels, depth, height, width);
  }

  /** Order in memory. */
  public Layout layout() {
    return layout;
  }

  /** N, the number of images (of rows at rank 2). */
  public int batch() {
    return batch;
  }

  /** C. */
  public int channels() {
    return channels;
  }

  /**
   * S, the number of positions of one channel in one image: the product of the spatial dimensions.
   */
  public int spatial() {
    return spatial;
  }

  /** M = N*S, the number of elements of one channel. */
  public int count() {
    return batch * spatial;
  }

  /** N*C*S, the number of floats that the tensor takes. */
  public int length() {
    return length;
  }

  /** Number of dimensions, 2 to 5. */
  public int rank() {
    return 2 + spatialDimensions.length;
  }

  /** The dimensions in memory order, slowest first; a new array. */
  public int[] dimensions() {
    int[] dimensions = new int[2 + spatialDimensions.length];
    dimensions[0] = batch;
    boolean last = layout == Layout.NHWC;
    dimensions[last ? dimensions.length - 1 : 1] = channels;
    System.arraycopy(spatialDimensions, 0, dimensions, last ? 1 : 2, spatialDimensions.length);
    return dimensions;
  }

  /** The same tensor in the other order of memory. */
  public TensorShape withLayout(Layout layout) {
    return layout == this.layout
        ? this
        : new TensorShape(layout, batch, channels, spatialDimensions);
  }

  /** The same for another number of images. */
  TensorShape withBatch(int other) {
    return new TensorShape(layout, other, channels, spatialDimensions);
  }

  /**
   * Where element (n, c, s) lies, counted from the tensor's first float.
   *
   * @param n image, 0 to N-1
   * @param c channel, 0 to C-1
   * @param s position, 0 to S-1
   * @return {@code (n*C + c)*S + s} in NCHW, {@code (n*S + s)*C + c} in NHWC
   * @throws IndexOutOfBoundsException if one of them is outside
   */
  public int index(int n, int c, int s) {
    if (n < 0 || n >= batch || c < 0 || c >= channels || s < 0 || s >= spatial) {
      throw new IndexOutOfBoundsException(
          "element (" + n + ", " + c + ", " + s + ") is outside " + this);
    }
    return layout == Layout.NCHW
        ? (n * channels + c) * spatial + s
        : (n * spatial + s) * channels + c;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorShape that
        && layout == that.layout
        && batch == that.batch
        && channels == that.channels
        && Arrays.equals(spatialDimensions, that.spatialDimensions);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dimensions()) * 31 + layout.hashCode();
  }

  /** For example {@code NCHW 32x64x56x56}. */
  @Override
  public String toString() {
    return describe();
  }

  private String describe() {
    StringBuilder text = new StringBuilder(layout.toString());
    char separator = ' ';
    for (int dimension : dimensions()) {
      text.append(separator).append(dimension);
      separator = 'x';
    }
    return text.toString();
  }
}
