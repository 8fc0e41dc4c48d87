package org.lanenorm.properties;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.lanenorm.Conventions;
import org.lanenorm.EpsilonPlacement;
import org.lanenorm.GroupNorm;
import org.lanenorm.InferenceStatistics;
import org.lanenorm.LayerNorm;
import org.lanenorm.Layout;
import org.lanenorm.RmsNorm;
import org.lanenorm.SampleStatistics;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.SampleOracle;
import org.lanenorm.verify.SampleOracle.Partition;
import org.lanenorm.verify.Slice;
import org.lanenorm.verify.Tensors;

/**
 * A member of the family that normalizes each image by itself, with parameters and an input: hard
 * in each statistic, or, every other time, in each channel.
 */
final class Family {
  /** Which member. */
  enum Member {
    GROUP,
    INSTANCE,
    LAYER,
    RMS
  }

  /** What it gives. */
  record Results(
      float[] y, double[] mean, double[] variance, float[] dInput, float[] dGamma, float[] dBeta) {}

  final Case input;
  final Member member;
  final int groups;
  final float[] gamma;
  final float[] beta;
  final double epsilon;
  final EpsilonPlacement placement;
  private final boolean hardStatistics;

  Family(Case input, Member member) {
    this.input = input;
    this.member = member;
    int c = input.size().c();
    Rng rng = Rng.stream(input.seed(), -3);
    int[] divisors = IntStream.rangeClosed(1, c).filter(g -> c % g == 0).toArray();
    groups = member == Member.INSTANCE ? c : divisors[rng.below(divisors.length)];
    gamma = rng.oneIn(4) ? null : parameters(c, rng);
    beta = member == Member.RMS || rng.oneIn(4) ? null : parameters(c, rng);
    epsilon = rng.pick(1e-5f, 1e-3f, 1e-12f);
    placement =
        member == Member.LAYER && rng.oneIn(3)
            ? EpsilonPlacement.values()[rng.below(3)]
            : EpsilonPlacement.INSIDE_SQRT;
    hardStatistics = rng.oneIn(2);
  }

  private static float[] parameters(int length, Rng rng) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = rng.oneIn(16) ? 0 : rng.normal() * rng.pick(1e-3f, 1, 1, 1e3f);
    }
    return values;
  }

  private Partition partition(Layout layout) {
    boolean last = layout == Layout.NHWC;
    return member == Member.LAYER || member == Member.RMS
        ? Partition.lines(last, input.size())
        : Partition.groups(last, input.size(), groups);
  }

  float[] x(Layout layout) {
    if (!hardStatistics) {
      return input.x(layout);
    }
    Partition partition = partition(Layout.NCHW);
    int[] of = partition.statistic();
    int[] count = new int[partition.statistics()];
    for (int j : of) {
      count[j]++;
    }
    float[][] values = new float[count.length][];
    for (int j = 0; j < count.length; j++) {
      values[j] = new float[count[j]];
      HardData kind = input.kindOf(j);
      kind.fill(values[j], Rng.stream(input.seed(), j));
    }
    Arrays.fill(count, 0);
    float[] x = new float[of.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = values[of[i]][count[of[i]]++];
    }
    return layout == Layout.NCHW ? x : Tensors.permuted(x, false, input.size());
  }

  float[] dOutput(Layout layout) {
    return input.dOutput(layout);
  }

  SampleOracle oracle(Layout layout) {
    Oracle.Epsilon epsilons =
        switch (placement) {
          case INSIDE_SQRT -> new Oracle.Epsilon(epsilon, 0);
          case ON_STD -> new Oracle.Epsilon(0, epsilon);
          case BOTH -> new Oracle.Epsilon(epsilon, epsilon);
        };
    return new SampleOracle(
        partition(layout),
        input.size().c(),
        member != Member.RMS,
        epsilons,
        gamma,
        beta,
        x(layout),
        dOutput(layout));
  }

  /** By the library, the results in arrays of their own. */
  Results results(Layout layout, int threads) {
    int length = input.size().length();
    return results(
        layout,
        threads,
        Slice.of(x(layout)),
        Slice.of(dOutput(layout)),
        Slice.of(new float[length]),
        Slice.of(new float[length]));
  }

  /** The forward from a copy of x, as y may be x; then the backward. */
  Results results(Layout layout, int threads, Slice x, Slice d, Slice y, Slice dInput) {
    TensorShape shape = input.shape(layout);
    int c = input.size().c();
    int length = shape.length();
    float[] dGamma = new float[c];
    float[] dBeta = new float[c];
    float[] before = x.values(length);
    SampleStatistics saved = new SampleStatistics();
    switch (member) {
      case GROUP, INSTANCE -> {
        GroupNorm norm =
            (member == Member.GROUP ? GroupNorm.builder(groups, c) : GroupNorm.instanceNorm(c))
                .gamma(gamma)
                .beta(beta)
                .epsilon(epsilon)
                .parallelism(Library.parallelism(threads))
                .build();
        norm.forward(x.array(), x.offset(), y.array(), y.offset(), shape, saved);
        float[] output = restore(x, before, y, length);
        norm.backward(
            x.array(),
            x.offset(),
            d.array(),
            d.offset(),
            saved,
            dInput.array(),
            dInput.offset(),
            dGamma,
            dBeta,
            shape);
        return results(output, saved, dInput.values(length), dGamma, dBeta);
      }
      case LAYER -> {
        LayerNorm norm =
            LayerNorm.builder(c)
                .gamma(gamma)
                .beta(beta)
                .convention(
                    Conventions.keras3()
                        .withInferenceStatistics(InferenceStatistics.SAMPLE)
                        .withEpsilonPlacement(placement))
                .epsilon(epsilon)
                .parallelism(Library.parallelism(threads))
                .build();
        norm.forward(x.array(), x.offset(), y.array(), y.offset(), shape, saved);
        float[] output = restore(x, before, y, length);
        norm.backward(
            x.array(),
            x.offset(),
            d.array(),
            d.offset(),
            saved,
            dInput.array(),
            dInput.offset(),
            dGamma,
            dBeta,
            shape);
        return results(output, saved, dInput.values(length), dGamma, dBeta);
      }
      case RMS -> {
        RmsNorm norm =
            RmsNorm.builder(c)
                .gamma(gamma)
                .epsilon(epsilon)
                .parallelism(Library.parallelism(threads))
                .build();
        norm.forward(x.array(), x.offset(), y.array(), y.offset(), shape, saved);
        float[] output = restore(x, before, y, length);
        norm.backward(
            x.array(),
            x.offset(),
            d.array(),
            d.offset(),
            saved,
            dInput.array(),
            dInput.offset(),
            dGamma,
            shape);
        return results(output, saved, dInput.values(length), dGamma, dBeta);
      }
      default -> throw new AssertionError(member);
    }
  }

  /** y, after which x is as before although y may have taken its place. */
  private static float[] restore(Slice x, float[] before, Slice y, int length) {
    float[] output = y.values(length);
    System.arraycopy(before, 0, x.array(), x.offset(), length);
    return output;
  }

  private static Results results(
      float[] y, SampleStatistics saved, float[] dInput, float[] dGamma, float[] dBeta) {
    double[] mean = new double[saved.size()];
    double[] variance = new double[saved.size()];
    Arrays.setAll(mean, saved::mean);
    Arrays.setAll(variance, saved::variance);
    return new Results(y, mean, variance, dInput, dGamma, dBeta);
  }

  @Override
  public String toString() {
    return member
        + (member == Member.GROUP ? " of " + groups : "")
        + " "
        + input
        + (hardStatistics ? " per statistic" : "")
        + ", epsilon "
        + epsilon
        + " "
        + placement;
  }
}
