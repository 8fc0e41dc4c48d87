package org.lanenorm.properties;

import java.util.Arrays;

/** Where a tensor lies: in an array, from an offset on. */
record Slice(float[] array, int offset) {
  /** A NaN that no arithmetic makes, to be found again bit for bit. */
  private static final int GUARD = 0x7FC0_5EED;

  /** Of the whole array. */
  static Slice of(float[] array) {
    return new Slice(array, 0);
  }

  /** A copy of the values between two zones of guards. */
  static Slice guarded(float[] values, int before, int after) {
    float[] array = new float[before + values.length + after];
    Arrays.fill(array, Float.intBitsToFloat(GUARD));
    System.arraycopy(values, 0, array, before, values.length);
    return new Slice(array, before);
  }

  /** The first {@code length} values. */
  float[] values(int length) {
    return Arrays.copyOfRange(array, offset, offset + length);
  }

  /** Whether everything but {@code length} values still holds guards. */
  boolean guardsAreIntact(int length) {
    for (int i = 0; i < array.length; i++) {
      boolean inside = i >= offset && i < offset + length;
      if (!inside && Float.floatToRawIntBits(array[i]) != GUARD) {
        return false;
      }
    }
    return true;
  }
}
