package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.sameBits;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.SameBitsContract;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Slice;

/** The answer depends on the numbers alone. */
class SameBitsProperties extends Properties implements SameBitsContract {
  /** Fewer channels than two per thread are shared by segments, whether packed or not. */
  @Example
  void segmentsOfFewChannelsDoNotDependOnThreads() {
    for (int spatial : new int[] {3, 20, 49, 600}) {
      Case input =
          new Case(new Shapes.Size(60_000 / spatial, 17, spatial), HardData.BENIGN, true, 7);
      nchwAndNhwcGiveTheSameBits(input);
      resultDoesNotDependOnThreads(input, Layout.NCHW, 10);
    }
  }

  /** To the last bit of M2, which the contract does not see. */
  @Property
  void trainingSavesTheMomentsOfItsBatch(
      @ForAll Case input, @ForAll Layout layout, @ForAll @IntRange(min = 1, max = 4) int threads) {
    TensorShape shape = input.shape(layout);
    Slice x = Slice.of(input.x(layout));
    ChannelMoments moments = ChannelMoments.of(input.x(Layout.NCHW), input.shape(Layout.NCHW));
    Library library = new Library(threads);
    sameBits(library.moments(x, shape), moments, "moments", input);
    Slice y = Slice.of(new float[shape.length()]);
    sameBits(library.train(input.layer(), x, y, shape).moments(), moments, "those saved", input);
    sameBits(library.train(input.layer(), x, x, shape).moments(), moments, "in place", input);
  }

  /** The frozen form and {@code apply} are inference, bit for bit. */
  @Property
  void theFrozenFormGivesTheBitsOfInference(
      @ForAll Case input, @ForAll Layout layout, @ForAll @IntRange(min = 1, max = 16) int threads) {
    TensorShape shape = input.shape(layout);
    Layer layer = input.layer();
    float[] x = input.x(layout);
    float[] inference = new float[x.length];
    float[] frozen = new float[x.length];
    kernel.inference(layer, Slice.of(x), Slice.of(inference), shape);
    Library.builder(layer, 1)
        .build()
        .freeze()
        .apply(x, 0, frozen, 0, shape, Library.parallelism(threads));
    sameBits(frozen, inference, "y of the frozen form", input);
  }
}
