package org.lanenorm.verify;

import java.util.Arrays;

/**
 * Where a tensor lies.
 *
 * @param array holds it
 * @param offset from here on
 */
public record Slice(float[] array, int offset) {
  /** A NaN that no arithmetic makes, to be found again bit for bit. */
  private static final int GUARD = 0x7FC0_5EED;

  /** Of the whole array. */
  public static Slice of(float[] array) {
    return new Slice(array, 0);
  }

  /** A copy of the values between two zones of guards. */
  public static Slice guarded(float[] values, int before, int after) {
    float[] array = new float[before + values.length + after];
    Arrays.fill(array, Float.intBitsToFloat(GUARD));
    System.arraycopy(values, 0, array, before, values.length);
    return new Slice(array, before);
  }

  /** The i-th element. */
  public float get(int i) {
    return array[offset + i];
  }

  /** Writes the i-th element. */
  public void set(int i, float value) {
    array[offset + i] = value;
  }

  /** The first {@code length} values, a copy. */
  public float[] values(int length) {
    return Arrays.copyOfRange(array, offset, offset + length);
  }

  /** Whether everything but {@code length} values still holds guards. */
  public boolean guardsAreIntact(int length) {
    for (int i = 0; i < array.length; i++) {
      boolean inside = i >= offset && i < offset + length;
      if (!inside && Float.floatToRawIntBits(array[i]) != GUARD) {
        return false;
      }
    }
    return true;
  }
}
