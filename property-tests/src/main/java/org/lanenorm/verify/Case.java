package org.lanenorm.verify;

import java.util.function.IntFunction;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

/**
 * One input of a property; its text is all that is needed to make it again.
 *
 * @param size N, C, S
 * @param kind of the first channel
 * @param mixed whether each further channel takes the next kind, else all take the same
 * @param seed of values and parameters
 */
public record Case(Shapes.Size size, HardData kind, boolean mixed, long seed) {
  /** Gradients that sum well and badly, of sizes whose sums float32 can hold. */
  private static final HardData[] GRADIENTS = {
    HardData.BENIGN,
    HardData.SCALED,
    HardData.SPARSE,
    HardData.ALTERNATING,
    HardData.OFFSET,
    HardData.TWO_LEVELS,
    HardData.RAMP,
    HardData.LANES_DIFFER,
    HardData.PIXELS
  };

  /** The kind of channel c. */
  public HardData kindOf(int c) {
    return mixed ? HardData.mixed(kind.ordinal()).apply(c) : kind;
  }

  /** With these sizes. */
  public TensorShape shape(Layout layout) {
    return TensorShape.of(layout, size.n(), size.c(), size.s());
  }

  /** The input, the same numbers in either layout. */
  public float[] x(Layout layout) {
    return Tensors.of(layout == Layout.NHWC, size, this::kindOf, seed);
  }

  /** The gradient of the output, the same numbers in either layout. */
  public float[] dOutput(Layout layout) {
    int first = Rng.stream(seed, -2).below(GRADIENTS.length);
    IntFunction<HardData> kinds = c -> GRADIENTS[(first + c) % GRADIENTS.length];
    return Tensors.of(layout == Layout.NHWC, size, kinds, ~seed);
  }

  /** Of x. */
  public Oracle.Moments exactMoments() {
    return Oracle.moments(x(Layout.NCHW), 0, false, size.n(), size.c(), size.s());
  }

  /** Parameters of every sort that suit x. */
  public Layer layer() {
    return Layer.random(exactMoments(), Rng.stream(seed, -1));
  }

  @Override
  public String toString() {
    return size + " " + kind + (mixed ? " and on" : "") + " seed " + seed;
  }
}
