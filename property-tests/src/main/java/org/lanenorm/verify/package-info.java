/**
 * A slow oracle that is plainly right, data that is hard on purpose, the bounds between them, and
 * properties that hold a kernel to these.
 *
 * <p>{@link org.lanenorm.verify.Oracle} computes batch normalization from its formulas in exact
 * arithmetic; {@link org.lanenorm.verify.Bounds} and {@link org.lanenorm.verify.GradientBounds} say
 * how far from it a result may be. {@link org.lanenorm.verify.Shapes} and {@link
 * org.lanenorm.verify.HardData} make what kernels break on, {@link org.lanenorm.verify.ExactData}
 * what they must get exactly right. {@link org.lanenorm.verify.Digest} boils the bits of all
 * operations down to a few lines that are the same on every machine.
 *
 * <p>{@link org.lanenorm.verify.BatchNormContract} runs all properties on a {@link
 * org.lanenorm.verify.BatchNormUnderTest}, with JUnit and jqwik, as far off as its {@link
 * org.lanenorm.verify.Tolerance} says; {@link org.lanenorm.verify.SameBitsContract} and {@link
 * org.lanenorm.verify.InPlaceContract} are for those who promise more. What fails shrinks to the
 * plainest {@link org.lanenorm.verify.Case} that does. Only these need jqwik on the class path.
 */
package org.lanenorm.verify;
