package org.lanenorm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.lanenorm.kernel.Elements;
import org.lanenorm.kernel.Elements.Format;

/**
 * Where a tensor lies and how wide its elements are: float32, bfloat16 or IEEE float16, in an array
 * or in a {@link MemorySegment} (native, mapped or heap). Make it once for memory that is used
 * again: it is a view, holds no copy, and calls with it allocate nothing once warm.
 *
 * <p><b>A call with storages gives the bits of the same call with the floats that these hold.</b>
 * Elements are widened, which is exact; all arithmetic and all parameters are float32 and double as
 * ever; and what is written to a storage of 16 bits is rounded once at the end, to nearest, ties to
 * even. NaN stays NaN, and what lies beyond the largest number of the format becomes infinite
 * (float16: from 65,520 on). Storages of a call may be of different kinds.
 *
 * <p>The tensor begins at the storage's first element and lies there as {@link TensorShape} says;
 * what follows it is neither read nor written. An output may be an input's place where the contract
 * of the call with arrays allows it: where both begin at the same address and are of one format.
 * Any other overlap is an error. (Two mappings of one file are not known to overlap.)
 *
 * <p>Segments are in native byte order, and aligned to the size of an element: 4 bytes, or 2. They
 * must be alive and accessible from the calling thread, those of outputs not read-only, and where a
 * call may use several threads ({@link Parallelism}) accessible from all, not confined to one: else
 * an error comes before anything is written. An arena that another thread closes during a call ends
 * it with an {@link IllegalStateException}, and outputs may be half written.
 */
public final class Storage {
  /** Not the thread of any arena. */
  private static final Thread ANOTHER = Thread.ofPlatform().unstarted(() -> {});

  final Elements elements;
  private final long length;

  private Storage(Format format, MemorySegment segment) {
    Checks.notNull("segment", segment);
    if (segment.maxByteAlignment() < format.bytes()) {
      throw new IllegalArgumentException(
          "segment must be aligned to "
              + format.bytes()
              + " bytes for "
              + name(format)
              + ", but was "
              + segment);
    }
    elements = new Elements(format, segment);
    length = segment.byteSize() / format.bytes();
  }

  /** All of an array of floats. */
  public static Storage of(float[] array) {
    return of(array, 0, Checks.notNull("array", array).length);
  }

  /**
   * A part of an array of floats.
   *
   * @param array kept, not copied; so are all others here
   * @param offset of the first element
   * @param length elements
   * @return the storage
   * @throws IllegalArgumentException if the part does not lie inside the array
   */
  public static Storage of(float[] array, int offset, int length) {
    checkPart(Checks.notNull("array", array).length, offset, length);
    return new Storage(Format.FLOAT32, part(MemorySegment.ofArray(array), 4, offset, length));
  }

  /** All of an array of bfloat16: each short the upper half of a float's bits. */
  public static Storage bfloat16(short[] array) {
    return bfloat16(array, 0, Checks.notNull("array", array).length);
  }

  /** A part of an array of bfloat16, as {@link #of(float[], int, int)}. */
  public static Storage bfloat16(short[] array, int offset, int length) {
    return half(Format.BFLOAT16, array, offset, length);
  }

  /** All of an array of IEEE float16: {@link Float#float16ToFloat} says what a short stands for. */
  public static Storage float16(short[] array) {
    return float16(array, 0, Checks.notNull("array", array).length);
  }

  /** A part of an array of IEEE float16, as {@link #of(float[], int, int)}. */
  public static Storage float16(short[] array, int offset, int length) {
    return half(Format.FLOAT16, array, offset, length);
  }

  private static Storage half(Format format, short[] array, int offset, int length) {
    checkPart(Checks.notNull("array", array).length, offset, length);
    return new Storage(format, part(MemorySegment.ofArray(array), 2, offset, length));
  }

  /**
   * A segment of floats.
   *
   * @param segment aligned to 4 bytes, so not over an array of bytes or shorts
   * @return the storage
   * @throws IllegalArgumentException if the segment is not aligned
   */
  public static Storage float32(MemorySegment segment) {
    return new Storage(Format.FLOAT32, segment);
  }

  /**
   * A segment of bfloat16.
   *
   * @param segment aligned to 2 bytes, so not over an array of bytes
   * @return the storage
   * @throws IllegalArgumentException if the segment is not aligned
   */
  public static Storage bfloat16(MemorySegment segment) {
    return new Storage(Format.BFLOAT16, segment);
  }

  /**
   * A segment of IEEE float16.
   *
   * @param segment aligned to 2 bytes, so not over an array of bytes
   * @return the storage
   * @throws IllegalArgumentException if the segment is not aligned
   */
  public static Storage float16(MemorySegment segment) {
    return new Storage(Format.FLOAT16, segment);
  }

  private static void checkPart(int of, int offset, int length) {
    if (offset < 0 || length < 0 || length > of - offset) {
      throw new IllegalArgumentException(
          "offset and length must lie inside the array of "
              + of
              + ", but were "
              + offset
              + " and "
              + length);
    }
  }

  private static MemorySegment part(MemorySegment array, long bytes, int offset, int length) {
    return array.asSlice(bytes * offset, bytes * length);
  }

  /**
   * These values in a storage of their own that is of this one's format and lies in native memory
   * if this one does, in mapped memory too, or else in an array.
   */
  Storage like(float[] values) {
    Format format = elements.format();
    MemorySegment segment;
    if (elements.segment().isNative()) {
      segment = Arena.ofAuto().allocate((long) format.bytes() * values.length, Long.BYTES);
    } else if (format == Format.FLOAT32) {
      segment = MemorySegment.ofArray(new float[values.length]);
    } else {
      segment = MemorySegment.ofArray(new short[values.length]);
    }
    Storage storage = new Storage(format, segment);
    storage.set(values);
    return storage;
  }

  /** Replaces the first elements. */
  void set(float[] values) {
    elements.write(values, values.length, new short[Elements.STAGE]);
  }

  /** Elements. */
  public long length() {
    return length;
  }

  /** The elements, or null for a storage that is null. */
  static Elements elements(Storage storage) {
    return storage == null ? null : storage.elements;
  }

  /** Whether there are floats in an array, or nothing at all: calls with arrays take those. */
  static boolean inArray(Storage storage) {
    return storage == null || storage.elements.floats() != null;
  }

  /** The array of {@link #inArray}, or null. */
  static float[] array(Storage storage) {
    return storage == null ? null : storage.elements.floats();
  }

  /** Where the tensor begins in it; else 0. */
  static int offset(Storage storage) {
    return storage == null || !inArray(storage) ? 0 : storage.elements.at();
  }

  /** As an argument that is read. */
  static void checkInput(String name, Storage storage, TensorShape shape, Parallelism threads) {
    Checks.notNull(name, storage);
    Checks.notNull("shape", shape);
    if (shape.length() > storage.length) {
      throw new IllegalArgumentException(
          name + " must hold " + shape.length() + " elements (" + shape + "), but was " + storage);
    }
    MemorySegment segment = storage.elements.segment();
    if (!segment.scope().isAlive()) {
      throw new IllegalArgumentException(
          name + " must be of an arena that is open, but its arena was closed");
    }
    if (!segment.isAccessibleBy(Thread.currentThread())) {
      throw new IllegalArgumentException(
          name
              + " must be accessible from the calling thread, "
              + Thread.currentThread().getName()
              + ", but was confined to another");
    }
    if (threads.limit() > 1 && !segment.isAccessibleBy(ANOTHER)) {
      throw new IllegalArgumentException(
          name
              + " must be accessible from any thread (a shared or automatic arena) where parallelism is "
              + threads
              + ", but was confined to one");
    }
  }

  /** As an argument that is written. */
  static void checkOutput(String name, Storage storage, TensorShape shape, Parallelism threads) {
    checkInput(name, storage, shape, threads);
    if (storage.elements.segment().isReadOnly()) {
      throw new IllegalArgumentException(name + " must not be read-only, but was " + storage);
    }
  }

  /**
   * Two tensors of {@code length} elements may not overlap unless they are exactly the same and
   * {@code same} allows it.
   */
  static void overlap(
      String name, Storage a, String otherName, Storage b, int length, boolean same) {
    if (a == null || b == null || length == 0) {
      return;
    }
    boolean oneFormat = a.elements.format() == b.elements.format();
    if (a == b && same || a.elements.segment().asOverlappingSlice(b.elements.segment()).isEmpty()) {
      return;
    }
    MemorySegment first = a.tensor(length);
    MemorySegment second = b.tensor(length);
    if (first.asOverlappingSlice(second).isPresent()
        && !(same && oneFormat && first.address() == second.address())) {
      throw new IllegalArgumentException(
          name
              + " ("
              + a
              + ") must not overlap "
              + otherName
              + " ("
              + b
              + ")"
              + (same ? " unless they begin at the same address and are of one format" : ""));
    }
  }

  private MemorySegment tensor(int length) {
    return elements.segment().asSlice(0, (long) length * elements.format().bytes());
  }

  /** A tensor and an array of parameters, one of which is written, may not overlap. */
  static void overlap(String name, Storage a, int length, String otherName, float[] array) {
    if (a == null || array == null || length == 0 || array.length == 0) {
      return;
    }
    MemorySegment segment = a.elements.segment();
    Object base = a.elements.base();
    // an array that is read-only does not show itself
    boolean hidden = base == null && !segment.isNative();
    if (base == array
        || hidden && segment.asOverlappingSlice(MemorySegment.ofArray(array)).isPresent()) {
      throw new IllegalArgumentException(name + " (" + a + ") must not overlap " + otherName);
    }
  }

  /** Gradients of parameters, each of which may be null: C floats, apart from each other. */
  static void checkGradients(float[] dGamma, float[] dBeta, int channels) {
    if (dGamma != null) {
      Checks.length("dGamma", dGamma.length, channels);
    }
    if (dBeta != null) {
      Checks.length("dBeta", dBeta.length, channels);
    }
    Checks.overlap("dBeta", dBeta, 0, channels, "dGamma", dGamma, 0, channels, false);
  }

  /** A tensor of a backward, and the gradients of parameters. */
  static void overlapGradients(
      String name, Storage tensor, int length, float[] dGamma, float[] dBeta) {
    overlap(name, tensor, length, "dGamma", dGamma);
    overlap(name, tensor, length, "dBeta", dBeta);
  }

  /** The tensors of a forward, and the layer's own parameters, which are not to be overwritten. */
  static void checkForward(
      Storage x, Storage y, TensorShape shape, Parallelism threads, float[] gamma, float[] beta) {
    checkInput("x", x, shape, threads);
    checkOutput("y", y, shape, threads);
    int length = shape.length();
    overlap("y", y, "x", x, length, true);
    overlap("y", y, length, "the layer's gamma", gamma);
    overlap("y", y, length, "the layer's beta", beta);
  }

  /** Those of a backward. */
  static void checkBackward(
      Storage x,
      Storage dOutput,
      Storage dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      Parallelism threads,
      float[] gamma,
      float[] beta) {
    checkInput("x", x, shape, threads);
    checkInput("dOutput", dOutput, shape, threads);
    int length = shape.length();
    if (dInput != null) {
      checkOutput("dInput", dInput, shape, threads);
      overlap("dInput", dInput, "x", x, length, true);
      overlap("dInput", dInput, "dOutput", dOutput, length, true);
      overlap("dInput", dInput, length, "the layer's gamma", gamma);
      overlap("dInput", dInput, length, "the layer's beta", beta);
    }
    overlapGradients("x", x, length, dGamma, dBeta);
    overlapGradients("dOutput", dOutput, length, dGamma, dBeta);
    overlapGradients("dInput", dInput, length, dGamma, dBeta);
  }

  private static String name(Format format) {
    return switch (format) {
      case FLOAT32 -> "float32";
      case BFLOAT16 -> "bfloat16";
      case FLOAT16 -> "float16";
    };
  }

  /** For example {@code bfloat16[4096] in native memory}. */
  @Override
  public String toString() {
    MemorySegment segment = elements.segment();
    return name(elements.format())
        + "["
        + length
        + "] in "
        + (segment.isReadOnly() ? "read-only " : "")
        + (segment.isMapped()
            ? "mapped memory"
            : segment.isNative() ? "native memory" : "an array");
  }
}
