package org.lanenorm.verify;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.Layout;

/**
 * For kernels whose results depend on the numbers alone: the same bits in both layouts, for any
 * number of threads and in every call. Each property is about all operations there are.
 */
public interface SameBitsContract extends Contract {
  /** Large enough that a thread gets several segments. */
  @Provide
  default Arbitrary<Case> large() {
    return Cases.large();
  }

  /** Values permuted. */
  @Property(tries = 500)
  default void nchwAndNhwcGiveTheSameBits(@ForAll Case input) {
    if (kernel().layouts().size() < 2) {
      throw new MissingOperation("one of the layouts");
    }
    Operation.Inputs nchw = Operation.Inputs.of(this, input, Layout.NCHW);
    Operation.Inputs nhwc = Operation.Inputs.of(this, input, Layout.NHWC);
    Operation.each(
        operation -> {
          float[] first = new float[input.size().length()];
          float[] last = new float[input.size().length()];
          Operation.Results expected = operation.run(kernel(), nchw, first);
          operation.run(kernel(), nhwc, last).sameBits(expected, operation + " of " + nhwc);
          float[] permuted = Tensors.permuted(last, true, input.size());
          Checks.sameBits(permuted, first, "the result, permuted,", operation + " of " + nhwc);
        });
  }

  /** Against one thread. */
  @Property(tries = 300)
  default void resultDoesNotDependOnThreads(
      @ForAll Case input,
      @ForAll("layouts") Layout layout,
      @ForAll @IntRange(min = 2, max = 16) int threads) {
    BatchNormUnderTest kernel = kernel();
    if (kernel.onThreads(threads) == kernel) {
      throw new MissingOperation("onThreads");
    }
    sameBits(input, layout, threads);
  }

  /** Against one thread, on tensors that threads share. */
  @Property(tries = 12)
  default void resultOfALargeTensorDoesNotDependOnThreads(
      @ForAll("large") Case input,
      @ForAll("layouts") Layout layout,
      @ForAll @IntRange(min = 2, max = 16) int threads) {
    resultDoesNotDependOnThreads(input, layout, threads);
  }

  /** Nothing is left over from the first call. */
  @Property(tries = 120)
  default void theSameCallTwiceGivesTheSameBits(
      @ForAll @AtMost(8192) Case input, @ForAll("layouts") Layout layout) {
    sameBits(input, layout, 1);
  }

  private void sameBits(Case input, Layout layout, int threads) {
    Operation.Inputs in = Operation.Inputs.of(this, input, layout);
    Operation.each(
        operation -> {
          String what = operation + " of " + in + " on " + threads + " threads";
          float[] one = new float[input.size().length()];
          float[] many = new float[input.size().length()];
          Operation.Results expected = operation.run(kernel().onThreads(1), in, one);
          operation.run(kernel().onThreads(threads), in, many).sameBits(expected, what);
          Checks.sameBits(many, one, "the result", what);
        });
  }
}
