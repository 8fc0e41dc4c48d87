package org.lanenorm.files;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads and writes .npy files. */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /** As in NumPy, whose reader refuses longer ones: a header is about 100 bytes. */
  private static final int MAX_HEADER = 10_000;

  /** NumPy starts the data at a multiple of this, for memory mapping. */
  private static final int ALIGNMENT = 64;

  private static final int CHUNK = 1 << 18;

  private Npy() {}

  /**
   * Reads a file.
   *
   * @param file to be read
   * @return its array, converted to C order and this machine's bytes
   * @throws FileFormatException if the file is not a whole and correct .npy file of a known type
   * @throws IOException if it cannot be read at all
   */
  public static Tensor read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, file.toString(), Files.size(file));
    }
  }

  /**
   * Reads one array and expects the stream to end behind it.
   *
   * @param in starts at the magic bytes
   * @param file as it is called in messages
   * @param length of the stream in bytes, known to be backed by as many bytes: what the header
   *     promises is compared with it before anything is allocated
   */
  static Tensor read(InputStream in, String file, long length) throws IOException {
    NpyHeader header = header(in, file, length);
    Object values = Elements.read(in, file, header.type(), header.size(), header.order());
    if (in.read() >= 0) {
      throw new FileFormatException(file, "goes on after its data");
    }
    return new Tensor(
        header.type(), header.shape(), header.fortran() ? toC(values, header) : values);
  }

  /** The first part of {@link #read(InputStream, String, long)}; what remains are the values. */
  static NpyHeader header(InputStream in, String file, long length) throws IOException {
    byte[] start = in.readNBytes(MAGIC.length + 2);
    if (start.length < MAGIC.length + 2 || !Arrays.equals(MAGIC, Arrays.copyOf(start, 6))) {
      throw new FileFormatException(file, "is not an .npy file: it does not start with \\x93NUMPY");
    }
    int major = start[6];
    if (major < 1 || major > 3 || start[7] != 0) {
      throw new FileFormatException(
          file,
          "is an .npy file of version "
              + (major & 0xff)
              + "."
              + (start[7] & 0xff)
              + ", but only 1.0, 2.0 and 3.0 can be read");
    }
    int lengthBytes = major == 1 ? 2 : 4;
    long headerLength = unsigned(bytes(in, file, lengthBytes));
    if (headerLength > MAX_HEADER) {
      throw new FileFormatException(
          file,
          "has a header of " + headerLength + " bytes, but at most " + MAX_HEADER + " are read");
    }
    NpyHeader header =
        NpyHeader.parse(
            file,
            new String(
                bytes(in, file, (int) headerLength),
                major == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1));
    checkLength(header, file, length - start.length - lengthBytes - headerLength);
    return header;
  }

  private static void checkLength(NpyHeader header, String file, long there)
      throws FileFormatException {
    long promised = (long) header.size() * header.type().bytes;
    if (promised != there) {
      throw new FileFormatException(
          file,
          "%s: its header promises %d bytes of data (%s %s), but %d follow"
              .formatted(
                  promised > there ? "is truncated" : "has bytes after its data",
                  promised,
                  header.type(),
                  Tensor.describe(header.shape()),
                  there));
    }
  }

  private interface Move {
    void move(int from, int to);
  }

  /** Values whose first index turns fastest, in the order in which the last one does. */
  private static Object toC(Object values, NpyHeader header) {
    if (values instanceof float[] from) {
      float[] c = new float[from.length];
      inFortranOrder(header.shape(), from.length, (f, t) -> c[t] = from[f]);
      return c;
    }
    if (values instanceof double[] from) {
      double[] c = new double[from.length];
      inFortranOrder(header.shape(), from.length, (f, t) -> c[t] = from[f]);
      return c;
    }
    long[] from = (long[]) values;
    long[] c = new long[from.length];
    inFortranOrder(header.shape(), from.length, (f, t) -> c[t] = from[f]);
    return c;
  }

  private static void inFortranOrder(int[] shape, int size, Move move) {
    int[] stride = new int[shape.length];
    for (int d = shape.length - 1, step = 1; d >= 0; step *= shape[d--]) {
      stride[d] = step;
    }
    int[] index = new int[shape.length];
    for (int from = 0, to = 0; from < size; from++) {
      move.move(from, to);
      for (int d = 0; d < shape.length; d++) {
        to += stride[d];
        if (++index[d] < shape[d]) {
          break;
        }
        to -= stride[d] * shape[d];
        index[d] = 0;
      }
    }
  }

  /**
   * Writes an array as NumPy does: version 1.0, little-endian, C order. Elements of 16 bits are
   * written as the float32 that they were widened to.
   *
   * @param out receives the bytes; not closed
   * @param array to be written
   */
  public static void write(OutputStream out, Tensor array) throws IOException {
    ElementType type = array.type().bytes == Short.BYTES ? ElementType.FLOAT32 : array.type();
    StringBuilder header = new StringBuilder(NpyHeader.text(type, array.shape()));
    int[] shape = array.shape();
    if (shape.length > 0) {
      // NumPy leaves room to append along the first axis in place
      header.append(" ".repeat(21 - Integer.toString(shape[0]).length()));
    }
    int unpadded = MAGIC.length + 4 + header.length() + 1;
    header.append(" ".repeat(Math.floorMod(-unpadded, ALIGNMENT))).append('\n');
    out.write(MAGIC);
    out.write(new byte[] {1, 0, (byte) header.length(), (byte) (header.length() >> 8)});
    out.write(header.toString().getBytes(StandardCharsets.US_ASCII));
    writeValues(out, array, type);
  }

  private static void writeValues(OutputStream out, Tensor array, ElementType type)
      throws IOException {
    int bytes = type.bytes;
    int perChunk = Math.min(array.size(), CHUNK / bytes);
    ByteBuffer chunk = ByteBuffer.allocate(perChunk * bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < array.size(); ) {
      int n = Math.min(perChunk, array.size() - i);
      switch (type) {
        case FLOAT64 -> chunk.asDoubleBuffer().put(array.doubles(), i, n);
        case INT64 -> chunk.asLongBuffer().put(array.longs(), i, n);
        default -> chunk.asFloatBuffer().put(array.floats(), i, n);
      }
      out.write(chunk.array(), 0, n * bytes);
      i += n;
    }
  }

  private static byte[] bytes(InputStream in, String file, int n) throws IOException {
    byte[] bytes = in.readNBytes(n);
    if (bytes.length < n) {
      throw new FileFormatException(file, "is truncated: it ends inside its header");
    }
    return bytes;
  }

  private static long unsigned(byte[] littleEndian) {
    long value = 0;
    for (int i = littleEndian.length - 1; i >= 0; i--) {
      value = value << 8 | littleEndian[i] & 0xff;
    }
    return value;
  }
}
