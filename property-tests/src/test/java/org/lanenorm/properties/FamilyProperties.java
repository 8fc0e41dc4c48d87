package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;
import static org.lanenorm.verify.Checks.sameBits;

import java.util.Arrays;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.BatchNorm;
import org.lanenorm.Conventions;
import org.lanenorm.GhostBatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.Momentum;
import org.lanenorm.RunningStatistics;
import org.lanenorm.SavedStatistics;
import org.lanenorm.SingleValuePolicy;
import org.lanenorm.TensorShape;
import org.lanenorm.properties.Family.Member;
import org.lanenorm.properties.Family.Results;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.Cases;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.SampleOracle;
import org.lanenorm.verify.SampleOracle.Partition;
import org.lanenorm.verify.Slice;
import org.lanenorm.verify.Tensors;

/**
 * Group, instance, layer, RMS and ghost batch norm: as accurate as they say, and the same bits
 * everywhere.
 */
class FamilyProperties {
  @Provide
  Arbitrary<Case> shared() {
    return Cases.shared();
  }

  @Property(tries = 120)
  void everyResultIsWithinItsBound(
      @ForAll Case input, @ForAll Member member, @ForAll Layout layout) {
    Family family = new Family(input, member);
    SampleOracle exact = family.oracle(layout);
    Results results = family.results(layout, 1);
    for (int j = 0; j < exact.mean.length; j++) {
      double bound = Bounds.mean(exact.mean[j], exact.variance[j]);
      near(family, "mean", j, results.mean()[j], exact.mean[j], bound);
      bound = exact.varianceBound(j);
      near(family, "variance", j, results.variance()[j], exact.variance[j], bound);
    }
    for (int i = 0; i < exact.y.length; i++) {
      near(family, "y", i, results.y()[i], exact.y[i], exact.yBound(i));
      near(family, "dInput", i, results.dInput()[i], exact.dInput[i], exact.dInputBound(i));
    }
    for (int p = 0; p < exact.dGamma.length; p++) {
      near(family, "dGamma", p, results.dGamma()[p], exact.dGamma[p], exact.dGammaBound(p));
      if (member != Member.RMS) {
        near(family, "dBeta", p, results.dBeta()[p], exact.dBeta[p], exact.dBetaBound(p));
      }
    }
  }

  /** Where a constant fills a group or a line; each channel may have its own. */
  @Property(tries = 120)
  void aConstantGivesExactlyBeta(@ForAll Case input, @ForAll Member member, @ForAll Layout layout) {
    Case constant = new Case(input.size(), HardData.CONSTANT, false, input.seed());
    Family family = new Family(constant, member == Member.RMS ? Member.LAYER : member);
    SampleOracle exact = family.oracle(layout);
    float[] y = family.results(layout, 1).y();
    for (int i = 0; i < y.length; i++) {
      check(
          exact.varianceAt(i) > 0 || y[i] == (float) exact.y[i],
          "%s: y[%d] is %s, not beta %s",
          family,
          i,
          y[i],
          exact.y[i]);
    }
  }

  @Property(tries = 150)
  void bothLayoutsGiveTheSameBits(@ForAll Case input, @ForAll Member member) {
    Family family = new Family(input, member);
    Results nhwc = family.results(Layout.NHWC, 1);
    Results permuted =
        new Results(
            Tensors.permuted(nhwc.y(), true, input.size()),
            nhwc.mean(),
            nhwc.variance(),
            Tensors.permuted(nhwc.dInput(), true, input.size()),
            nhwc.dGamma(),
            nhwc.dBeta());
    same(permuted, family.results(Layout.NCHW, 1), family);
  }

  @Property(tries = 15)
  void resultDoesNotDependOnThreads(
      @ForAll("shared") Case input,
      @ForAll Member member,
      @ForAll Layout layout,
      @ForAll @IntRange(min = 2, max = 5) int threads) {
    Family family = new Family(input, member);
    same(family.results(layout, threads), family.results(layout, 1), family);
  }

  /** In place, at odd offsets, between guards. */
  @Property(tries = 150)
  void placeDoesNotMatter(
      @ForAll Case input,
      @ForAll Member member,
      @ForAll Layout layout,
      @ForAll @IntRange(min = 1, max = 40) int before,
      @ForAll boolean overX) {
    Family family = new Family(input, member);
    int length = input.size().length();
    Slice x = Slice.guarded(family.x(layout), before, 7);
    Slice d = Slice.guarded(family.dOutput(layout), 3, before);
    Results results = family.results(layout, 1, x, d, x, overX ? x : d);
    same(results, family.results(layout, 1), family);
    check(
        x.guardsAreIntact(length) && d.guardsAreIntact(length),
        "%s: written beside the tensor",
        family);
  }

  /** torch.chunk(ceil(N/V)): equal parts, the last one may be smaller. */
  @Property(tries = 120)
  void ghostBatchNormIsABatchNormOfEachVirtualBatch(
      @ForAll Case input, @ForAll @IntRange(min = 1, max = 9) int virtualBatchSize) {
    int n = input.size().n();
    int c = input.size().c();
    int parts = (int) Math.ceil((double) n / virtualBatchSize);
    int images = (int) Math.ceil((double) n / parts);
    int cut = (int) Math.ceil((double) n / images);
    Layer layer = input.layer();
    Ghost ghost = new Ghost(input, layer, virtualBatchSize, Layout.NCHW);
    Ghost nhwc = new Ghost(input, layer, virtualBatchSize, Layout.NHWC);
    sameBits(Tensors.permuted(nhwc.y, true, input.size()), ghost.y, "y", input);
    sameBits(Tensors.permuted(nhwc.dInput, true, input.size()), ghost.dInput, "dInput", input);
    sameBits(nhwc.dGamma, ghost.dGamma, "dGamma", input);
    sameBits(nhwc.dBeta, ghost.dBeta, "dBeta", input);

    SampleOracle exact =
        new SampleOracle(
            Partition.parts(false, input.size(), cut, image -> image / images),
            c,
            true,
            new Oracle.Epsilon(Ghost.EPSILON, 0),
            layer.gamma(),
            layer.beta(),
            input.x(Layout.NCHW),
            input.dOutput(Layout.NCHW));
    for (int i = 0; i < exact.y.length; i++) {
      near(input, "y", i, ghost.y[i], exact.y[i], exact.yBound(i));
      near(input, "dInput", i, ghost.dInput[i], exact.dInput[i], exact.dInputBound(i));
    }
    for (int p = 0; p < c; p++) {
      near(input, "dGamma", p, ghost.dGamma[p], exact.dGamma[p], exact.dGammaBound(p));
      near(input, "dBeta", p, ghost.dBeta[p], exact.dBeta[p], exact.dBetaBound(p));
      double mean = 0;
      double variance = 1;
      double meanBound = 0;
      double varianceBound = 0;
      for (int j = p; j < exact.mean.length; j += c) {
        mean = 0.75 * mean + 0.25 * exact.mean[j];
        variance = 0.75 * variance + 0.25 * exact.variance[j];
        meanBound = Math.max(meanBound, Bounds.mean(exact.mean[j], exact.variance[j]));
        varianceBound = Math.max(varianceBound, exact.varianceBound(j));
      }
      near(input, "running mean", p, ghost.running.mean(p), mean, meanBound);
      near(
          input, "running variance", p, ghost.running.variance(p), variance, varianceBound + 1e-12);
    }
  }

  /** Its results on one case. */
  private static final class Ghost {
    static final double EPSILON = 1e-5;

    final float[] y;
    final float[] dInput;
    final float[] dGamma;
    final float[] dBeta;
    final RunningStatistics running;

    Ghost(Case input, Layer layer, int virtualBatchSize, Layout layout) {
      TensorShape shape = input.shape(layout);
      float[] x = input.x(layout);
      y = new float[x.length];
      dInput = new float[x.length];
      dGamma = new float[shape.channels()];
      dBeta = new float[shape.channels()];
      BatchNorm norm =
          BatchNorm.builder(shape.channels())
              .convention(Conventions.keras3().withMomentum(Momentum.decay(0.75)))
              .epsilon(EPSILON)
              .singleValuePolicy(SingleValuePolicy.BETA)
              .gamma(layer.gamma())
              .beta(layer.beta())
              .build();
      GhostBatchNorm ghost = GhostBatchNorm.of(norm, virtualBatchSize);
      SavedStatistics[] saved = ghost.forwardTraining(x, y, shape);
      ghost.backward(x, input.dOutput(layout), saved, dInput, dGamma, dBeta, shape);
      running = norm.runningStatistics();
    }
  }

  private static void near(
      Object family, String what, int at, double actual, double exact, double bound) {
    boolean within =
        Math.abs(actual - exact) <= bound
            || actual == (float) actual && Bounds.within((float) actual, exact, bound);
    check(
        within,
        "%s: %s[%d] is %s, but exactly %s and may be off by %s",
        family,
        what,
        at,
        actual,
        exact,
        bound);
  }

  private static void same(Results a, Results b, Family family) {
    sameBits(a.y(), b.y(), "y", family);
    check(Arrays.equals(a.mean(), b.mean()), "%s: means differ", family);
    check(Arrays.equals(a.variance(), b.variance()), "%s: variances differ", family);
    sameBits(a.dBeta(), b.dBeta(), "dBeta", family);
    sameBits(a.dGamma(), b.dGamma(), "dGamma", family);
    sameBits(a.dInput(), b.dInput(), "dInput", family);
  }
}
