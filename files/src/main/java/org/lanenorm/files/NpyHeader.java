package org.lanenorm.files;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;

/**
 * What an .npy file says about itself: a Python dictionary of three entries, {@code {'descr':
 * '<f4', 'fortran_order': False, 'shape': (3, 4), }}. The parser takes exactly that language and
 * nothing else of Python.
 *
 * @param type of the elements
 * @param order of an element's bytes
 * @param fortran whether the first index turns fastest
 * @param shape dimensions, each 0 or more
 * @param size number of elements, the product of the dimensions
 */
record NpyHeader(ElementType type, ByteOrder order, boolean fortran, int[] shape, int size) {
  static NpyHeader parse(String file, String text) throws FileFormatException {
    return new Parser(file, text).header();
  }

  /** By their word in {@code descr}, after the byte order. */
  private static final Map<String, ElementType> TYPES =
      Map.of(
          "f2", ElementType.FLOAT16,
          "f4", ElementType.FLOAT32,
          "f8", ElementType.FLOAT64,
          "i8", ElementType.INT64);

  /** The header of an array that is written, as NumPy writes it. */
  static String text(ElementType type, int[] shape) {
    String code = type == ElementType.INT64 ? "i8" : "f" + type.bytes;
    return "{'descr': '<%s', 'fortran_order': False, 'shape': %s, }"
        .formatted(code, Tensor.describe(shape));
  }

  private static final class Parser {
    private final String file;
    private final String text;
    private int at;

    Parser(String file, String text) {
      this.file = file;
      this.text = text;
    }

    NpyHeader header() throws FileFormatException {
      String descr = null;
      Boolean fortran = null;
      int[] shape = null;
      expect('{');
      while (!next('}')) {
        String key = string();
        expect(':');
        if (key.equals("descr") && descr == null) {
          if (next('[')) {
            throw unsupported("a structured type");
          }
          descr = string();
        } else if (key.equals("fortran_order") && fortran == null) {
          fortran = bool();
        } else if (key.equals("shape") && shape == null) {
          shape = tuple();
        } else {
          throw problem("has the unknown or repeated entry '" + key + "' in its header");
        }
        if (!next(',')) {
          expect('}');
          break;
        }
      }
      skipSpace();
      if (at < text.length()) {
        throw unexpected("the header's end");
      }
      if (descr == null || fortran == null || shape == null) {
        throw problem("lacks 'descr', 'fortran_order' or 'shape' in its header");
      }
      return new NpyHeader(type(descr), order(descr), fortran, shape, size(shape));
    }

    private ElementType type(String descr) throws FileFormatException {
      ElementType type = descr.isEmpty() ? null : TYPES.get(descr.substring(1));
      if (type != null && (descr.charAt(0) == '<' || descr.charAt(0) == '>')) {
        return type;
      }
      throw unsupported("type '" + descr + "'");
    }

    private static ByteOrder order(String descr) {
      return descr.charAt(0) == '<' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    }

    private int size(int[] shape) throws FileFormatException {
      long size = Dimensions.product(Arrays.stream(shape).asLongStream().toArray());
      if (size > Integer.MAX_VALUE) {
        throw problem(
            "has shape %s, but at most %d elements can be read"
                .formatted(Tensor.describe(shape), Integer.MAX_VALUE));
      }
      return (int) size;
    }

    private int[] tuple() throws FileFormatException {
      int[] shape = new int[Dimensions.MAX_RANK];
      int rank = 0;
      boolean comma = true;
      expect('(');
      while (!next(')')) {
        if (!comma || rank == Dimensions.MAX_RANK) {
          throw unexpected("a tuple of at most " + Dimensions.MAX_RANK + " dimensions");
        }
        shape[rank++] = dimension();
        comma = next(',');
      }
      if (rank == 1 && !comma) {
        throw unexpected("(n,): (n) is no tuple"); // as in Python
      }
      return Arrays.copyOf(shape, rank);
    }

    private int dimension() throws FileFormatException {
      skipSpace();
      int start = at;
      long value = 0;
      while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        value = value * 10 + text.charAt(at++) - '0';
        if (value > Integer.MAX_VALUE) {
          throw problem("has a dimension above 2147483647");
        }
      }
      if (at == start) {
        throw unexpected("a dimension, 0 or more");
      }
      if (at < text.length() && text.charAt(at) == 'L') {
        at++; // written by Python 2
      }
      return (int) value;
    }

    private boolean bool() throws FileFormatException {
      skipSpace();
      for (String word : new String[] {"True", "False"}) {
        if (text.startsWith(word, at)) {
          at += word.length();
          return word.equals("True");
        }
      }
      throw unexpected("True or False");
    }

    private String string() throws FileFormatException {
      skipSpace();
      char quote = at < text.length() ? text.charAt(at) : 0;
      int end = quote == '\'' || quote == '"' ? text.indexOf(quote, at + 1) : -1;
      if (end < 0) {
        throw unexpected("a quoted word");
      }
      String string = text.substring(at + 1, end);
      at = end + 1;
      return string;
    }

    private void expect(char wanted) throws FileFormatException {
      if (!next(wanted)) {
        throw unexpected("'" + wanted + "'");
      }
    }

    private boolean next(char wanted) {
      skipSpace();
      boolean found = at < text.length() && text.charAt(at) == wanted;
      at += found ? 1 : 0;
      return found;
    }

    private void skipSpace() {
      while (at < text.length() && " \t\n\r\f".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    private FileFormatException unexpected(String wanted) {
      String found = text.substring(at, Math.min(text.length(), at + 20)).trim();
      return problem(
          "has a header that cannot be read at character "
              + at
              + ": expected "
              + wanted
              + ", found "
              + (found.isEmpty() ? "its end" : "\"" + found + "\""));
    }

    private FileFormatException unsupported(String type) {
      return problem(
          "holds elements of "
              + type
              + ", but only float16, float32 and float64 ('<f2', '<f4', '<f8' and with '>'), and int64"
              + " for counts, can be read");
    }

    private FileFormatException problem(String problem) {
      return new FileFormatException(file, problem);
    }
  }
}
