package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.NonFinitePolicy;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Tensors;

/** NaN and infinity stay in their channel. */
class NonFiniteProperties extends Properties {
  @Provide
  Arbitrary<Float> poisons() {
    return Arbitraries.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
  }

  /** One element of one channel is not finite; where and which follows from the case's seed. */
  private record Poisoned(float[] x, int channel, int element) {
    static Poisoned of(Case input, Layout layout, float poison) {
      Rng rng = Rng.stream(input.seed(), -3);
      Shapes.Size size = input.size();
      int channel = rng.below(size.c());
      int at = input.shape(layout).index(rng.below(size.n()), channel, rng.below(size.s()));
      float[] x = input.x(layout);
      x[at] = poison;
      return new Poisoned(x, channel, at);
    }
  }

  @Property
  void trainingKeepsANonFiniteChannelToItself(
      @ForAll Case input, @ForAll Layout layout, @ForAll("poisons") float poison) {
    TensorShape shape = input.shape(layout);
    Layer layer = input.layer();
    Poisoned poisoned = Poisoned.of(input, layout, poison);
    float[] y = new float[shape.length()];
    float[] poisonedY = new float[shape.length()];
    ChannelMoments moments =
        subject.training(layer, Slice.of(input.x(layout)), Slice.of(y), shape, 1);
    ChannelMoments poisonedMoments =
        subject.training(layer, Slice.of(poisoned.x), Slice.of(poisonedY), shape, 1);
    float[] nan = new float[shape.count()];
    Arrays.fill(nan, Float.NaN);
    Tensors.putChannel(y, 0, layout == Layout.NHWC, input.size(), poisoned.channel, nan);
    sameBits(poisonedY, y, "y of a batch with " + poison, input);
    for (int c = 0; c < shape.channels(); c++) {
      boolean same =
          c == poisoned.channel
              ? !Double.isFinite(poisonedMoments.mean(c)) && Double.isNaN(poisonedMoments.m2(c))
              : poisonedMoments.mean(c) == moments.mean(c)
                  && poisonedMoments.m2(c) == moments.m2(c);
      check(
          same,
          "%s: %s in channel %d gives channel %d mean %s and M2 %s",
          input,
          poison,
          poisoned.channel,
          c,
          poisonedMoments.mean(c),
          poisonedMoments.m2(c));
    }
  }

  @Property
  void inferenceKeepsANonFiniteElementToItself(
      @ForAll Case input, @ForAll Layout layout, @ForAll("poisons") float poison) {
    TensorShape shape = input.shape(layout);
    Layer layer = input.layer();
    Poisoned poisoned = Poisoned.of(input, layout, poison);
    float[] y = new float[shape.length()];
    float[] poisonedY = new float[shape.length()];
    subject.inference(layer, Slice.of(input.x(layout)), Slice.of(y), shape, 1);
    subject.inference(layer, Slice.of(poisoned.x), Slice.of(poisonedY), shape, 1);
    // 0 times infinity is NaN
    y[poisoned.element] = poison * layer.gamma(poisoned.channel);
    sameBits(poisonedY, y, "y of a batch with " + poison, input);
  }

  @Property
  void backwardKeepsANonFiniteChannelToItself(
      @ForAll Case input,
      @ForAll Layout layout,
      @ForAll boolean frozen,
      @ForAll("poisons") float poison) {
    TensorShape shape = input.shape(layout);
    Layer layer = input.layer();
    Poisoned poisoned = Poisoned.of(input, layout, poison);
    Slice d = Slice.of(input.dOutput(layout));
    float[][] clean = {
      new float[shape.length()], new float[shape.channels()], new float[shape.channels()]
    };
    float[][] dirty = {
      new float[shape.length()], new float[shape.channels()], new float[shape.channels()]
    };
    subject.backward(
        layer,
        frozen,
        Slice.of(input.x(layout)),
        d,
        Slice.of(clean[0]),
        clean[1],
        clean[2],
        shape,
        1);
    subject.backward(
        layer, frozen, Slice.of(poisoned.x), d, Slice.of(dirty[0]), dirty[1], dirty[2], shape, 1);
    // what the channel itself gets is its own affair
    for (float[][] results : new float[][][] {clean, dirty}) {
      float[] none = new float[shape.count()];
      Tensors.putChannel(
          results[0], 0, layout == Layout.NHWC, input.size(), poisoned.channel, none);
      results[1][poisoned.channel] = 0;
      results[2][poisoned.channel] = 0;
    }
    sameBits(dirty[0], clean[0], "dInput of a batch with " + poison, input);
    sameBits(dirty[1], clean[1], "dGamma of a batch with " + poison, input);
    sameBits(dirty[2], clean[2], "dBeta of a batch with " + poison, input);
  }

  @Property
  void runningStatisticsFollowThePolicy(
      @ForAll Case input,
      @ForAll Layout layout,
      @ForAll("poisons") float poison,
      @ForAll NonFinitePolicy policy) {
    TensorShape shape = input.shape(layout);
    Layer layer = input.layer();
    Poisoned poisoned = Poisoned.of(input, layout, poison);
    BatchNorm clean = Library.builder(layer, 1).nonFinitePolicy(policy).build();
    BatchNorm norm = Library.builder(layer, 1).nonFinitePolicy(policy).build();
    clean.forwardTraining(input.x(layout), new float[shape.length()], shape);
    float[] y = new float[shape.length()];
    SavedStatistics saved = new SavedStatistics(shape.channels());
    double[] means = norm.runningStatistics().means();
    double[] variances = norm.runningStatistics().variances();

    if (policy == NonFinitePolicy.ERROR) {
      assertThatThrownBy(() -> norm.forwardTraining(poisoned.x, 0, y, 0, shape, saved))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(y).as("y").containsOnly(0);
      assertThat(saved.count()).as("saved count").isZero();
      assertThat(norm.runningStatistics().means()).isEqualTo(means);
      assertThat(norm.runningStatistics().variances()).isEqualTo(variances);
      return;
    }
    norm.forwardTraining(poisoned.x, 0, y, 0, shape, saved);
    for (int c = 0; c < shape.channels(); c++) {
      double mean = norm.runningStatistics().mean(c);
      double variance = norm.runningStatistics().variance(c);
      boolean here = c == poisoned.channel;
      boolean skip = here && policy == NonFinitePolicy.SKIP_UPDATE;
      assertThat(saved.skipped(c)).as("skipped, channel %d of %s", c, input).isEqualTo(skip);
      if (skip) {
        assertThat(mean).isEqualTo(means[c]);
        assertThat(variance).isEqualTo(variances[c]);
      } else if (here) {
        assertThat(Double.isFinite(mean)).as("running mean %s, %s", mean, input).isFalse();
        assertThat(variance).as("running variance, %s", input).isNaN();
      } else {
        assertThat(mean).isEqualTo(clean.runningStatistics().mean(c));
        assertThat(variance).isEqualTo(clean.runningStatistics().variance(c));
      }
    }
  }
}
