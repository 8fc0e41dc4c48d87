package org.lanenorm.verify;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.Momentum;
import org.lanenorm.Parallelism;
import org.lanenorm.SavedStatistics;
import org.lanenorm.SingleValuePolicy;
import org.lanenorm.TensorShape;

/**
 * The bits of every operation over a fixed corpus, as one SHA-256 per operation and layout. The
 * corpus is made by integer arithmetic and single roundings, so the lines are the same on every
 * machine, back end and width; and as results are taken in logical order, both layouts have the
 * same digest. NaNs are canonical, 0.0 and -0.0 differ.
 */
public final class Digest {
  /** What is common to all machines, one (N, C, S) for each way in which a kernel may cut it. */
  private static final List<Shapes.Size> SIZES =
      List.of(
          new Shapes.Size(1, 1, 1),
          new Shapes.Size(2, 3, 1),
          new Shapes.Size(5, 6, 1),
          new Shapes.Size(17, 33, 1),
          new Shapes.Size(1025, 15, 1),
          new Shapes.Size(7, 17, 2),
          new Shapes.Size(33, 16, 3),
          new Shapes.Size(97, 2, 15),
          new Shapes.Size(3, 31, 16),
          new Shapes.Size(66, 8, 17),
          new Shapes.Size(4, 65, 49),
          new Shapes.Size(8, 7, 196),
          new Shapes.Size(3, 32, 683),
          new Shapes.Size(2, 5, 1023),
          new Shapes.Size(2, 16, 1024),
          new Shapes.Size(3, 9, 1025),
          new Shapes.Size(1, 27, 1537),
          new Shapes.Size(2, 26, 3136),
          new Shapes.Size(1, 25, 10007));

  /**
   * The same of ordinary data: where one of many channels is extreme, elementwise passes take the
   * way of such channels for all. Rows of one to four vectors, alone and end to end, and longer.
   */
  private static final List<Shapes.Size> ORDINARY =
      List.of(
          new Shapes.Size(9, 3, 64),
          new Shapes.Size(9, 24, 130),
          new Shapes.Size(5, 32, 50),
          new Shapes.Size(3, 48, 17),
          new Shapes.Size(2, 64, 49),
          new Shapes.Size(3, 130, 33),
          new Shapes.Size(40, 129, 1));

  private static final double EPSILON = 1e-5;

  private final Map<String, MessageDigest> digests = new TreeMap<>();
  private final Parallelism parallelism;

  private Digest(Parallelism parallelism) {
    this.parallelism = parallelism;
  }

  /** Writes {@link #lines} to the file named, or prints them. */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length > 0) {
      Files.write(Path.of(arguments[0]), lines());
    } else {
      lines().forEach(System.out::println);
    }
  }

  /** As {@link #lines(Parallelism)}, sequential. */
  public static List<String> lines() {
    return lines(Parallelism.sequential());
  }

  /** One line per operation and layout: its name, the layout and 64 hexadecimal digits. */
  public static List<String> lines(Parallelism parallelism) {
    Digest digest = new Digest(parallelism);
    for (int i = 0; i < SIZES.size(); i++) {
      for (Layout layout : Layout.values()) {
        digest.add(layout, SIZES.get(i), i, HardData.mixed(7 * i), "");
      }
    }
    for (int i = 0; i < ORDINARY.size(); i++) {
      for (Layout layout : Layout.values()) {
        digest.add(layout, ORDINARY.get(i), ~i, c -> HardData.BENIGN, "-ordinary");
      }
    }
    List<String> lines = new ArrayList<>();
    digest.digests.forEach(
        (name, sha) -> lines.add(name + " " + HexFormat.of().formatHex(sha.digest())));
    return lines;
  }

  private void add(
      Layout layout, Shapes.Size size, int seed, IntFunction<HardData> kinds, String suffix) {
    boolean last = layout == Layout.NHWC;
    TensorShape shape = TensorShape.of(layout, size.n(), size.c(), size.s());
    float[] x = Tensors.of(last, size, kinds, seed);
    float[] d = Tensors.of(last, size, c -> HardData.BENIGN, ~seed);
    Rng rng = Rng.stream(seed, -1);
    float[] gamma = new float[size.c()];
    float[] beta = new float[size.c()];
    double[] mean = new double[size.c()];
    double[] variance = new double[size.c()];
    for (int c = 0; c < size.c(); c++) {
      gamma[c] = rng.normal();
      beta[c] = rng.normal();
      mean[c] = rng.normal() * 0x1p-30 + rng.normal();
      variance[c] = rng.uniform() * 2.0;
    }

    MomentsAccumulator accumulator = new MomentsAccumulator(size.c(), parallelism);
    accumulator.add(x, 0, shape);
    ChannelMoments moments = accumulator.moments();
    put("moments" + suffix, layout, moments.means(), moments.variances());
    ChannelMoments merged = moments.merge(ChannelMoments.of(d, shape));
    put("merge" + suffix, layout, merged.means(), merged.variances());

    BatchNorm norm =
        BatchNorm.builder(size.c())
            .gamma(gamma)
            .beta(beta)
            .epsilon(EPSILON)
            .momentum(Momentum.decay(0.75))
            .singleValuePolicy(SingleValuePolicy.BETA)
            .runningStatistics(mean, variance)
            .parallelism(parallelism)
            .build();
    float[] y = new float[x.length];
    float[] dInput = new float[x.length];
    float[] dGamma = new float[size.c()];
    float[] dBeta = new float[size.c()];
    norm.forwardInference(x, y, shape);
    put("inference" + suffix, layout, size, y);
    FrozenBatchNorm.of(mean, variance, EPSILON, gamma, null).apply(x, 0, y, 0, shape, parallelism);
    put("frozen" + suffix, layout, size, y);
    norm.backwardFrozen(x, d, dInput, dGamma, dBeta, shape);
    put("backward-frozen" + suffix, layout, size, dInput, dGamma, dBeta);
    SavedStatistics saved = norm.forwardTraining(x, y, shape);
    put("training" + suffix, layout, size, y);
    put(
        "running" + suffix,
        layout,
        norm.runningStatistics().means(),
        norm.runningStatistics().variances());
    norm.backward(x, d, saved, dInput, dGamma, dBeta, shape);
    put("backward" + suffix, layout, size, dInput, dGamma, dBeta);
  }

  /** A tensor in logical order, then what there is per channel. */
  private void put(
      String operation, Layout layout, Shapes.Size size, float[] tensor, float[]... perChannel) {
    MessageDigest sha = sha(operation, layout);
    for (int c = 0; c < size.c(); c++) {
      put(sha, Tensors.channel(tensor, 0, layout == Layout.NHWC, size, c));
    }
    for (float[] values : perChannel) {
      put(sha, values);
    }
  }

  private static void put(MessageDigest sha, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length);
    for (float value : values) {
      bytes.putInt(Float.floatToIntBits(value));
    }
    sha.update(bytes.flip());
  }

  private void put(String operation, Layout layout, double[]... perChannel) {
    for (double[] values : perChannel) {
      ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES * values.length);
      for (double value : values) {
        bytes.putLong(Double.doubleToLongBits(value));
      }
      sha(operation, layout).update(bytes.flip());
    }
  }

  private MessageDigest sha(String operation, Layout layout) {
    return digests.computeIfAbsent(
        operation + " " + layout,
        name -> {
          try {
            return MessageDigest.getInstance("SHA-256");
          } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
          }
        });
  }
}
