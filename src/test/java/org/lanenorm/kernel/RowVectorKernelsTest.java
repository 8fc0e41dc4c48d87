package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lanenorm.Tensors.normal;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rows in an array so large that results are written from a cache line on, wherever that falls: the
 * bits of the scalar kernels, and nothing beside them.
 */
class RowVectorKernelsTest {
  private static final int LENGTH = 1 << 18;
  private static final int ROWS = 41;
  private static final int[] OFFSETS = {0, 1, 7, 12, 13, 31};

  private final float[] x = normal(LENGTH, 1);
  private final float[] dy = normal(LENGTH, 2);
  private final float[] before = normal(LENGTH, 3);
  private final Scratch scratch = new Scratch();

  private static Kernels[] kernels() {
    return new Kernels[] {ScalarKernels.INSTANCE, VectorKernels.INSTANCE};
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 16, 17, 40, 64, 100, 256, 515, 1024})
  void normalizedRowsOfALargeArrayAreTheScalarOnes(int channels) {
    Segments order = new Segments(true, ROWS, channels, 1);
    ChannelAffine affine = new ChannelAffine(channels);
    System.arraycopy(normal(channels, 4), 0, affine.hi, 0, channels);
    System.arraycopy(normal(channels, 5), 0, affine.k, 0, channels);
    System.arraycopy(normal(channels, 6), 0, affine.b, 0, channels);
    for (int offset : OFFSETS) {
      for (int firstRow = 0; firstRow <= ROWS - 16; firstRow += 25) {
        float[][] apart = {before.clone(), before.clone()};
        float[][] inPlace = {x.clone(), x.clone()};
        for (int i = 0; i < 2; i++) {
          Kernels able = kernels()[i];
          float[] y = inPlace[i];
          able.normalize(
              x, 5, apart[i], offset, order, firstRow, ROWS, 0, channels, affine, scratch);
          able.normalize(y, offset, y, offset, order, firstRow, ROWS, 0, channels, affine, scratch);
        }
        assertThat(Arrays.mismatch(apart[1], apart[0])).as("y at %d", offset).isEqualTo(-1);
        assertThat(Arrays.mismatch(inPlace[1], inPlace[0])).as("x at %d", offset).isEqualTo(-1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 16, 17, 40, 64, 100, 256, 515, 1024})
  void gradientsOfRowsOfALargeArrayAreTheScalarOnes(int channels) {
    Segments order = new Segments(true, ROWS, channels, 1);
    ChannelGradients gradients = new ChannelGradients(channels);
    System.arraycopy(normal(channels, 4), 0, gradients.hi, 0, channels);
    System.arraycopy(normal(channels, 5), 0, gradients.k, 0, channels);
    System.arraycopy(normal(channels, 6), 0, gradients.p, 0, channels);
    System.arraycopy(normal(channels, 7), 0, gradients.q, 0, channels);
    for (int offset : OFFSETS) {
      for (int firstRow = 0; firstRow <= ROWS - 16; firstRow += 25) {
        float[][] apart = {before.clone(), before.clone()};
        float[][] inPlace = {dy.clone(), dy.clone()};
        for (int i = 0; i < 2; i++) {
          Kernels able = kernels()[i];
          float[] dx = inPlace[i];
          able.inputGradient(
              x, 5, dy, 3, apart[i], offset, order, firstRow, ROWS, 0, channels, gradients,
              scratch);
          able.inputGradient(
              x, 5, dx, offset, dx, offset, order, firstRow, ROWS, 0, channels, gradients, scratch);
        }
        assertThat(Arrays.mismatch(apart[1], apart[0])).as("dx at %d", offset).isEqualTo(-1);
        assertThat(Arrays.mismatch(inPlace[1], inPlace[0])).as("dy at %d", offset).isEqualTo(-1);
      }
    }
  }
}
