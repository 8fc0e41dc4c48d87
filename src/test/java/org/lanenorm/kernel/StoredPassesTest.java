package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StoredPassesTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** By the scalar kernels: those of vectors allocate until they are compiled. */
  @ParameterizedTest
  @CsvSource({
    "false, 1100", // planes that windows do not divide
    "true, 1100", // rows that are joined, and some that are left over
    "false, 9"
  })
  void backwardAllocatesNothingFromTheSecondCallOn(boolean channelsLast, int spatial) {
    Segments order = new Segments(channelsLast, 2, 3, spatial);
    Elements x = halves(order);
    Elements dy = halves(order);
    Elements dx = halves(order);
    double[] mean = new double[3];
    double[] invStd = {1, 1, 1};
    ChannelGradients gradients = new ChannelGradients(3);
    StoredPasses passes = new StoredPasses(ScalarKernels.INSTANCE, Team.SEQUENTIAL, 3);
    passes.backward(x, dy, dx, order, mean, invStd, null, gradients);
    passes.backward(x, dy, dx, order, mean, invStd, null, gradients);
    long before = THREADS.getCurrentThreadAllocatedBytes();
    passes.backward(x, dy, dx, order, mean, invStd, null, gradients);
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isZero();
  }

  /**
   * What vectors read where it lies: blocks that are full and not, also of small images laid end to
   * end, rows that are joined, long ones, such as make no pairs of vectors, and runs of planes with
   * something left over; and what they sum piece by piece. The scalar kernels go tile by tile.
   */
  @ParameterizedTest
  @CsvSource({
    "true, 2, 3, 600",
    "true, 21, 7, 13",
    "true, 1, 16, 1030",
    "true, 3, 40, 300",
    "true, 1, 272, 290",
    "true, 2, 288, 257",
    "false, 2, 3, 1100",
    "false, 1, 2, 4100",
    "false, 7, 3, 1100", // segments of two images
    "false, 40, 9, 272",
    "false, 9, 7, 196",
    "false, 37, 25, 49", // several images to a block
    "false, 41, 33, 17",
    "false, 28, 7, 38" // all channels in one piece
  })
  void whatIsReadInPlaceOrInPiecesGivesTheBitsOfTiles(
      boolean channelsLast, int batch, int channels, int spatial) {
    Segments order = new Segments(channelsLast, batch, channels, spatial);
    for (Elements.Format format : Elements.Format.values()) {
      for (Spoilt spoilt : Spoilt.values()) {
        List<Object> copied = results(ScalarKernels.INSTANCE, order, format, spoilt);
        List<Object> inPlace = results(VectorKernels.INSTANCE, order, format, spoilt);
        for (int i = 0; i < copied.size(); i++) {
          assertThat(inPlace.get(i)).as("%s, %s, %d", format, spoilt, i).isEqualTo(copied.get(i));
        }
      }
    }
  }

  @Test
  void whatIsWrittenInPlaceAsBfloat16IsRoundedToEven() {
    assertThat(VectorKernels.INSTANCE.vectors()).isTrue();
    int length = 2 * StoredRowVectorKernels.PAIR;
    Segments order = new Segments(true, 3, length, 1);
    Elements x = halves(order);
    for (int i = 0; i < x.halves().length; i++) {
      // from 2 to 4 half a unit is 2^-7
      x.halves()[i] = HalfFloats.floatToBfloat16(2 + i % 128 / 64f);
    }
    x.halves()[3] = (short) 0x7f81;
    x.halves()[5] = (short) 0xff80;
    // all of a NaN's bits set: rounded as a number it would be -0
    float[] shift = new float[length];
    Arrays.fill(shift, 0x1p-7f);
    shift[7] = Float.intBitsToFloat(0x7fffffff);
    float[] expected = new float[x.halves().length];
    for (int i = 0; i < expected.length; i++) {
      float value = HalfFloats.bfloat16ToFloat(x.halves()[i]) + shift[i % length];
      expected[i] = HalfFloats.bfloat16ToFloat(HalfFloats.floatToBfloat16(value));
    }
    ChannelAffine affine = new ChannelAffine(length);
    Arrays.fill(affine.k, 1);
    System.arraycopy(shift, 0, affine.b, 0, length);
    ChannelGradients gradients = new ChannelGradients(length);
    Arrays.fill(gradients.k, 1);
    System.arraycopy(shift, 0, gradients.q, 0, length);

    Elements y = halves(order);
    StoredRowVectorKernels.normalizeRows(x, y, 0, 3, length, affine);
    Elements dx = halves(order);
    StoredRowVectorKernels.inputGradientRows(halves(order), x, dx, 0, 3, length, gradients);

    assertThat(floats(y, expected.length)).isEqualTo(expected);
    assertThat(floats(dx, expected.length)).isEqualTo(expected);
  }

  /** What is done to the last channel: of some, sums of floats are not enough. */
  private enum Spoilt {
    NOTHING,
    ZERO,
    INFINITE,
    NAN
  }

  /** Of training forward and of backward, out of place and in place. */
  private static List<Object> results(
      Kernels kernels, Segments order, Elements.Format format, Spoilt spoilt) {
    int channels = order.channels();
    float[] xs = values(order, 1, spoilt);
    float[] dys = values(order, 2, Spoilt.NOTHING);
    try (Arena arena = Arena.ofConfined()) {
      Elements x = elements(format, xs, arena);
      Elements dy = elements(format, dys, arena);
      Elements y = elements(format, new float[xs.length], arena);
      Elements dx = elements(format, new float[xs.length], arena);
      StoredPasses passes = new StoredPasses(kernels, Team.SEQUENTIAL, channels);
      double[] mean = new double[channels];
      double[] m2 = new double[channels];
      double[] invStd = new double[channels];
      ChannelAffine affine = new ChannelAffine(channels);
      passes.trainingForward(x, y, order, mean, m2, 1e-5, invStd, null, null, affine);
      ChannelGradients gradients = new ChannelGradients(channels);
      passes.backward(x, dy, dx, order, mean, invStd, null, gradients);
      passes.backward(x, dy, dy, order, mean, invStd, null, gradients);
      passes.fused(x, null, x, order, affine, Curve.IDENTITY);
      float[] dGamma = new float[channels];
      float[] dBeta = new float[channels];
      gradients.dGamma(invStd, dGamma);
      gradients.dBeta(dBeta);
      return List.of(
          mean,
          m2,
          floats(y, xs.length),
          floats(dx, xs.length),
          floats(dy, xs.length),
          floats(x, xs.length),
          dGamma,
          dBeta);
    }
  }

  private static float[] values(Segments order, int seed, Spoilt spoilt) {
    Random random = new Random(seed);
    int channels = order.channels();
    float[] values = new float[order.count() * channels];
    for (int i = 0; i < values.length; i++) {
      int c = order.channelsLast() ? i % channels : i / order.spatial() % channels;
      values[i] = 3 + (float) random.nextGaussian();
      if (c == channels - 1 && spoilt == Spoilt.ZERO) {
        values[i] = 0;
      }
    }
    if (spoilt == Spoilt.INFINITE || spoilt == Spoilt.NAN) {
      values[values.length / 2 + 5] = spoilt == Spoilt.NAN ? Float.NaN : Float.NEGATIVE_INFINITY;
    }
    return values;
  }

  /** Halves in an array behind others, floats off-heap. */
  private static Elements elements(Elements.Format format, float[] values, Arena arena) {
    boolean wide = format == Elements.Format.FLOAT32;
    MemorySegment segment =
        wide
            ? arena.allocate((long) Float.BYTES * values.length, Float.BYTES)
            : MemorySegment.ofArray(new short[values.length + 3])
                .asSlice(3 * Short.BYTES, (long) Short.BYTES * values.length);
    Elements elements = new Elements(format, segment);
    elements.write(values, values.length, new short[Elements.STAGE]);
    return elements;
  }

  private static float[] floats(Elements elements, int length) {
    float[] floats = new float[length];
    elements.read(floats, length, new short[Elements.STAGE]);
    return floats;
  }

  private static Elements halves(Segments order) {
    short[] halves = new short[order.count() * order.channels()];
    return new Elements(Elements.Format.BFLOAT16, MemorySegment.ofArray(halves));
  }
}
