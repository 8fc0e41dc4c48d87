package org.lanenorm.files;

import java.util.Arrays;
import java.util.List;

/**
 * An array of numbers in C order (the last index turns fastest). It keeps the Java array it was
 * made of and hands out the same one: nothing of a large tensor is copied.
 */
public final class Tensor {
  private final ElementType type;
  private final int[] shape;
  private final Object values;

  Tensor(ElementType type, int[] shape, Object values) {
    long size = 1;
    for (int dimension : shape) {
      size *= dimension;
    }
    if (size != java.lang.reflect.Array.getLength(values)) {
      throw new IllegalArgumentException(
          "values must be of length " + size + " for shape " + describe(shape));
    }
    this.type = type;
    this.shape = shape;
    this.values = values;
  }

  /** float32 values in C order. */
  public static Tensor of(float[] values, int... shape) {
    return new Tensor(ElementType.FLOAT32, shape.clone(), values);
  }

  /** float64 values in C order. */
  public static Tensor of(double[] values, int... shape) {
    return new Tensor(ElementType.FLOAT64, shape.clone(), values);
  }

  /** int64 values in C order. */
  public static Tensor of(long[] values, int... shape) {
    return new Tensor(ElementType.INT64, shape.clone(), values);
  }

  /** Type of the elements in the file; those of 16 bits were widened to float. */
  public ElementType type() {
    return type;
  }

  /** The dimensions, slowest first; none at all for a single number. A new array. */
  public int[] shape() {
    return shape.clone();
  }

  /** Number of elements. */
  public int size() {
    return java.lang.reflect.Array.getLength(values);
  }

  /** The values: those of up to 32 bits themselves, others rounded to the nearest float. */
  public float[] floats() {
    if (values instanceof float[] floats) {
      return floats;
    }
    double[] doubles = doubles();
    float[] floats = new float[doubles.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) doubles[i];
    }
    return floats;
  }

  /** The values: those of float64 themselves, others as the nearest double. */
  public double[] doubles() {
    if (values instanceof double[] same) {
      return same;
    }
    double[] doubles = new double[size()];
    if (values instanceof float[] floats) {
      Arrays.setAll(doubles, i -> floats[i]);
    } else {
      long[] longs = (long[]) values;
      Arrays.setAll(doubles, i -> longs[i]);
    }
    return doubles;
  }

  /**
   * The values of int64 themselves.
   *
   * @throws IllegalStateException for another type
   */
  public long[] longs() {
    if (values instanceof long[] longs) {
      return longs;
    }
    throw new IllegalStateException("holds " + type + ", not int64");
  }

  /** A shape as NumPy writes it: {@code ()}, {@code (3,)}, {@code (3, 4)}. */
  public static String describe(int... shape) {
    return describe(Arrays.stream(shape).mapToObj(Long::valueOf).toList());
  }

  static String describe(List<Long> shape) {
    String inner = shape.toString();
    return "(" + inner.substring(1, inner.length() - 1) + (shape.size() == 1 ? ",)" : ")");
  }

  @Override
  public String toString() {
    return type + " " + describe(shape);
  }
}
