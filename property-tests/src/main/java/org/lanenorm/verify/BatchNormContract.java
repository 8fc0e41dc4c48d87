package org.lanenorm.verify;

/**
 * All properties that a good batch normalization has: extend it, say which {@link #kernel} it is
 * about, and run it with JUnit and jqwik. What only some promise is apart: {@link SameBitsContract}
 * and {@link InPlaceContract}, which the same class may implement.
 */
public abstract class BatchNormContract
    implements MomentsContract,
        ForwardContract,
        BackwardContract,
        GuardContract,
        NonFiniteContract {}
