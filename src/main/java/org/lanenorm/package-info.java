/**
 * Batch normalization over flat {@code float[]}, in one order of arithmetic.
 *
 * <h2>Symbols and formulas</h2>
 *
 * A tensor x has N images (batch), C channels and S spatial positions; M = N*S is the number of
 * elements of one channel. All sums below run over the M elements of one channel.
 *
 * <pre>
 * mean     = sum(x)/M
 * M2       = sum((x - mean)^2)
 * variance = M2/M              (biased; unbiasedVariance = M2/(M - 1))
 * invStd   = 1/sqrt(variance + epsilon)
 * xHat     = (x - mean)*invStd
 * y        = gamma*xHat + beta
 *
 * dBeta    = sum(dOutput)
 * dGamma   = sum(dOutput*xHat)
 * dInput   = gamma*invStd*(dOutput - dBeta/M - xHat*dGamma/M)     after a training forward
 * dInput   = gamma*invStd*dOutput                                 where mean and variance are constants (frozen)
 *
 * running  = running + share*(batch - running)                    share as {@link org.lanenorm.Momentum} says
 * </pre>
 *
 * Definitions: Ioffe and Szegedy, Batch Normalization: Accelerating Deep Network Training by
 * Reducing Internal Covariate Shift, 2015 (arXiv:1502.03167), algorithm 1 and section 3.
 *
 * <h2>Conventions</h2>
 *
 * What frameworks compute differs in where epsilon stands, in what is averaged and in whose
 * statistics inference takes ({@link org.lanenorm.Convention}; {@link org.lanenorm.Conventions} has
 * them by name, with their sources). The formulas above are those of epsilon inside the root. In
 * general, with R the root and D the divisor:
 *
 * <pre>
 * {@link org.lanenorm.EpsilonPlacement}   R                          D
 * INSIDE_SQRT        sqrt(variance + epsilon)   R
 * ON_STD             sqrt(variance)             R + epsilon
 * BOTH               sqrt(variance + epsilon)   R + epsilon
 *
 * invStd   = 1/D
 * xHat     = (x - mean)*invStd
 * dInput   = gamma*invStd*(dOutput - dBeta/M - xHat*(dGamma/M)*(D/R))   after a training forward
 * </pre>
 *
 * and all else as above: dD/dx = dR/dx = (x - mean)/(M*R), so that the derivative of the divisor
 * brings 1/R where invStd was. Where R = 0 (epsilon outside alone, a constant channel) R has no
 * derivative but y has, (x - mean)*R being of second order: the last term is 0.
 *
 * <pre>
 * {@link org.lanenorm.VarianceConvention}  what a batch contributes to the running variance
 * BIASED              M2/M
 * UNBIASED            M2/(M - 1)
 * UNBIASED_CLAMPED    M2/max(M - 1, 1)
 * KERAS_LEGACY        M2/(M - (1 + epsilon))
 * </pre>
 *
 * With {@link org.lanenorm.Spread#STANDARD_DEVIATION} the running statistic averages R of that
 * variance, and inference takes it for R. A {@link org.lanenorm.Conversion} from one convention to
 * another solves {@code D(spread) = D'(spread')}.
 *
 * <p>A debiased average ({@link org.lanenorm.Momentum#zeroDebiased}) has the share {@code s/(1 - (1
 * - s)^t)} in its t-th step: if r is an average from 0, r/(1 - (1 - s)^t) moves by just that.
 *
 * <h2>The family</h2>
 *
 * differs in what statistics are taken of. With M the number of those elements, and gamma and beta
 * per channel:
 *
 * <pre>
 * {@link org.lanenorm.GroupNorm}       C/G neighbouring channels of one image, at all positions; instance norm: G = C
 * {@link org.lanenorm.LayerNorm}       the C channels of one image at one position
 * {@link org.lanenorm.RmsNorm}         likewise; mean 0 and variance sum(x^2)/M
 * {@link org.lanenorm.GhostBatchNorm}  one channel of some images
 *
 * xHat     = (x - mean)*invStd,   y = gamma*xHat + beta
 * dBeta    = sum(dOutput),   dGamma = sum(dOutput*xHat)     over all elements of a channel
 * A        = sum(gamma*dOutput),   B = sum(gamma*dOutput*xHat)     over the M elements of a statistic
 * dInput   = invStd*(gamma*dOutput - A/M - xHat*B/M)     (RMS norm: without A/M)
 * </pre>
 *
 * What is normalized by itself is a channel of a batch of one in the sense of what follows: a
 * channel of an image, or a line of M positions, whichever way it lies in memory. Channels of a
 * group are merged as segments are. dGamma and dBeta are summed over parts of some images, about
 * 32,768 elements or one image each, a function of C and S; the parts are added in order in double.
 *
 * <h2>Masks</h2>
 *
 * With a {@link org.lanenorm.Mask} all sums run over the valid positions, M is their number, and y
 * and dInput are 0 at the others. The result is by definition that of the valid positions laid end
 * to end as one image: all that is said below holds of that.
 *
 * <h2>Storage</h2>
 *
 * Tensors may also lie in memory segments, and be bfloat16 or IEEE float16: {@link
 * org.lanenorm.Storage}. With w(x) the floats that a storage holds, which are exact, and r(y) a
 * float rounded to the storage's format, to nearest, ties to even: {@code y = r(f(w(x)))} with f
 * the operation on floats, whatever it is. Nothing between is rounded to fewer bits.
 *
 * <h2>Determinism</h2>
 *
 * A result is a function of the values, N, C and S alone: the same bits in NCHW and NHWC (values
 * permuted), for any number of threads, any vector width, the scalar and the vector back end,
 * interpreted and compiled. (Every NaN counts as the same; where several have different payloads,
 * processors differ.) Every reduction therefore follows one canonical order that all of these can
 * walk at full speed:
 *
 * <ul>
 *   <li>16 lanes: position s of an image belongs to lane s mod 16 (images of fewer than 16
 *       positions are laid end to end first). 16 consecutive positions are a superrow; a vector
 *       holds it, or a part of it, in NCHW, and in NHWC it is 16*C floats.
 *   <li>A block is 16 superrows; each lane sums its 16 values by a perfect binary tree in float.
 *       What is missing counts as 0.
 *   <li>A segment is 4 blocks (up to 6 at the end), about 1,024 elements. Around a shift K near the
 *       data, the mean of 64 of the segment's elements, it yields {@code S1 = sum(x - K)} and
 *       {@code S2 = sum((x - K)^2)}: blocks are added in order, then the 16 lanes are folded by
 *       halving in double.
 *   <li>In double, {@code mean = K + S1/n} and {@code M2 = S2 - S1^2/n} for each segment, and
 *       segments are merged in order by the update of Chan, Golub and LeVeque (1979), the pairwise
 *       form of Welford's (1962), taken for all of them at once.
 * </ul>
 *
 * Threads take whole channels or whole segments; they never change who is added to whom. The
 * workers of a {@link org.lanenorm.SyncedBatchNorm} each cut segments of their own share: where
 * those are the batch's, so are the bits.
 *
 * <h2>Accuracy</h2>
 *
 * With u = 2^-24, for every finite input:
 *
 * <pre>
 * |mean error|     &lt;= 4u*(|mean| + std)
 * |variance error| &lt;= 8u*variance
 * |y error|        &lt;= 8u*(|gamma*xHat| + |beta| + |k|*(u*|mean| + std/2)),   k = gamma*invStd
 * constant channel: variance exactly 0, y exactly beta
 * </pre>
 *
 * and one smallest subnormal. In y, 4u of |gamma*xHat| are the variance's share, and 4u of |k|*std
 * are the mean's, which an element next to the mean cannot escape (where mean and variance are
 * constants that share is 0). Where the bounds come from:
 *
 * <ul>
 *   <li>x - K is rounded once, and so is each pair of squares. Trees and chains this short lose
 *       little even where all roundings go one way (equal addends), and S2 is at most 1.5 times M2,
 *       so that the subtraction adds little to an error.
 *   <li>A segment where that does not hold is redone in double, decided by its values alone: K was
 *       too far from the mean (S2 over 1.5*M2), a sum overflowed (an outlier of 1e30), squares may
 *       have underflowed, or there are fewer elements than lanes.
 *   <li>y keeps its digits at any offset: the double mean is split into {@code hi} (a float) and
 *       the rest, and {@code y = fma(x - hi, k, b)} with {@code k = gamma*invStd} and {@code b =
 *       beta - rest*k} from double. x - hi is exact near the mean. The folded {@code x*a + b} would
 *       lose all digits that x and the mean share.
 *   <li>Channels whose coefficients leave float's normal range (epsilon 0 with a tiny or huge
 *       variance, a mean over 2^103) are computed in double, element by element.
 *   <li>Gradient sums use the same order and split. Their error is bounded relative to the sum of
 *       the terms' sizes, as terms of either sign may cancel; products under 2^-126 may each be off
 *       by 2^-150.
 * </ul>
 *
 * <p>What the errors of one call were, rather than what they may be at worst, is bounded by {@link
 * org.lanenorm.ErrorBounds}, per channel and without exception; it has the derivation.
 *
 * <h2>Residual and activation</h2>
 *
 * A frozen layer or one in training may add a residual z and end in an {@link
 * org.lanenorm.Activation}:
 *
 * <pre>
 * v         = (x - mean)*k + beta + z       y rounded to float, then the sum with z
 * y         = act(v)
 * dResidual = act'(v)*dOutput               and dInput, dGamma and dBeta as above with it for dOutput
 * </pre>
 *
 * In training ({@link org.lanenorm.ActivatedBatchNorm}) likewise with the batch's mean and
 * variance, where act' takes one of two values: the forward keeps a bit of each element that tells
 * which, and the backward reads neither y nor z.
 *
 * <p>Fused or one step after another, the bits are the same. SiLU's exponential is {@code 2^n*p(r)}
 * with a polynomial p, in float, by fma and in one order: neither {@link java.lang.Math#exp} nor
 * the Vector API's promises its bits.
 *
 * <h2>Running statistics</h2>
 *
 * are kept in double, so that they arrive where float averages stall ({@link
 * org.lanenorm.RunningStatistics}). {@link org.lanenorm.PopulationStatistics} has those of a whole
 * data set instead.
 *
 * <h2>Errors</h2>
 *
 * Every argument is checked before anything is written: a call that throws has changed nothing.
 * {@link java.lang.IllegalArgumentException} and {@link java.lang.NullPointerException} name the
 * argument, what it was and what is allowed; {@link java.lang.IndexOutOfBoundsException} is for the
 * index of one value among several, such as a channel's.
 *
 * <h2>Threads</h2>
 *
 * Calls are sequential unless given a {@link org.lanenorm.Parallelism}. {@link
 * org.lanenorm.ChannelMoments} and {@link org.lanenorm.FrozenBatchNorm} are values for any thread;
 * a {@link org.lanenorm.BatchNorm} or {@link org.lanenorm.MomentsAccumulator} owns a workspace and
 * is used by one thread at a time. Several threads train one layer through a {@link
 * org.lanenorm.SyncedBatchNorm}, each with its share of the batch.
 *
 * <h2>Back ends</h2>
 *
 * {@link org.lanenorm.Lanenorm#backend} tells which kernels this JVM uses. On the module path they
 * are the vector ones; on the class path that takes {@code --add-modules jdk.incubator.vector}, and
 * without it the scalar ones run after one warning.
 */
package org.lanenorm;
