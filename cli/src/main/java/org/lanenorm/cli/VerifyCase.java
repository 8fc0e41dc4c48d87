package org.lanenorm.cli;

import java.util.List;
import java.util.stream.IntStream;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Tensors;

/**
 * One shape of verify's list, with hard data that is the same on every machine: each channel has
 * the next kind of {@link HardData}.
 *
 * @param shape in NCHW
 * @param seed of its data
 */
record VerifyCase(TensorShape shape, int seed) {
  private static final List<TensorShape> SHAPES =
      List.of(
          TensorShape.rows(256, 5),
          TensorShape.rows(17, 33),
          TensorShape.rows(1025, 16),
          TensorShape.ncw(2, 3, 1),
          TensorShape.ncw(9, 4, 15),
          TensorShape.ncw(3, 6, 1025),
          TensorShape.nchw(1, 3, 4, 4),
          TensorShape.nchw(3, 17, 13, 11),
          TensorShape.nchw(4, 16, 8, 8),
          TensorShape.nchw(1, 7, 32, 32),
          TensorShape.nchw(2, 32, 28, 28),
          TensorShape.nchw(1, 64, 56, 56),
          TensorShape.ncdhw(2, 6, 3, 5, 7));

  /**
   * Shapes round the boundaries of lanes (16 elements) and segments (1,024), and some as networks
   * have them.
   */
  static final List<VerifyCase> ALL =
      IntStream.range(0, SHAPES.size()).mapToObj(i -> new VerifyCase(SHAPES.get(i), i)).toList();

  /** For the table: 4x16x8x8, or rows 17x33. */
  String name() {
    String dimensions = shape.toString().substring(Layout.NCHW.toString().length() + 1);
    return (shape.rank() == 2 ? "rows " : "") + dimensions;
  }

  private Shapes.Size size() {
    return new Shapes.Size(shape.batch(), shape.channels(), shape.spatial());
  }

  /** In NCHW. */
  float[] x() {
    // 7 and the number of kinds have no common divisor: the first channels differ from shape to
    // shape
    return Tensors.of(false, size(), HardData.mixed(7 * seed), seed);
  }

  /** In NCHW. */
  float[] dOutput() {
    return Tensors.of(false, size(), c -> HardData.BENIGN, ~seed);
  }

  float[] gamma() {
    return perChannel(-1);
  }

  float[] beta() {
    return perChannel(-2);
  }

  private float[] perChannel(int stream) {
    Rng rng = Rng.stream(seed, stream);
    float[] values = new float[shape.channels()];
    for (int c = 0; c < values.length; c++) {
      values[c] = rng.normal();
    }
    return values;
  }
}
