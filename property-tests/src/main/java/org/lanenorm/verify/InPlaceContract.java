package org.lanenorm.verify;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.Layout;

/** For kernels that may write their result over an input: the bits are those of other places. */
public interface InPlaceContract extends Contract {
  /** y over x, dInput over x or over dOutput. Of all operations there are. */
  @Property(tries = 300)
  default void inPlaceEqualsOutOfPlace(
      @ForAll Case input,
      @ForAll("layouts") Layout layout,
      @ForAll @IntRange(min = 1, max = 4) int threads) {
    Operation.Inputs in = Operation.Inputs.of(this, input, layout);
    BatchNormUnderTest kernel = kernel().onThreads(threads);
    Operation.each(
        operation -> {
          String what = operation + " of " + in;
          float[] expected = new float[input.size().length()];
          Operation.Results results = operation.run(kernel, in, expected);
          if (operation == Operation.MOMENTS) {
            return;
          }
          Slice x = Slice.of(in.x().clone());
          operation.run(kernel, in, x, Slice.of(in.d()), x).sameBits(results, what + " in place");
          Checks.sameBits(x.array(), expected, "the result in x's place", what);
          if (operation.readsGradients()) {
            Slice d = Slice.of(in.d().clone());
            operation.run(kernel, in, Slice.of(in.x()), d, d).sameBits(results, what);
            Checks.sameBits(d.array(), expected, "the result in dOutput's place", what);
          }
        });
  }
}
