package org.lanenorm.jmh;

import org.lanenorm.GroupNorm;
import org.lanenorm.LayerNorm;
import org.lanenorm.RmsNorm;
import org.lanenorm.SampleStatistics;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.SampleOracle;
import org.lanenorm.verify.SampleOracle.Partition;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;

/** The members of the family that normalize each image by itself, forward and backward. */
public class FamilyBenchmark extends Workload {
  /** Which member. */
  public enum Member {
    /** Up to 32 groups, as many as divide C. */
    GROUP,
    /** A group for each channel. */
    INSTANCE,
    /** Over the channels of each position. */
    LAYER,
    /** Likewise. */
    RMS
  }

  private static final double EPSILON = 1e-5;

  /** Which member. */
  @Param({"GROUP", "LAYER"})
  public Member member;

  private final SampleStatistics saved = new SampleStatistics();
  private GroupNorm group;
  private LayerNorm layer;
  private RmsNorm rms;
  private float[] y;
  private float[] dy;
  private float[] dx;
  private float[] dGamma;
  private float[] dBeta;

  @Override
  void prepare() {
    int channels = tensor.channels();
    float[] gamma = Data.gamma(channels);
    float[] beta = Data.beta(channels);
    group =
        GroupNorm.builder(groups(channels), channels)
            .gamma(gamma)
            .beta(beta)
            .epsilon(EPSILON)
            .parallelism(parallelism)
            .build();
    layer =
        LayerNorm.builder(channels)
            .gamma(gamma)
            .beta(beta)
            .epsilon(EPSILON)
            .parallelism(parallelism)
            .build();
    rms = RmsNorm.builder(channels).gamma(gamma).epsilon(EPSILON).parallelism(parallelism).build();
    y = new float[tensor.length()];
    dy = Data.normal(tensor, 2);
    dx = new float[tensor.length()];
    dGamma = new float[channels];
    dBeta = new float[channels];
    forward();
    backward();
    check(gamma, member == Member.RMS ? null : beta);
  }

  private int groups(int channels) {
    int groups = member == Member.INSTANCE ? channels : Math.min(32, channels);
    while (channels % groups != 0) {
      groups--;
    }
    return groups;
  }

  private void check(float[] gamma, float[] beta) {
    boolean last = Data.channelsLast(tensor);
    boolean lines = member == Member.LAYER || member == Member.RMS;
    SampleOracle exact =
        new SampleOracle(
            lines
                ? Partition.lines(last, Data.size(tensor))
                : Partition.groups(last, Data.size(tensor), group.groups()),
            tensor.channels(),
            member != Member.RMS,
            new Oracle.Epsilon(EPSILON, 0),
            gamma,
            beta,
            x,
            dy);
    for (int i = 0; i < y.length; i++) {
      near("y", i, y[i], exact.y[i], exact.yBound(i));
      near("dInput", i, dx[i], exact.dInput[i], exact.dInputBound(i));
    }
    for (int c = 0; c < dGamma.length; c++) {
      near("dGamma", c, dGamma[c], exact.dGamma[c], exact.dGammaBound(c));
      if (member != Member.RMS) {
        near("dBeta", c, dBeta[c], exact.dBeta[c], exact.dBetaBound(c));
      }
    }
  }

  private void near(String name, int at, double actual, double exact, double bound) {
    if (!(Math.abs(actual - exact) <= bound)) {
      throw new IllegalStateException(
          "%s: %s[%d] of %s is %s, but exactly %s and may be off by %s"
              .formatted(tensor, name, at, member, actual, exact, bound));
    }
  }

  /** Normalizes, and leaves what backward needs. */
  @Benchmark
  @Streams(2)
  public void forward() {
    switch (member) {
      case LAYER -> layer.forward(x, 0, y, 0, tensor, saved);
      case RMS -> rms.forward(x, 0, y, 0, tensor, saved);
      default -> group.forward(x, 0, y, 0, tensor, saved);
    }
  }

  /** All gradients. */
  @Benchmark
  @Streams(3)
  public void backward() {
    switch (member) {
      case LAYER -> layer.backward(x, 0, dy, 0, saved, dx, 0, dGamma, dBeta, tensor);
      case RMS -> rms.backward(x, 0, dy, 0, saved, dx, 0, dGamma, tensor);
      default -> group.backward(x, 0, dy, 0, saved, dx, 0, dGamma, dBeta, tensor);
    }
  }
}
