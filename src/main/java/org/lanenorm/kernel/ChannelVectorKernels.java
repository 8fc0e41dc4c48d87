package org.lanenorm.kernel;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * What each channel takes once per call or segment, in double, a vector of channels at a time: for
 * 512 channels of 49 elements these divisions and roots cost as much as the elements do. To the bit
 * what {@link ChannelReduction}, {@link ChannelAffine} and {@link ChannelGradients} compute one by
 * one, who also take the channels left over, and each vector with a channel that is not plain.
 */
final class ChannelVectorKernels {
  private static final VectorSpecies<Float> F = VectorWidth.SPECIES;
  private static final VectorSpecies<Double> D = VectorSpecies.of(double.class, F.vectorShape());
  private static final VectorSpecies<Float> HALF_F =
      VectorSpecies.of(float.class, VectorShape.forBitSize(F.vectorBitSize() / 2));
  private static final int L = D.length();

  /**
   * What is as small as this, and not 0, or as large as {@link #LARGE} may not be a normal float:
   * one by one they find out.
   */
  private static final double SMALL = 0x1p-125;

  private static final double LARGE = 0x1p127;

  private ChannelVectorKernels() {}

  /** {@link ChannelReduction#segmentMoments} of each segment in [firstSegment, endSegment). */
  static void segmentMoments(
      float[] x,
      int xOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] shift,
      double[] sum,
      double[] square,
      Scratch scratch) {
    int width = to - from;
    int whole = D.loopBound(width);
    for (int segment = firstSegment, at = 0; segment < endSegment; segment++, at += width) {
      double n = order.count(segment);
      boolean averaging = n >= Segments.LANES;
      for (int c = 0; c < whole; c += L) {
        int i = at + c;
        DoubleVector s1 = DoubleVector.fromArray(D, sum, i);
        DoubleVector s2 = DoubleVector.fromArray(D, square, i);
        DoubleVector spread = s2.sub(s1.mul(s1).div(n));
        VectorMask<Double> plain =
            spread
                .mul(ChannelReduction.WORST_SHIFT)
                .compare(VectorOperators.GE, s2)
                .and(s2.compare(VectorOperators.GE, ChannelReduction.SMALLEST_SQUARES))
                .and(s2.compare(VectorOperators.LT, Double.POSITIVE_INFINITY));
        if (averaging && plain.allTrue()) {
          ((DoubleVector) FloatVector.fromArray(HALF_F, shift, i).castShape(D, 0))
              .add(s1.div(n))
              .intoArray(sum, i);
          spread.intoArray(square, i);
        } else {
          ChannelReduction.segmentMoments(
              x, xOffset, order, segment, from + c, from + c + L, shift, sum, square, i, scratch);
        }
      }
      ChannelReduction.segmentMoments(
          x, xOffset, order, segment, from + whole, to, shift, sum, square, at + whole, scratch);
    }
  }

  /**
   * {@link ChannelReduction#segmentGradients} of each segment in [firstSegment, endSegment): which
   * channels, if any, float was not enough for.
   */
  static void segmentGradients(
      float[] x,
      int xOffset,
      float[] dy,
      int dyOffset,
      Segments order,
      int firstSegment,
      int endSegment,
      int from,
      int to,
      float[] hi,
      double[] sum,
      double[] product,
      Scratch scratch) {
    int width = to - from;
    int whole = D.loopBound(width);
    for (int segment = firstSegment, at = 0; segment < endSegment; segment++, at += width) {
      for (int c = 0; c < whole; c += L) {
        DoubleVector s = DoubleVector.fromArray(D, sum, at + c).abs();
        DoubleVector p = DoubleVector.fromArray(D, product, at + c).abs();
        VectorMask<Double> enough =
            s.compare(VectorOperators.LT, Double.POSITIVE_INFINITY)
                .and(p.compare(VectorOperators.LT, Double.POSITIVE_INFINITY))
                .and(
                    p.compare(VectorOperators.GE, ChannelReduction.SMALLEST_PRODUCTS)
                        .or(p.compare(VectorOperators.EQ, 0.0)));
        if (!enough.allTrue()) {
          ChannelReduction.segmentGradients(
              x,
              xOffset,
              dy,
              dyOffset,
              order,
              segment,
              from + c,
              from + c + L,
              hi,
              sum,
              product,
              at + c,
              scratch);
        }
      }
      ChannelReduction.segmentGradients(
          x,
          xOffset,
          dy,
          dyOffset,
          order,
          segment,
          from + whole,
          to,
          hi,
          sum,
          product,
          at + whole,
          scratch);
    }
  }

  /**
   * {@link ChannelReduction#invStd} and {@link ChannelAffine#compute} of the channels [from, to).
   */
  static void coefficients(
      double[] mean,
      double[] m2,
      double count,
      double epsilon,
      double[] invStd,
      float[] gamma,
      float[] beta,
      ChannelAffine affine,
      int from,
      int to) {
    int whole = from + D.loopBound(to - from);
    affine.setPlain(from, whole);
    DoubleVector one = DoubleVector.broadcast(D, 1);
    for (int c = from; c < whole; c += L) {
      DoubleVector m = DoubleVector.fromArray(D, mean, c);
      DoubleVector r = one.div(DoubleVector.fromArray(D, m2, c).div(count).add(epsilon).sqrt());
      r.intoArray(invStd, c);
      DoubleVector k = r;
      if (gamma != null) {
        k = ((DoubleVector) FloatVector.fromArray(HALF_F, gamma, c).castShape(D, 0)).mul(r);
      }
      DoubleVector offset = DoubleVector.zero(D);
      if (beta != null) {
        offset = (DoubleVector) FloatVector.fromArray(HALF_F, beta, c).castShape(D, 0);
      }
      FloatVector hi = (FloatVector) m.castShape(HALF_F, 0);
      DoubleVector b = offset.sub(m.sub((DoubleVector) hi.castShape(D, 0)).mul(k));
      DoubleVector size = k.abs();
      VectorMask<Double> plain =
          m.abs()
              .compare(VectorOperators.LT, ChannelAffine.LARGEST_MEAN)
              .and(size.compare(VectorOperators.LT, LARGE))
              .and(
                  size.compare(VectorOperators.GT, SMALL).or(size.compare(VectorOperators.EQ, 0.0)))
              .and(b.abs().compare(VectorOperators.LT, LARGE));
      if (plain.allTrue()) {
        hi.intoArray(affine.hi, c);
        ((FloatVector) k.castShape(HALF_F, 0)).intoArray(affine.k, c);
        ((FloatVector) b.castShape(HALF_F, 0)).intoArray(affine.b, c);
        m.intoArray(affine.mean, c);
        k.intoArray(affine.scale, c);
        offset.intoArray(affine.shift, c);
      } else {
        affine.compute(mean, invStd, gamma, beta, c, c + L);
      }
    }
    ChannelReduction.invStd(m2, count, epsilon, invStd, whole, to);
    affine.compute(mean, invStd, gamma, beta, whole, to);
  }

  /** {@link ChannelGradients#compute} of the channels [from, to). */
  static void coefficients(
      ChannelGradients gradients, double[] invStd, float[] gamma, double count, int from, int to) {
    int whole = from + D.loopBound(to - from);
    double[] ofRoot = gradients.ofRoot(invStd);
    gradients.setPlain(from, whole);
    for (int c = from; c < whole; c += L) {
      DoubleVector r = DoubleVector.fromArray(D, invStd, c);
      DoubleVector k = r;
      if (gamma != null) {
        k = ((DoubleVector) FloatVector.fromArray(HALF_F, gamma, c).castShape(D, 0)).mul(r);
      }
      DoubleVector m = DoubleVector.fromArray(D, gradients.mean, c);
      DoubleVector p =
          k.neg()
              .mul(r)
              .mul(DoubleVector.fromArray(D, ofRoot, c))
              .mul(DoubleVector.fromArray(D, gradients.product, c).div(count));
      DoubleVector shift = DoubleVector.zero(D);
      if (gradients.centered()) {
        shift = k.neg().mul(DoubleVector.fromArray(D, gradients.sum, c).div(count));
      }
      DoubleVector hi =
          (DoubleVector) FloatVector.fromArray(HALF_F, gradients.hi, c).castShape(D, 0);
      DoubleVector q = shift.sub(p.mul(m.sub(hi)));
      DoubleVector sizeK = k.abs();
      DoubleVector sizeP = p.abs();
      VectorMask<Double> plain =
          m.abs()
              .compare(VectorOperators.LT, ChannelAffine.LARGEST_MEAN)
              .and(sizeK.max(sizeP).max(q.abs()).compare(VectorOperators.LT, LARGE))
              .and(
                  sizeK
                      .compare(VectorOperators.GT, SMALL)
                      .or(sizeK.compare(VectorOperators.EQ, 0.0)))
              .and(
                  sizeP
                      .compare(VectorOperators.GT, SMALL)
                      .or(sizeP.compare(VectorOperators.EQ, 0.0)));
      if (plain.allTrue()) {
        ((FloatVector) k.castShape(HALF_F, 0)).intoArray(gradients.k, c);
        ((FloatVector) p.castShape(HALF_F, 0)).intoArray(gradients.p, c);
        ((FloatVector) q.castShape(HALF_F, 0)).intoArray(gradients.q, c);
        k.intoArray(gradients.scale, c);
        p.intoArray(gradients.slope, c);
        shift.intoArray(gradients.shift, c);
      } else {
        gradients.compute(invStd, gamma, count, c, c + L);
      }
    }
    gradients.compute(invStd, gamma, count, whole, to);
  }
}
