package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;
import static org.lanenorm.verify.Checks.sameBits;

import java.util.Arrays;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.EpsilonPlacement;
import org.lanenorm.Layout;
import org.lanenorm.Mask;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.SavedStatistics;
import org.lanenorm.Spread;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.AtMost;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.Cases;
import org.lanenorm.verify.GradientBounds;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Slice;
import org.lanenorm.verify.Tensors;
import org.lanenorm.verify.Valid;

/** A masked call knows the valid positions alone. */
class MaskProperties {
  /** Ways to leave positions out. */
  enum Pattern {
    ALL,
    NONE,
    ONE,
    ALTERNATING,
    /** A few or most, anywhere. */
    SCATTERED,
    /** Runs and gaps of any length up to three superrows. */
    RUNS,
    /** The first positions of each image, as padded sequences have them. */
    PADDED;

    boolean[] of(Shapes.Size size, Rng rng) {
      boolean[] valid = new boolean[size.count()];
      switch (this) {
        case ALL -> Arrays.fill(valid, true);
        case NONE -> {}
        case ONE -> valid[rng.below(valid.length)] = true;
        case ALTERNATING -> {
          for (int m = rng.below(2); m < valid.length; m += 2) {
            valid[m] = true;
          }
        }
        case SCATTERED -> {
          float share = rng.pick(0.1f, 0.5f, 0.9f);
          for (int m = 0; m < valid.length; m++) {
            valid[m] = rng.uniform() < share;
          }
        }
        case RUNS -> {
          boolean on = rng.oneIn(2);
          for (int m = 0; m < valid.length; on = !on) {
            int end = Math.min(valid.length, m + rng.between(1, 48));
            Arrays.fill(valid, m, end, on);
            m = end;
          }
        }
        case PADDED -> {
          for (int n = 0; n < size.n(); n++) {
            int length = rng.between(0, size.s());
            Arrays.fill(valid, n * size.s(), n * size.s() + length, true);
          }
        }
      }
      return valid;
    }
  }

  /** A case in one layout, masked, and the same without what is masked. */
  private static final class Masked {
    final Case input;
    final Pattern pattern;
    final Shapes.Size size;
    final Shapes.Size compactSize;
    final boolean last;
    final boolean[] valid;
    final TensorShape shape;
    final TensorShape compactShape;
    final Mask mask;
    final float[] x;
    final float[] d;
    final Layer layer;

    Masked(Case input, Layout layout, Pattern pattern) {
      this.input = input;
      this.pattern = pattern;
      size = input.size();
      last = layout == Layout.NHWC;
      valid = pattern.of(size, Rng.stream(input.seed(), -4));
      compactSize = Valid.size(size, valid);
      shape = input.shape(layout);
      compactShape = TensorShape.of(layout, 1, size.c(), compactSize.s());
      mask = Mask.of(valid, shape);
      x = input.x(layout);
      d = input.dOutput(layout);
      layer =
          compactSize.s() == 0
              ? input.layer()
              : Layer.random(exactMoments(), Rng.stream(input.seed(), -1));
    }

    float[] compact(float[] tensor) {
      return Valid.compact(tensor, last, size, valid);
    }

    Oracle.Moments exactMoments() {
      return Oracle.moments(compact(x), 0, last, 1, size.c(), compactSize.s());
    }

    /** What comes of the masked call. */
    Results results(int threads) {
      return results(x, d, threads);
    }

    Results results(float[] x, float[] d, int threads) {
      // what was there before must not show through
      Results r = new Results(shape, 7);
      BatchNorm norm = Library.builder(layer, threads).build();
      MomentsAccumulator accumulator =
          new MomentsAccumulator(size.c(), Library.parallelism(threads));
      accumulator.add(x, 0, shape, mask);
      r.alone = accumulator.moments();
      norm.forwardInference(x, 0, r.inference, 0, shape, mask);
      norm.backwardFrozen(x, 0, d, 0, r.frozenInput, 0, r.frozenGamma, r.frozenBeta, shape, mask);
      SavedStatistics saved = new SavedStatistics(size.c());
      norm.forwardTraining(x, 0, r.y, 0, shape, mask, saved);
      norm.backward(x, 0, d, 0, saved, r.dInput, 0, r.dGamma, r.dBeta, shape, mask);
      r.finish(norm, saved);
      return r;
    }

    /** What comes of the call without a mask on the valid positions alone, spread. */
    Results expected() {
      float[] x = compact(this.x);
      float[] d = compact(this.d);
      Results r = new Results(compactShape, 0);
      BatchNorm norm = Library.builder(layer, 1).build();
      r.alone = ChannelMoments.of(x, compactShape);
      norm.forwardInference(x, r.inference, compactShape);
      norm.backwardFrozen(x, d, r.frozenInput, r.frozenGamma, r.frozenBeta, compactShape);
      SavedStatistics saved = norm.forwardTraining(x, r.y, compactShape);
      norm.backward(x, d, saved, r.dInput, r.dGamma, r.dBeta, compactShape);
      r.finish(norm, saved);
      r.y = spread(r.y);
      r.inference = spread(r.inference);
      r.dInput = spread(r.dInput);
      r.frozenInput = spread(r.frozenInput);
      return r;
    }

    float[] spread(float[] compact) {
      return Valid.spread(compact, last, size, valid, 0);
    }

    @Override
    public String toString() {
      return input + " " + shape.layout() + " " + pattern + " " + mask;
    }
  }

  private static final class Results {
    ChannelMoments alone;
    ChannelMoments moments;
    float[] y;
    float[] inference;
    float[] dInput;
    float[] frozenInput;
    final float[] dGamma;
    final float[] dBeta;
    final float[] frozenGamma;
    final float[] frozenBeta;
    double[] runningMeans;
    double[] runningSpreads;
    String updates;

    Results(TensorShape shape, float filled) {
      y = filled(shape.length(), filled);
      inference = filled(shape.length(), filled);
      dInput = filled(shape.length(), filled);
      frozenInput = filled(shape.length(), filled);
      dGamma = filled(shape.channels(), filled);
      dBeta = filled(shape.channels(), filled);
      frozenGamma = filled(shape.channels(), filled);
      frozenBeta = filled(shape.channels(), filled);
    }

    private static float[] filled(int length, float value) {
      float[] array = new float[length];
      Arrays.fill(array, value);
      return array;
    }

    void finish(BatchNorm norm, SavedStatistics saved) {
      moments = saved.moments();
      runningMeans = norm.runningStatistics().means();
      runningSpreads = new double[runningMeans.length];
      StringBuilder counts = new StringBuilder();
      for (int c = 0; c < runningMeans.length; c++) {
        runningSpreads[c] = norm.runningStatistics().spread(c);
        counts.append(norm.runningStatistics().updates(c)).append(saved.skipped(c)).append(' ');
      }
      updates = counts.toString();
    }
  }

  private static void same(Results actual, Results expected, Object input) {
    sameBits(actual.alone, expected.alone, "moments", input);
    sameBits(actual.moments, expected.moments, "moments of training", input);
    sameBits(actual.y, expected.y, "y", input);
    sameBits(actual.inference, expected.inference, "y of inference", input);
    sameBits(actual.dInput, expected.dInput, "dInput", input);
    sameBits(actual.dGamma, expected.dGamma, "dGamma", input);
    sameBits(actual.dBeta, expected.dBeta, "dBeta", input);
    sameBits(actual.frozenInput, expected.frozenInput, "dInput, frozen", input);
    sameBits(actual.frozenGamma, expected.frozenGamma, "dGamma, frozen", input);
    sameBits(actual.frozenBeta, expected.frozenBeta, "dBeta, frozen", input);
    check(
        Arrays.equals(actual.runningMeans, expected.runningMeans)
            && Arrays.equals(actual.runningSpreads, expected.runningSpreads)
            && actual.updates.equals(expected.updates),
        "%s: running statistics differ",
        input);
  }

  @Provide
  Arbitrary<Case> large() {
    return Cases.large();
  }

  /** In either layout, so that the layouts agree as well: the compacted tensors do. */
  @Property(tries = 120)
  void aMaskedCallGivesTheBitsOfTheValidPositionsAlone(
      @ForAll @AtMost(8192) Case input, @ForAll Layout layout, @ForAll Pattern pattern) {
    Masked masked = new Masked(input, layout, pattern);
    same(masked.results(1), masked.expected(), masked);
  }

  /** Large enough that threads share the copies. */
  @Property(tries = 4)
  void aMaskedResultDoesNotDependOnThreads(
      @ForAll("large") Case input,
      @ForAll Layout layout,
      @ForAll Pattern pattern,
      @ForAll @IntRange(min = 2, max = 16) int threads) {
    Masked masked = new Masked(input, layout, pattern);
    same(masked.results(threads), masked.expected(), masked);
  }

  /** One after the other in one layer: what an earlier, larger call has left is not seen. */
  @Property(tries = 120)
  void aLayerForgetsEarlierMasks(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll Pattern pattern,
      @ForAll Pattern before) {
    Masked masked = new Masked(input, layout, pattern);
    Masked earlier = new Masked(input, layout, before);
    TensorShape shape = masked.shape;
    BatchNorm norm = Library.builder(masked.layer.with(1e-3), 1).build();
    norm.forwardTraining(earlier.x, new float[shape.length()], shape, earlier.mask);
    norm.forwardTraining(earlier.x, new float[shape.length()], shape);
    float[] y = new float[shape.length()];
    float[] dInput = new float[shape.length()];
    SavedStatistics saved = norm.forwardTraining(masked.x, y, shape, masked.mask);
    norm.backward(masked.x, masked.d, saved, dInput, null, null, shape, masked.mask);

    BatchNorm fresh = Library.builder(masked.layer.with(1e-3), 1).build();
    float[] freshY = new float[shape.length()];
    float[] freshInput = new float[shape.length()];
    SavedStatistics freshSaved = fresh.forwardTraining(masked.x, freshY, shape, masked.mask);
    fresh.backward(masked.x, masked.d, freshSaved, freshInput, null, null, shape, masked.mask);
    sameBits(y, freshY, "y after another mask", masked);
    sameBits(dInput, freshInput, "dInput after another mask", masked);
  }

  @Property(tries = 120)
  void whatStandsAtMaskedPositionsChangesNothing(
      @ForAll @AtMost(8192) Case input, @ForAll Layout layout, @ForAll Pattern pattern) {
    Masked masked = new Masked(input, layout, pattern);
    Results clean = masked.results(1);
    for (float poison : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 1e30f}) {
      float[] x =
          Valid.spread(masked.compact(masked.x), masked.last, masked.size, masked.valid, poison);
      float[] d =
          Valid.spread(masked.compact(masked.d), masked.last, masked.size, masked.valid, poison);
      same(masked.results(x, d, 1), clean, masked);
    }
  }

  /** The same rows and images with more or less between them. */
  @Property(tries = 120)
  void paddingChangesNoBit(
      @ForAll @AtMost(8192) Case input, @ForAll Layout layout, @ForAll Pattern pattern) {
    Masked masked = new Masked(input, layout, pattern);
    int count = masked.compactSize.s();
    // twice as many positions, the valid ones anywhere among them
    Shapes.Size padded = new Shapes.Size(2, input.size().c(), Math.max(1, count));
    Rng rng = Rng.stream(input.seed(), -5);
    boolean[] valid = new boolean[padded.count()];
    for (int m = 0, left = count; left > 0; m++) {
      valid[m] = rng.below(valid.length - m) < left;
      left -= valid[m] ? 1 : 0;
    }
    TensorShape shape = TensorShape.of(layout, padded.n(), padded.c(), padded.s());
    float[] x = Valid.spread(masked.compact(masked.x), masked.last, padded, valid, 3);
    float[] y = new float[x.length];
    Library.builder(masked.layer, 1).build().forwardTraining(x, y, shape, Mask.of(valid, shape));
    sameBits(
        Valid.compact(y, masked.last, padded, valid),
        masked.compact(masked.results(1).y),
        "y with other padding",
        masked);
  }

  @Property(tries = 120)
  void maskedCallsWorkInPlaceAndAtOffsets(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll Pattern pattern,
      @ForAll @IntRange(min = 1, max = 70) int before,
      @ForAll @IntRange(min = 1, max = 70) int after) {
    Masked masked = new Masked(input, layout, pattern);
    Results expected = masked.results(1);
    TensorShape shape = masked.shape;
    int length = shape.length();
    int channels = shape.channels();
    BatchNorm norm = Library.builder(masked.layer, 1).build();
    SavedStatistics saved = new SavedStatistics(channels);

    Slice y = Slice.guarded(masked.x, before, after);
    norm.forwardInference(y.array(), before, y.array(), before, shape, masked.mask);
    sameBits(y.values(length), expected.inference, "y of inference in place", masked);
    check(y.guardsAreIntact(length), "%s: inference has written beside y", masked);

    y = Slice.guarded(masked.x, before, after);
    norm.forwardTraining(y.array(), before, y.array(), before, shape, masked.mask, saved);
    sameBits(y.values(length), expected.y, "y in place", masked);
    check(y.guardsAreIntact(length), "%s: written beside y", masked);

    Slice x = Slice.guarded(masked.x, before, after);
    Slice d = Slice.guarded(masked.d, after, before);
    float[] dGamma = new float[channels];
    norm.backward(
        x.array(),
        before,
        d.array(),
        after,
        saved,
        d.array(),
        after,
        dGamma,
        null,
        shape,
        masked.mask);
    sameBits(d.values(length), expected.dInput, "dInput in dOutput's place", masked);
    sameBits(dGamma, expected.dGamma, "dGamma with dInput in dOutput's place", masked);
    check(d.guardsAreIntact(length), "%s: written beside dInput", masked);
    sameBits(x.values(length), masked.x, "x, an input,", masked);

    norm.backward(
        x.array(), before, masked.d, 0, saved, x.array(), before, null, null, shape, masked.mask);
    sameBits(x.values(length), expected.dInput, "dInput in x's place", masked);
    check(x.guardsAreIntact(length), "%s: written beside dInput", masked);

    ChannelMoments moments =
        ChannelMoments.of(
            Slice.guarded(masked.x, before, after).array(), before, shape, masked.mask);
    sameBits(moments, expected.alone, "moments at an offset", masked);
    // x is not read where dGamma is left out
    norm = Library.builder(masked.layer, 1).build();
    float[] dInput = new float[length];
    norm.backwardFrozen(null, 0, masked.d, 0, dInput, 0, null, null, shape, masked.mask);
    sameBits(dInput, expected.frozenInput, "dInput, frozen, without x", masked);
  }

  /** Moments, y and gradients against exact arithmetic over the valid positions. */
  @Property(tries = 120)
  void maskedResultsAreWithinTheirBounds(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll Pattern pattern,
      @ForAll boolean frozen) {
    Masked masked = new Masked(input, layout, pattern);
    int count = masked.compactSize.s();
    if (count == 0) {
      return; // has a test of its own
    }
    Results results = masked.results(1);
    Oracle.Moments moments = masked.exactMoments();
    check(results.moments.count() == count, "%s: count %d", masked, results.moments.count());
    Layer layer = masked.layer;
    double[] mean = frozen ? layer.mean() : moments.mean();
    double[] variance = frozen ? layer.variance() : moments.variance();
    int channels = masked.size.c();
    float[] x = masked.compact(masked.x);
    float[] d = masked.compact(masked.d);
    double[] exactY =
        Oracle.normalize(
            x,
            0,
            masked.last,
            1,
            channels,
            count,
            mean,
            variance,
            layer.epsilons(),
            layer.gamma(),
            layer.beta());
    Oracle.Gradients exact =
        Oracle.backward(
            x,
            d,
            masked.last,
            1,
            channels,
            count,
            mean,
            variance,
            layer.epsilons(),
            layer.gamma(),
            frozen);
    float[] y = masked.compact(frozen ? results.inference : results.y);
    float[] dInput = masked.compact(frozen ? results.frozenInput : results.dInput);
    for (int c = 0; c < channels; c++) {
      double exactMean = moments.mean()[c];
      double exactVariance = moments.variance()[c];
      within(
          masked,
          "mean",
          c,
          results.moments.mean(c),
          exactMean,
          Bounds.mean(exactMean, exactVariance));
      within(
          masked,
          "variance",
          c,
          results.moments.variance(c),
          exactVariance,
          Bounds.variance(exactVariance));
      double divisor = layer.epsilons().divisor(variance[c]);
      GradientBounds bounds =
          new GradientBounds(
              count,
              frozen,
              mean[c],
              variance[c],
              layer.epsilons(),
              layer.gamma(c),
              exact.dGamma()[c],
              exact.dBeta()[c]);
      for (int v = 0; v < count; v++) {
        int i = masked.compactShape.index(0, c, v);
        bounds.add(d[i], (x[i] - mean[c]) / divisor);
      }
      float[] dBeta = frozen ? results.frozenBeta : results.dBeta;
      float[] dGamma = frozen ? results.frozenGamma : results.dGamma;
      within(masked, "dBeta", c, dBeta[c], exact.dBeta()[c], bounds.dBeta());
      within(masked, "dGamma", c, dGamma[c], exact.dGamma()[c], bounds.dGamma());
      double std = frozen ? 0 : Math.sqrt(variance[c]);
      for (int v = 0; v < count; v++) {
        int i = masked.compactShape.index(0, c, v);
        double bound =
            Bounds.output(exactY[i], layer.beta(c), mean[c], layer.k(c, variance[c]), std);
        within(masked, "y", c, y[i], exactY[i], bound);
        double xHat = (x[i] - mean[c]) / divisor;
        within(masked, "dInput", c, dInput[i], exact.dInput()[i], bounds.dInput(d[i], xHat));
      }
    }
  }

  private static void within(
      Masked masked, String what, int c, double actual, double exact, double bound) {
    check(
        actual == (float) actual
            ? Bounds.within((float) actual, exact, bound)
            : Math.abs(actual - exact) <= bound,
        "%s: %s of channel %d (%s) is %s, exactly %s: %s times its bound",
        masked,
        what,
        c,
        masked.input.kindOf(c),
        actual,
        exact,
        Math.abs(actual - exact) / bound);
  }

  /**
   * (L(x + h) - L(x - h))/2h of L = sum(dOutput*y) over all positions, masked ones too, with the
   * library's own y: what backward says is the derivative of what forward does, wherever x is.
   */
  @Property(tries = 150)
  void finiteDifferencesOfMaskedForwardAgreeWithBackward(
      @ForAll @IntRange(min = 1, max = 5) int n,
      @ForAll @IntRange(min = 1, max = 3) int c,
      @ForAll @IntRange(min = 1, max = 6) int s,
      @ForAll Layout layout,
      @ForAll Pattern pattern,
      @ForAll boolean frozen,
      @ForAll long seed) {
    Shapes.Size size = new Shapes.Size(n, c, s);
    Rng rng = new Rng(seed);
    TensorShape shape = TensorShape.of(layout, n, c, s);
    Mask mask = Mask.of(pattern.of(size, rng), shape);
    float[] x = new float[size.length()];
    float[] d = new float[size.length()];
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.round(rng.normal() * 1024) / 1024f;
      d[i] = rng.normal();
    }
    float[] gamma = new float[c];
    for (int channel = 0; channel < c; channel++) {
      gamma[channel] = rng.normal();
    }
    double[] variance = new double[c];
    Arrays.fill(variance, 0.7);
    Layer layer =
        new Layer(
            gamma,
            null,
            0.1,
            EpsilonPlacement.INSIDE_SQRT,
            Spread.VARIANCE,
            new double[c],
            variance);
    float[] dInput = new float[x.length];
    BatchNorm norm = Library.builder(layer, 1).build();
    if (frozen) {
      norm.backwardFrozen(x, d, dInput, null, null, shape, mask);
    } else {
      SavedStatistics saved = norm.forwardTraining(x, new float[x.length], shape, mask);
      norm.backward(x, d, saved, dInput, null, null, shape, mask);
    }
    float h = 0x1p-5f;
    for (int i = 0; i < x.length; i++) {
      double difference =
          (loss(layer, x, d, i, h, shape, mask, frozen)
                  - loss(layer, x, d, i, -h, shape, mask, frozen))
              / (2 * h);
      check(
          Math.abs(dInput[i] - difference) <= 1e-2 * (10 + Math.abs(difference)),
          "%s %s seed %d: dInput[%d] is %s, by differences %s",
          shape,
          mask,
          seed,
          i,
          dInput[i],
          difference);
    }
  }

  private static double loss(
      Layer layer,
      float[] x,
      float[] d,
      int at,
      float h,
      TensorShape shape,
      Mask mask,
      boolean frozen) {
    float[] moved = x.clone();
    moved[at] += h;
    float[] y = new float[x.length];
    BatchNorm norm = Library.builder(layer, 1).build();
    if (frozen) {
      norm.forwardInference(moved, y, shape, mask);
    } else {
      norm.forwardTraining(moved, y, shape, mask);
    }
    double loss = 0;
    for (int i = 0; i < y.length; i++) {
      loss += (double) d[i] * y[i];
    }
    return loss;
  }

  /** As with N = 0: nothing is counted and nothing moves; y and gradients are 0. */
  @Property(tries = 120)
  void withNoValidPositionNothingMoves(@ForAll @AtMost(8192) Case input, @ForAll Layout layout) {
    Masked masked = new Masked(input, layout, Pattern.NONE);
    Results results = masked.results(1);
    BatchNorm untouched = Library.builder(masked.layer, 1).build();
    check(
        results.moments.equals(ChannelMoments.empty(masked.size.c()))
            && Arrays.equals(results.runningMeans, untouched.runningStatistics().means())
            && results.updates.equals("0false ".repeat(masked.size.c())),
        "%s: %s, running means %s",
        masked,
        results.moments,
        Arrays.toString(results.runningMeans));
    for (float[] array :
        new float[][] {
          results.y,
          results.inference,
          results.dInput,
          results.frozenInput,
          results.dGamma,
          results.dBeta,
          results.frozenGamma,
          results.frozenBeta
        }) {
      sameBits(array, new float[array.length], "a result of nothing", masked);
    }
  }

  /** Where they need no order of their own: rows, images smaller than a superrow, one image. */
  @Example
  void aMaskOfAllTrueGivesTheBitsOfNoMaskWhereTheOrderIsTheSame() {
    for (Shapes.Size size :
        new Shapes.Size[] {
          new Shapes.Size(3000, 5, 1), new Shapes.Size(700, 5, 9), new Shapes.Size(1, 5, 5000)
        }) {
      for (Layout layout : Layout.values()) {
        Masked masked = new Masked(new Case(size, HardData.OFFSET, true, 3), layout, Pattern.ALL);
        float[] y = new float[size.length()];
        Library.builder(masked.layer, 1).build().forwardTraining(masked.x, y, masked.shape);
        sameBits(masked.results(1).y, y, "y", masked);
      }
    }
  }

  /** The layouts directly, not by way of their compacted tensors. */
  @Property(tries = 120)
  void maskedNchwAndNhwcGiveTheSameBits(@ForAll @AtMost(8192) Case input, @ForAll Pattern pattern) {
    Masked nchw = new Masked(input, Layout.NCHW, pattern);
    Masked nhwc = new Masked(input, Layout.NHWC, pattern);
    Results first = nchw.results(1);
    Results last = nhwc.results(1);
    last.y = Tensors.permuted(last.y, true, nhwc.size);
    last.inference = Tensors.permuted(last.inference, true, nhwc.size);
    last.dInput = Tensors.permuted(last.dInput, true, nhwc.size);
    last.frozenInput = Tensors.permuted(last.frozenInput, true, nhwc.size);
    same(last, first, nhwc);
  }
}
