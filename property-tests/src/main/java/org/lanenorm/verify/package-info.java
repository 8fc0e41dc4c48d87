/**
 * A slow oracle that is plainly right, data that is hard on purpose, and the bounds between them.
 *
 * <p>{@link org.lanenorm.verify.Oracle} computes batch normalization from its formulas in exact
 * arithmetic; {@link org.lanenorm.verify.Bounds} says how far from it a result may be. {@link
 * org.lanenorm.verify.Shapes} and {@link org.lanenorm.verify.HardData} make what kernels break on,
 * {@link org.lanenorm.verify.ExactData} what they must get exactly right. {@link
 * org.lanenorm.verify.Digest} boils the bits of all operations down to a few lines that are the
 * same on every machine.
 */
package org.lanenorm.verify;
