package org.lanenorm.verify;

import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.lanenorm.Layout;

/** NaN and infinity stay in their channel: all others keep their bits. */
public interface NonFiniteContract extends Contract {
  /** What is not finite. */
  @Provide
  default Arbitrary<Float> poisons() {
    return Arbitraries.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
  }

  /** A channel with such a value has no moments. */
  @Property(tries = 300)
  default void momentsKeepANonFiniteChannelToItself(
      @ForAll Case input, @ForAll("layouts") Layout layout, @ForAll("poisons") float poison) {
    Poisoned poisoned = new Poisoned(this, input, layout, poison);
    Operation.Results clean = poisoned.clean(Operation.MOMENTS);
    Operation.Results dirty = poisoned.dirty(Operation.MOMENTS);
    int c = poisoned.channel();
    Checks.check(
        !Double.isFinite(dirty.mean[c]) && Double.isNaN(dirty.variance[c]),
        "%s: channel %d has mean %s and variance %s",
        poisoned,
        c,
        dirty.mean[c],
        dirty.variance[c]);
    dirty.mean[c] = clean.mean[c];
    dirty.variance[c] = clean.variance[c];
    dirty.sameBits(clean, poisoned);
  }

  /** Its outputs are NaN. */
  @Property(tries = 300)
  default void trainingKeepsANonFiniteChannelToItself(
      @ForAll Case input, @ForAll("layouts") Layout layout, @ForAll("poisons") float poison) {
    Poisoned poisoned = new Poisoned(this, input, layout, poison);
    poisoned.clean(Operation.TRAINING);
    poisoned.dirty(Operation.TRAINING);
    float[] nan = new float[input.size().count()];
    Arrays.fill(nan, Float.NaN);
    poisoned.putChannel(poisoned.cleanTensor(), nan);
    Checks.sameBits(poisoned.dirtyTensor(), poisoned.cleanTensor(), "y", poisoned);
  }

  /** Mean and variance are constants: one element alone is concerned. */
  @Property(tries = 300)
  default void inferenceKeepsANonFiniteElementToItself(
      @ForAll Case input, @ForAll("layouts") Layout layout, @ForAll("poisons") float poison) {
    Poisoned poisoned = new Poisoned(this, input, layout, poison);
    poisoned.clean(Operation.INFERENCE);
    poisoned.dirty(Operation.INFERENCE);
    // 0 times infinity is NaN
    poisoned.cleanTensor()[poisoned.element()] =
        poison * poisoned.inputs().layer().gamma(poisoned.channel());
    Checks.sameBits(poisoned.dirtyTensor(), poisoned.cleanTensor(), "y", poisoned);
  }

  /** What the channel itself gets is its own affair. */
  @Property(tries = 150)
  default void backwardKeepsANonFiniteChannelToItself(
      @ForAll Case input, @ForAll("layouts") Layout layout, @ForAll("poisons") float poison) {
    new Poisoned(this, input, layout, poison).othersKeepTheirGradients(Operation.BACKWARD);
  }

  /** The same with mean and variance as constants. */
  @Property(tries = 150)
  default void backwardFrozenKeepsANonFiniteChannelToItself(
      @ForAll Case input, @ForAll("layouts") Layout layout, @ForAll("poisons") float poison) {
    new Poisoned(this, input, layout, poison).othersKeepTheirGradients(Operation.BACKWARD_FROZEN);
  }
}
