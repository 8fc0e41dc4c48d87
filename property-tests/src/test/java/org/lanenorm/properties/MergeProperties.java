package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;
import static org.lanenorm.verify.Checks.sameBits;

import java.util.Arrays;
import java.util.function.BinaryOperator;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Tensors;

/** Moments of parts against exact moments of the whole. */
class MergeProperties {
  /** The library's, unless a test puts something broken here to see a property fail. */
  BinaryOperator<ChannelMoments> merge = ChannelMoments::merge;

  @Property(tries = 450)
  void mergingTheTwoPartsOfAnySplitIsWithinTheBounds(
      @ForAll HardData kind, @ForAll @IntRange(min = 1, max = 70) int rows, @ForAll long seed) {
    Shapes.Size size = new Shapes.Size(rows, 3, 1);
    float[] x = Tensors.of(true, size, HardData.mixed(kind.ordinal()), seed);
    Oracle.Moments exact = Oracle.moments(x, 0, true, rows, 3, 1);
    for (int split = 0; split <= rows; split++) {
      String input = kind + " seed " + seed + ", " + split + " of " + rows + " rows";
      ChannelMoments a = ofRows(x, 0, split);
      ChannelMoments b = ofRows(x, split, rows);
      withinBounds(merge.apply(a, b), exact, input);
      withinBounds(merge.apply(b, a), exact, input + ", second part first");
    }
  }

  /** Cut at random into up to 12 parts, merged in any order and grouping. */
  @Property(tries = 450)
  void neitherOrderNorGroupingOfPartsMatters(
      @ForAll HardData kind, @ForAll @IntRange(min = 1, max = 5000) int rows, @ForAll long seed) {
    Shapes.Size size = new Shapes.Size(rows, 3, 1);
    float[] x = Tensors.of(true, size, HardData.mixed(kind.ordinal()), seed);
    Oracle.Moments exact = Oracle.moments(x, 0, true, rows, 3, 1);
    Rng rng = new Rng(seed);
    int[] cuts = new int[rng.between(2, 13)];
    Arrays.setAll(cuts, i -> i == 0 ? 0 : rng.between(0, rows));
    cuts[cuts.length - 1] = rows;
    Arrays.sort(cuts);
    ChannelMoments[] parts = new ChannelMoments[cuts.length - 1];
    Arrays.setAll(parts, i -> ofRows(x, cuts[i], cuts[i + 1]));
    for (int left = parts.length; left > 1; left--) {
      int i = rng.below(left);
      int j = (i + rng.between(1, left - 1)) % left;
      parts[Math.min(i, j)] = merge.apply(parts[i], parts[j]);
      parts[Math.max(i, j)] = parts[left - 1];
    }
    withinBounds(parts[0], exact, kind + " seed " + seed + " cut at " + Arrays.toString(cuts));
  }

  /** As a reader of many files does: batches of 1 to 40 rows into one accumulator. */
  @Property(tries = 450)
  void addingBatchAfterBatchIsWithinTheBounds(
      @ForAll HardData kind, @ForAll @IntRange(min = 1, max = 5000) int rows, @ForAll long seed) {
    Shapes.Size size = new Shapes.Size(rows, 3, 1);
    float[] x = Tensors.of(true, size, HardData.mixed(kind.ordinal()), seed);
    Oracle.Moments exact = Oracle.moments(x, 0, true, rows, 3, 1);
    Rng rng = new Rng(seed);
    MomentsAccumulator accumulator = new MomentsAccumulator(3);
    for (int from = 0, to; from < rows; from = to) {
      to = Math.min(rows, from + rng.between(1, 40));
      accumulator.add(x, 3 * from, TensorShape.rows(to - from, 3));
    }
    withinBounds(accumulator.moments(), exact, kind + " seed " + seed + ", " + rows + " rows");
  }

  @Property
  void emptyIsTheIdentityOfMerge(@ForAll Case input) {
    TensorShape shape = input.shape(Layout.NCHW);
    ChannelMoments moments = ChannelMoments.of(input.x(shape.layout()), shape);
    ChannelMoments empty = ChannelMoments.empty(shape.channels());
    sameBits(merge.apply(moments, empty), moments, "moments merged with none", input);
    sameBits(merge.apply(empty, moments), moments, "none merged with moments", input);
  }

  /** Means 4 apart: no rounding, so no tolerance. */
  @Example
  void mergingWhatHasExactMomentsIsExact() {
    ChannelMoments a = ChannelMoments.of(4, new double[] {1}, new double[] {2});
    ChannelMoments b = ChannelMoments.of(12, new double[] {5}, new double[] {8});
    ChannelMoments both = ChannelMoments.of(16, new double[] {4}, new double[] {58});
    sameBits(merge.apply(a, b), both, "merged moments", "4 and 12 elements");
    sameBits(merge.apply(b, a), both, "merged moments", "12 and 4 elements");
  }

  /** Counts are long: merging a value with itself 40 times gives 2^40 of it. */
  @Example
  void countsBeyondAnIntAreExact() {
    ChannelMoments moments = ChannelMoments.of(3, new double[] {0.1}, new double[] {0.75});
    for (int i = 0; i < 40; i++) {
      moments = merge.apply(moments, moments);
    }
    check(moments.count() == 3L << 40, "count is %d", moments.count());
    check(moments.mean(0) == 0.1 && moments.variance(0) == 0.25, "moments are %s", moments);
  }

  private static ChannelMoments ofRows(float[] x, int from, int to) {
    return ChannelMoments.of(x, 3 * from, TensorShape.rows(to - from, 3));
  }

  private static void withinBounds(ChannelMoments moments, Oracle.Moments exact, String input) {
    check(moments.count() == exact.count(), "%s: count is %d", input, moments.count());
    for (int c = 0; c < moments.channels(); c++) {
      double mean = exact.mean()[c];
      double variance = exact.variance()[c];
      check(
          Math.abs(moments.mean(c) - mean) <= Bounds.mean(mean, variance)
              && Math.abs(moments.variance(c) - variance) <= Bounds.variance(variance),
          "%s: channel %d has mean %s and variance %s, exactly %s and %s",
          input,
          c,
          moments.mean(c),
          moments.variance(c),
          mean,
          variance);
    }
  }
}
