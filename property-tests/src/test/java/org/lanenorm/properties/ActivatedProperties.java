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
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.ActivatedBatchNorm;
import org.lanenorm.Activation;
import org.lanenorm.BatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.NonFinitePolicy;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.Activations;
import org.lanenorm.verify.AtMost;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.Cases;
import org.lanenorm.verify.GradientBounds;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Slice;
import org.lanenorm.verify.Tensors;

/** Training with residual and activation in the same passes is that of one step after another. */
class ActivatedProperties {
  /** Where an activation or its derivative changes, and its neighbours. */
  private static final float[] CORNERS = {
    0,
    -0.0f,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    6,
    Math.nextDown(6f),
    Math.nextUp(6f),
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MAX_VALUE,
    -Float.MAX_VALUE
  };

  /** What stands in the array of bits before a call. */
  private static final long GARBAGE = 0x5EED_0FB1_7555_AAAAL;

  /** Those whose derivative takes two values, and none. */
  private static final List<Activations> ACTIVATIONS =
      Activations.ALL.stream().filter(exact -> exact.derivativeUnits() == 0).toList();

  /** Where y lies. */
  enum Output {
    APART,
    ON_X,
    ON_Z
  }

  /** Where the gradients lie. */
  enum Gradients {
    APART,
    RESIDUAL_ON_D_OUTPUT,
    ALL_ON_D_OUTPUT,
    INPUT_ON_RESIDUAL,
    INPUT_ON_X,
    INPUT_ON_D_OUTPUT
  }

  @Provide
  Arbitrary<Activations> activations() {
    return Arbitraries.of(ACTIVATIONS);
  }

  /** Just enough that threads share them. */
  @Provide
  Arbitrary<Case> shared() {
    return Cases.shared();
  }

  private static Activation activation(Activations exact) {
    return switch (exact.name()) {
      case "relu" -> Activation.relu();
      case "relu6" -> Activation.relu6();
      case "leakyRelu" -> Activation.leakyRelu(exact.slope());
      default -> Activation.identity();
    };
  }

  /** z, numbers of the size of y's with a few that need care. */
  private static float[] residual(Case input, Layout layout) {
    Rng rng = Rng.stream(input.seed(), -6);
    float[] z = new float[input.shape(layout).length()];
    for (int i = 0; i < z.length; i++) {
      z[i] = rng.oneIn(20) ? rng.pick(CORNERS) : 3 * rng.normal();
    }
    return layout == Layout.NCHW ? Tensors.permuted(z, true, input.size()) : z;
  }

  /** By the definition: one element after the other. */
  private static long[] bits(float[] y, Activations exact) {
    long[] bits = new long[(y.length + 63) / 64];
    for (int i = 0; i < y.length; i++) {
      boolean off = y[i] <= 0 || exact.name().equals("relu6") && y[i] >= 6;
      bits[i / 64] |= off ? 0 : 1L << i % 64;
    }
    return bits;
  }

  private static void sameWords(long[] actual, int offset, long[] expected, String what, Case in) {
    for (int i = 0; i < actual.length; i++) {
      boolean inside = i >= offset && i < offset + expected.length;
      long word = inside ? expected[i - offset] : GARBAGE;
      check(
          actual[i] == word,
          "%s: %s: word %d of %d is %016x, expected %016x",
          in,
          what,
          i - offset,
          expected.length,
          actual[i],
          word);
    }
  }

  /** A layer's training forward and what follows it, one step after another, and back. */
  private static final class Chain {
    final Case input;
    final Layout layout;
    final TensorShape shape;
    final Layer layer;
    final Activations exact;
    final Activation activation;
    final float[] x;
    final float[] z;
    final float[] d;
    final float[] y;
    final BatchNorm norm;
    final SavedStatistics saved;
    final long[] bits;
    final float[] dResidual;
    final float[] dInput;
    final float[] dGamma;
    final float[] dBeta;

    Chain(Case input, Layout layout, Activations exact, boolean residual) {
      this(input, layout, exact, residual ? residual(input, layout) : null, input.layer());
    }

    Chain(Case input, Layout layout, Activations exact, float[] z, Layer layer) {
      this.input = input;
      this.layout = layout;
      this.exact = exact;
      this.z = z;
      this.layer = layer;
      shape = input.shape(layout);
      activation = activation(exact);
      x = input.x(layout);
      d = input.dOutput(layout);
      y = new float[x.length];
      norm = Library.builder(layer, 1).build();
      saved = norm.forwardTraining(x, y, shape);
      for (int i = 0; i < y.length; i++) {
        y[i] = activation.apply(z == null ? y[i] : y[i] + z[i]);
      }
      bits = ActivatedProperties.bits(y, exact);
      dResidual = new float[x.length];
      for (int i = 0; i < x.length; i++) {
        dResidual[i] = gradient(exact, y[i], d[i]);
      }
      dInput = new float[x.length];
      dGamma = new float[shape.channels()];
      dBeta = new float[shape.channels()];
      norm.backward(x, dResidual, saved, dInput, dGamma, dBeta, shape);
    }

    /** The derivative at y is that at v: the activations here keep the side of their corners. */
    private static float gradient(Activations exact, float y, float d) {
      double derivative = exact.derivative(y);
      return derivative == 0 ? 0 : derivative == 1 ? d : (float) derivative * d;
    }

    ActivatedBatchNorm activated(int threads) {
      return Library.builder(layer, threads).build().withActivation(activation);
    }

    @Override
    public String toString() {
      return input + " " + layout + " " + activation + (z == null ? "" : " with residual");
    }
  }

  @Property(tries = 120)
  void forwardGivesTheBitsOfOneStepAfterAnother(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll("activations") Activations exact,
      @ForAll boolean residual,
      @ForAll Output place,
      @ForAll @IntRange(max = 5) int bitsOffset) {
    Chain chain = new Chain(input, layout, exact, residual);
    TensorShape shape = chain.shape;
    Slice x = Slice.guarded(chain.x, 3, 5);
    Slice z = residual ? Slice.guarded(chain.z, 7, 2) : new Slice(null, 0);
    Slice y =
        switch (place) {
          case APART -> Slice.guarded(new float[shape.length()], 1, 9);
          case ON_X -> x;
          case ON_Z -> residual ? z : x;
        };
    long[] bits = new long[bitsOffset + chain.bits.length + 2];
    Arrays.fill(bits, GARBAGE);
    SavedStatistics saved = new SavedStatistics(shape.channels());
    ActivatedBatchNorm activated = chain.activated(1);
    activated.forwardTraining(
        x.array(),
        x.offset(),
        z.array(),
        z.offset(),
        y.array(),
        y.offset(),
        bits,
        bitsOffset,
        shape,
        saved);
    sameBits(y.values(shape.length()), chain.y, "y", chain);
    check(y.guardsAreIntact(shape.length()), "%s: written beside y", chain);
    boolean identity = exact.name().equals("identity");
    sameWords(bits, bitsOffset, identity ? new long[0] : chain.bits, exact.name(), input);
    sameBits(saved.moments(), chain.saved.moments(), "moments", chain);
    sameStatistics(activated.layer(), chain);
  }

  private static void sameStatistics(BatchNorm norm, Chain chain) {
    for (int c = 0; c < norm.channels(); c++) {
      check(
          norm.runningStatistics().mean(c) == chain.norm.runningStatistics().mean(c)
              && norm.runningStatistics().spread(c) == chain.norm.runningStatistics().spread(c),
          "%s: running statistics of channel %d",
          chain,
          c);
    }
  }

  @Property(tries = 120)
  void backwardGivesTheBitsOfOneStepAfterAnother(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll("activations") Activations exact,
      @ForAll boolean residual,
      @ForAll Gradients place,
      @ForAll @IntRange(max = 5) int bitsOffset) {
    Chain chain = new Chain(input, layout, exact, residual);
    TensorShape shape = chain.shape;
    int length = shape.length();
    Slice x = Slice.guarded(chain.x, 2, 4);
    Slice d = Slice.guarded(chain.d, 1, 6);
    Slice apart = Slice.guarded(new float[length], 5, 3);
    Slice dResidual =
        place == Gradients.RESIDUAL_ON_D_OUTPUT || place == Gradients.ALL_ON_D_OUTPUT ? d : apart;
    Slice dInput =
        switch (place) {
          case ALL_ON_D_OUTPUT, INPUT_ON_D_OUTPUT -> d;
          case INPUT_ON_RESIDUAL -> apart;
          case INPUT_ON_X -> x;
          default -> Slice.guarded(new float[length], 4, 4);
        };
    long[] bits = new long[bitsOffset + chain.bits.length];
    System.arraycopy(chain.bits, 0, bits, bitsOffset, chain.bits.length);
    long[] before = bits.clone();
    float[] dGamma = new float[shape.channels()];
    float[] dBeta = new float[shape.channels()];
    chain
        .activated(1)
        .backward(
            x.array(),
            x.offset(),
            bits,
            bitsOffset,
            d.array(),
            d.offset(),
            chain.saved,
            dInput.array(),
            dInput.offset(),
            dResidual.array(),
            dResidual.offset(),
            dGamma,
            dBeta,
            shape);
    sameBits(dInput.values(length), chain.dInput, "dInput " + place, chain);
    sameBits(dGamma, chain.dGamma, "dGamma " + place, chain);
    sameBits(dBeta, chain.dBeta, "dBeta " + place, chain);
    if (dResidual.array() != dInput.array()) {
      sameBits(dResidual.values(length), chain.dResidual, "dResidual " + place, chain);
    }
    check(dInput.guardsAreIntact(length), "%s: written beside dInput", chain);
    check(dResidual.guardsAreIntact(length), "%s: written beside dResidual", chain);
    check(Arrays.equals(bits, before), "%s: the bits, an input, have changed", chain);
    if (dInput != x) {
      sameBits(x.values(length), chain.x, "x, an input,", chain);
    }
  }

  @Property(tries = 120)
  void eachOutputMayBeLeftOutWithoutChangingTheOthers(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll("activations") Activations exact,
      @ForAll boolean wantsInput,
      @ForAll boolean wantsSums) {
    Chain chain = new Chain(input, layout, exact, true);
    float[] dInput = wantsInput ? new float[chain.x.length] : null;
    float[] dGamma = wantsSums ? new float[chain.shape.channels()] : null;
    boolean identity = exact.name().equals("identity");
    float[] dResidual = identity ? null : new float[chain.x.length];
    chain
        .activated(1)
        .backward(
            chain.x,
            identity ? null : chain.bits,
            chain.d,
            chain.saved,
            dInput,
            dResidual,
            dGamma,
            null,
            chain.shape);
    if (wantsInput) {
      sameBits(dInput, chain.dInput, "dInput", chain);
    }
    if (wantsSums) {
      sameBits(dGamma, chain.dGamma, "dGamma", chain);
    }
    if (!identity) {
      sameBits(dResidual, chain.dResidual, "dResidual", chain);
    }
  }

  /** Threads meet in words of bits, wherever channels or rows are cut. */
  @Property(tries = 10)
  void resultDoesNotDependOnThreads(
      @ForAll("shared") Case input,
      @ForAll Layout layout,
      @ForAll("activations") Activations exact,
      @ForAll @IntRange(min = 1, max = 16) int threads) {
    doesNotDependOnThreads(new Chain(input, layout, exact, true), threads);
  }

  /** Neighbouring channels of small images by different threads: two share a word in each image. */
  @Example
  void threadsThatMeetInAWordLoseNoBit() {
    Case input = new Case(new Shapes.Size(2000, 16, 9), HardData.BENIGN, false, 3);
    Chain chain = new Chain(input, Layout.NCHW, new Activations("relu", 0), false);
    ActivatedBatchNorm activated = chain.activated(4);
    float[] y = new float[chain.x.length];
    for (int i = 0; i < 20; i++) {
      long[] bits = new long[chain.bits.length];
      activated.forwardTraining(chain.x, null, y, bits, chain.shape);
      sameWords(bits, 0, chain.bits, "call " + i, input);
    }
  }

  /** Channels of more floats than are marked together, and not of whole words. */
  @Example
  void longRunsOfAChannelAreMarkedPieceByPiece() {
    Case input = new Case(new Shapes.Size(2, 2, 35_003), HardData.BENIGN, true, 5);
    for (Layout layout : Layout.values()) {
      doesNotDependOnThreads(new Chain(input, layout, new Activations("relu6", 0), true), 1);
    }
  }

  private static void doesNotDependOnThreads(Chain chain, int threads) {
    ActivatedBatchNorm activated = chain.activated(threads);
    float[] y = new float[chain.x.length];
    long[] bits = new long[chain.bits.length];
    Arrays.fill(bits, GARBAGE);
    SavedStatistics saved = activated.forwardTraining(chain.x, chain.z, y, bits, chain.shape);
    sameBits(y, chain.y, "y", chain);
    if (!chain.exact.name().equals("identity")) {
      sameWords(bits, 0, chain.bits, chain.exact.name(), chain.input);
    }
    // in place, where an element that two threads take has its slope twice
    float[] dResidual = chain.d.clone();
    float[] dInput = new float[y.length];
    float[] dGamma = new float[chain.shape.channels()];
    float[] dBeta = new float[chain.shape.channels()];
    activated.backward(
        chain.x, bits, dResidual, saved, dInput, dResidual, dGamma, dBeta, chain.shape);
    sameBits(dResidual, chain.dResidual, "dResidual", chain);
    sameBits(dInput, chain.dInput, "dInput", chain);
    sameBits(dGamma, chain.dGamma, "dGamma", chain);
    sameBits(dBeta, chain.dBeta, "dBeta", chain);
  }

  /** gamma = 0 and no beta leave z alone: y is at a corner, or beside it, or NaN. */
  @Property(tries = 60)
  void cornersAreAsDocumented(
      @ForAll Layout layout,
      @ForAll("activations") Activations exact,
      @ForAll @IntRange(min = 1, max = 4) int channels,
      @ForAll @IntRange(min = 2, max = 150) int positions,
      @ForAll long seed) {
    Case input = new Case(new Shapes.Size(2, channels, positions), HardData.BENIGN, false, seed);
    Layer usual = input.layer();
    Layer layer =
        new Layer(
            new float[channels],
            null,
            1e-5,
            usual.placement(),
            usual.spread(),
            usual.mean(),
            usual.variance());
    Rng rng = Rng.stream(seed, -7);
    float[] z = new float[2 * channels * positions];
    for (int i = 0; i < z.length; i++) {
      z[i] = rng.pick(CORNERS);
    }
    Chain chain = new Chain(input, layout, exact, z, layer);
    ActivatedBatchNorm activated = chain.activated(1);
    float[] y = new float[z.length];
    long[] bits = new long[ActivatedBatchNorm.bitsLength(chain.shape)];
    SavedStatistics saved = activated.forwardTraining(chain.x, z, y, bits, chain.shape);
    sameBits(y, chain.y, "y", chain);
    float[] dResidual = new float[z.length];
    activated.backward(chain.x, bits, chain.d, saved, null, dResidual, null, null, chain.shape);
    sameBits(dResidual, chain.dResidual, "dResidual", chain);
    for (int i = 0; i < z.length; i++) {
      boolean on = (bits[i / 64] >>> i % 64 & 1) != 0;
      boolean expected =
          switch (exact.name()) {
            case "identity" -> false;
            case "relu6" -> Float.isNaN(z[i]) || z[i] > 0 && z[i] < 6;
            default -> Float.isNaN(z[i]) || z[i] > 0;
          };
      check(on == expected, "%s: the bit of z = %s is %s", chain, z[i], on);
    }
  }

  /** From the formulas in exact arithmetic. */
  @Property(tries = 120)
  void resultsAreWithinTheirBounds(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll("activations") Activations exact) {
    TensorShape shape = input.shape(layout);
    Layer layer = input.layer();
    Oracle.Moments moments = input.exactMoments();
    Shapes.Size size = input.size();
    boolean last = layout == Layout.NHWC;
    float[] x = input.x(layout);
    float[] d = input.dOutput(layout);
    float[] z = Tensors.of(last, size, c -> HardData.BENIGN, input.seed() + 1);
    float[] y = new float[x.length];
    long[] bits = new long[ActivatedBatchNorm.bitsLength(shape)];
    ActivatedBatchNorm activated =
        Library.builder(layer, 1).build().withActivation(activation(exact));
    SavedStatistics saved = activated.forwardTraining(x, z, y, bits, shape);
    float[] dInput = new float[x.length];
    float[] dResidual = new float[x.length];
    float[] dGamma = new float[shape.channels()];
    float[] dBeta = new float[shape.channels()];
    activated.backward(x, bits, d, saved, dInput, dResidual, dGamma, dBeta, shape);

    double[] normalized =
        Oracle.normalize(
            x,
            0,
            last,
            size.n(),
            size.c(),
            size.s(),
            moments.mean(),
            moments.variance(),
            layer.epsilons(),
            layer.gamma(),
            layer.beta());
    double[] outputBounds = new double[x.length];
    for (int c = 0; c < size.c(); c++) {
      double variance = moments.variance()[c];
      double k = layer.k(c, variance);
      for (int m = 0; m < size.count(); m++) {
        int i = shape.index(m / size.s(), c, m % size.s());
        double bound =
            Bounds.output(normalized[i], layer.beta(c), moments.mean()[c], k, Math.sqrt(variance));
        // the sum's rounding, and that of a slope's product
        outputBounds[i] = bound + Bounds.U * (Math.abs(normalized[i] + z[i]) + bound);
      }
    }
    for (int i = 0; i < x.length; i++) {
      double v = normalized[i] + z[i];
      double slope = Math.max(1, exact.slope());
      double bound = slope * outputBounds[i] + Bounds.U * Math.abs(exact.of(v)) + Float.MIN_VALUE;
      check(
          Bounds.within(y[i], exact.of(v), bound),
          "%s: y[%d] with %s is %s, exactly %s",
          input,
          i,
          exact,
          y[i],
          exact.of(v));
      double derivative = exact.derivative(v);
      boolean atCorner = Math.abs(v) <= outputBounds[i] || Math.abs(v - 6) <= outputBounds[i];
      check(
          atCorner
              || Math.abs(dResidual[i] - derivative * d[i])
                  <= Bounds.U * Math.abs(derivative * d[i]) + Float.MIN_VALUE,
          "%s: dResidual[%d] with %s of v = %s and dOutput %s is %s",
          input,
          i,
          exact,
          v,
          d[i],
          dResidual[i]);
    }

    Oracle.Gradients gradients =
        Oracle.backward(
            x,
            dResidual,
            last,
            size.n(),
            size.c(),
            size.s(),
            moments.mean(),
            moments.variance(),
            layer.epsilons(),
            layer.gamma(),
            false);
    for (int c = 0; c < size.c(); c++) {
      double mean = moments.mean()[c];
      double variance = moments.variance()[c];
      double divisor = layer.epsilons().divisor(variance);
      GradientBounds bounds =
          new GradientBounds(
              size.count(),
              false,
              mean,
              variance,
              layer.epsilons(),
              layer.gamma(c),
              gradients.dGamma()[c],
              gradients.dBeta()[c]);
      for (int m = 0; m < size.count(); m++) {
        int i = shape.index(m / size.s(), c, m % size.s());
        bounds.add(dResidual[i], (x[i] - mean) / divisor);
      }
      near(input, "dBeta", c, dBeta[c], gradients.dBeta()[c], bounds.dBeta());
      near(input, "dGamma", c, dGamma[c], gradients.dGamma()[c], bounds.dGamma());
      for (int m = 0; m < size.count(); m++) {
        int i = shape.index(m / size.s(), c, m % size.s());
        double bound = bounds.dInput(dResidual[i], (x[i] - mean) / divisor);
        near(input, "dInput", c, dInput[i], gradients.dInput()[i], bound);
      }
    }
  }

  private static void near(
      Case input, String what, int c, float actual, double exact, double bound) {
    check(
        Bounds.within(actual, exact, bound),
        "%s: %s of channel %d is %s, exactly %s, and may be off by %s",
        input,
        what,
        c,
        actual,
        exact,
        bound);
  }

  /** The pass that must know all moments before it writes gives the same. */
  @Property(tries = 120)
  void theErrorPolicyChangesNoBit(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll("activations") Activations exact) {
    Chain chain = new Chain(input, layout, exact, true);
    ActivatedBatchNorm activated =
        Library.builder(chain.layer, 1)
            .nonFinitePolicy(NonFinitePolicy.ERROR)
            .build()
            .withActivation(chain.activation);
    float[] y = new float[chain.x.length];
    long[] bits = new long[chain.bits.length];
    activated.forwardTraining(chain.x, chain.z, y, bits, chain.shape);
    sameBits(y, chain.y, "y", chain);
    if (!exact.name().equals("identity")) {
      sameWords(bits, 0, chain.bits, exact.name(), input);
    }
  }

  @Example
  void anEmptyTensorHasNoBits() {
    for (TensorShape shape :
        new TensorShape[] {
          TensorShape.nchw(0, 3, 2, 2), TensorShape.nhwc(2, 5, 0, 3), TensorShape.nchw(2, 3, 0, 1)
        }) {
      check(ActivatedBatchNorm.bitsLength(shape) == 0, "%s", shape);
      ActivatedBatchNorm activated = BatchNorm.builder(3).build().withActivation(Activation.relu());
      float[] none = {};
      long[] noBits = {};
      SavedStatistics saved = activated.forwardTraining(none, none, none, noBits, shape);
      float[] sums = {1, 2, 3};
      activated.backward(none, noBits, none, saved, none, none, null, sums, shape);
      sameBits(sums, new float[3], "dBeta of nothing", shape);
    }
  }
}
