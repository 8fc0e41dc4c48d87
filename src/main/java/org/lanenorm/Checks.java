package org.lanenorm;

/** Argument checks: each error names the argument, what it was and what is allowed. */
final class Checks {
  private Checks() {}

  static <T> T notNull(String name, T value) {
    if (value == null) {
      throw new NullPointerException(name + " must not be null");
    }
    return value;
  }

  static void channelCount(int channels) {
    if (channels < 0) {
      throw new IllegalArgumentException("channels must be at least 0, but was " + channels);
    }
  }

  static void length(String name, int actual, int expected) {
    if (actual != expected) {
      throw new IllegalArgumentException(
          name + " must be of length " + expected + ", but was " + actual);
    }
  }

  static void channels(String name, int actual, int expected) {
    if (actual != expected) {
      throw new IllegalArgumentException(
          name + " must have " + expected + " channels, but had " + actual);
    }
  }

  static void countsFit(long a, long b) {
    if (a > Long.MAX_VALUE - b) {
      throw new IllegalArgumentException(
          "count must fit a long, but " + a + " + " + b + " does not");
    }
  }

  static void tensor(String name, float[] array, int offset, TensorShape shape) {
    notNull(name, array);
    notNull("shape", shape);
    if (offset < 0) {
      throw new IllegalArgumentException(name + "Offset must be at least 0, but was " + offset);
    }
    if (shape.length() > array.length - offset) {
      throw new IllegalArgumentException(
          name
              + " must hold "
              + shape.length()
              + " floats ("
              + shape
              + ") from offset "
              + offset
              + ", but its length was "
              + array.length);
    }
  }

  /** A word for every 64 elements. */
  static void bits(long[] bits, int offset, TensorShape shape) {
    notNull("bits", bits);
    if (offset < 0) {
      throw new IllegalArgumentException("bitsOffset must be at least 0, but was " + offset);
    }
    int words = ActivatedBatchNorm.bitsLength(shape);
    if (words > bits.length - offset) {
      throw new IllegalArgumentException(
          "bits must hold "
              + words
              + " longs ("
              + shape
              + ") from offset "
              + offset
              + ", but its length was "
              + bits.length);
    }
  }

  static void epsilon(double epsilon) {
    if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "epsilon must be finite and at least 0, but was " + epsilon);
    }
  }

  /** 1/divisor of channel c, from the variance or standard deviation kept, where that is finite. */
  static double invStd(String name, int c, double kept, Convention convention) {
    double divisor = convention.divisorOfKept(kept);
    if (divisor == 0) {
      throw new IllegalArgumentException(
          name
              + "["
              + c
              + "] must be above 0"
              + (convention.epsilon() == 0 ? " where epsilon is 0" : "")
              + ", but was "
              + kept);
    }
    return 1 / divisor;
  }

  /** Two slices may not overlap unless they are exactly the same and {@code same} allows it. */
  static void overlap(
      String name,
      float[] a,
      int aOffset,
      int aLength,
      String otherName,
      float[] b,
      int bOffset,
      int bLength,
      boolean same) {
    if (a != b || a == null || aLength == 0 || bLength == 0) {
      return;
    }
    if (same && aOffset == bOffset) {
      return;
    }
    if (aOffset < (long) bOffset + bLength && bOffset < (long) aOffset + aLength) {
      throw new IllegalArgumentException(
          name
              + " ["
              + aOffset
              + ", "
              + ((long) aOffset + aLength)
              + ") must not overlap "
              + otherName
              + " ["
              + bOffset
              + ", "
              + ((long) bOffset + bLength)
              + ") of the same array"
              + (same ? " unless they are the same slice" : ""));
    }
  }
}
