package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Fused kernels over rows, by vectors and one by one: rows that fill four vectors at some width,
 * alone or several together, longer ones and those that no vector divides; few, and left over. And
 * over planes, whose last vector overlaps the one before it.
 */
class FusedRowsTest {
  private static final int[] LENGTHS = {2, 3, 8, 12, 16, 31, 32, 64, 96, 128, 520};
  private static final int[] ROWS = {1, 3, 8, 35};
  private static final int[] PLANES = {16, 17, 31, 32, 33, 47, 48, 50, 64, 79, 80, 196};
  private static final Curve[] CURVES = {
    Curve.RELU, Curve.RELU6, Curve.leaky(0.1f), Curve.HARD_SWISH, Curve.SILU
  };
  private static final float[] SPECIAL = {
    Float.NaN, 0, -0.0f, 6, -3, 3, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY
  };

  /** What is written beside a result would be seen. */
  private static final int OFFSET = 5;

  private static final Kernels SCALARS = ScalarKernels.INSTANCE;
  private static final Kernels VECTORS = VectorKernels.INSTANCE;

  private final Random random = new Random(9);
  private final Scratch scratch = new Scratch();

  private float[] values(int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      boolean special = random.nextInt(20) == 0;
      values[i] = special ? SPECIAL[random.nextInt(SPECIAL.length)] : 6 * random.nextFloat() - 3;
    }
    return values;
  }

  private ChannelAffine affine(int channels) {
    double[] means = random.doubles(channels, -1, 1).toArray();
    double[] invStd = random.doubles(channels, 0.5, 2).toArray();
    ChannelAffine affine = new ChannelAffine(channels);
    affine.compute(means, invStd, null, null, 0, channels);
    return affine;
  }

  /** A tensor, some rows of it and some channels of each, out of place and in place. */
  private final class Call {
    final Segments order;
    final ChannelAffine affine;
    final int firstRow;
    final int endRow;
    final int from;
    final int to;
    final int begin;
    final int end;
    final Curve curve;
    final float[] x;
    final float[] z;
    final float[] d;
    final long[] bits;

    /**
     * @param whole all channels of all rows, else {@code length} of more, without the first rows
     */
    Call(int length, int rows, boolean whole, Curve curve) {
      this(
          new Segments(true, (whole ? 0 : 2) + rows, whole ? length : length + 9, 1),
          whole ? 0 : 2,
          whole ? 0 : 4,
          length,
          0,
          1,
          curve);
    }

    /** The positions [begin, end) of two channels of three, in two images. */
    Call(int spatial, int begin, int end, Curve curve) {
      this(new Segments(false, 2, 3, spatial), 0, 1, 2, begin, end, curve);
    }

    private Call(
        Segments order, int firstRow, int from, int count, int begin, int end, Curve curve) {
      this.order = order;
      this.firstRow = firstRow;
      endRow = order.rows();
      this.from = from;
      to = from + count;
      this.begin = begin;
      this.end = end;
      affine = affine(order.channels());
      this.curve = curve;
      int size = OFFSET + endRow * order.rowLength() + OFFSET;
      x = values(size);
      z = random.nextBoolean() ? values(size) : null;
      d = values(size);
      bits = random.longs((size + 63) / 64 + 1).toArray();
    }

    float[] fused(Kernels kernels, float[] x, float[] z, float[] y) {
      kernels.fused(
          x, OFFSET, z, OFFSET, y, OFFSET, order, firstRow, endRow, from, to, begin, end, affine,
          curve, scratch);
      return y;
    }

    float[] gradient(Kernels kernels, float[] z, float[] dy, float[] dz) {
      kernels.fusedGradient(
          x, OFFSET, z, OFFSET, dy, OFFSET, dz, OFFSET, order, firstRow, endRow, from, to, affine,
          curve, scratch);
      return dz;
    }

    float[] marked(Kernels kernels, float[] y, long[] bits) {
      kernels.marked(
          x, OFFSET, z, OFFSET, y, OFFSET, order, firstRow, endRow, from, to, affine, curve, bits,
          1, scratch);
      return y;
    }

    @Override
    public String toString() {
      return String.format(
          "channels [%d, %d) of %d, rows [%d, %d), of %d [%d, %d), %s, slope %s, cap %s, %s residual",
          from,
          to,
          order.channels(),
          firstRow,
          endRow,
          order.run(),
          begin,
          end,
          curve.kind,
          curve.slope,
          curve.cap,
          z == null ? "without" : "with");
    }
  }

  private interface Check {
    void of(Call call);
  }

  private void each(Check check) {
    for (int length : LENGTHS) {
      for (int rows : ROWS) {
        for (Curve curve : CURVES) {
          check.of(new Call(length, rows, true, curve));
          check.of(new Call(length, rows, false, curve));
        }
      }
    }
  }

  /** Arrays.equals, as AssertJ compares float by float, boxed. */
  private static void same(float[] actual, float[] expected, String where, Call call) {
    if (!Arrays.equals(actual, expected)) {
      assertThat(actual).as("%s, %s", call, where).isEqualTo(expected);
    }
  }

  private void activated(Call call) {
    float[] y = call.d;
    same(
        call.fused(VECTORS, call.x, call.z, y.clone()),
        call.fused(SCALARS, call.x, call.z, y.clone()),
        "y apart",
        call);
    float[] x = call.x.clone();
    float[] expected = call.x.clone();
    same(
        call.fused(VECTORS, x, call.z, x),
        call.fused(SCALARS, expected, call.z, expected),
        "y is x",
        call);
    if (call.z != null) {
      float[] z = call.z.clone();
      float[] expectedOnZ = call.z.clone();
      same(
          call.fused(VECTORS, call.x, z, z),
          call.fused(SCALARS, call.x, expectedOnZ, expectedOnZ),
          "y is z",
          call);
    }
  }

  @Test
  void activatedRowsAreTheSame() {
    each(this::activated);
  }

  @Test
  void activatedPlanesAreTheSame() {
    for (int length : PLANES) {
      for (Curve curve : CURVES) {
        activated(new Call(length, 0, length, curve));
        activated(new Call(length + 3, 2, 2 + length, curve));
      }
    }
  }

  @Test
  void gradientsOfRowsAreTheSame() {
    each(
        call -> {
          float[] dz = values(call.d.length);
          same(
              call.gradient(VECTORS, call.z, call.d, dz.clone()),
              call.gradient(SCALARS, call.z, call.d, dz.clone()),
              "dz apart",
              call);
          float[] d = call.d.clone();
          float[] expected = call.d.clone();
          same(
              call.gradient(VECTORS, call.z, d, d),
              call.gradient(SCALARS, call.z, expected, expected),
              "dz is dy",
              call);
          if (call.z != null) {
            float[] z = call.z.clone();
            float[] expectedOnZ = call.z.clone();
            same(
                call.gradient(VECTORS, z, call.d, z),
                call.gradient(SCALARS, expectedOnZ, call.d, expectedOnZ),
                "dz is z",
                call);
          }
        });
  }

  @Test
  void bitsOfRowsAreTheSame() {
    each(
        call -> {
          // channels of one row, or all of several
          if (!call.curve.hasBits() || call.from > 0 && call.endRow - call.firstRow > 1) {
            return;
          }
          long[] bits = call.bits.clone();
          long[] expected = call.bits.clone();
          same(
              call.marked(VECTORS, call.d.clone(), bits),
              call.marked(SCALARS, call.d.clone(), expected),
              "y with bits",
              call);
          assertThat(bits).as("bits of %s", call).isEqualTo(expected);
        });
  }
}
