package org.lanenorm.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Bytes of fixed width into arrays. */
final class Elements {
  private static final int CHUNK = 1 << 18;

  private Elements() {}

  /**
   * Reads elements.
   *
   * @param in starts at the first
   * @param file as it is called in messages
   * @param size number of elements, known to be backed by as many bytes: it is allocated at once
   * @return a float[], double[] or long[], as {@link ElementType} says
   * @throws FileFormatException if the stream ends early
   */
  static Object read(InputStream in, String file, ElementType type, int size, ByteOrder order)
      throws IOException {
    int perChunk = Math.min(size, CHUNK / type.bytes);
    ByteBuffer chunk = ByteBuffer.allocate(perChunk * type.bytes).order(order);
    Object values = allocate(type, size);
    for (int i = 0; i < size; ) {
      int n = Math.min(perChunk, size - i);
      if (in.readNBytes(chunk.array(), 0, n * type.bytes) < n * type.bytes) {
        throw new FileFormatException(file, "is truncated: it ends inside its data");
      }
      convert(chunk, n, type, values, i);
      i += n;
    }
    return values;
  }

  static Object allocate(ElementType type, int size) {
    return switch (type) {
      case FLOAT16, BFLOAT16, FLOAT32 -> new float[size];
      case FLOAT64 -> new double[size];
      case INT64 -> new long[size];
    };
  }

  private static void convert(ByteBuffer from, int n, ElementType type, Object to, int at) {
    switch (type) {
      case FLOAT16 -> {
        for (int i = 0; i < n; i++) {
          ((float[]) to)[at + i] = Float.float16ToFloat(from.getShort(i * type.bytes));
        }
      }
      case BFLOAT16 -> {
        for (int i = 0; i < n; i++) {
          ((float[]) to)[at + i] = bfloat16(from.getShort(i * type.bytes));
        }
      }
      case FLOAT32 -> from.asFloatBuffer().get((float[]) to, at, n);
      case FLOAT64 -> from.asDoubleBuffer().get((double[]) to, at, n);
      case INT64 -> from.asLongBuffer().get((long[]) to, at, n);
    }
  }

  static float bfloat16(short bits) {
    return Float.intBitsToFloat(bits << Short.SIZE);
  }
}
