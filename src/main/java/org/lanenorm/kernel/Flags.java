package org.lanenorm.kernel;

import java.util.Arrays;

/** One flag per channel, nearly always none of them set. */
public final class Flags {
  /** Comparing arrays takes 64 flags at a time, where a loop over flags takes one. */
  private static final boolean[] NONE = new boolean[1024];

  private Flags() {}

  /** Whether a flag in [from, to) is set. */
  public static boolean any(boolean[] flags, int from, int to) {
    for (int first = from; first < to; first += NONE.length) {
      int end = Math.min(to, first + NONE.length);
      if (!Arrays.equals(flags, first, end, NONE, 0, end - first)) {
        return true;
      }
    }
    return false;
  }
}
