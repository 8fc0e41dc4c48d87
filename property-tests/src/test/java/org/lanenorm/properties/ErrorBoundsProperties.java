package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lanenorm.verify.Checks.check;
import static org.lanenorm.verify.Checks.sameBits;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.ErrorBounds;
import org.lanenorm.Lanenorm;
import org.lanenorm.Layout;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.AtMost;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.Cases;
import org.lanenorm.verify.ExactError;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Tensors;

/** Certified bounds against exact errors: never below, and near enough to be of use. */
class ErrorBoundsProperties {
  private static final String[] QUANTITIES = {"mean", "variance", "y"};

  /** The bits of all bounds over the corpus of {@link #corpus}, whatever computes them. */
  private static final long COMMITTED = 4909897577255185384L;

  /** A training forward, its bounds and its exact errors. */
  private static final class Outcome {
    final SavedStatistics saved;
    final float[] y;
    final double[][] bounds;

    Outcome(Case input, Layer layer, Layout layout, int threads) {
      int channels = input.size().c();
      TensorShape shape = input.shape(layout);
      float[] x = input.x(layout);
      BatchNorm norm = Library.builder(layer, threads).build();
      saved = new SavedStatistics(channels);
      y = new float[x.length];
      ErrorBounds errorBounds = new ErrorBounds(channels);
      norm.forwardTraining(x, 0, y, 0, shape, saved, errorBounds);
      bounds = values(errorBounds);
    }

    double[] errors(Case input, Layer layer, Layout layout, int c) {
      boolean last = layout == Layout.NHWC;
      ExactError exact = new ExactError(Tensors.channel(input.x(layout), 0, last, input.size(), c));
      float[] ofChannel = Tensors.channel(y, 0, last, input.size(), c);
      return new double[] {
        exact.mean(saved.mean(c)),
        exact.variance(saved.variance(c)),
        exact.output(ofChannel, layer.k(c, exact.variance()), layer.beta(c))
      };
    }
  }

  private static double[][] values(ErrorBounds bounds) {
    double[][] values = new double[QUANTITIES.length][bounds.channels()];
    Arrays.setAll(values[0], bounds::mean);
    Arrays.setAll(values[1], bounds::variance);
    Arrays.setAll(values[2], bounds::y);
    return values;
  }

  @Property(tries = 300)
  void noErrorExceedsItsBound(@ForAll Case input, @ForAll Layout layout) {
    Layer layer = input.layer();
    Outcome outcome = new Outcome(input, layer, layout, 1);
    for (int c = 0; c < input.size().c(); c++) {
      double[] errors = outcome.errors(input, layer, layout, c);
      for (int q = 0; q < errors.length; q++) {
        check(
            errors[q] <= outcome.bounds[q][c],
            "%s in %s: %s of channel %d (%s) is off by %s, its bound is %s",
            input,
            layout,
            QUANTITIES[q],
            c,
            input.kindOf(c),
            errors[q],
            outcome.bounds[q][c]);
      }
    }
  }

  /** Images and tensors added one after the other. */
  @Property(tries = 120)
  void noErrorOfAccumulatedMomentsExceedsItsBound(
      @ForAll @AtMost(8192) Case input, @ForAll Layout layout) {
    Shapes.Size size = input.size();
    float[] x = input.x(layout);
    MomentsAccumulator accumulator = new MomentsAccumulator(size.c());
    ErrorBounds bounds = new ErrorBounds(size.c());
    int first = size.n() / 3;
    int perImage = size.c() * size.s();
    accumulator.add(x, 0, TensorShape.of(layout, first, size.c(), size.s()), bounds);
    accumulator.add(
        x, first * perImage, TensorShape.of(layout, size.n() - first, size.c(), size.s()), bounds);
    for (int c = 0; c < size.c(); c++) {
      ExactError exact = new ExactError(Tensors.channel(x, 0, layout == Layout.NHWC, size, c));
      double variance = accumulator.m2(c) / accumulator.count();
      check(
          exact.mean(accumulator.mean(c)) <= bounds.mean(c)
              && exact.variance(variance) <= bounds.variance(c),
          "%s in %s: channel %d is off by %s and %s, its bounds are %s and %s",
          input,
          layout,
          c,
          exact.mean(accumulator.mean(c)),
          exact.variance(variance),
          bounds.mean(c),
          bounds.variance(c));
    }
  }

  @Property(tries = 120)
  void boundsDependOnTheNumbersAlone(
      @ForAll @AtMost(8192) Case input, @ForAll @IntRange(min = 1, max = 4) int threads) {
    Layer layer = input.layer();
    same(
        new Outcome(input, layer, Layout.NHWC, threads),
        new Outcome(input, layer, Layout.NCHW, 1),
        input);
  }

  @Provide
  Arbitrary<Case> shared() {
    return Cases.shared();
  }

  /** Just large enough that threads share them. */
  @Property(tries = 8)
  void boundsDoNotDependOnThreads(
      @ForAll("shared") Case input,
      @ForAll Layout layout,
      @ForAll @IntRange(min = 2, max = 8) int threads) {
    Layer layer = input.layer();
    same(new Outcome(input, layer, layout, threads), new Outcome(input, layer, layout, 1), input);
  }

  private static void same(Outcome actual, Outcome expected, Case input) {
    for (int q = 0; q < QUANTITIES.length; q++) {
      int at = Arrays.mismatch(actual.bounds[q], expected.bounds[q]);
      check(at < 0, "%s: bounds of %s differ first at channel %d", input, QUANTITIES[q], at);
    }
  }

  @Property(tries = 120)
  void allOtherResultsAreThoseWithoutBounds(
      @ForAll @AtMost(8192) Case input, @ForAll Layout layout) {
    Layer layer = input.layer();
    Outcome outcome = new Outcome(input, layer, layout, 1);
    float[] x = input.x(layout);
    float[] y = new float[x.length];
    SavedStatistics saved = new SavedStatistics(input.size().c());
    Library.builder(layer, 1).build().forwardTraining(x, 0, y, 0, input.shape(layout), saved);
    ChannelMoments moments = saved.moments();
    sameBits(outcome.saved.moments(), moments, "moments", input);
    sameBits(outcome.y, y, "y", input);
    ErrorBounds bounds = new ErrorBounds(input.size().c());
    ChannelMoments ofMoments = ChannelMoments.of(x, 0, input.shape(layout), bounds);
    sameBits(ofMoments, moments, "moments alone", input);
    double[][] values = values(bounds);
    check(
        Arrays.equals(values[0], outcome.bounds[0]) && Arrays.equals(values[1], outcome.bounds[1]),
        "%s: bounds of moments alone differ",
        input);
  }

  @Property(tries = 120)
  void aConstantChannelHasBoundsOfZero(@ForAll @AtMost(8192) Case input, @ForAll Layout layout) {
    float[] values = new float[input.size().count()];
    HardData.CONSTANT.fill(values, new Rng(input.seed()));
    float[] x = input.x(layout);
    Tensors.putChannel(x, 0, layout == Layout.NHWC, input.size(), 0, values);
    ErrorBounds bounds = new ErrorBounds(input.size().c());
    Library.builder(input.layer().with(1e-5), 1)
        .build()
        .forwardTraining(
            x, 0, x, 0, input.shape(layout), new SavedStatistics(bounds.channels()), bounds);
    check(
        bounds.mean(0) == 0 && bounds.variance(0) == 0 && bounds.y(0) == 0,
        "%s: constant %s has bounds %s, %s and %s",
        input,
        values[0],
        bounds.mean(0),
        bounds.variance(0),
        bounds.y(0));
  }

  /** One channel's NaN or infinity, anywhere, takes its own bounds and no other's. */
  @Property(tries = 120)
  void aChannelThatIsNotFiniteHasNoBounds(@ForAll @AtMost(8192) Case input, @ForAll Layout layout) {
    Layer layer = input.layer().with(1e-5);
    Rng rng = new Rng(input.seed());
    Shapes.Size size = input.size();
    int spoiled = rng.below(size.c());
    float[] values = Tensors.channel(input.x(layout), 0, layout == Layout.NHWC, size, spoiled);
    values[rng.below(values.length)] =
        rng.pick(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
    float[] x = input.x(layout);
    Tensors.putChannel(x, 0, layout == Layout.NHWC, size, spoiled, values);
    ErrorBounds bounds = new ErrorBounds(size.c());
    Library.builder(layer, 1)
        .build()
        .forwardTraining(x, 0, x, 0, input.shape(layout), new SavedStatistics(size.c()), bounds);
    double[][] others = new Outcome(input, layer, layout, 1).bounds;
    for (double[] ofQuantity : others) {
      ofQuantity[spoiled] = Double.NaN;
    }
    check(
        Arrays.deepEquals(values(bounds), others),
        "%s: bounds beside channel %d, which is not finite, are others",
        input,
        spoiled);
  }

  @Example
  void nothingHasNoBounds() {
    ErrorBounds bounds = new ErrorBounds(1);
    ChannelMoments.of(new float[] {1, 2}, 0, TensorShape.rows(2, 1), bounds);
    ChannelMoments.of(new float[0], 0, TensorShape.rows(0, 1), bounds);
    for (double[] ofQuantity : values(bounds)) {
      assertThat(ofQuantity).containsOnly(Double.NaN);
    }
  }

  /**
   * Over all kinds of data the median bound is at most 50 times the true error, where that is not
   * 0. On the same corpus all back ends must find the same bounds.
   */
  @Example
  void boundsAreOfUse() {
    List<List<Double>> ratios = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    List<List<Double>> inFloat = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    long bits = 0;
    for (int i = 0; i < 120; i++) {
      Case input = corpus(i);
      Layer layer = input.layer();
      Layout layout = Layout.values()[i % 2];
      Outcome outcome = new Outcome(input, layer, layout, 1);
      bits = 31 * bits + Arrays.deepHashCode(outcome.bounds);
      for (int c = 0; c < input.size().c(); c++) {
        double[] errors = outcome.errors(input, layer, layout, c);
        for (int q = 0; q < errors.length; q++) {
          if (errors[q] > 0) {
            ratios.get(q).add(outcome.bounds[q][c] / errors[q]);
            if (BENIGN.contains(input.kindOf(c)) && input.size().count() >= 16) {
              inFloat.get(q).add(outcome.bounds[q][c] / errors[q]);
            }
          }
        }
      }
    }
    for (int q = 0; q < QUANTITIES.length; q++) {
      System.out.printf(
          Locale.ROOT,
          "  bound/error of %-8s on %s: median %.2f over %d channels of every kind,"
              + " %.2f over %d that need no double%n",
          QUANTITIES[q],
          Lanenorm.backend(),
          median(ratios.get(q)),
          ratios.get(q).size(),
          median(inFloat.get(q)),
          inFloat.get(q).size());
      assertThat(median(ratios.get(q))).as(QUANTITIES[q]).isBetween(1.0, 50.0);
    }
    assertThat(bits).isEqualTo(COMMITTED);
  }

  /** Kinds that float sums suffice for. */
  private static final List<HardData> BENIGN =
      List.of(HardData.BENIGN, HardData.SCALED, HardData.SPARSE, HardData.PIXELS);

  private static Case corpus(int i) {
    HardData[] kinds = HardData.values();
    return new Case(Shapes.random(new Rng(i), 1 << 13), kinds[i % kinds.length], i % 3 > 0, i);
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
