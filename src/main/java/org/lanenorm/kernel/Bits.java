package org.lanenorm.kernel;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One bit per element of a tensor, in the order of memory: element i has bit i%64 of word i/64. Set
 * where an activation's derivative is 1 ({@link Curve#bit}), and after the last element 0.
 *
 * <p>Threads that have different elements of one word merge them into it atomically; where whole
 * words are one thread's, kernels store them.
 */
final class Bits {
  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  private Bits() {}

  /** The bits of up to 64 elements of y = act(v), the first one's last. */
  static long of(float[] y, int yFrom, int length, Curve curve) {
    long word = 0;
    for (int i = 0; i < length; i++) {
      word |= curve.bit(y[yFrom + i]) ? 1L << i : 0;
    }
    return word;
  }

  /** dz = act'(v)*dy of up to 64 elements, the first one's bit last. */
  static void gate(
      float[] dy, int dyFrom, float[] dz, int dzFrom, int length, Curve curve, long word) {
    for (int i = 0; i < length; i++) {
      float gradient = dy[dyFrom + i];
      dz[dzFrom + i] = (word >>> i & 1) != 0 ? gradient : curve.without(gradient);
    }
  }

  /** Sets the bits of the elements [first, end) of the tensor y = act(v), which has {@code all}. */
  static void mark(
      Kernels kernels,
      float[] y,
      int yOffset,
      int first,
      int end,
      int all,
      Curve curve,
      long[] bits,
      int bitsOffset) {
    int whole = firstWhole(first, end);
    int words = (end - whole) / Long.SIZE;
    kernels.mark(y, yOffset + whole, words, curve, bits, bitsOffset + whole / Long.SIZE);
    markEnds(y, yOffset, first, end, all, curve, bits, bitsOffset);
  }

  /** The same of those in words that have other elements too, or none after the tensor's last. */
  static void markEnds(
      float[] y,
      int yOffset,
      int first,
      int end,
      int all,
      Curve curve,
      long[] bits,
      int bitsOffset) {
    int whole = firstWhole(first, end);
    if (first < whole) {
      merge(y, yOffset, first, whole, all, curve, bits, bitsOffset);
    }
    int rest = whole + (end - whole) / Long.SIZE * Long.SIZE;
    if (rest < end) {
      merge(y, yOffset, rest, end, all, curve, bits, bitsOffset);
    }
  }

  /** dz = act'(v)*dy for the elements [first, end) of a tensor. */
  static void gate(
      Kernels kernels,
      float[] dy,
      int dyOffset,
      float[] dz,
      int dzOffset,
      int first,
      int end,
      Curve curve,
      long[] bits,
      int bitsOffset) {
    int whole = firstWhole(first, end);
    if (first < whole) {
      long word = bits[bitsOffset + first / Long.SIZE] >>> first;
      gate(dy, dyOffset + first, dz, dzOffset + first, whole - first, curve, word);
    }
    int words = (end - whole) / Long.SIZE;
    int at = bitsOffset + whole / Long.SIZE;
    kernels.gate(dy, dyOffset + whole, dz, dzOffset + whole, words, curve, bits, at);
    int rest = whole + words * Long.SIZE;
    if (rest < end) {
      gate(dy, dyOffset + rest, dz, dzOffset + rest, end - rest, curve, bits[at + words]);
    }
  }

  /** Where the first word begins that has no elements before {@code first}; at most end. */
  private static int firstWhole(int first, int end) {
    return (int) Math.min(end, (first + (Long.SIZE - 1L)) / Long.SIZE * Long.SIZE);
  }

  /** Sets the bits of elements of one word, and those after the tensor's last element to 0. */
  private static void merge(
      float[] y,
      int yOffset,
      int first,
      int end,
      int all,
      Curve curve,
      long[] bits,
      int bitsOffset) {
    int index = bitsOffset + first / Long.SIZE;
    long own = (end == all ? -1L : (1L << (end - first)) - 1) << first;
    long word = of(y, yOffset + first, end - first, curve) << first;
    long old;
    do {
      old = (long) WORDS.getVolatile(bits, index);
    } while (!WORDS.compareAndSet(bits, index, old, old & ~own | word));
  }
}
