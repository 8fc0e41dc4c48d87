package org.lanenorm.jmh;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The biased variance of one channel by the methods that textbooks offer, each as fast as the
 * Vector API lets it be. Lengths are multiples of {@link #CHUNK}: tails would add nothing to what
 * the comparison shows. No method takes or returns a vector, which C2 would box if it did not
 * inline it.
 */
final class TextbookMoments {
  /** Four vectors of 512 bits. */
  static final int CHUNK = 64;

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
  private static final int L = F.length();
  private static final VectorSpecies<Float> HALF_F =
      VectorSpecies.of(float.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

  private TextbookMoments() {}

  /** {@code E[x^2] - E[x]^2} in float: one read, and nothing left where |mean| &gt;&gt; std. */
  static double naive(float[] x) {
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector q0 = s0;
    FloatVector q1 = s0;
    FloatVector q2 = s0;
    FloatVector q3 = s0;
    for (int i = 0; i < x.length; i += 4 * L) {
      FloatVector x0 = FloatVector.fromArray(F, x, i);
      FloatVector x1 = FloatVector.fromArray(F, x, i + L);
      FloatVector x2 = FloatVector.fromArray(F, x, i + 2 * L);
      FloatVector x3 = FloatVector.fromArray(F, x, i + 3 * L);
      s0 = s0.add(x0);
      s1 = s1.add(x1);
      s2 = s2.add(x2);
      s3 = s3.add(x3);
      q0 = x0.fma(x0, q0);
      q1 = x1.fma(x1, q1);
      q2 = x2.fma(x2, q2);
      q3 = x3.fma(x3, q3);
    }
    float mean = s0.add(s1).add(s2.add(s3)).reduceLanes(VectorOperators.ADD) / x.length;
    return q0.add(q1).add(q2.add(q3)).reduceLanes(VectorOperators.ADD) / x.length - mean * mean;
  }

  /** The mean first, then {@code E[(x - mean)^2]}, in float: two reads. */
  static double twoPasses(float[] x) {
    return squares(x, Loops.sum(x, 0, x.length) / x.length) / x.length;
  }

  private static float squares(float[] x, float mean) {
    FloatVector q0 = FloatVector.zero(F);
    FloatVector q1 = q0;
    FloatVector q2 = q0;
    FloatVector q3 = q0;
    for (int i = 0; i < x.length; i += 4 * L) {
      FloatVector d0 = FloatVector.fromArray(F, x, i).sub(mean);
      FloatVector d1 = FloatVector.fromArray(F, x, i + L).sub(mean);
      FloatVector d2 = FloatVector.fromArray(F, x, i + 2 * L).sub(mean);
      FloatVector d3 = FloatVector.fromArray(F, x, i + 3 * L).sub(mean);
      q0 = d0.fma(d0, q0);
      q1 = d1.fma(d1, q1);
      q2 = d2.fma(d2, q2);
      q3 = d3.fma(d3, q3);
    }
    return q0.add(q1).add(q2.add(q3)).reduceLanes(VectorOperators.ADD);
  }

  /**
   * Welford's update in every lane, in float, without a division: {@code mean += d/k; M2 += d*(x -
   * mean)}. B. P. Welford, Note on a Method for Calculating Corrected Sums of Squares and Products,
   * 1962; the lanes, which all hold as many elements, are merged by Chan, Golub and LeVeque's form.
   *
   * @param reciprocals 1/1, 1/2, ... one for each {@code 4*L} elements
   * @param means receives the lanes' means; {@link #CHUNK} floats
   */
  static double welford(float[] x, float[] reciprocals, float[] means) {
    return (double) lanesM2(x, reciprocals, means) / x.length + spread(means);
  }

  private static float lanesM2(float[] x, float[] reciprocals, float[] means) {
    FloatVector m0 = FloatVector.zero(F);
    FloatVector m1 = m0;
    FloatVector m2 = m0;
    FloatVector m3 = m0;
    FloatVector q0 = m0;
    FloatVector q1 = m0;
    FloatVector q2 = m0;
    FloatVector q3 = m0;
    for (int i = 0, k = 0; i < x.length; i += 4 * L, k++) {
      FloatVector r = FloatVector.broadcast(F, reciprocals[k]);
      FloatVector x0 = FloatVector.fromArray(F, x, i);
      FloatVector x1 = FloatVector.fromArray(F, x, i + L);
      FloatVector x2 = FloatVector.fromArray(F, x, i + 2 * L);
      FloatVector x3 = FloatVector.fromArray(F, x, i + 3 * L);
      FloatVector d0 = x0.sub(m0);
      FloatVector d1 = x1.sub(m1);
      FloatVector d2 = x2.sub(m2);
      FloatVector d3 = x3.sub(m3);
      m0 = d0.fma(r, m0);
      m1 = d1.fma(r, m1);
      m2 = d2.fma(r, m2);
      m3 = d3.fma(r, m3);
      q0 = d0.fma(x0.sub(m0), q0);
      q1 = d1.fma(x1.sub(m1), q1);
      q2 = d2.fma(x2.sub(m2), q2);
      q3 = d3.fma(x3.sub(m3), q3);
    }
    m0.intoArray(means, 0);
    m1.intoArray(means, L);
    m2.intoArray(means, 2 * L);
    m3.intoArray(means, 3 * L);
    return q0.add(q1).add(q2.add(q3)).reduceLanes(VectorOperators.ADD);
  }

  /** The variance of the lanes' means; scalar, as C2 has a limit to the vectors of one method. */
  private static double spread(float[] means) {
    double sum = 0;
    double squares = 0;
    for (int lane = 0; lane < 4 * L; lane++) {
      double d = (double) means[lane] - means[0];
      sum += d;
      squares += d * d;
    }
    double mean = sum / (4 * L);
    return squares / (4 * L) - mean * mean;
  }

  /**
   * Kahan's compensated sums, in float, of x - x[0] and of its square: what a sum loses is carried
   * into its next addend. Without the shift, squares of a large mean would lose the digits before
   * they are added. Two chains, as four would be more than C2 takes into one method.
   */
  static double kahan(float[] x) {
    FloatVector shift = FloatVector.broadcast(F, x[0]);
    FloatVector s0 = FloatVector.zero(F);
    FloatVector s1 = s0;
    FloatVector q0 = s0;
    FloatVector q1 = s0;
    FloatVector lostS0 = s0;
    FloatVector lostS1 = s0;
    FloatVector lostQ0 = s0;
    FloatVector lostQ1 = s0;
    for (int i = 0; i < x.length; i += 2 * L) {
      FloatVector d0 = FloatVector.fromArray(F, x, i).sub(shift);
      FloatVector d1 = FloatVector.fromArray(F, x, i + L).sub(shift);
      FloatVector addend = d0.sub(lostS0);
      FloatVector next = s0.add(addend);
      lostS0 = next.sub(s0).sub(addend);
      s0 = next;
      addend = d1.sub(lostS1);
      next = s1.add(addend);
      lostS1 = next.sub(s1).sub(addend);
      s1 = next;
      addend = d0.mul(d0).sub(lostQ0);
      next = q0.add(addend);
      lostQ0 = next.sub(q0).sub(addend);
      q0 = next;
      addend = d1.mul(d1).sub(lostQ1);
      next = q1.add(addend);
      lostQ1 = next.sub(q1).sub(addend);
      q1 = next;
    }
    double mean = s0.add(s1).reduceLanes(VectorOperators.ADD) / (double) x.length;
    return q0.add(q1).reduceLanes(VectorOperators.ADD) / (double) x.length - mean * mean;
  }

  /** {@code E[x^2] - E[x]^2} in double: still cancels, 2^29 times later. */
  static double doubles(float[] x) {
    DoubleVector s0 = DoubleVector.zero(D);
    DoubleVector s1 = s0;
    DoubleVector s2 = s0;
    DoubleVector s3 = s0;
    DoubleVector q0 = s0;
    DoubleVector q1 = s0;
    DoubleVector q2 = s0;
    DoubleVector q3 = s0;
    for (int i = 0; i < x.length; i += 2 * L) {
      DoubleVector x0 = (DoubleVector) FloatVector.fromArray(HALF_F, x, i).castShape(D, 0);
      DoubleVector x1 = (DoubleVector) FloatVector.fromArray(HALF_F, x, i + L / 2).castShape(D, 0);
      DoubleVector x2 = (DoubleVector) FloatVector.fromArray(HALF_F, x, i + L).castShape(D, 0);
      DoubleVector x3 =
          (DoubleVector) FloatVector.fromArray(HALF_F, x, i + L + L / 2).castShape(D, 0);
      s0 = s0.add(x0);
      s1 = s1.add(x1);
      s2 = s2.add(x2);
      s3 = s3.add(x3);
      q0 = x0.fma(x0, q0);
      q1 = x1.fma(x1, q1);
      q2 = x2.fma(x2, q2);
      q3 = x3.fma(x3, q3);
    }
    double mean = s0.add(s1).add(s2.add(s3)).reduceLanes(VectorOperators.ADD) / x.length;
    double squares = q0.add(q1).add(q2.add(q3)).reduceLanes(VectorOperators.ADD);
    return squares / x.length - mean * mean;
  }
}
