package org.lanenorm;

import java.util.Arrays;
import org.lanenorm.kernel.ChannelAffine;
import org.lanenorm.kernel.ChannelBounds;

/**
 * How far the results of one call may lie from the exact ones, per channel: not what any input
 * could cause, but what these numbers did, within a few per cent. Owned by the caller and
 * overwritten by each call that is given it; a call that throws leaves it as it was. {@code
 * ChannelMoments.of}, a {@link MomentsAccumulator} and {@code BatchNorm.forwardTraining} over
 * arrays take one. Calls with a {@link Mask} or a {@link Storage}, inference, {@link
 * ActivatedBatchNorm}, {@link SyncedBatchNorm} and the rest of the family have no bounds.
 *
 * <p>Each element is added up in double as well, which costs about what the moments cost, and each
 * channel takes some 10 ns more, which tells where channels are short.
 *
 * <p>For every finite input the bounds hold without exception, and are the same bits in every
 * layout, vector width, thread count and back end. They are exactly 0 where a channel is constant.
 * Where a channel holds a NaN or an infinity, and where there are no elements, they are NaN.
 *
 * <h2>Derivation</h2>
 *
 * An error analysis that adds up what each rounding may do at worst (Wilkinson, Rounding Errors in
 * Algebraic Processes, 1963; Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition,
 * 2002, section 3.3) is 100 to 1,000 times too cautious here, as roundings go both ways. The bounds
 * therefore come from a comparison. While a segment of x is at hand, it is summed in double as
 * well, around R:
 *
 * <pre>
 * d  = x - R,   T1 = sum(d),   T2 = sum(d^2)
 * </pre>
 *
 * R is the channel's first element, or 0 where the distances of that from seven others, spread over
 * the channel's first tensor, add up to its size or more. Any R will do for what follows. This one
 * is the value of a constant channel, is near the data, and as a rule saves a subtraction.
 *
 * <p>Each bound is the distance from the result to that reference, however the result came about,
 * plus a bound of the reference's own error. With e = 2^-53 and p the roundings that an element
 * passes through at most, the computed T1 is a sum of d*(1 + t) with |t| &lt;= p*e/(1 - p*e)
 * (Higham, lemma 3.1 and section 4.2): one in d itself, r - 1 in a lane of a segment that adds r
 * elements (r is at most 96, and at most M/8 + 1), 4 where lanes are folded and J - 1 over J
 * segments, p = r + J + 3. In T2 it is 2 more. (Nothing underflows or overflows: d is 0 or between
 * 2^-149 and 2^129.) By the Cauchy-Schwarz inequality sum(|d|) &lt;= sqrt(M*sum(d^2)). Therefore,
 * with
 *
 * <pre>
 * g = (p + 9)*e = (r + J + 12)*e,   q = T2*(1/M),   a = T1*(1/M)
 *
 * mean - R = a              within g*sqrt(q)
 * variance = q - a^2        within g*(q + 2*|a|*sqrt(q))
 * </pre>
 *
 * In the first, p*e*sqrt(q) is the error of T1. In the second, (p + 2)*e*q is that of T2, and
 * 2*|a|*p*e*sqrt(q) what the error of T1 makes of its square. The rest of g is more than the
 * roundings of these two formulas, of a and of the differences in what follows:
 *
 * <pre>
 * |mean error|     &lt;= |(mean - R) - a| + g*sqrt(q)
 * |variance error| &lt;= |variance - (q - a^2)| + g*(q + 2*|a|*sqrt(q))
 * </pre>
 *
 * Each is enlarged by 2^-40 of itself for the roundings of its own computation. R stays the same
 * over all segments, and over all tensors of an accumulator: their sums are simply added. q is the
 * mean squared distance from R, as a rule a few times the variance at most. g is 2^-45 for 100,000
 * elements: where the results come from float sums, the bounds are the errors to a few per cent.
 * Results that needed sums in double (hard data, fewer elements than lanes) are as good as the
 * reference; there the bounds are some 100 times e.
 *
 * <p>y is {@code fma(x - hi, k, b)}, exactly {@code (x - mean)*gamma*invStd + beta}. With mean and
 * variance the exact ones and K = gamma*invStd of them, what the stored numbers hi, k and b alone
 * cause is
 *
 * <pre>
 * (x - hi)*k + b - (x - mean)*K - beta = (x - mean)*(k - K) + ((mean - hi)*k + b - beta)
 * </pre>
 *
 * The last bracket follows from the reference. |K| is largest where the variance is least, at v =
 * max(0, q - a^2 - its error), and less than there by no more than the share min(1, error/(v +
 * epsilon)), epsilon as far as it stands inside the root: from v on the variance grows by two
 * errors at most, and 1/sqrt(1 + 2t) &gt;= 1 - t. |x - mean| is at most A = sqrt(max(T2 of two
 * lanes)) + |mean - R|, as no square exceeds a sum that it is part of: here one of 128 elements, so
 * that A is 2 to 4 times too large. Then there are the roundings of x - hi, u*|x - hi|*|k| with u =
 * 2^-24, and of the fma: at most u*(|(x - hi)*k| + |b|) + 2^-150, but never more than |(x - hi)*k|
 * either, since b itself is a float (three times that, where a channel is computed in double, which
 * rounds twice). With P = (A + |mean - hi|)*|k|:
 *
 * <pre>
 * |y error| &lt;= u*P + min(u*(P + |b|) + 2^-149, 3P) + A*|k - K| + |(mean - hi)*k + b - beta|
 * </pre>
 *
 * It is infinite where y may have exceeded the largest float.
 */
public final class ErrorBounds {
  private final double[] mean;
  private final double[] variance;
  private final double[] y;

  /** For C channels; all bounds are NaN until a call fills them. */
  public ErrorBounds(int channels) {
    Checks.channelCount(channels);
    mean = new double[channels];
    variance = new double[channels];
    y = new double[channels];
    Arrays.fill(mean, Double.NaN);
    Arrays.fill(variance, Double.NaN);
    Arrays.fill(y, Double.NaN);
  }

  /** Of moments: there is no y. */
  void set(ChannelBounds bounds, double[] means, double[] m2) {
    bounds.moments(means, m2, mean, variance);
    Arrays.fill(y, Double.NaN);
  }

  /** Of a training forward. */
  void set(
      ChannelBounds bounds,
      SavedStatistics saved,
      ChannelAffine affine,
      Convention convention,
      float[] gamma,
      float[] beta) {
    bounds.moments(saved.mean, saved.m2, mean, variance);
    double inside = convention.epsilonPlacement().inside(convention.epsilon());
    double outside = convention.epsilonPlacement().outside(convention.epsilon());
    bounds.output(affine, inside, outside, gamma, beta, y);
  }

  /** C. */
  public int channels() {
    return mean.length;
  }

  /** At least |mean - exact mean| of channel c. */
  public double mean(int c) {
    return mean[c];
  }

  /** At least |variance - exact variance| of channel c, the biased one. */
  public double variance(int c) {
    return variance[c];
  }

  /**
   * At least |y - exact y| of every element of channel c, the exact one from the exact mean and
   * variance; NaN where no y was computed.
   */
  public double y(int c) {
    return y[c];
  }

  @Override
  public String toString() {
    return "error bounds of " + channels() + " channels";
  }
}
