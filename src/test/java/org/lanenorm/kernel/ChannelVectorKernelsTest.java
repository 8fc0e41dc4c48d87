package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What is computed per channel, by vectors and one by one: the same bits for means, sums and
 * parameters of every size, which decide how a channel is computed, side by side in one vector.
 */
class ChannelVectorKernelsTest {
  private static final int CHANNELS = 37;
  private static final int CASES = 4000;

  /** Sizes at the borders of float's and double's ranges, and where a float's digits end. */
  private static final double[] SIZES = {
    0,
    1,
    0x1p-20,
    0x1p24,
    0x1p-60,
    0x1p-110,
    0x1p-125,
    0x1p-126,
    0x1p-149,
    0x1p-160,
    0x1p-400,
    0x1p102,
    0x1p103,
    0x1p126,
    0x1p127,
    0x1p128,
    0x1p300,
    Double.NaN,
    Double.POSITIVE_INFINITY
  };

  private final Random random = new Random(5);

  /** Mostly of one size, so that vectors without any odd channel come up too. */
  private double[] values(boolean signed) {
    double[] values = new double[CHANNELS];
    double usual = SIZES[random.nextInt(SIZES.length)];
    for (int c = 0; c < CHANNELS; c++) {
      double size = random.nextInt(12) == 0 ? SIZES[random.nextInt(SIZES.length)] : usual;
      double digits = random.nextBoolean() ? 1 : 0.5 + random.nextDouble();
      values[c] = size * digits * (signed && random.nextBoolean() ? -1 : 1);
    }
    return values;
  }

  private float[] parameters() {
    if (random.nextInt(4) == 0) {
      return null;
    }
    float[] parameters = new float[CHANNELS];
    double[] values = values(true);
    for (int c = 0; c < CHANNELS; c++) {
      parameters[c] = (float) values[c];
    }
    return parameters;
  }

  @Test
  void coefficientsOfNormalizingAreTheSame() {
    for (int i = 0; i < CASES; i++) {
      double[] mean = values(true);
      double[] m2 = values(false);
      double epsilon = random.nextBoolean() ? 1e-5 : 0;
      float[] gamma = parameters();
      float[] beta = parameters();
      int from = random.nextInt(3);
      ChannelAffine one = new ChannelAffine(CHANNELS);
      ChannelAffine many = new ChannelAffine(CHANNELS);
      double[] invStd = new double[CHANNELS];
      double[] invStdOfMany = new double[CHANNELS];
      // of the call before
      one.compute(m2, mean, null, null, from, CHANNELS);
      many.compute(m2, mean, null, null, from, CHANNELS);
      ScalarKernels.INSTANCE.coefficients(
          mean, m2, 49, epsilon, invStd, gamma, beta, one, from, CHANNELS);
      ChannelVectorKernels.coefficients(
          mean, m2, 49, epsilon, invStdOfMany, gamma, beta, many, from, CHANNELS);
      assertThat(invStdOfMany).isEqualTo(invStd);
      for (int c = from; c < CHANNELS; c++) {
        assertThat(many.extreme(c)).isEqualTo(one.extreme(c));
      }
      assertThat(many.hi).isEqualTo(one.hi);
      assertThat(many.k).isEqualTo(one.k);
      assertThat(many.b).isEqualTo(one.b);
      assertThat(many.mean).isEqualTo(one.mean);
      assertThat(many.scale).isEqualTo(one.scale);
      assertThat(many.shift).isEqualTo(one.shift);
    }
  }

  @Test
  void coefficientsOfGradientsAreTheSame() {
    for (int i = 0; i < CASES; i++) {
      double[] mean = values(true);
      double[] invStd = values(false);
      double[] invRoot = random.nextInt(4) == 0 ? values(false) : null;
      double[] sum = values(true);
      double[] product = values(true);
      float[] gamma = parameters();
      boolean centered = random.nextInt(4) > 0;
      ChannelGradients one = gradients(mean, sum, product, invRoot, centered);
      ChannelGradients many = gradients(mean, sum, product, invRoot, centered);
      ScalarKernels.INSTANCE.coefficients(one, invStd, gamma, 49, 1, CHANNELS);
      ChannelVectorKernels.coefficients(many, invStd, gamma, 49, 1, CHANNELS);
      for (int c = 1; c < CHANNELS; c++) {
        assertThat(many.extreme(c)).isEqualTo(one.extreme(c));
      }
      assertThat(many.k).isEqualTo(one.k);
      assertThat(many.p).isEqualTo(one.p);
      assertThat(many.q).isEqualTo(one.q);
      assertThat(many.scale).isEqualTo(one.scale);
      assertThat(many.slope).isEqualTo(one.slope);
      assertThat(many.shift).isEqualTo(one.shift);
    }
  }

  private ChannelGradients gradients(
      double[] mean, double[] sum, double[] product, double[] invRoot, boolean centered) {
    ChannelGradients gradients = new ChannelGradients(CHANNELS);
    // of the call before
    gradients.start(sum, 0, CHANNELS);
    gradients.compute(product, null, 49, 0, CHANNELS);
    gradients.start(mean, 0, CHANNELS);
    gradients.add(sum, product, 0, 0, CHANNELS);
    gradients.setInvRoot(invRoot);
    if (!centered) {
      gradients.setUncentered();
    }
    return gradients;
  }

  /** Sums at will, as no tensor has them: those that must be redone are, from the tensor. */
  @Test
  void momentsOfSegmentsAreTheSame() {
    for (int i = 0; i < CASES; i++) {
      int rows = 1 + random.nextInt(40);
      Segments order = new Segments(true, rows, CHANNELS, 1);
      float[] x = new float[rows * CHANNELS];
      float[] shift = new float[CHANNELS];
      Arrays.fill(shift, random.nextInt(3));
      for (int j = 0; j < x.length; j++) {
        x[j] = random.nextInt(3) == 0 ? random.nextFloat() : 0;
      }
      double[] sum = values(true);
      double[] square = values(false);
      double[] sumOfMany = sum.clone();
      double[] squareOfMany = square.clone();
      Scratch scratch = new Scratch();
      ScalarKernels.INSTANCE.segmentMoments(
          x, 0, order, 0, 1, 0, CHANNELS, shift, sum, square, scratch);
      ChannelVectorKernels.segmentMoments(
          x, 0, order, 0, 1, 0, CHANNELS, shift, sumOfMany, squareOfMany, scratch);
      assertThat(sumOfMany).isEqualTo(sum);
      assertThat(squareOfMany).isEqualTo(square);
    }
  }

  @Test
  void gradientSumsOfSegmentsAreTheSame() {
    for (int i = 0; i < CASES; i++) {
      int rows = 1 + random.nextInt(40);
      Segments order = new Segments(true, rows, CHANNELS, 1);
      float[] x = new float[rows * CHANNELS];
      float[] dy = new float[x.length];
      for (int j = 0; j < x.length; j++) {
        x[j] = random.nextFloat();
        dy[j] = random.nextFloat();
      }
      float[] hi = new float[CHANNELS];
      double[] sum = values(true);
      double[] product = values(true);
      double[] sumOfMany = sum.clone();
      double[] productOfMany = product.clone();
      Scratch scratch = new Scratch();
      ScalarKernels.INSTANCE.segmentGradients(
          x, 0, dy, 0, order, 0, 1, 0, CHANNELS, hi, sum, product, scratch);
      ChannelVectorKernels.segmentGradients(
          x, 0, dy, 0, order, 0, 1, 0, CHANNELS, hi, sumOfMany, productOfMany, scratch);
      assertThat(sumOfMany).isEqualTo(sum);
      assertThat(productOfMany).isEqualTo(product);
    }
  }
}
