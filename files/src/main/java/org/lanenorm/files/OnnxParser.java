package org.lanenorm.files;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Walks once through the wire form of a ModelProto and keeps what layers are made of: the graph's
 * BatchNormalization and Identity nodes, and where the values of its initializers and Constant
 * nodes lie. No value is read. Field numbers are those of <a
 * href="https://github.com/onnx/onnx/blob/main/onnx/onnx.proto">onnx.proto</a>; what is not listed
 * here is skipped, subgraphs and functions included.
 */
final class OnnxParser {
  /** Of Protocol Buffers: a tag is the field's number and how its value is written. */
  private static final int VARINT = 0;

  private static final int BITS_64 = 1;
  private static final int BYTES = 2;
  private static final int BITS_32 = 5;

  private static final int MAX_TEXT = 10_000;

  /** Memory for what is kept, so that a file of nothing but tiny nodes is not the end of us. */
  private static final int MAX_KEPT = 50_000_000;

  /** About, for an entry of a map beside its text. */
  private static final int ENTRY = 200;

  private static final String BATCH_NORMALIZATION = "BatchNormalization";

  /**
   * A BatchNormalization node.
   *
   * @param inputs names of x, scale, B, mean and variance
   * @param epsilon null where the node is silent
   * @param momentum null where the node is silent
   * @param spatial whether the positions of a channel share its statistics
   */
  record Node(List<String> inputs, Float epsilon, Float momentum, boolean spatial) {}

  /** What is read of any node, until its operator is known. */
  private static final class AnyNode {
    final List<String> inputs = new ArrayList<>();
    String output = "";
    String name;
    String operator;
    String domain;
    final Map<String, Object> attributes = new HashMap<>();
  }

  private static final class AnyTensor {
    String name;
    Integer dataType;
    final List<Long> shape = new ArrayList<>();
    int field;
    int offset;
    int length;
    String problem;
  }

  private interface Fields {
    /** One field, whose tag has been read. */
    void read(int tag) throws IOException;
  }

  /** By name. */
  final LinkedHashMap<String, OnnxTensor> tensors = new LinkedHashMap<>();

  /** By the node's name, or that of its output where it has none. */
  final LinkedHashMap<String, Node> nodes = new LinkedHashMap<>();

  /** Outputs of Identity nodes and what they are. */
  final Map<String, String> aliases = new HashMap<>();

  private final String title;
  private final int size;
  private final CodedInputStream in;
  private long irVersion;
  private long opset;
  private boolean hasGraph;
  private int kept;

  /**
   * A parser.
   *
   * @param title of the file in messages
   * @param in its bytes, from the first
   * @param size of the file
   */
  OnnxParser(String title, InputStream in, long size) throws FileFormatException {
    this.title = title;
    if (size > Integer.MAX_VALUE) {
      throw problem("has " + size + " bytes, but Protocol Buffers have at most 2147483647");
    }
    this.size = (int) size;
    this.in = CodedInputStream.newInstance(in);
  }

  /** The version of the operators. */
  int opset() {
    return (int) opset;
  }

  void parse() throws IOException {
    try {
      in.pushLimit(size);
      fields(this::modelField);
    } catch (InvalidProtocolBufferException e) {
      throw problem("is damaged at byte %d: %s".formatted(in.getTotalBytesRead(), e.getMessage()));
    }
    if (!hasGraph) {
      throw problem("is no ONNX model: it has no graph");
    }
    if (opset == 0) {
      if (irVersion >= 3) {
        throw problem("must say which version of the operators it uses (opset_import)");
      }
      opset = 1;
    }
  }

  private void modelField(int tag) throws IOException {
    switch (tag) {
      case 1 << 3 | VARINT -> irVersion = in.readInt64();
      case 7 << 3 | BYTES -> {
        if (hasGraph) {
          throw problem("must have one graph, but has another at byte " + in.getTotalBytesRead());
        }
        hasGraph = true;
        message(this::graphField);
      }
      case 8 << 3 | BYTES -> operatorSet();
      default -> skip(tag);
    }
  }

  private void operatorSet() throws IOException {
    String[] domain = {""};
    long[] version = {0};
    message(
        tag -> {
          switch (tag) {
            case 1 << 3 | BYTES -> domain[0] = text();
            case 2 << 3 | VARINT -> version[0] = in.readInt64();
            default -> skip(tag);
          }
        });
    if (isDefault(domain[0])) {
      if (version[0] < 1 || version[0] > Integer.MAX_VALUE) {
        throw problem("must use operators of version 1 or more, but states " + version[0]);
      }
      opset = Math.max(opset, version[0]);
    }
  }

  private static boolean isDefault(String domain) {
    return domain == null || domain.isEmpty() || domain.equals("ai.onnx");
  }

  private void graphField(int tag) throws IOException {
    switch (tag) {
      case 1 << 3 | BYTES -> keep(node());
      case 5 << 3 | BYTES -> {
        AnyTensor tensor = tensor();
        keep(tensor.name, tensor);
      }
      default -> skip(tag);
    }
  }

  private AnyNode node() throws IOException {
    AnyNode node = new AnyNode();
    message(
        tag -> {
          switch (tag) {
            case 1 << 3 | BYTES -> {
              if (node.inputs.size() < 5) {
                node.inputs.add(text());
              } else {
                skip(tag);
              }
            }
            case 2 << 3 | BYTES -> {
              if (node.output.isEmpty()) {
                node.output = text();
              } else {
                skip(tag);
              }
            }
            case 3 << 3 | BYTES -> node.name = once("name", node.name, text());
            case 4 << 3 | BYTES -> node.operator = once("op_type", node.operator, text());
            case 5 << 3 | BYTES -> attribute(node.attributes);
            case 7 << 3 | BYTES -> node.domain = once("domain", node.domain, text());
            default -> skip(tag);
          }
        });
    return node;
  }

  private void attribute(Map<String, Object> attributes) throws IOException {
    String[] name = {null};
    Object[] value = {null};
    message(
        tag -> {
          switch (tag) {
            case 1 << 3 | BYTES -> name[0] = once("name", name[0], text());
            case 2 << 3 | BITS_32 -> value[0] = once("value", value[0], in.readFloat());
            case 3 << 3 | VARINT -> value[0] = once("value", value[0], in.readInt64());
            case 5 << 3 | BYTES -> value[0] = once("value", value[0], tensor());
            default -> skip(tag);
          }
        });
    if (List.of("epsilon", "momentum", "spatial", "value").contains(String.valueOf(name[0]))) {
      attributes.put(name[0], once(name[0], attributes.get(name[0]), value[0]));
    }
  }

  private AnyTensor tensor() throws IOException {
    AnyTensor tensor = new AnyTensor();
    message(
        tag -> {
          switch (tag) {
            case 1 << 3 | VARINT -> dimension(tensor);
            case 1 << 3 | BYTES -> {
              int limit = in.pushLimit(in.readRawVarint32());
              while (!in.isAtEnd()) {
                dimension(tensor);
              }
              in.popLimit(limit);
            }
            case 2 << 3 | VARINT ->
                tensor.dataType = once("data_type", tensor.dataType, in.readInt32());
            case 3 << 3 | BYTES -> {
              tensor.problem = "keeps a segment alone of '%s', which is not read";
              skip(tag);
            }
            case OnnxTensor.FLOAT_DATA << 3 | BYTES,
                OnnxTensor.INT32_DATA << 3 | BYTES,
                OnnxTensor.INT64_DATA << 3 | BYTES,
                OnnxTensor.RAW_DATA << 3 | BYTES,
                OnnxTensor.DOUBLE_DATA << 3 | BYTES ->
                values(tensor, tag >>> 3);
            case OnnxTensor.FLOAT_DATA << 3 | BITS_32,
                OnnxTensor.INT32_DATA << 3 | VARINT,
                OnnxTensor.INT64_DATA << 3 | VARINT,
                OnnxTensor.DOUBLE_DATA << 3 | BITS_64 -> {
              tensor.problem = "keeps each value of '%s' in a field of its own, which is not read";
              skip(tag);
            }
            case 8 << 3 | BYTES -> tensor.name = once("name", tensor.name, text());
            case 13 << 3 | BYTES -> {
              external(tensor);
              skip(tag);
            }
            case 14 << 3 | VARINT -> {
              if (in.readInt32() != 0) {
                external(tensor);
              }
            }
            default -> skip(tag);
          }
        });
    return tensor;
  }

  private static void external(AnyTensor tensor) {
    tensor.problem =
        "keeps '%s' in another file, which is not read: save the model with its weights inside";
  }

  private void dimension(AnyTensor tensor) throws IOException {
    long dimension = in.readInt64();
    if (dimension < 0 || tensor.shape.size() == Dimensions.MAX_RANK) {
      throw problem(
          "must have arrays of at most %d dimensions, 0 or more each, but one at byte %d has %s"
              .formatted(
                  Dimensions.MAX_RANK,
                  in.getTotalBytesRead(),
                  dimension < 0 ? "dimension " + dimension : "more"));
    }
    tensor.shape.add(dimension);
  }

  private void values(AnyTensor tensor, int field) throws IOException {
    int length = in.readRawVarint32();
    if (tensor.field != 0) {
      tensor.problem = "keeps the values of '%s' in several pieces, which are not read";
    }
    tensor.field = field;
    tensor.offset = in.getTotalBytesRead();
    tensor.length = length;
    in.skipRawBytes(length);
  }

  private void keep(AnyNode node) throws FileFormatException {
    if (!isDefault(node.domain) || node.operator == null) {
      return;
    }
    switch (node.operator) {
      case BATCH_NORMALIZATION -> {
        String name = node.name == null || node.name.isEmpty() ? node.output : node.name;
        charge(name);
        node.inputs.forEach(input -> kept += input.length() + ENTRY / 4);
        Node kind =
            new Node(
                List.copyOf(node.inputs),
                attribute(node, "epsilon", Float.class),
                attribute(node, "momentum", Float.class),
                !Long.valueOf(0).equals(attribute(node, "spatial", Long.class)));
        if (nodes.put(name, kind) != null) {
          throw problem("has two %s nodes named '%s'".formatted(BATCH_NORMALIZATION, name));
        }
      }
      case "Constant" -> {
        // Constants of single numbers or strings are no arrays of anyone's
        if (node.attributes.get("value") instanceof AnyTensor tensor) {
          keep(node.output, tensor);
        }
      }
      case "Identity" -> {
        if (node.inputs.size() == 1) {
          charge(node.output);
          charge(node.inputs.get(0));
          if (aliases.put(node.output, node.inputs.get(0)) != null) {
            throw problem("has two nodes with the output '%s'".formatted(node.output));
          }
        }
      }
      default -> {}
    }
  }

  private <T> T attribute(AnyNode node, String name, Class<T> type) throws FileFormatException {
    Object value = node.attributes.get(name);
    if (value != null && !type.isInstance(value)) {
      throw problem(
          "must have a %s as attribute '%s' of node '%s'"
              .formatted(type.getSimpleName().toLowerCase(Locale.ROOT), name, node.name));
    }
    return type.cast(value);
  }

  private void keep(String name, AnyTensor tensor) throws FileFormatException {
    if (name == null || name.isEmpty()) {
      throw problem("has an array without a name before byte " + in.getTotalBytesRead());
    }
    charge(name);
    kept += tensor.shape.size() * Long.BYTES;
    OnnxTensor array =
        new OnnxTensor(
            tensor.dataType == null ? 0 : tensor.dataType,
            tensor.shape.stream().mapToLong(Long::longValue).toArray(),
            tensor.field,
            tensor.offset,
            tensor.length,
            tensor.problem);
    if (tensors.put(name, array) != null) {
      throw problem("has two arrays named '%s'".formatted(name));
    }
  }

  private void charge(String text) throws FileFormatException {
    kept += text.length() + ENTRY;
    if (kept > MAX_KEPT) {
      throw problem(
          "has more arrays and nodes than fit %d bytes, which is beyond any model's need"
              .formatted(MAX_KEPT));
    }
  }

  private <T> T once(String what, T before, T now) throws FileFormatException {
    if (before != null) {
      throw problem("repeats the field %s before byte %d".formatted(what, in.getTotalBytesRead()));
    }
    return now;
  }

  private String text() throws IOException {
    int length = in.readRawVarint32();
    if (length < 0 || length > MAX_TEXT) {
      throw problem(
          "must have names of at most %d bytes, but one before byte %d claims %s"
              .formatted(MAX_TEXT, in.getTotalBytesRead(), Integer.toUnsignedString(length)));
    }
    return new String(in.readRawBytes(length), StandardCharsets.UTF_8);
  }

  private void message(Fields fields) throws IOException {
    int limit = in.pushLimit(in.readRawVarint32());
    fields(fields);
    in.popLimit(limit);
  }

  private void fields(Fields fields) throws IOException {
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      fields.read(tag);
    }
  }

  private void skip(int tag) throws IOException {
    int kind = tag & 7;
    if (kind != VARINT && kind != BITS_64 && kind != BYTES && kind != BITS_32) {
      // groups, which can be nested without end; ONNX has none
      throw problem(
          "is damaged at byte %d: a field is of kind %d".formatted(in.getTotalBytesRead(), kind));
    }
    in.skipField(tag);
  }

  private FileFormatException problem(String problem) {
    return new FileFormatException(title, problem);
  }
}
