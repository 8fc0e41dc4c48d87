package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;
import static org.lanenorm.verify.Checks.sameBits;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Conventions;
import org.lanenorm.Layout;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.Momentum;
import org.lanenorm.PopulationStatistics;
import org.lanenorm.RunningStatistics;
import org.lanenorm.SavedStatistics;
import org.lanenorm.SingleValuePolicy;
import org.lanenorm.TensorShape;
import org.lanenorm.VarianceConvention;
import org.lanenorm.verify.AtMost;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Tensors;

/** Statistics of a data set from its batches against exact ones of the whole. */
class PopulationProperties {
  private static final int C = 3;

  /** Batches of any sizes, empty ones too, in any order, by training forwards and by themselves. */
  @Property(tries = 450)
  void theCutIntoBatchesDoesNotMatter(
      @ForAll HardData kind, @ForAll @IntRange(min = 2, max = 1500) int rows, @ForAll long seed) {
    Shapes.Size size = new Shapes.Size(rows, C, 1);
    float[] x = Tensors.of(true, size, HardData.mixed(kind.ordinal()), seed);
    Oracle.Moments exact = Oracle.moments(x, 0, true, rows, C, 1);
    Rng rng = new Rng(seed);
    int largest = rng.between(1, 400);
    List<int[]> batches = new ArrayList<>();
    for (int from = 0, to; from < rows; from = to) {
      to = Math.min(rows, from + rng.between(0, largest));
      batches.add(new int[] {from, to});
    }
    Collections.shuffle(batches, new Random(seed));
    BatchNorm norm = BatchNorm.builder(C).singleValuePolicy(SingleValuePolicy.BETA).build();
    SavedStatistics saved = new SavedStatistics(C);
    PopulationStatistics population = new PopulationStatistics(C);
    for (int[] batch : batches) {
      TensorShape shape = TensorShape.rows(batch[1] - batch[0], C);
      if (rng.oneIn(2)) {
        norm.forwardTraining(x, C * batch[0], new float[shape.length()], 0, shape, saved);
        population.add(saved);
      } else {
        population.add(ChannelMoments.of(x, C * batch[0], shape));
      }
    }
    String input = kind + " seed " + seed + ", " + rows + " rows in " + batches.size();
    ChannelMoments moments = population.moments();
    check(moments.count() == rows, "%s: count is %d", input, moments.count());
    for (VarianceConvention convention : VarianceConvention.values()) {
      RunningStatistics running = new RunningStatistics(C, Momentum.update(0.1), convention, 1e-3);
      running.set(moments);
      for (int c = 0; c < C; c++) {
        double variance = exact.variance()[c];
        double kept = variance * rows / divisor(convention, rows);
        check(
            Math.abs(running.mean(c) - exact.mean()[c]) <= Bounds.mean(exact.mean()[c], variance)
                && Math.abs(running.variance(c) - kept) <= Bounds.variance(kept),
            "%s: channel %d has mean %s and %s variance %s, exactly %s and %s",
            input,
            c,
            running.mean(c),
            convention,
            running.variance(c),
            exact.mean()[c],
            kept);
      }
    }
  }

  private static double divisor(VarianceConvention convention, int rows) {
    return switch (convention) {
      case BIASED -> rows;
      case UNBIASED, UNBIASED_CLAMPED -> rows - 1;
      case KERAS_LEGACY -> rows - 1.001;
    };
  }

  /**
   * Tens of thousands of batches, the first one tiny and far away or larger than all others:
   * merging adds no more than documented, 2^-50*sqrt(M/M1) of std and variance.
   */
  @Property(tries = 4)
  void manyBatchesCostNoDigits(@ForAll long seed) {
    manyBatchesCostNoDigits(seed, true);
    manyBatchesCostNoDigits(seed, false);
  }

  /** Merged in doubles alone, the mean moves by its own roundings, past the bound. */
  @Example
  void plainMergingWouldCostDigits() {
    check(
        manyBatchesCostNoDigits(1, false) > 1,
        "plain merging keeps to the bound, and shows nothing");
  }

  /** How far plain merging is off, in bounds of the mean. */
  private static double manyBatchesCostNoDigits(long seed, boolean tiny) {
    Rng rng = new Rng(seed);
    MathContext context = new MathContext(100);
    PopulationStatistics population = new PopulationStatistics(1);
    MomentsAccumulator plain = new MomentsAccumulator(1);
    double offset = rng.sign() * 1e9;
    BigDecimal sum = BigDecimal.ZERO;
    BigDecimal squares = BigDecimal.ZERO;
    long total = 0;
    int first = tiny ? rng.between(1, 9) : 1 << 30;
    for (int batch = 0; batch < 20_000; batch++) {
      int count = batch == 0 ? first : rng.between(1, 1 << rng.below(20));
      double mean = offset + (batch == 0 && tiny ? 1000 : 1) + 1e-3 * rng.normal();
      double m2 = 1e-6 * count * rng.uniform();
      ChannelMoments moments = ChannelMoments.of(count, new double[] {mean}, new double[] {m2});
      population.add(moments);
      plain.add(moments);
      total += count;
      BigDecimal n = BigDecimal.valueOf(count);
      BigDecimal exactly = new BigDecimal(mean);
      sum = sum.add(n.multiply(exactly));
      squares = squares.add(n.multiply(exactly).multiply(exactly)).add(new BigDecimal(m2));
    }
    BigDecimal mean = sum.divide(BigDecimal.valueOf(total), context);
    BigDecimal m2 = squares.subtract(mean.multiply(sum, context), context);
    double std = Math.sqrt(m2.doubleValue() / total);
    ChannelMoments moments = population.moments();
    double unit = 0x1p-50 * Math.sqrt((double) total / first);
    // and the result's own rounding
    double meanBound = unit * std + Math.ulp(offset) / 2;
    double error = new BigDecimal(moments.mean(0)).subtract(mean).abs().doubleValue();
    double ofPlain = new BigDecimal(plain.mean(0)).subtract(mean).abs().doubleValue();
    double ofM2 = new BigDecimal(moments.m2(0)).subtract(m2).abs().doubleValue();
    check(moments.count() == total, "seed %d: count is %d", seed, moments.count());
    check(error <= meanBound, "seed %d: mean off by %s, at most %s", seed, error, meanBound);
    check(
        ofM2 <= unit * m2.doubleValue(),
        "seed %d: M2 %s is off by %s, at most %s",
        seed,
        m2.doubleValue(),
        ofM2,
        unit * m2.doubleValue());
    return ofPlain / meanBound;
  }

  /** One batch's moments are the population's, bit for bit. */
  @Property(tries = 120)
  void oneBatchIsItsOwnPopulation(@ForAll @AtMost(8192) Case input) {
    TensorShape shape = input.shape(Layout.NCHW);
    ChannelMoments moments = ChannelMoments.of(input.x(shape.layout()), shape);
    PopulationStatistics population = new PopulationStatistics(shape.channels());
    population.add(ChannelMoments.empty(shape.channels()));
    population.add(moments);
    population.add(ChannelMoments.empty(shape.channels()));
    sameBits(population.moments(), moments, "moments of the population", input);
  }

  /**
   * The batches [0, 2], [4, 6], [8, 10]: PyTorch's momentum=None averages batch variances and ends
   * at mean 5, variance 2 (measured with torch 2.13); those of the data are 5 and 35/3.
   */
  @Example
  void theAverageOfAveragesIsNotThePopulations() {
    averagesAgainstPopulation(new float[][] {{0, 2}, {4, 6}, {8, 10}}, 5, 2);
  }

  /** Batches of 2, 1 and 3: even the mean of means, (1 + 4 + 8)/3, is another. */
  @Example
  void unequalBatchesMoveTheAverageOfMeansToo() {
    averagesAgainstPopulation(new float[][] {{0, 2}, {4}, {6, 8, 10}}, 13 / 3.0, 3);
  }

  private static void averagesAgainstPopulation(
      float[][] batches, double averageMean, double averageVariance) {
    BatchNorm norm =
        BatchNorm.builder(1)
            .momentum(Momentum.cumulative())
            .singleValuePolicy(SingleValuePolicy.BETA)
            .build();
    PopulationStatistics population = new PopulationStatistics(1);
    for (float[] batch : batches) {
      TensorShape shape = TensorShape.rows(batch.length, 1);
      population.add(norm.forwardTraining(batch.clone(), new float[batch.length], shape));
    }
    RunningStatistics running = norm.runningStatistics();
    near(running.mean(0), averageMean);
    near(running.variance(0), averageVariance);
    running.set(population.moments());
    near(running.mean(0), 5);
    near(running.variance(0), 70 / 5.0); // PyTorch's convention
    float[] y = new float[1];
    norm.freeze().apply(new float[] {10}, y, TensorShape.rows(1, 1));
    near(y[0], (float) (5 / Math.sqrt(14 + 1e-5)));

    RunningStatistics biased = new RunningStatistics(1, Conventions.keras3());
    biased.set(population.moments());
    near(biased.variance(0), 35 / 3.0); // 11.67
  }

  private static void near(double actual, double expected) {
    check(Math.abs(actual - expected) <= 1e-15 * expected, "%s is not %s", actual, expected);
  }
}
