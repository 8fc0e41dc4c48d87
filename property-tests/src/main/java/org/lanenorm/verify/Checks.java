package org.lanenorm.verify;

import java.util.Arrays;

/** Assertions whose text tells all that is needed to see the failure and to make it again. */
public final class Checks {
  private Checks() {}

  /** Fails with this text; only a failure formats it. */
  public static void check(boolean holds, String format, Object... arguments) {
    if (!holds) {
      throw new AssertionError(String.format(format, arguments));
    }
  }

  /** NaNs are equal, 0.0 and -0.0 are not. */
  public static void sameBits(float[] actual, float[] expected, String what, Object input) {
    int at = Arrays.mismatch(Tensors.bits(actual), Tensors.bits(expected));
    if (at >= 0) {
      throw new AssertionError(
          String.format(
              "%s: %s differs first at %d of %d: %s, expected %s",
              input, what, at, expected.length, value(actual, at), value(expected, at)));
    }
  }

  /** The same for doubles. */
  public static void sameBits(double[] actual, double[] expected, String what, Object input) {
    check(
        Arrays.equals(actual, expected),
        "%s: %s are %s, expected %s",
        input,
        what,
        Arrays.toString(actual),
        Arrays.toString(expected));
  }

  /** By equals. */
  public static void sameBits(Object actual, Object expected, String what, Object input) {
    check(actual.equals(expected), "%s: %s differ", input, what);
  }

  private static String value(float[] values, int at) {
    return at < values.length ? values[at] + " " + Float.toHexString(values[at]) : "nothing";
  }
}
