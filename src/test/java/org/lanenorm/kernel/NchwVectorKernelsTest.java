package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lanenorm.Tensors.normal;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sums of single images, whose quads read what lies behind an image: the bits of the scalar
 * kernels, whatever lies there, and also where the array ends with the image.
 */
class NchwVectorKernelsTest {
  private static final int CHANNELS = 37;
  private static final int OFFSET = 3;

  /** Channels of which not a digit may reach their neighbours, and zeros of both signs. */
  private static float[] tensor(int spatial, int seed) {
    float[] x = new float[OFFSET + CHANNELS * spatial];
    System.arraycopy(normal(x.length, seed), 0, x, 0, x.length);
    float[] odd = {Float.NaN, Float.POSITIVE_INFINITY, 0f, -0f};
    for (int i = 0; i < odd.length; i++) {
      int at = OFFSET + 2 * i * spatial;
      Arrays.fill(x, at, at + spatial, odd[i]);
    }
    return x;
  }

  @ParameterizedTest
  @ValueSource(
      ints = {16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 127, 128, 129, 191, 192, 193, 196, 256})
  void momentSumsOfSingleImagesAreTheScalarOnes(int spatial) {
    Segments order = new Segments(false, 1, CHANNELS, spatial);
    float[] x = tensor(spatial, 1);
    for (int from : new int[] {0, 3, CHANNELS - 1}) {
      float[][] shift = new float[2][CHANNELS];
      double[][] sum = new double[2][CHANNELS];
      double[][] square = new double[2][CHANNELS];
      for (int i = 0; i < 2; i++) {
        Scratch scratch = new Scratch();
        Arrays.fill(scratch.lanes(CHANNELS), Float.NaN); // of another call
        (i == 0 ? ScalarKernels.INSTANCE : VectorKernels.INSTANCE)
            .momentSums(
                x, OFFSET, order, 0, 1, from, CHANNELS, shift[i], sum[i], square[i], scratch);
      }
      assertThat(shift[1]).isEqualTo(shift[0]);
      assertThat(sum[1]).isEqualTo(sum[0]);
      assertThat(square[1]).isEqualTo(square[0]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 128, 196, 256})
  void gradientSumsOfSingleImagesAreTheScalarOnes(int spatial) {
    Segments order = new Segments(false, 1, CHANNELS, spatial);
    float[] hi = normal(CHANNELS, 3);
    for (int from : new int[] {0, 3, CHANNELS - 1}) {
      float[] x = tensor(spatial, 1);
      float[] dy = tensor(spatial, 2);
      // one of the two has room behind its last image
      if (from == 0) {
        x = Arrays.copyOf(x, x.length + 64);
      } else {
        dy = Arrays.copyOf(dy, dy.length + 64);
      }
      double[][] sum = new double[2][CHANNELS];
      double[][] product = new double[2][CHANNELS];
      for (int i = 0; i < 2; i++) {
        Scratch scratch = new Scratch();
        Arrays.fill(scratch.lanes(CHANNELS), Float.NaN);
        (i == 0 ? ScalarKernels.INSTANCE : VectorKernels.INSTANCE)
            .gradientSums(
                x,
                OFFSET,
                dy,
                OFFSET,
                order,
                0,
                1,
                from,
                CHANNELS,
                hi,
                sum[i],
                product[i],
                scratch);
      }
      assertThat(sum[1]).isEqualTo(sum[0]);
      assertThat(product[1]).isEqualTo(product[0]);
    }
  }

  /** 13, 25 and 49 positions are three vectors of 4, 8 or 16 lanes and one element. */
  @ParameterizedTest
  @ValueSource(ints = {4, 9, 12, 13, 14, 16, 17, 25, 26, 31, 33, 48, 49, 50, 63, 64, 65, 196})
  void planesAreTheScalarOnes(int spatial) {
    Segments order = new Segments(false, 1, CHANNELS, spatial);
    float[] x = tensor(spatial, 1);
    ChannelAffine affine = new ChannelAffine(CHANNELS);
    double[] mean = new Random(4).doubles(CHANNELS).toArray();
    double[] invStd = new Random(5).doubles(CHANNELS, 1, 2).toArray();
    affine.compute(mean, invStd, normal(CHANNELS, 6), normal(CHANNELS, 7), 0, CHANNELS);
    for (int from : new int[] {0, 3, CHANNELS - 1}) {
      float[] expected = x.clone();
      float[] y = x.clone();
      ScalarKernels.INSTANCE.normalize(
          x, OFFSET, expected, OFFSET, order, 0, 1, from, CHANNELS, affine, null);
      // in place: what is read must not have been written
      NchwVectorKernels.normalize(y, OFFSET, y, OFFSET, order, 0, 1, from, CHANNELS, affine);
      assertThat(y).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 9, 12, 13, 14, 16, 17, 25, 26, 31, 33, 48, 49, 50, 63, 64, 65, 196})
  void inputGradientsOfPlanesAreTheScalarOnes(int spatial) {
    Segments order = new Segments(false, 1, CHANNELS, spatial);
    float[] x = tensor(spatial, 1);
    float[] dy = tensor(spatial, 2);
    ChannelGradients gradients = new ChannelGradients(CHANNELS);
    double[] invStd = new Random(5).doubles(CHANNELS, 1, 2).toArray();
    gradients.start(new Random(4).doubles(CHANNELS).toArray(), 0, CHANNELS);
    gradients.add(invStd, invStd, 0, 0, CHANNELS);
    gradients.compute(invStd, normal(CHANNELS, 6), spatial, 0, CHANNELS);
    for (int from : new int[] {0, 3, CHANNELS - 1}) {
      float[] expected = dy.clone();
      float[] dx = dy.clone();
      ScalarKernels.INSTANCE.inputGradient(
          x, OFFSET, dy, OFFSET, expected, OFFSET, order, 0, 1, from, CHANNELS, gradients, null);
      NchwVectorKernels.inputGradient(
          x, OFFSET, dx, OFFSET, dx, OFFSET, order, 0, 1, from, CHANNELS, gradients);
      assertThat(dx).isEqualTo(expected);
    }
  }
}
