package org.lanenorm.properties;

import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.properties.Accuracy.Quantity;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.ExactData;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Tensors;

/** Moments and outputs against exact arithmetic. */
class AccuracyProperties extends Properties {
  @Property(tries = 2000)
  void momentsAreWithinTheirBounds(@ForAll Case input, @ForAll Layout layout) {
    float[] x = input.x(layout);
    ChannelMoments moments = subject.moments(Slice.of(x), input.shape(layout), 1);
    momentsAreWithinTheirBounds(moments, input.exactMoments(), input);
  }

  final void momentsAreWithinTheirBounds(ChannelMoments moments, Oracle.Moments exact, Case input) {
    check(moments.count() == exact.count(), "%s: count is %d", input, moments.count());
    for (int c = 0; c < moments.channels(); c++) {
      double mean = exact.mean()[c];
      double variance = exact.variance()[c];
      double meanError = Math.abs(moments.mean(c) - mean);
      double varianceError = Math.abs(moments.variance(c) - variance);
      accuracy.count(input.kindOf(c));
      record(input, c, Quantity.MEAN, meanError, Bounds.mean(mean, variance));
      record(input, c, Quantity.VARIANCE, varianceError, Bounds.variance(variance));
      check(
          meanError <= Bounds.mean(mean, variance),
          "%s: channel %d (%s) has mean %s, exactly %s, std %s",
          input,
          c,
          input.kindOf(c),
          moments.mean(c),
          mean,
          Math.sqrt(variance));
      check(
          varianceError <= Bounds.variance(variance),
          "%s: channel %d (%s) has variance %s, exactly %s: off by %.1fu",
          input,
          c,
          input.kindOf(c),
          moments.variance(c),
          variance,
          varianceError / variance / Bounds.U);
    }
  }

  private void record(Case input, int c, Quantity quantity, double error, double bound) {
    double share = error == 0 ? 0 : error / bound;
    accuracy.record(input.kindOf(c), quantity, share * quantity.allowed);
  }

  @Property(tries = 1200)
  void trainingOutputIsWithinItsBound(@ForAll Case input, @ForAll Layout layout) {
    Layer layer = input.layer();
    float[] x = input.x(layout);
    float[] y = new float[x.length];
    subject.training(layer, Slice.of(x), Slice.of(y), input.shape(layout), 1);
    Oracle.Moments exact = input.exactMoments();
    outputIsWithinItsBound(input, layout, layer, x, y, exact.mean(), exact.variance(), false);
  }

  @Property(tries = 800)
  void inferenceOutputIsWithinItsBound(@ForAll Case input, @ForAll Layout layout) {
    Layer layer = input.layer();
    float[] x = input.x(layout);
    float[] y = new float[x.length];
    subject.inference(layer, Slice.of(x), Slice.of(y), input.shape(layout), 1);
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
    for (int i = 0; i < y.length; i++) {
      int c = last ? i % size.c() : i / size.s() % size.c();
      double beta = layer.beta(c);
      double k = layer.k(c, variance[c]);
      double std = constants ? 0 : Math.sqrt(variance[c]);
      double error = Math.abs(y[i] - exact[i]);
      double relative =
          error <= Float.MIN_VALUE || Float.isInfinite(y[i])
              ? 0
              : (error - Float.MIN_VALUE)
                  / (Bounds.U * Bounds.outputScale(exact[i], beta, mean[c], k, std));
      accuracy.record(input.kindOf(c), Quantity.OUTPUT, relative);
      check(
          Bounds.within(y[i], exact[i], Bounds.output(exact[i], beta, mean[c], k, std)),
          "%s: y[%d] in %s, channel %d (%s), is %s, exactly %s: off by %.1fu;"
              + " x %s, mean %s, variance %s, epsilon %s %s, gamma %s, beta %s",
          input,
          i,
          layout,
          c,
          input.kindOf(c),
          y[i],
          exact[i],
          relative,
          x[i],
          mean[c],
          variance[c],
          layer.epsilon(),
          layer.placement(),
          layer.gamma(c),
          beta);
    }
  }

  @Property
  void constantChannelGivesExactlyBeta(@ForAll Case input, @ForAll Layout layout) {
    Layer layer = input.layer();
    Shapes.Size size = input.size();
    int constant = (int) (input.seed() % size.c());
    float[] values = new float[size.count()];
    Rng rng = new Rng(input.seed());
    HardData.CONSTANT.fill(values, rng);
    if (rng.oneIn(2)) {
      Arrays.fill(values, rng.anyFinite());
    }
    float[] x = input.x(layout);
    Tensors.putChannel(x, 0, layout == Layout.NHWC, size, constant, values);
    float[] y = new float[x.length];
    Layer positive = layer.with(1e-5);
    ChannelMoments moments =
        subject.training(positive, Slice.of(x), Slice.of(y), input.shape(layout), 1);
    check(
        moments.mean(constant) == values[0] && moments.m2(constant) == 0,
        "%s: constant %s has mean %s and M2 %s",
        input,
        values[0],
        moments.mean(constant),
        moments.m2(constant));
    for (float value : Tensors.channel(y, 0, layout == Layout.NHWC, size, constant)) {
      check(
          value == layer.beta(constant),
          "%s: constant %s gives %s, beta is %s",
          input,
          values[0],
          value,
          layer.beta(constant));
    }
  }

  /** oneDNN's idea: threshold 0. */
  @Property(tries = 300)
  void dataExactByConstructionGivesEqualMoments(@ForAll Case input, @ForAll Layout layout) {
    exactDataGivesEqualMoments(input.size(), layout);
  }

  /** Shapes that benchdnn runs. */
  @Example
  void dataExactByConstructionGivesEqualMomentsInBenchdnnsShapes() {
    int[][] sizes = {
      {2, 23, 1},
      {2, 32, 32},
      {5, 33, 27},
      {2, 256, 28 * 28},
      {4, 200, 17 * 16},
      {2, 16, 12 * 12 * 12},
      {1, 19, 4 * 6 * 6},
      {32, 27, 7},
      {9, 128, 1},
      {1, 257, 28 * 28},
      {2, 128, 2 * 2},
      {1, 16, 40 * 40 * 40},
      {25, 4, 112 * 112}
    };
    for (int[] size : sizes) {
      for (Layout layout : Layout.values()) {
        exactDataGivesEqualMoments(new Shapes.Size(size[0], size[1], size[2]), layout);
      }
    }
  }

  private void exactDataGivesEqualMoments(Shapes.Size size, Layout layout) {
    boolean last = layout == Layout.NHWC;
    float[] x = new float[size.length()];
    ExactData.Channel[] channels = new ExactData.Channel[size.c()];
    for (int c = 0; c < size.c(); c++) {
      channels[c] = ExactData.channel(c, size.n(), size.s());
      Tensors.putChannel(x, 0, last, size, c, channels[c].values());
    }
    TensorShape shape = TensorShape.of(layout, size.n(), size.c(), size.s());
    ChannelMoments moments = subject.moments(Slice.of(x), shape, 1);
    for (int c = 0; c < size.c(); c++) {
      check(
          moments.mean(c) == channels[c].mean() && moments.m2(c) == channels[c].m2(),
          "%s: channel %d has mean %s and M2 %s, exactly %s and %s",
          shape,
          c,
          moments.mean(c),
          moments.m2(c),
          channels[c].mean(),
          channels[c].m2());
    }
  }

  /**
   * 4M elements, all but the first equal. A mean that is updated segment by segment and rounded to
   * double each time stops moving, as running averages in float do, long before it has arrived; the
   * variance then takes the rest of the way for a distance.
   */
  @Example
  void theMeanOfALongChannelDoesNotStall() {
    for (Layout layout : Layout.values()) {
      Shapes.Size size = new Shapes.Size(8, 2, 1 << 18);
      float[] x = new float[size.length()];
      Arrays.fill(x, 100);
      x[0] = Math.nextUp(x[0]);
      Oracle.Moments exact =
          Oracle.moments(x, 0, layout == Layout.NHWC, size.n(), size.c(), size.s());
      TensorShape shape = TensorShape.of(layout, size.n(), size.c(), size.s());
      ChannelMoments moments = subject.moments(Slice.of(x), shape, 1);
      double std = Math.sqrt(exact.variance()[0]);
      check(
          Math.abs(moments.variance(0) - exact.variance()[0]) <= Bounds.variance(std * std)
              && Math.abs(moments.mean(0) - exact.mean()[0])
                  <= 4 * Bounds.U * std + Math.ulp(100.0),
          "%s: mean %s, variance %s, exactly %s and %s",
          shape,
          moments.mean(0),
          moments.variance(0),
          exact.mean()[0],
          exact.variance()[0]);
    }
  }

  /** Values and shift are multiples of 2^-10, so that their sum is a float. */
  @Property
  void aShiftMovesTheMeanAlone(
      @ForAll Case input, @ForAll Layout layout, @ForAll @IntRange(min = -8192, max = 8191) int c) {
    float[] x = onAGrid(input);
    float[] shifted = new float[x.length];
    float shift = c;
    for (int i = 0; i < x.length; i++) {
      shifted[i] = x[i] + shift;
    }
    TensorShape shape = input.shape(layout);
    Shapes.Size size = input.size();
    Oracle.Moments exact =
        Oracle.moments(x, 0, layout == Layout.NHWC, size.n(), size.c(), size.s());
    ChannelMoments moments = subject.moments(Slice.of(shifted), shape, 1);
    for (int channel = 0; channel < size.c(); channel++) {
      double mean = exact.mean()[channel] + shift;
      double variance = exact.variance()[channel];
      check(
          Math.abs(moments.mean(channel) - mean) <= Bounds.mean(mean, variance)
              && Math.abs(moments.variance(channel) - variance) <= Bounds.variance(variance),
          "%s shifted by %s: channel %d has mean %s and variance %s, exactly %s and %s",
          input,
          shift,
          channel,
          moments.mean(channel),
          moments.variance(channel),
          mean,
          variance);
    }
  }

  /** No rounding depends on the exponent as long as nothing overflows or underflows. */
  @Property
  void scalingByAPowerOfTwoScalesExactly(
      @ForAll Case input, @ForAll Layout layout, @ForAll @IntRange(min = -20, max = 20) int power) {
    float scale = (power % 2 == 0 ? 1 : -1) * Math.scalb(1f, power);
    float[] x = onAGrid(input);
    float[] scaled = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      scaled[i] = x[i] * scale;
    }
    TensorShape shape = input.shape(layout);
    ChannelMoments moments = subject.moments(Slice.of(x), shape, 1);
    ChannelMoments ofScaled = subject.moments(Slice.of(scaled), shape, 1);
    for (int c = 0; c < shape.channels(); c++) {
      check(
          ofScaled.mean(c) == moments.mean(c) * scale
              && ofScaled.m2(c) == moments.m2(c) * scale * scale,
          "%s scaled by %s: channel %d has mean %s and M2 %s, unscaled %s and %s",
          input,
          scale,
          c,
          ofScaled.mean(c),
          ofScaled.m2(c),
          moments.mean(c),
          moments.m2(c));
    }
  }

  /** N(0, 1) rounded to multiples of 2^-10. */
  private static float[] onAGrid(Case input) {
    Rng rng = new Rng(input.seed());
    float[] x = new float[input.size().length()];
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.round(rng.normal() * 1024) / 1024f;
    }
    return x;
  }
}
