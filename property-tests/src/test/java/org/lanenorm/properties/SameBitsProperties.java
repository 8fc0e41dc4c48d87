package org.lanenorm.properties;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Tensors;

/** The answer depends on the numbers alone. */
class SameBitsProperties extends Properties {
  /** Every result of one input, in NCHW order. */
  private record Results(
      ChannelMoments moments,
      float[] y,
      float[] inference,
      float[] dInput,
      float[] dGamma,
      float[] dBeta,
      float[] frozenInput,
      float[] frozenGamma) {}

  @Provide
  Arbitrary<Case> large() {
    return Cases.large();
  }

  @Property(tries = 500)
  void nchwAndNhwcGiveTheSameBits(@ForAll Case input) {
    same(results(input, Layout.NHWC, 1), results(input, Layout.NCHW, 1), input);
  }

  @Property(tries = 300)
  void resultDoesNotDependOnThreads(
      @ForAll Case input, @ForAll Layout layout, @ForAll @IntRange(min = 2, max = 16) int threads) {
    same(results(input, layout, threads), results(input, layout, 1), input);
  }

  /** Large enough that a thread gets several segments. */
  @Property(tries = 12)
  void resultOfALargeTensorDoesNotDependOnThreads(
      @ForAll("large") Case input,
      @ForAll Layout layout,
      @ForAll @IntRange(min = 2, max = 16) int threads) {
    same(results(input, layout, threads), results(input, layout, 1), input);
  }

  /** Fewer channels than two per thread are shared by segments, whether packed or not. */
  @Example
  void segmentsOfFewChannelsDoNotDependOnThreads() {
    for (int spatial : new int[] {3, 20, 49, 600}) {
      Case input =
          new Case(new Shapes.Size(60_000 / spatial, 17, spatial), HardData.BENIGN, true, 7);
      same(results(input, Layout.NCHW, 10), results(input, Layout.NHWC, 1), input);
    }
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
    subject.inference(layer, Slice.of(x), Slice.of(inference), shape, 1);
    Library.builder(layer, 1)
        .build()
        .freeze()
        .apply(x, 0, frozen, 0, shape, Library.parallelism(threads));
    sameBits(frozen, inference, "y of the frozen form", input);
  }

  @Property(tries = 20)
  void theSameCallTwiceGivesTheSameBits(@ForAll Case input, @ForAll Layout layout) {
    same(results(input, layout, 1), results(input, layout, 1), input);
  }

  private Results results(Case input, Layout layout, int threads) {
    TensorShape shape = input.shape(layout);
    Layer layer = input.layer();
    Slice x = Slice.of(input.x(layout));
    Slice d = Slice.of(input.dOutput(layout));
    float[] y = new float[shape.length()];
    float[] inference = new float[shape.length()];
    float[] dInput = new float[shape.length()];
    float[] frozenInput = new float[shape.length()];
    float[] dGamma = new float[shape.channels()];
    float[] dBeta = new float[shape.channels()];
    float[] frozenGamma = new float[shape.channels()];
    ChannelMoments alone = subject.moments(x, shape, threads);
    ChannelMoments moments = subject.training(layer, x, Slice.of(y), shape, threads);
    sameBits(moments, alone, "moments of training and moments alone", input);
    subject.inference(layer, x, Slice.of(inference), shape, threads);
    subject.backward(layer, false, x, d, Slice.of(dInput), dGamma, dBeta, shape, threads);
    subject.backward(layer, true, x, d, Slice.of(frozenInput), frozenGamma, null, shape, threads);
    return new Results(
        moments,
        inNchw(y, input, layout),
        inNchw(inference, input, layout),
        inNchw(dInput, input, layout),
        dGamma,
        dBeta,
        inNchw(frozenInput, input, layout),
        frozenGamma);
  }

  private static float[] inNchw(float[] tensor, Case input, Layout layout) {
    return layout == Layout.NCHW ? tensor : Tensors.permuted(tensor, true, input.size());
  }

  private static void same(Results a, Results b, Case input) {
    sameBits(a.moments, b.moments, "moments", input);
    sameBits(a.y, b.y, "y", input);
    sameBits(a.inference, b.inference, "y of inference", input);
    sameBits(a.dBeta, b.dBeta, "dBeta", input);
    sameBits(a.dGamma, b.dGamma, "dGamma", input);
    sameBits(a.dInput, b.dInput, "dInput", input);
    sameBits(a.frozenGamma, b.frozenGamma, "dGamma, frozen", input);
    sameBits(a.frozenInput, b.frozenInput, "dInput, frozen", input);
  }
}
