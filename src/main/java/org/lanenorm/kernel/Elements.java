package org.lanenorm.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The elements of a tensor wherever they lie and however wide they are, to be copied to floats and
 * back. What lies in an array of its own type is taken from there, as a segment's bulk copy costs
 * some 40 nanoseconds to begin; of a segment nothing else is used but, off-heap, what {@link
 * StoredVectorKernels} read and write.
 */
public final class Elements {
  /** What an element is. */
  public enum Format {
    /** IEEE 754 binary32. */
    FLOAT32(Float.BYTES),
    /** The upper half of a binary32. */
    BFLOAT16(Short.BYTES),
    /** IEEE 754 binary16. */
    FLOAT16(Short.BYTES);

    private final int bytes;

    Format(int bytes) {
      this.bytes = bytes;
    }

    /** Of one element. */
    public int bytes() {
      return bytes;
    }
  }

  /** Halves that are staged between a segment and the conversion, in a first-level cache. */
  public static final int STAGE = 4096;

  private final Format format;
  private final MemorySegment segment;
  private final Object base;

  /** One of these holds the elements, from {@code at} on; both null where only the segment does. */
  private final float[] floats;

  private final short[] halves;
  private final int at;
  private final boolean offHeap;

  /**
   * Elements in a segment.
   *
   * @param format of each
   * @param segment aligned to an element's size
   */
  public Elements(Format format, MemorySegment segment) {
    this.format = format;
    this.segment = segment;
    base = segment.heapBase().orElse(null);
    boolean wide = format == Format.FLOAT32;
    floats = wide && base instanceof float[] array ? array : null;
    offHeap = wide && segment.isNative() && !segment.isMapped();
    halves = !wide && base instanceof short[] array ? array : null;
    at = floats == null && halves == null ? 0 : (int) (segment.address() / format.bytes());
  }

  public Format format() {
    return format;
  }

  public MemorySegment segment() {
    return segment;
  }

  /** The array that holds them, of whatever type; null if none does, or one that is read-only. */
  public Object base() {
    return base;
  }

  /** The array that holds them as floats, or null. */
  public float[] floats() {
    return floats;
  }

  /** The array that holds them as halves of the format, or null. */
  short[] halves() {
    return halves;
  }

  /** Whether they are floats off-heap, and not of a mapped file: one class of segments for C2. */
  boolean offHeap() {
    return offHeap;
  }

  /** Whether they are bfloat16 in an array. */
  boolean bfloat16() {
    return format == Format.BFLOAT16 && halves != null;
  }

  /** Whether kernels that read these where they lie can read others beside them. */
  boolean alike(Elements others) {
    return format == others.format
        && offHeap == others.offHeap
        && (halves == null) == (others.halves == null);
  }

  /** Where in the array they begin. */
  public int at() {
    return at;
  }

  /**
   * Copies the first elements.
   *
   * @param stage of {@link #STAGE} shorts
   */
  public void read(float[] to, int length, short[] stage) {
    read(0, to, 0, length, Backend.kernels(), stage);
  }

  /**
   * Copies to the first elements, rounded to what they are.
   *
   * @param stage of {@link #STAGE} shorts
   */
  public void write(float[] from, int length, short[] stage) {
    write(from, 0, 0, length, Backend.kernels(), stage);
  }

  /** Copies the elements [from, from + length). */
  void read(int from, float[] to, int toAt, int length, Kernels kernels, short[] stage) {
    if (floats != null) {
      System.arraycopy(floats, at + from, to, toAt, length);
    } else if (format == Format.FLOAT32) {
      long first = (long) from * Float.BYTES;
      MemorySegment.copy(segment, ValueLayout.JAVA_FLOAT, first, to, toAt, length);
    } else if (halves != null) {
      widen(halves, at + from, to, toAt, length, kernels);
    } else {
      for (int i = 0; i < length; i += STAGE) {
        int n = Math.min(STAGE, length - i);
        long first = (from + (long) i) * Short.BYTES;
        MemorySegment.copy(segment, ValueLayout.JAVA_SHORT, first, stage, 0, n);
        widen(stage, 0, to, toAt + i, n, kernels);
      }
    }
  }

  /** Copies to the elements [to, to + length), rounded to what they are. */
  void write(float[] from, int fromAt, int to, int length, Kernels kernels, short[] stage) {
    if (floats != null) {
      System.arraycopy(from, fromAt, floats, at + to, length);
    } else if (format == Format.FLOAT32) {
      long first = (long) to * Float.BYTES;
      MemorySegment.copy(from, fromAt, segment, ValueLayout.JAVA_FLOAT, first, length);
    } else if (halves != null) {
      narrow(from, fromAt, halves, at + to, length, kernels);
    } else {
      for (int i = 0; i < length; i += STAGE) {
        int n = Math.min(STAGE, length - i);
        long first = (to + (long) i) * Short.BYTES;
        narrow(from, fromAt + i, stage, 0, n, kernels);
        MemorySegment.copy(stage, 0, segment, ValueLayout.JAVA_SHORT, first, n);
      }
    }
  }

  private void widen(short[] from, int fromAt, float[] to, int toAt, int length, Kernels kernels) {
    if (format == Format.BFLOAT16) {
      kernels.widenBfloat16(from, fromAt, to, toAt, length);
    } else {
      kernels.widenFloat16(from, fromAt, to, toAt, length);
    }
  }

  private void narrow(float[] from, int fromAt, short[] to, int toAt, int length, Kernels kernels) {
    if (format == Format.BFLOAT16) {
      kernels.narrowBfloat16(from, fromAt, to, toAt, length);
    } else {
      HalfFloats.narrowFloat16(from, fromAt, to, toAt, length);
    }
  }
}
