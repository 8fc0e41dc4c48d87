package org.lanenorm.files;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.util.Arrays;

/**
 * Where the file keeps an array.
 *
 * @param dataType TensorProto.DataType
 * @param shape each dimension 0 or more
 * @param field of TensorProto that holds the values, 0 for none
 * @param offset of their first byte in the file
 * @param length in bytes, all of them inside the file
 * @param problem why they cannot be read, as the rest of a sentence, null if nothing is known
 */
record OnnxTensor(int dataType, long[] shape, int field, int offset, int length, String problem) {
  /** The fields of TensorProto that hold values of types that are read. */
  static final int FLOAT_DATA = 4;

  static final int INT32_DATA = 5;
  static final int INT64_DATA = 7;
  static final int RAW_DATA = 9;
  static final int DOUBLE_DATA = 10;

  /** Null for a type that is not read. */
  ElementType type() {
    return switch (dataType) {
      case 1 -> ElementType.FLOAT32;
      case 7 -> ElementType.INT64;
      case 10 -> ElementType.FLOAT16;
      case 11 -> ElementType.FLOAT64;
      case 16 -> ElementType.BFLOAT16;
      default -> null;
    };
  }

  TensorInfo info() {
    return new TensorInfo(
        type() == null ? "TensorProto.DataType " + dataType : type().toString(),
        Arrays.stream(shape).boxed().toList());
  }

  Tensor read(String title, String name, FileChannel channel) throws IOException {
    ElementType type = type();
    if (type == null) {
      throw new FileFormatException(
          title,
          "holds %s as '%s', but only FLOAT, DOUBLE, FLOAT16, BFLOAT16 and INT64 can be read"
              .formatted(info(), name));
    }
    if (problem != null) {
      throw new FileFormatException(title, problem.formatted(name));
    }
    int[] dimensions = Dimensions.ints(title, name, shape);
    int size = (int) Dimensions.product(shape);
    InputStream in = Channels.newInputStream(channel.position(offset));
    if (field == RAW_DATA || field == width(type) || size == 0 && length == 0) {
      if ((long) size * type.bytes != length) {
        throw wrongLength(title, name);
      }
      return new Tensor(
          type, dimensions, Elements.read(in, title, type, size, ByteOrder.LITTLE_ENDIAN));
    }
    if (field != varints(type) || size > length) {
      throw wrongLength(title, name);
    }
    return new Tensor(type, dimensions, readVarints(title, name, in, type, size));
  }

  /** The field with values of a type at their full width. */
  private static int width(ElementType type) {
    return type == ElementType.FLOAT32
        ? FLOAT_DATA
        : type == ElementType.FLOAT64 ? DOUBLE_DATA : -1;
  }

  /** The field with values of a type as integers of variable length. */
  private static int varints(ElementType type) {
    return type == ElementType.INT64 ? INT64_DATA : type.bytes == Short.BYTES ? INT32_DATA : -1;
  }

  /** size is at most length: an integer takes a byte or more. */
  private Object readVarints(String title, String name, InputStream in, ElementType type, int size)
      throws IOException {
    Object values = Elements.allocate(type, size);
    try {
      CodedInputStream integers = CodedInputStream.newInstance(in);
      integers.pushLimit(length);
      for (int i = 0; i < size; i++) {
        long value = integers.readRawVarint64();
        if (type == ElementType.INT64) {
          ((long[]) values)[i] = value;
        } else if (value >> Short.SIZE == 0) {
          ((float[]) values)[i] =
              type == ElementType.FLOAT16
                  ? Float.float16ToFloat((short) value)
                  : Elements.bfloat16((short) value);
        } else {
          throw new FileFormatException(
              title, "holds %d as 16 bits of '%s'".formatted(value, name));
        }
      }
      if (!integers.isAtEnd()) {
        throw wrongLength(title, name);
      }
    } catch (InvalidProtocolBufferException e) {
      throw wrongLength(title, name);
    }
    return values;
  }

  private FileFormatException wrongLength(String title, String name) {
    return new FileFormatException(
        title,
        "holds %d bytes of values for '%s' in field %d of its TensorProto, which are not %s"
            .formatted(length, name, field, info()));
  }
}
