package org.lanenorm.jmh;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The floors: loops that do next to nothing with each element. */
final class Loops {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int L = F.length();

  private Loops() {}

  /** The sum, in four chains that hide the latency of an addition. */
  static float sum(float[] x, int from, int to) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    int i = from;
    for (; i <= to - 4 * L; i += 4 * L) {
      s0 = s0.add(FloatVector.fromArray(F, x, i));
      s1 = s1.add(FloatVector.fromArray(F, x, i + L));
      s2 = s2.add(FloatVector.fromArray(F, x, i + 2 * L));
      s3 = s3.add(FloatVector.fromArray(F, x, i + 3 * L));
    }
    float sum = s0.add(s1).add(s2.add(s3)).reduceLanes(VectorOperators.ADD);
    for (; i < to; i++) {
      sum += x[i];
    }
    return sum;
  }

  /** {@code y = a*x + b}; y may be x. C2 makes vectors of it, with aligned stores. */
  static void copy(float[] x, float[] y, float a, float b, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = Math.fma(x[i], a, b);
    }
  }

  /** {@code y = a*x + b*z}: two inputs, one output. */
  static void copy2(float[] x, float[] z, float[] y, float a, float b, int from, int to) {
    for (int i = from; i < to; i++) {
      y[i] = Math.fma(x[i], a, z[i] * b);
    }
  }

  /** {@code y = max(y, 0)}. */
  static void relu(float[] y) {
    for (int i = 0; i < y.length; i++) {
      y[i] = Math.max(y[i], 0);
    }
  }

  /** {@code dx = y > 0 ? dy : 0}. C2 makes branches of it, which guess wrong half of the time. */
  static void reluGradient(float[] y, float[] dy, float[] dx) {
    FloatVector zero = FloatVector.zero(F);
    int i = 0;
    for (; i <= y.length - L; i += L) {
      VectorMask<Float> on = FloatVector.fromArray(F, y, i).compare(VectorOperators.GT, zero);
      zero.blend(FloatVector.fromArray(F, dy, i), on).intoArray(dx, i);
    }
    for (; i < y.length; i++) {
      dx[i] = y[i] > 0 ? dy[i] : 0;
    }
  }
}
