package org.lanenorm.verify;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.Layout;

/** Nothing is read or written beside the slices that were given, whether by one thread or many. */
public interface GuardContract extends Contract {
  /** Every slice lies between NaNs of its own bits, at odd offsets. Of all operations there are. */
  @Property(tries = 300)
  default void guardZonesStayUntouchedAndDoNotLeakIn(
      @ForAll Case input,
      @ForAll("layouts") Layout layout,
      @ForAll @IntRange(min = 1, max = 70) int before,
      @ForAll @IntRange(min = 1, max = 70) int after,
      @ForAll @IntRange(min = 1, max = 4) int threads) {
    Operation.Inputs in = Operation.Inputs.of(this, input, layout);
    BatchNormUnderTest kernel = kernel().onThreads(threads);
    int length = input.size().length();
    Operation.each(
        operation -> {
          String what = operation + " of " + in;
          float[] expected = new float[length];
          Operation.Results results = operation.run(kernel, in, expected);
          Slice x = Slice.guarded(in.x(), before, after);
          Slice d = Slice.guarded(in.d(), after, before);
          Slice to = Slice.guarded(new float[length], before + 1, after);
          operation.run(kernel, in, x, d, to).sameBits(results, what);
          Checks.sameBits(to.values(length), expected, "the result", what);
          Checks.check(to.guardsAreIntact(length), "%s: written beside the result", what);
          Checks.check(x.guardsAreIntact(length), "%s: written beside x", what);
          Checks.check(d.guardsAreIntact(length), "%s: written beside dOutput", what);
          Checks.sameBits(x.values(length), input.x(layout), "x, an input,", what);
          Checks.sameBits(d.values(length), input.dOutput(layout), "dOutput, an input,", what);
        });
  }
}
