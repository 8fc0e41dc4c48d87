package org.lanenorm.properties;

import java.util.Arrays;
import org.lanenorm.verify.Tensors;

/** What all property classes share. */
abstract class Properties {
  /** The library, unless a test puts something broken here to see a property fail. */
  Subject subject = new Library();

  Accuracy accuracy = Accuracy.OF_THE_LIBRARY;

  /** Fails with one line that tells the input; only a failure formats it. */
  static void check(boolean holds, String format, Object... arguments) {
    if (!holds) {
      throw new AssertionError(String.format(format, arguments));
    }
  }

  /** NaNs are equal, 0.0 and -0.0 are not. */
  static void sameBits(float[] actual, float[] expected, String what, Object input) {
    int at = Arrays.mismatch(Tensors.bits(actual), Tensors.bits(expected));
    if (at >= 0) {
      throw new AssertionError(
          String.format(
              "%s: %s differs first at %d of %d: %s, expected %s",
              input, what, at, expected.length, value(actual, at), value(expected, at)));
    }
  }

  static void sameBits(Object actual, Object expected, String what, Object input) {
    check(actual.equals(expected), "%s: %s differ", input, what);
  }

  private static String value(float[] values, int at) {
    return at < values.length ? values[at] + " " + Float.toHexString(values[at]) : "nothing";
  }
}
