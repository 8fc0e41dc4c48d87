package org.lanenorm.verify;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.lanenorm.Layout;
import org.lanenorm.verify.WorstErrors.Quantity;

/** Outputs of training and inference against exact arithmetic. */
public interface ForwardContract extends Contract {
  /** {@link Bounds#output}, with the moments of x itself. */
  @Property(tries = 1200)
  default void trainingOutputIsWithinItsBound(
      @ForAll Case input, @ForAll("layouts") Layout layout) {
    Layer layer = layerOf(input);
    float[] x = input.x(layout);
    float[] y = new float[x.length];
    kernel().training(layer, Slice.of(x), Slice.of(y), input.shape(layout));
    Oracle.Moments exact = input.exactMoments();
    outputIsWithinItsBound(input, layout, layer, x, y, exact.mean(), exact.variance(), false);
  }

  /** {@link Bounds#output}, with mean and variance as constants. */
  @Property(tries = 800)
  default void inferenceOutputIsWithinItsBound(
      @ForAll Case input, @ForAll("layouts") Layout layout) {
    Layer layer = layerOf(input);
    float[] x = input.x(layout);
    float[] y = new float[x.length];
    kernel().inference(layer, Slice.of(x), Slice.of(y), input.shape(layout));
    outputIsWithinItsBound(input, layout, layer, x, y, layer.mean(), layer.variance(), true);
  }

  private void outputIsWithinItsBound(
      Case input,
      Layout layout,
      Layer layer,
      float[] x,
      float[] y,
      double[] mean,
      double[] variance,
      boolean constants) {
    Shapes.Size size = input.size();
    boolean last = layout == Layout.NHWC;
    Place place = new Place(last, size.n(), size.c(), size.s());
    double[] exact =
        Oracle.normalize(
            x,
            0,
            last,
            size.n(),
            size.c(),
            size.s(),
            mean,
            variance,
            layer.epsilons(),
            layer.gamma(),
            layer.beta());
    for (int channel = 0; channel < size.c(); channel++) {
      int c = channel;
      double beta = layer.beta(c);
      double k = layer.k(c, variance[c]);
      double std = constants ? 0 : Math.sqrt(variance[c]);
      Near near = new Near(this, input, layout, c, () -> Near.text(layer, c, mean[c], variance[c]));
      for (int n = 0; n < size.n(); n++) {
        int i = place.first(n, c);
        for (int s = 0; s < size.s(); s++, i += place.step()) {
          double bound = Bounds.output(exact[i], beta, mean[c], k, std);
          near.check(Quantity.OUTPUT, "y", y[i], exact[i], bound);
        }
      }
    }
  }

  /** Of training: its variance is exactly 0, whatever the constant. */
  @Property(tries = 300)
  default void constantChannelGivesExactlyBeta(
      @ForAll Case input, @ForAll("layouts") Layout layout) {
    Layer layer = layerOf(input).with(1e-5);
    Shapes.Size size = input.size();
    int constant = (int) (input.seed() % size.c());
    float[] values = new float[size.count()];
    Rng rng = new Rng(input.seed());
    HardData.CONSTANT.fill(values, rng);
    if (rng.oneIn(2)) {
      Arrays.fill(values, rng.anyFinite());
    }
    boolean last = layout == Layout.NHWC;
    float[] x = input.x(layout);
    Tensors.putChannel(x, 0, last, size, constant, values);
    float[] y = new float[x.length];
    kernel().training(layer, Slice.of(x), Slice.of(y), input.shape(layout));
    for (float value : Tensors.channel(y, 0, last, size, constant)) {
      Checks.check(
          value == layer.beta(constant),
          "%s in %s: %s everywhere in channel %d gives %s, beta is %s",
          input,
          layout,
          values[0],
          constant,
          value,
          layer.beta(constant));
    }
  }
}
