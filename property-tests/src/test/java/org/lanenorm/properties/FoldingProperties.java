package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;
import static org.lanenorm.verify.Checks.sameBits;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.FoldedWeights;
import org.lanenorm.Folding;
import org.lanenorm.WeightLayout;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Rng;

/**
 * Folded layers against unfolded ones, both evaluated in exact arithmetic: what is left between
 * them is the folding's own error.
 */
class FoldingProperties {
  /** As in {@link OracleProperties}; the root alone is rounded, after 800 digits. */
  private static final MathContext DIGITS = new MathContext(800);

  private static final double U = Bounds.U;

  /** A layer with weights in a layout, and the parameters behind it. */
  private record Sample(
      String name,
      WeightLayout layout,
      int[] dimensions,
      int groups,
      float[] weights,
      float[] bias,
      double[] mean,
      double[] variance,
      double epsilon,
      float[] gamma,
      float[] beta) {

    static Sample of(
        WeightLayout layout, HardData ofWeights, HardData ofParameters, int spatial, long seed) {
      Rng rng = new Rng(seed);
      String letters = spelled(layout, spatial);
      int[] dimensions = letters.chars().map(letter -> rng.between(1, 3)).toArray();
      int groups = 1;
      if (layout == WeightLayout.IOHW) {
        groups = rng.between(1, 3);
        dimensions[0] *= groups;
      }
      int channels = dimensions[letters.indexOf('O')] * groups;
      float[] weights = new float[Arrays.stream(dimensions).reduce(1, (a, b) -> a * b)];
      ofWeights.fill(weights, rng);
      float[][] parameters = new float[5][channels];
      for (float[] values : parameters) {
        (rng.oneIn(2) ? ofParameters : HardData.BENIGN).fill(values, rng);
      }
      double[] mean = new double[channels];
      double[] variance = new double[channels];
      // a double has digits that no float has
      Arrays.setAll(mean, c -> parameters[0][c] * (1 + rng.uniform() * 0x1p-20));
      Arrays.setAll(variance, c -> Math.abs(parameters[1][c]) * (1 + rng.uniform() * 0x1p-20));
      double epsilon = rng.pick(1e-5f, 1e-3f, 1, 1e-30f) * 1.1;
      float[] bias = rng.oneIn(3) ? null : parameters[2];
      float[] gamma = rng.oneIn(3) ? null : parameters[3];
      float[] beta = rng.oneIn(3) ? null : parameters[4];
      String name =
          "%s %s in %d groups of %s, parameters %s, seed %d"
              .formatted(
                  layout, Arrays.toString(dimensions), groups, ofWeights, ofParameters, seed);
      return new Sample(
          name, layout, dimensions, groups, weights, bias, mean, variance, epsilon, gamma, beta);
    }

    @Override
    public String toString() {
      return name;
    }

    /** One letter for each dimension. */
    static String spelled(WeightLayout layout, int spatial) {
      return layout.name().replace("HW", "S".repeat(spatial));
    }

    FoldedWeights fold() {
      return Folding.of(mean, variance, epsilon, gamma, beta)
          .into(weights, dimensions, layout, groups, bias);
    }

    /** The output channel of weight i, by its indices. */
    int channel(int i) {
      String letters = spelled(layout, dimensions.length - 2);
      int o = 0;
      int group = 0;
      for (int d = dimensions.length - 1, rest = i; d >= 0; d--) {
        int index = rest % dimensions[d];
        rest /= dimensions[d];
        if (letters.charAt(d) == 'O') {
          o = index;
        } else if (letters.charAt(d) == 'I' && groups > 1) {
          group = index / (dimensions[d] / groups);
        }
      }
      return group * dimensions[letters.indexOf('O')] + o;
    }

    BigDecimal k(int c) {
      BigDecimal squared = new BigDecimal(variance[c]).add(new BigDecimal(epsilon));
      return exact(gamma == null ? 1 : gamma[c]).divide(squared.sqrt(DIGITS), DIGITS);
    }

    BigDecimal foldedBias(int c, BigDecimal k) {
      return exact(bias == null ? 0 : bias[c])
          .subtract(new BigDecimal(mean[c]))
          .multiply(k)
          .add(exact(beta == null ? 0 : beta[c]));
    }

    /** Whether a folded value is beyond the floats. */
    boolean overflows() {
      boolean beyond = false;
      for (int c = 0; c < mean.length; c++) {
        BigDecimal k = k(c);
        beyond |= beyond(foldedBias(c, k));
        for (int i = 0; i < weights.length; i++) {
          beyond |= channel(i) == c && beyond(exact(weights[i]).multiply(k));
        }
      }
      return beyond;
    }

    private static boolean beyond(BigDecimal value) {
      return value.abs().doubleValue() >= Float.MAX_VALUE * (1 + U / 2);
    }
  }

  private static BigDecimal exact(float value) {
    return new BigDecimal(value);
  }

  @Property(tries = 450)
  void theFoldedLayerIsWithinItsBoundOfTheUnfoldedOne(
      @ForAll WeightLayout layout,
      @ForAll HardData ofWeights,
      @ForAll HardData ofParameters,
      @ForAll HardData ofInputs,
      @ForAll @IntRange(min = 1, max = 3) int spatial,
      @ForAll long seed) {
    Sample sample = Sample.of(layout, ofWeights, ofParameters, spatial, seed);
    FoldedWeights folded;
    try {
      folded = sample.fold();
    } catch (IllegalArgumentException e) {
      check(sample.overflows(), "%s: refused without need: %s", sample, e.getMessage());
      return;
    }
    float[] x = new float[sample.weights.length];
    ofInputs.fill(x, new Rng(~seed));
    for (int c = 0; c < sample.mean.length; c++) {
      BigDecimal k = sample.k(c);
      BigDecimal unfolded = sample.foldedBias(c, k);
      BigDecimal y = exact(folded.bias()[c]);
      BigDecimal sumAbs = BigDecimal.ZERO;
      float maxAbs = 0;
      for (int i = 0; i < x.length; i++) {
        if (sample.channel(i) == c) {
          unfolded = unfolded.add(exact(sample.weights[i]).multiply(k).multiply(exact(x[i])));
          y = y.add(exact(folded.weights()[i]).multiply(exact(x[i])));
          sumAbs = sumAbs.add(exact(x[i]).abs());
          maxAbs = Math.max(maxAbs, Math.abs(x[i]));
        }
      }
      BigDecimal error = y.subtract(unfolded).abs();
      double sum = Math.nextUp(sumAbs.doubleValue());
      for (double bound : new double[] {folded.bound(c, maxAbs), folded.boundOfSum(c, sum)}) {
        check(
            error.compareTo(new BigDecimal(bound)) <= 0,
            "%s: channel %d is off by %s, beyond %s",
            sample,
            c,
            error.doubleValue(),
            bound);
      }
    }
  }

  /** A bound that says little would hold too: each weight and bias is the nearest float, almost. */
  @Property(tries = 450)
  void whatIsReportedIsTheRoundingToFloatAndHardlyMore(
      @ForAll WeightLayout layout,
      @ForAll HardData ofWeights,
      @ForAll HardData ofParameters,
      @ForAll long seed) {
    Sample sample = Sample.of(layout, ofWeights, ofParameters, 2, seed);
    FoldedWeights folded;
    try {
      folded = sample.fold();
    } catch (IllegalArgumentException e) {
      return; // the property above says when that is right
    }
    for (int c = 0; c < sample.mean.length; c++) {
      BigDecimal k = sample.k(c);
      double sum = 0;
      double max = 0;
      double size = 0;
      for (int i = 0; i < sample.weights.length; i++) {
        if (sample.channel(i) == c) {
          BigDecimal product = exact(sample.weights[i]).multiply(k);
          double error = exact(folded.weights()[i]).subtract(product).abs().doubleValue();
          check(
              error <= Math.ulp(product.floatValue()) * (0.5 + 0x1p-24),
              "%s: weight %d is %s, not %s",
              sample,
              i,
              folded.weights()[i],
              product.doubleValue());
          sum += error;
          max = Math.max(max, error);
          size += Math.abs(product.doubleValue());
        }
      }
      double doubles = 0x1p-48 * size;
      check(
          sum <= folded.weightError(c)
              && folded.weightError(c) <= sum * (1 + 0x1p-19) + doubles
              && max <= folded.maxWeightError(c)
              && folded.maxWeightError(c) <= max * (1 + 0x1p-19) + doubles,
          "%s: channel %d reports %s and %s for %s and %s",
          sample,
          c,
          folded.weightError(c),
          folded.maxWeightError(c),
          sum,
          max);
      BigDecimal bias = sample.foldedBias(c, k);
      double error = exact(folded.bias()[c]).subtract(bias).abs().doubleValue();
      double terms =
          Math.abs(bias.doubleValue()) + Math.abs(sample.beta == null ? 0 : sample.beta[c]);
      check(
          error <= folded.biasError(c)
              && folded.biasError(c) <= error * (1 + 0x1p-19) + 0x1p-48 * terms + 0x1p-1072,
          "%s: the bias of channel %d reports %s for %s",
          sample,
          c,
          folded.biasError(c),
          error);
    }
  }

  /** One layer's weights, laid in every order: the same numbers come out at the same indices. */
  @Property(tries = 100)
  void theLayoutMovesTheWeightsAlone(
      @ForAll @IntRange(min = 1, max = 3) int spatial, @ForAll long seed) {
    Sample first = Sample.of(WeightLayout.OIHW, HardData.BENIGN, HardData.BENIGN, spatial, seed);
    FoldedWeights expected = first.fold();
    String from = Sample.spelled(WeightLayout.OIHW, spatial);
    for (WeightLayout layout : WeightLayout.values()) {
      String to = Sample.spelled(layout, spatial);
      if (to.length() == from.length()) {
        int[] dimensions = permuted(first.dimensions, from, to);
        FoldedWeights folded =
            Folding.of(first.mean, first.variance, first.epsilon, first.gamma, first.beta)
                .into(
                    permuted(first.weights, first.dimensions, from, to),
                    dimensions,
                    layout,
                    first.bias);
        sameBits(
            folded.weights(),
            permuted(expected.weights(), first.dimensions, from, to),
            "weights in " + layout,
            first);
        sameBits(folded.bias(), expected.bias(), "bias in " + layout, first);
      }
    }
  }

  private static int[] permuted(int[] dimensions, String from, String to) {
    int[] order = order(from, to);
    return Arrays.stream(order).map(d -> dimensions[d]).toArray();
  }

  /** For each dimension of the one, which of the other it is. */
  private static int[] order(String from, String to) {
    int[] order = new int[to.length()];
    int spatial = from.indexOf('S');
    for (int d = 0; d < order.length; d++) {
      order[d] = to.charAt(d) == 'S' ? spatial++ : from.indexOf(to.charAt(d));
    }
    return order;
  }

  private static float[] permuted(float[] values, int[] dimensions, String from, String to) {
    int[] order = order(from, to);
    float[] moved = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      int[] index = new int[dimensions.length];
      for (int d = dimensions.length - 1, rest = i; d >= 0; d--) {
        index[d] = rest % dimensions[d];
        rest /= dimensions[d];
      }
      int at = 0;
      for (int d : order) {
        at = at * dimensions[d] + index[d];
      }
      moved[at] = values[i];
    }
    return moved;
  }
}
