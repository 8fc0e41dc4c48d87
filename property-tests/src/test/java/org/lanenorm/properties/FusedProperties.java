package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;
import static org.lanenorm.verify.Checks.sameBits;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.Activation;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.Tile;
import org.lanenorm.verify.Activations;
import org.lanenorm.verify.AtMost;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.Cases;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Slice;
import org.lanenorm.verify.Tensors;

/** Residual and activation in the same pass are those of one step after another. */
class FusedProperties {
  private static final float[] SPECIAL = {
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    0,
    -0.0f,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    3,
    -3,
    6,
    -88,
    -100,
    -104
  };

  /** Where y lies. */
  enum InPlace {
    NO,
    ON_X,
    ON_Z
  }

  static Activation activation(Activations exact) {
    return switch (exact.name()) {
      case "identity" -> Activation.identity();
      case "relu" -> Activation.relu();
      case "relu6" -> Activation.relu6();
      case "leakyRelu" -> Activation.leakyRelu(exact.slope());
      case "hardSwish" -> Activation.hardSwish();
      case "silu" -> Activation.silu();
      default -> throw new IllegalStateException(exact.name());
    };
  }

  @Provide
  Arbitrary<Case> large() {
    return Cases.large();
  }

  @Provide
  Arbitrary<Activations> activations() {
    return Arbitraries.of(Activations.ALL);
  }

  /** z, numbers of the size of y's with a few that need care. */
  static float[] residual(Case input, Layout layout) {
    Rng rng = Rng.stream(input.seed(), -3);
    float[] z = new float[input.shape(layout).length()];
    for (int i = 0; i < z.length; i++) {
      z[i] = rng.oneIn(20) ? rng.pick(SPECIAL) : 3 * rng.normal();
    }
    return layout == Layout.NCHW ? Tensors.permuted(z, true, input.size()) : z;
  }

  /** One step after another. */
  private float[] chain(Case input, Layout layout, float[] z, Activation activation) {
    TensorShape shape = input.shape(layout);
    float[] y = new float[shape.length()];
    new Library().inference(input.layer(), Slice.of(input.x(layout)), Slice.of(y), shape);
    for (int i = 0; i < y.length; i++) {
      y[i] = activation.apply(z == null ? y[i] : y[i] + z[i]);
    }
    return y;
  }

  private static FrozenBatchNorm frozen(Case input, Activation activation) {
    return Library.builder(input.layer(), 1).build().freeze().withActivation(activation);
  }

  @Property(tries = 150)
  void fusedGivesTheBitsOfOneStepAfterAnother(
      @ForAll Case input,
      @ForAll Layout layout,
      @ForAll("activations") Activations exact,
      @ForAll boolean residual,
      @ForAll InPlace place,
      @ForAll @IntRange(min = 1, max = 8) int threads) {
    Activation activation = activation(exact);
    TensorShape shape = input.shape(layout);
    float[] z = residual ? residual(input, layout) : null;
    float[] expected = chain(input, layout, z, activation);
    Slice x = Slice.guarded(input.x(layout), 3, 5);
    Slice added = residual ? Slice.guarded(z, 7, 2) : new Slice(null, 0);
    Slice y =
        switch (place) {
          case NO -> Slice.guarded(new float[shape.length()], 1, 9);
          case ON_X -> x;
          case ON_Z -> residual ? added : x;
        };
    frozen(input, activation)
        .apply(
            x.array(),
            x.offset(),
            added.array(),
            added.offset(),
            y.array(),
            y.offset(),
            shape,
            Library.parallelism(threads));
    sameBits(y.values(shape.length()), expected, "y with " + activation, input);
    check(y.guardsAreIntact(shape.length()), "%s: written beside y", input);
  }

  /** More rows, and more of them left over by four stretches, than a drawn case has. */
  @Example
  void ofManyRowsEachIsTakenOnce() {
    Activation relu = Activation.relu();
    for (Shapes.Size size :
        new Shapes.Size[] {new Shapes.Size(1100, 256, 1), new Shapes.Size(21, 300, 53)}) {
      Case input = new Case(size, HardData.BENIGN, false, 7);
      float[] z = residual(input, Layout.NHWC);
      float[] x = input.x(Layout.NHWC);
      float[] y = new float[x.length];
      frozen(input, relu).apply(x, 0, z, 0, y, 0, input.shape(Layout.NHWC), Library.parallelism(1));
      sameBits(y, chain(input, Layout.NHWC, z, relu), "y", input);
    }
  }

  @Property(tries = 2)
  void fusedOfALargeTensorDoesNotDependOnThreads(
      @ForAll("large") Case input,
      @ForAll Layout layout,
      @ForAll("activations") Activations exact,
      @ForAll @IntRange(min = 2, max = 16) int threads) {
    Activation activation = activation(exact);
    float[] z = residual(input, layout);
    float[] x = input.x(layout);
    float[] y = new float[x.length];
    frozen(input, activation)
        .apply(x, 0, z, 0, y, 0, input.shape(layout), Library.parallelism(threads));
    sameBits(y, chain(input, layout, z, activation), "y with " + activation, input);
  }

  /** Tiles of any size, in any order, make up the whole; one alone writes nothing else. */
  @Property(tries = 120)
  void tilesMakeUpTheWhole(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll("activations") Activations exact,
      @ForAll boolean residual,
      @ForAll @IntRange(min = 1, max = 40) int positions,
      @ForAll @IntRange(min = 1, max = 40) int channels) {
    Activation activation = activation(exact);
    TensorShape shape = input.shape(layout);
    FrozenBatchNorm frozen = frozen(input, activation);
    float[] z = residual ? residual(input, layout) : null;
    float[] x = input.x(layout);
    float[] y = new float[x.length];
    float[] expected = chain(input, layout, z, activation);
    // not too many calls
    int run = Math.max(positions, shape.spatial() / 6 + 1);
    int width = Math.max(channels, shape.channels() / 6 + 1);
    int images = Math.min(shape.batch(), 10);
    for (int n = 0; n < images; n++) {
      for (int c = 0; c < shape.channels(); c += width) {
        for (int s = 0; s < shape.spatial(); s += run) {
          Tile tile =
              new Tile(
                  n,
                  s,
                  Math.min(run, shape.spatial() - s),
                  c,
                  Math.min(width, shape.channels() - c));
          frozen.apply(x, 0, z, 0, y, 0, shape, tile);
        }
      }
    }
    int done = (int) ((long) shape.length() / Math.max(1, shape.batch()) * images);
    Arrays.fill(expected, done, expected.length, 0);
    sameBits(y, expected, "y by tiles with " + activation, input);
  }

  @Property(tries = 120)
  void aTileWritesNothingElse(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll("activations") Activations exact) {
    TensorShape shape = input.shape(layout);
    if (shape.length() == 0) {
      return;
    }
    Rng rng = Rng.stream(input.seed(), -4);
    int n = rng.below(shape.batch());
    int s = rng.below(shape.spatial());
    int c = rng.below(shape.channels());
    Tile tile =
        new Tile(
            n, s, rng.between(0, shape.spatial() - s), c, rng.between(0, shape.channels() - c));
    Activation activation = activation(exact);
    float[] x = input.x(layout);
    float[] z = residual(input, layout);
    float[] y = new float[x.length];
    Arrays.fill(y, 12345);
    frozen(input, activation).apply(x, 0, z, 0, y, 0, shape, tile);
    float[] whole = chain(input, layout, z, activation);
    float[] expected = new float[x.length];
    Arrays.fill(expected, 12345);
    for (int i = 0; i < tile.channels(); i++) {
      for (int j = 0; j < tile.positions(); j++) {
        int at = shape.index(n, c + i, s + j);
        expected[at] = whole[at];
      }
    }
    sameBits(y, expected, "y of " + tile + " with " + activation, input);
  }

  /** Every float of a comb over all of them, and those where something changes. */
  @Example
  void activationsAreWithinTheirUlps() {
    within(131_101);
    for (float v : SPECIAL) {
      for (int i = -2; i <= 2; i++) {
        int bits = Float.floatToRawIntBits(v) + i;
        for (Activations exact : Activations.ALL) {
          within(exact, activation(exact), Float.intBitsToFloat(bits));
        }
      }
    }
  }

  @Example
  @Tag("slow")
  void activationsAreWithinTheirUlpsOverAllFloats() {
    within(1);
  }

  private static void within(int step) {
    for (Activations exact : Activations.ALL) {
      Activation activation = activation(exact);
      for (long bits = 0; bits < 1L << 32; bits += step) {
        within(exact, activation, Float.intBitsToFloat((int) bits));
      }
    }
  }

  private static void within(Activations exact, Activation activation, float v) {
    float actual = activation.apply(v);
    double expected = exact.of(v);
    if (Double.isNaN(expected) || Double.isInfinite(expected)) {
      check(Double.compare(actual, expected) == 0, "%s of %s is %s", activation, v, actual);
      return;
    }
    double ulp = Math.ulp((float) expected);
    if (Double.isInfinite(ulp)) {
      // beyond the largest float by less than half an ulp of it, or overflown
      check(Math.abs(actual) >= Float.MAX_VALUE, "%s of %s is %s", activation, v, actual);
      return;
    }
    check(
        Math.abs(actual - expected) <= exact.ulps() * ulp,
        "%s of %s is %s, but exactly %s",
        activation,
        Float.toHexString(v),
        actual,
        expected);
  }

  /** The signs of zeros are as documented. */
  @Example
  void signsOfZeros() {
    List<Activation> plain = List.of(Activation.relu(), Activation.relu6());
    for (Activation activation : plain) {
      sameBits(new float[] {activation.apply(-0.0f)}, new float[] {0.0f}, "sign", activation);
    }
    List<Activation> keep =
        List.of(
            Activation.identity(),
            Activation.leakyRelu(0.1f),
            Activation.hardSwish(),
            Activation.silu());
    for (Activation activation : keep) {
      float[] zeros = {0.0f, -0.0f};
      sameBits(
          new float[] {activation.apply(0.0f), activation.apply(-0.0f)}, zeros, "sign", activation);
    }
  }

  /**
   * dResidual is act'(v)*dOutput, and the rest is what the frozen backward without activation makes
   * of it; whatever lies on whatever, in both layouts, for any number of threads.
   */
  @Property(tries = 120)
  void backwardIsTheActivationsThenTheLayers(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll("activations") Activations exact,
      @ForAll boolean residual,
      @ForAll @IntRange(min = 0, max = 5) int places,
      @ForAll @IntRange(min = 1, max = 8) int threads) {
    Activation activation = activation(exact);
    TensorShape shape = input.shape(layout);
    int length = shape.length();
    int channels = shape.channels();
    float[] z = residual ? residual(input, layout) : null;
    float[] d = input.dOutput(layout);
    float[] dResidual = new float[length];
    float[] dInput = new float[length];
    float[] dGamma = new float[channels];
    float[] dBeta = new float[channels];
    FrozenBatchNorm frozen = frozen(input, activation);
    float[] x = input.x(layout);
    frozen.backward(
        x,
        0,
        z,
        0,
        d,
        0,
        dInput,
        0,
        dResidual,
        0,
        dGamma,
        dBeta,
        shape,
        Library.parallelism(threads));

    float[] v = chain(input, layout, z, Activation.identity());
    for (int i = 0; i < length; i++) {
      double derivative = exact.derivative(v[i]);
      double expected = derivative == 0 ? 0 : derivative * d[i];
      double size = Math.abs(d[i]) * Math.max(1, Math.abs(derivative));
      double bound = (exact.derivativeUnits() + 1) * 0x1p-24 * size + Float.MIN_VALUE;
      boolean right =
          Double.isNaN(v[i]) && exact.derivativeUnits() > 0
              ? Float.isNaN(dResidual[i])
              : Math.abs(dResidual[i] - expected) <= bound;
      check(
          right || derivative == 1 && dResidual[i] == d[i],
          "%s: dResidual[%d] with %s of v = %s and dOutput = %s is %s, but exactly %s",
          input,
          i,
          activation,
          v[i],
          d[i],
          dResidual[i],
          expected);
    }

    float[] unfusedInput = new float[length];
    float[] unfusedGamma = new float[channels];
    float[] unfusedBeta = new float[channels];
    new Library()
        .backwardFrozen(
            input.layer(),
            Slice.of(input.x(layout)),
            Slice.of(dResidual),
            Slice.of(unfusedInput),
            unfusedGamma,
            unfusedBeta,
            shape);
    sameBits(dInput, unfusedInput, "dInput with " + activation, input);
    sameBits(dGamma, unfusedGamma, "dGamma with " + activation, input);
    sameBits(dBeta, unfusedBeta, "dBeta with " + activation, input);

    // 0: dResidual on dOutput; 1: dInput too; 2: on z; 3: dInput on x; 4: dInput on z; 5: dResidual
    // and dInput in one
    float[] dCopy = d.clone();
    float[] zCopy = z == null ? d.clone() : z.clone();
    float[] one = new float[length];
    float[] r = places <= 1 ? dCopy : places == 2 && residual ? zCopy : one;
    float[] i =
        switch (places) {
          case 1 -> dCopy;
          case 3 -> x;
          case 4 -> zCopy;
          case 5 -> one;
          default -> new float[length];
        };
    frozen.backward(
        x,
        0,
        residual ? zCopy : null,
        0,
        dCopy,
        0,
        i,
        0,
        r,
        0,
        dGamma,
        dBeta,
        shape,
        Library.parallelism(1));
    sameBits(i, unfusedInput, "dInput in place " + places, input);
    sameBits(dGamma, unfusedGamma, "dGamma in place " + places, input);
    if (r != i) {
      sameBits(r, dResidual, "dResidual in place " + places, input);
    }

    Layout other = layout == Layout.NCHW ? Layout.NHWC : Layout.NCHW;
    float[] otherResidual = new float[length];
    frozen.backward(
        input.x(other),
        0,
        residual ? residual(input, other) : null,
        0,
        input.dOutput(other),
        0,
        null,
        0,
        otherResidual,
        0,
        null,
        dBeta,
        input.shape(other),
        Library.parallelism(threads));
    float[] permuted = Tensors.permuted(otherResidual, other == Layout.NHWC, input.size());
    sameBits(permuted, dResidual, "dResidual in the other layout", input);
    sameBits(dBeta, unfusedBeta, "dBeta in the other layout", input);
  }

  /** One float at a time, which takes no vector, gives the gradients of many. */
  @Example
  void gradientsOfOneFloatAreThoseOfMany() {
    float[] v = new float[4096];
    for (int i = 0; i < v.length; i++) {
      v[i] = Float.intBitsToFloat(i << 20 | i * 37);
    }
    float[] ones = new float[v.length];
    Arrays.fill(ones, 1);
    FrozenBatchNorm plain = FrozenBatchNorm.of(new double[1], new double[] {1}, 0, null, null);
    for (Activations exact : Activations.ALL) {
      FrozenBatchNorm frozen = plain.withActivation(activation(exact));
      float[] many = new float[v.length];
      frozen.backward(v, ones, null, many, null, null, TensorShape.rows(v.length, 1));
      float[] each = new float[v.length];
      float[] dOutput = {1};
      float[] dResidual = new float[1];
      TensorShape single = TensorShape.rows(1, 1);
      for (int i = 0; i < v.length; i++) {
        frozen.backward(new float[] {v[i]}, dOutput, null, dResidual, null, null, single);
        each[i] = dResidual[0];
      }
      sameBits(many, each, "dResidual", exact);
    }
  }

  @Example
  void anEmptyTensorIsNoError() {
    for (Activations exact : Activations.ALL) {
      for (TensorShape shape :
          new TensorShape[] {
            TensorShape.nchw(0, 3, 2, 2), TensorShape.nhwc(2, 0, 5, 3), TensorShape.nchw(2, 3, 0, 1)
          }) {
        float[] none = {};
        double[] ones = {1, 1, 1};
        FrozenBatchNorm frozen =
            FrozenBatchNorm.of(ones, ones, 0, null, null).withActivation(activation(exact));
        frozen.apply(none, 0, none, 0, none, 0, shape, Library.parallelism(1));
        float[] sums = {1, 2, 3};
        frozen.backward(none, none, none, none, null, sums, shape);
        sameBits(sums, new float[3], "dBeta of nothing", shape);
      }
    }
  }
}
