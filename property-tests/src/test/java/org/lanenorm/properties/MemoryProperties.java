package org.lanenorm.properties;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

/** Nothing is read or written beyond the slices that were given, whether they are one or many. */
class MemoryProperties extends Properties {
  /** Every slice lies between NaNs of its own bits, at odd offsets. */
  @Property
  void guardZonesStayUntouchedAndDoNotLeakIn(
      @ForAll Case input,
      @ForAll Layout layout,
      @ForAll boolean frozen,
      @ForAll @IntRange(min = 1, max = 70) int before,
      @ForAll @IntRange(min = 1, max = 70) int after,
      @ForAll @IntRange(min = 1, max = 4) int threads) {
    TensorShape shape = input.shape(layout);
    Layer layer = input.layer();
    float[] x = input.x(layout);
    float[] d = input.dOutput(layout);
    int length = shape.length();
    Slice xGuarded = Slice.guarded(x, before, after);
    Slice dGuarded = Slice.guarded(d, after, before);
    Slice yGuarded = Slice.guarded(new float[length], before + 1, after);
    Slice dInputGuarded = Slice.guarded(new float[length], before, after + 1);
    float[] y = new float[length];
    float[] dInput = new float[length];

    ChannelMoments moments = subject.moments(xGuarded, shape, threads);
    sameBits(moments, subject.moments(Slice.of(x), shape, threads), "moments", input);
    if (frozen) {
      subject.inference(layer, xGuarded, yGuarded, shape, threads);
      subject.inference(layer, Slice.of(x), Slice.of(y), shape, threads);
    } else {
      subject.training(layer, xGuarded, yGuarded, shape, threads);
      subject.training(layer, Slice.of(x), Slice.of(y), shape, threads);
    }
    sameBits(yGuarded.values(length), y, "y", input);
    float[] dGamma = new float[shape.channels()];
    float[] dBeta = new float[shape.channels()];
    float[] dGammaGuarded = new float[shape.channels()];
    float[] dBetaGuarded = new float[shape.channels()];
    subject.backward(
        layer,
        frozen,
        xGuarded,
        dGuarded,
        dInputGuarded,
        dGammaGuarded,
        dBetaGuarded,
        shape,
        threads);
    subject.backward(
        layer, frozen, Slice.of(x), Slice.of(d), Slice.of(dInput), dGamma, dBeta, shape, threads);
    sameBits(dInputGuarded.values(length), dInput, "dInput", input);
    sameBits(dGammaGuarded, dGamma, "dGamma", input);
    sameBits(dBetaGuarded, dBeta, "dBeta", input);

    check(xGuarded.guardsAreIntact(length), "%s: written beside x", input);
    check(dGuarded.guardsAreIntact(length), "%s: written beside dOutput", input);
    check(yGuarded.guardsAreIntact(length), "%s: written beside y", input);
    check(dInputGuarded.guardsAreIntact(length), "%s: written beside dInput", input);
    sameBits(xGuarded.values(length), input.x(layout), "x, an input,", input);
    sameBits(x, input.x(layout), "x, an input,", input);
    sameBits(dGuarded.values(length), input.dOutput(layout), "dOutput, an input,", input);
    sameBits(d, input.dOutput(layout), "dOutput, an input,", input);
  }

  @Property
  void inPlaceEqualsOutOfPlace(
      @ForAll Case input, @ForAll Layout layout, @ForAll @IntRange(min = 1, max = 4) int threads) {
    TensorShape shape = input.shape(layout);
    Layer layer = input.layer();
    Slice x = Slice.of(input.x(layout));
    Slice y = Slice.of(new float[shape.length()]);

    ChannelMoments moments = subject.training(layer, x, y, shape, threads);
    Slice both = Slice.of(input.x(layout));
    ChannelMoments inPlace = subject.training(layer, both, both, shape, threads);
    sameBits(inPlace, moments, "moments of training in place", input);
    sameBits(both.array(), y.array(), "y of training in place", input);

    subject.inference(layer, x, y, shape, threads);
    both = Slice.of(input.x(layout));
    subject.inference(layer, both, both, shape, threads);
    sameBits(both.array(), y.array(), "y of inference in place", input);
  }

  @Property
  void dInputMayBeDOutputOrX(
      @ForAll Case input,
      @ForAll Layout layout,
      @ForAll boolean frozen,
      @ForAll @IntRange(min = 1, max = 4) int threads) {
    TensorShape shape = input.shape(layout);
    Layer layer = input.layer();
    Slice x = Slice.of(input.x(layout));
    Slice d = Slice.of(input.dOutput(layout));
    Slice dInput = Slice.of(new float[shape.length()]);
    float[] dGamma = new float[shape.channels()];
    float[] dGammaInPlace = new float[shape.channels()];
    subject.backward(layer, frozen, x, d, dInput, dGamma, null, shape, threads);

    Slice both = Slice.of(input.dOutput(layout));
    subject.backward(layer, frozen, x, both, both, dGammaInPlace, null, shape, threads);
    sameBits(both.array(), dInput.array(), "dInput in dOutput's place", input);
    sameBits(dGammaInPlace, dGamma, "dGamma with dInput in dOutput's place", input);

    both = Slice.of(input.x(layout));
    subject.backward(layer, frozen, both, d, both, dGammaInPlace, null, shape, threads);
    sameBits(both.array(), dInput.array(), "dInput in x's place", input);
    sameBits(dGammaInPlace, dGamma, "dGamma with dInput in x's place", input);
  }
}
