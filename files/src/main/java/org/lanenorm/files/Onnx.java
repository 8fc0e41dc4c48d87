package org.lanenorm.files;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SequencedSet;

/**
 * An ONNX model. Its arrays are the initializers and Constant nodes of the main graph; its layers
 * are the graph's BatchNormalization nodes, by their names, or by the names of their outputs where
 * they have none. Nothing of the model is run, and of its bytes only names and numbers of nodes and
 * the values that are asked for are read ({@code com.google.protobuf.CodedInputStream} walks over
 * the rest).
 *
 * <p>A layer's scale, B, mean and variance must be arrays of this file, directly or through
 * Identity nodes. What a node does not state is what the operator's definition says: epsilon 1e-5
 * and momentum 0.9, the share of the old (<a
 * href="https://onnx.ai/onnx/operators/onnx__BatchNormalization.html">BatchNormalization</a>,
 * versions 1, 6, 7, 9, 14 and 15). Nodes with {@code spatial=0} (before version 9: statistics of
 * each position) are refused, as are arrays that are kept in other files.
 */
public final class Onnx implements ParameterFile {
  private static final float EPSILON = 1e-5f;
  private static final float MOMENTUM = 0.9f;
  private static final List<String> INPUTS = List.of("x", "scale", "B", "mean", "variance");

  private final String title;
  private final FileChannel channel;
  private final OnnxParser model;

  private Onnx(String title, FileChannel channel) throws IOException {
    this.title = title;
    this.channel = channel;
    model = new OnnxParser(title, Channels.newInputStream(channel), channel.size());
    model.parse();
  }

  /**
   * Opens a file and reads what is in it.
   *
   * @throws FileFormatException if it is no ONNX model, or damaged
   * @throws IOException if it cannot be read at all
   */
  public static Onnx open(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file);
    try {
      return new Onnx(file.toString(), channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Whether a file looks like one: ir_version, the first field, or the name. */
  static boolean isLikely(byte[] start, Path file) {
    return start.length > 0 && start[0] == 1 << 3 || file.toString().endsWith(".onnx");
  }

  @Override
  public String format() {
    return "ONNX opset " + model.opset();
  }

  @Override
  public SequencedSet<String> names() {
    return Collections.unmodifiableSequencedSet(model.tensors.sequencedKeySet());
  }

  @Override
  public TensorInfo info(String name) throws FileFormatException {
    return find(name).info();
  }

  @Override
  public Tensor read(String name) throws IOException {
    return find(name).read(title, name, channel);
  }

  private OnnxTensor find(String name) throws FileFormatException {
    OnnxTensor tensor = model.tensors.get(name);
    if (tensor == null) {
      throw Layers.missing(title, "array", name, model.tensors.keySet());
    }
    return tensor;
  }

  @Override
  public SequencedSet<String> layers() {
    return Collections.unmodifiableSequencedSet(model.nodes.sequencedKeySet());
  }

  @Override
  public LayerParameters layer(String name) throws IOException {
    OnnxParser.Node node = model.nodes.get(name);
    if (node == null) {
      throw Layers.missing(title, "layer", name, model.nodes.keySet());
    }
    if (!node.spatial()) {
      throw problem(name, "normalizes each position by itself (spatial=0), which is not read");
    }
    if (node.inputs().size() < INPUTS.size()) {
      throw problem(name, "must have 5 inputs, but has " + node.inputs().size());
    }
    double epsilon = node.epsilon() == null ? EPSILON : node.epsilon();
    if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw problem(name, "must have a finite epsilon of at least 0, but has " + epsilon);
    }
    double momentum = node.momentum() == null ? MOMENTUM : node.momentum();
    if (!(momentum >= 0 && momentum <= 1)) {
      throw problem(name, "must have a momentum from 0 to 1, but has " + momentum);
    }
    return Layers.of(
        this,
        title,
        name,
        array(name, node, 1),
        array(name, node, 2),
        array(name, node, 3),
        array(name, node, 4),
        null,
        new LayerParameters.OnnxNode(model.opset(), epsilon, momentum));
  }

  /** The array that is an input, through any number of Identity nodes. */
  private String array(String layer, OnnxParser.Node node, int input) throws FileFormatException {
    String name = node.inputs().get(input);
    for (int hops = 0; !model.tensors.containsKey(name); hops++) {
      String of = model.aliases.get(name);
      if (of == null || hops > model.aliases.size()) { // they may go in a circle
        throw problem(
            layer,
            "has '%s' as its %s, which is no initializer or constant"
                .formatted(node.inputs().get(input), INPUTS.get(input)));
      }
      name = of;
    }
    return name;
  }

  private FileFormatException problem(String layer, String problem) {
    return new FileFormatException(title, "node '" + layer + "' " + problem);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
