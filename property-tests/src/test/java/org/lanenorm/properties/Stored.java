package org.lanenorm.properties;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.lanenorm.Storage;

/** A tensor in a storage, between guards, read and written here without the library. */
final class Stored {
  /** Where and how wide. */
  enum Kind {
    FLOATS(4),
    FLOATS_NATIVE(4),
    FLOATS_HEAP(4),
    FLOATS_IN_INTS(4),
    BFLOAT16(2),
    BFLOAT16_NATIVE(2),
    FLOAT16(2),
    FLOAT16_NATIVE(2),
    FLOAT16_IN_LONGS(2);

    private final int bytes;

    Kind(int bytes) {
      this.bytes = bytes;
    }

    private boolean isBfloat16() {
      return name().startsWith("BFLOAT16");
    }

    /** What a float becomes in it. */
    float rounded(float x) {
      return bytes == 4 ? x : widened(narrowed(x));
    }

    /** The largest number. */
    float largest() {
      return bytes == 4 ? Float.MAX_VALUE : isBfloat16() ? 0x1.fep127f : 65504;
    }

    private float widened(short half) {
      return isBfloat16() ? Float.intBitsToFloat(half << 16) : Float.float16ToFloat(half);
    }

    private short narrowed(float x) {
      if (!isBfloat16()) {
        return Float.floatToFloat16(x);
      }
      int low = Float.floatToRawIntBits(x) >>> 16;
      if (Float.isNaN(x)) {
        return 0x7fc0;
      }
      if (Float.isInfinite(x)) {
        return (short) low;
      }
      double below = Math.abs((double) x - Float.intBitsToFloat(low << 16));
      float next = Float.intBitsToFloat(low + 1 << 16);
      double beyond = Float.isInfinite(next) ? Math.copySign(0x1p128, next) : next;
      double above = Math.abs(beyond - x);
      return (short) (below < above || below == above && low % 2 == 0 ? low : low + 1);
    }
  }

  private static final byte GUARD = 0x5e;

  private final Kind kind;
  private final int before;
  private final int length;
  private final MemorySegment memory;
  private final Storage storage;

  /** The values, rounded, with {@code before} elements in front of them. */
  Stored(Kind kind, int before, float[] values) {
    this.kind = kind;
    this.before = before;
    length = values.length;
    int all = before + length + 7;
    short[] shorts = new short[kind.bytes == 2 ? all : 0];
    float[] floats = new float[kind.bytes == 4 ? all : 0];
    memory =
        switch (kind) {
          case FLOATS, FLOATS_HEAP -> MemorySegment.ofArray(floats);
          case BFLOAT16, FLOAT16 -> MemorySegment.ofArray(shorts);
          case FLOATS_IN_INTS -> MemorySegment.ofArray(new int[all]);
          case FLOAT16_IN_LONGS -> MemorySegment.ofArray(new long[all / 4 + 1]);
          default -> Arena.ofAuto().allocate((long) all * kind.bytes, kind.bytes);
        };
    memory.fill(GUARD);
    MemorySegment part = memory.asSlice((long) before * kind.bytes, (long) length * kind.bytes);
    storage =
        switch (kind) {
          case FLOATS -> Storage.of(floats, before, length);
          case BFLOAT16 -> Storage.bfloat16(shorts, before, length);
          case FLOAT16 -> Storage.float16(shorts, before, length);
          case BFLOAT16_NATIVE -> Storage.bfloat16(part);
          case FLOAT16_NATIVE, FLOAT16_IN_LONGS -> Storage.float16(part);
          default -> Storage.float32(part);
        };
    for (int i = 0; i < length; i++) {
      if (kind.bytes == 4) {
        memory.setAtIndex(ValueLayout.JAVA_FLOAT, before + i, values[i]);
      } else {
        memory.setAtIndex(ValueLayout.JAVA_SHORT, before + i, kind.narrowed(values[i]));
      }
    }
  }

  Storage storage() {
    return storage;
  }

  Kind kind() {
    return kind;
  }

  /** What it holds. */
  float[] floats() {
    float[] floats = new float[length];
    for (int i = 0; i < length; i++) {
      floats[i] =
          kind.bytes == 4
              ? memory.getAtIndex(ValueLayout.JAVA_FLOAT, before + i)
              : kind.widened(memory.getAtIndex(ValueLayout.JAVA_SHORT, before + i));
    }
    return floats;
  }

  /** The same again, in memory of its own. */
  Stored copy() {
    return new Stored(kind, before, floats());
  }

  /** What floats become in it. */
  float[] rounded(float[] floats) {
    float[] rounded = new float[floats.length];
    for (int i = 0; i < floats.length; i++) {
      rounded[i] = kind.rounded(floats[i]);
    }
    return rounded;
  }

  boolean guardsAreIntact() {
    byte[] bytes = memory.toArray(ValueLayout.JAVA_BYTE);
    byte[] guards = new byte[bytes.length];
    Arrays.fill(guards, GUARD);
    int from = before * kind.bytes;
    int to = from + length * kind.bytes;
    return Arrays.equals(bytes, 0, from, guards, 0, from)
        && Arrays.equals(bytes, to, bytes.length, guards, to, bytes.length);
  }

  @Override
  public String toString() {
    return kind + " from " + before;
  }
}
