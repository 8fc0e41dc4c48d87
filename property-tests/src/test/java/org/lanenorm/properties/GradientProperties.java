package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.sameBits;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.Layout;
import org.lanenorm.verify.BackwardContract;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Slice;

/** Gradients against the closed form in exact arithmetic, and against finite differences. */
class GradientProperties extends Properties implements BackwardContract {
  /** Running means are doubles: one beyond every float is far from all data, but no NaN. */
  @Example
  void aRunningMeanBeyondTheLargestFloatGivesFiniteGradients() {
    Case input = new Case(new Shapes.Size(3, 2, 40), HardData.HUGE_LOPSIDED, false, 1);
    Layer usual = input.layer();
    Layer layer =
        new Layer(
            usual.gamma(),
            usual.beta(),
            1e-5,
            usual.placement(),
            usual.spread(),
            new double[] {-3.5e38, 1e39},
            usual.variance());
    for (Layout layout : Layout.values()) {
      frozenGradientsAreWithinTheirBounds(input, layout, layer);
    }
  }

  @Property
  void eachOutputMayBeLeftOutWithoutChangingTheOthers(
      @ForAll Case input,
      @ForAll Layout layout,
      @ForAll boolean frozen,
      @ForAll @IntRange(min = 0, max = 6) int wanted) {
    float[][] all = gradients(input, layout, frozen, 7);
    float[][] some = gradients(input, layout, frozen, wanted);
    String[] names = {"dInput", "dGamma", "dBeta"};
    for (int i = 0; i < names.length; i++) {
      if (some[i] != null) {
        sameBits(some[i], all[i], names[i], input);
      }
    }
  }

  /** dInput, dGamma and dBeta, if bits 0, 1 and 2 are wanted. */
  private float[][] gradients(Case input, Layout layout, boolean frozen, int wanted) {
    float[] dInput = (wanted & 1) == 0 ? null : new float[input.size().length()];
    float[] dGamma = (wanted & 2) == 0 ? null : new float[input.size().c()];
    float[] dBeta = (wanted & 4) == 0 ? null : new float[input.size().c()];
    Slice x = Slice.of(input.x(layout));
    Slice d = Slice.of(input.dOutput(layout));
    Slice to = dInput == null ? null : Slice.of(dInput);
    if (frozen) {
      kernel.backwardFrozen(input.layer(), x, d, to, dGamma, dBeta, input.shape(layout));
    } else {
      kernel.backward(input.layer(), x, d, to, dGamma, dBeta, input.shape(layout));
    }
    return new float[][] {dInput, dGamma, dBeta};
  }
}
