package org.lanenorm.properties;

import java.util.Arrays;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.Layout;
import org.lanenorm.properties.Family.Member;
import org.lanenorm.properties.Family.Results;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.SampleOracle;
import org.lanenorm.verify.Tensors;

/** Group, instance, layer and RMS norm: as accurate as they say, and the same bits everywhere. */
class FamilyProperties extends Properties {
  @Provide
  Arbitrary<Case> shared() {
    return Cases.shared();
  }

  @Property(tries = 250)
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

  /** Where a constant fills a group or a line; where constants only differ, xHat tells. */
  @Property(tries = 100)
  void aConstantGivesExactlyBeta(@ForAll Case input, @ForAll Member member, @ForAll Layout layout) {
    Case constant = new Case(input.size(), HardData.CONSTANT, false, input.seed());
    Family family = new Family(constant, member == Member.RMS ? Member.LAYER : member);
    SampleOracle exact = family.oracle(layout);
    float[] y = family.results(layout, 1).y();
    for (int i = 0; i < y.length; i++) {
      check(
          exact.xHat[i] != 0 || y[i] == (float) exact.y[i],
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

  private static void near(
      Family family, String what, int at, double actual, double exact, double bound) {
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
