package org.lanenorm.properties;

import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.EpsilonPlacement;
import org.lanenorm.Layout;
import org.lanenorm.Spread;
import org.lanenorm.TensorShape;
import org.lanenorm.properties.Accuracy.Quantity;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.GradientBounds;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;

/** Backward against the closed form in exact arithmetic, and against finite differences. */
class GradientProperties extends Properties {
  /** A gradient that may be infinite has a bound of at least this. */
  private static final double U_OF_LARGEST = Bounds.U * Float.MAX_VALUE;

  @Property(tries = 1000)
  void backwardIsWithinItsBounds(
      @ForAll Case input, @ForAll Layout layout, @ForAll boolean frozen) {
    isWithinItsBounds(new Gradients(input, layout, frozen, input.layer()));
  }

  private static void isWithinItsBounds(Gradients gradients) {
    for (int c = 0; c < gradients.dBeta.length; c++) {
      GradientBounds bounds = gradients.bounds(c);
      gradients.near("dBeta", c, c, gradients.dBeta[c], gradients.exact.dBeta()[c], bounds.dBeta());
      gradients.near(
          "dGamma", c, c, gradients.dGamma[c], gradients.exact.dGamma()[c], bounds.dGamma());
      for (int i : gradients.elementsOf(c)) {
        gradients.near(
            "dInput",
            c,
            i,
            gradients.dInput[i],
            gradients.exact.dInput()[i],
            bounds.dInput(gradients.d[i], gradients.xHat(c, i)));
      }
    }
  }

  /** Running means are doubles: one beyond every float is far from all data, but no NaN. */
  @Example
  void aRunningMeanBeyondTheLargestFloatGivesFiniteGradients() {
    Case input = new Case(new Shapes.Size(3, 2, 40), HardData.HUGE_LOPSIDED, false, 1);
    Layer usual = input.layer();
    Layer layer =
        new Layer(
            usual.gamma(),
            usual.beta(),
            1e-5,
            usual.placement(),
            usual.spread(),
            new double[] {-3.5e38, 1e39},
            usual.variance());
    for (Layout layout : Layout.values()) {
      isWithinItsBounds(new Gradients(input, layout, true, layer));
    }
  }

  /**
   * A shift of all x changes no y: dInput sums to 0. A scale of all x - mean changes y by epsilon
   * alone: with R = sqrt(variance + inside) and D = R + outside, the sum of dInput*xHat is
   * gamma/D*dGamma*(inside + outside*R)/(D*R).
   */
  @Property
  void dInputIsOrthogonalToShiftAndScale(@ForAll Case input, @ForAll Layout layout) {
    Gradients gradients = new Gradients(input, layout, false, input.layer());
    for (int c = 0; c < input.size().c(); c++) {
      GradientBounds bounds = gradients.bounds(c);
      double variance = gradients.variance[c];
      Oracle.Epsilon epsilon = gradients.layer.epsilons();
      double divisor = epsilon.divisor(variance);
      double root = Math.sqrt(variance + epsilon.inside());
      double sum = 0;
      double product = 0;
      if (root > 0) {
        product = -gradients.layer.k(c, variance) * gradients.exact.dGamma()[c];
        product *= (epsilon.inside() + epsilon.outside() * root) / (divisor * root);
      }
      double sumBound = 0;
      // the sum of xHat, which is 0, is off by M times what rounding the mean to double leaves
      double productBound =
          Math.abs(
              gradients.layer.k(c, variance)
                  * gradients.exact.dBeta()[c]
                  * Math.ulp(gradients.mean[c])
                  / divisor);
      for (int i : gradients.elementsOf(c)) {
        double xHat = gradients.xHat(c, i);
        double bound = bounds.dInput(gradients.d[i], xHat);
        sum += gradients.dInput[i];
        product += gradients.dInput[i] * xHat;
        sumBound += bound;
        productBound += bound * Math.abs(xHat);
      }
      // gradients beyond the largest float are infinite, and sum to nothing
      boolean overflow = !Double.isFinite(sum) && sumBound > U_OF_LARGEST;
      check(
          overflow || Math.abs(sum) <= sumBound && Math.abs(product) <= productBound,
          "%s: channel %d (%s): dInput sums to %s, at most %s; times xHat to %s beyond epsilon's"
              + " share, at most %s",
          input,
          c,
          input.kindOf(c),
          sum,
          sumBound,
          product,
          productBound);
    }
  }

  @Property
  void eachOutputMayBeLeftOutWithoutChangingTheOthers(
      @ForAll Case input,
      @ForAll Layout layout,
      @ForAll boolean frozen,
      @ForAll @IntRange(min = 0, max = 6) int wanted) {
    Gradients all = new Gradients(input, layout, frozen, input.layer());
    Slice dInput = (wanted & 1) == 0 ? null : Slice.of(new float[all.x.length]);
    float[] dGamma = (wanted & 2) == 0 ? null : new float[input.size().c()];
    float[] dBeta = (wanted & 4) == 0 ? null : new float[input.size().c()];
    subject.backward(
        all.layer,
        frozen,
        Slice.of(all.x),
        Slice.of(all.d),
        dInput,
        dGamma,
        dBeta,
        input.shape(layout),
        1);
    if (dInput != null) {
      sameBits(dInput.array(), all.dInput, "dInput", input);
    }
    if (dGamma != null) {
      sameBits(dGamma, all.dGamma, "dGamma", input);
    }
    if (dBeta != null) {
      sameBits(dBeta, all.dBeta, "dBeta", input);
    }
  }

  /**
   * (L(x + h) - L(x - h))/2h of L = sum(dOutput*y) with y by the oracle in double. h = 2^-10 and x
   * a multiple of it, so that x + h is exact; the difference itself is off by h^2/6 times a third
   * derivative of about k^3*|dOutput|.
   */
  @Property(tries = 100)
  void finiteDifferencesOfTheOracleAgreeWithBackward(
      @ForAll @IntRange(min = 1, max = 5) int n,
      @ForAll @IntRange(min = 1, max = 3) int c,
      @ForAll @IntRange(min = 1, max = 6) int s,
      @ForAll Layout layout,
      @ForAll boolean frozen,
      @ForAll long seed) {
    Small small = new Small(new Shapes.Size(n, c, s), layout, seed);
    float[] dInput = new float[small.x.length];
    float[] dGamma = new float[c];
    float[] dBeta = new float[c];
    subject.backward(
        small.layer,
        frozen,
        Slice.of(small.x),
        Slice.of(small.d),
        Slice.of(dInput),
        dGamma,
        dBeta,
        small.shape,
        1);
    float h = 0x1p-10f;
    for (int i = 0; i < small.x.length; i++) {
      double difference =
          (small.oracleLoss(i, h, frozen) - small.oracleLoss(i, -h, frozen)) / (2 * h);
      small.near("dInput[" + i + "]", dInput[i], difference, 1e-4);
    }
    for (int channel = 0; channel < c; channel++) {
      // L is linear in gamma and beta
      double base = small.oracleLoss(0, 0, frozen);
      small.layer.gamma()[channel]++;
      small.near("dGamma", dGamma[channel], small.oracleLoss(0, 0, frozen) - base, 1e-5);
      small.layer.gamma()[channel]--;
      small.layer.beta()[channel]++;
      small.near("dBeta", dBeta[channel], small.oracleLoss(0, 0, frozen) - base, 1e-5);
      small.layer.beta()[channel]--;
    }
  }

  /** The same of the subject's own forward; h = 2^-5 because its y is rounded to float. */
  @Property(tries = 100)
  void finiteDifferencesOfForwardAgreeWithBackward(
      @ForAll @IntRange(min = 1, max = 5) int n,
      @ForAll @IntRange(min = 1, max = 3) int c,
      @ForAll @IntRange(min = 1, max = 6) int s,
      @ForAll Layout layout,
      @ForAll boolean frozen,
      @ForAll long seed) {
    Small small = new Small(new Shapes.Size(n, c, s), layout, seed);
    float[] dInput = new float[small.x.length];
    subject.backward(
        small.layer,
        frozen,
        Slice.of(small.x),
        Slice.of(small.d),
        Slice.of(dInput),
        null,
        null,
        small.shape,
        1);
    float h = 0x1p-5f;
    for (int i = 0; i < small.x.length; i++) {
      double difference = (loss(small, i, h, frozen) - loss(small, i, -h, frozen)) / (2 * h);
      small.near("dInput[" + i + "]", dInput[i], difference, 1e-2);
    }
  }

  private double loss(Small small, int at, float h, boolean frozen) {
    float[] moved = small.x.clone();
    moved[at] += h;
    float[] y = new float[moved.length];
    if (frozen) {
      subject.inference(small.layer, Slice.of(moved), Slice.of(y), small.shape, 1);
    } else {
      subject.training(small.layer, Slice.of(moved), Slice.of(y), small.shape, 1);
    }
    double loss = 0;
    for (int i = 0; i < y.length; i++) {
      loss += (double) small.d[i] * y[i];
    }
    return loss;
  }

  /**
   * A tensor whose loss is smooth on the scale of h: std of 1 or so, epsilon 0.1, and inside the
   * root as well where a std near 0 would bend the loss.
   */
  private static final class Small {
    final Shapes.Size size;
    final boolean last;
    final TensorShape shape;
    final float[] x;
    final float[] d;
    final Layer layer;
    final long seed;

    Small(Shapes.Size size, Layout layout, long seed) {
      this.size = size;
      this.seed = seed;
      last = layout == Layout.NHWC;
      shape = TensorShape.of(layout, size.n(), size.c(), size.s());
      Rng rng = new Rng(seed);
      x = new float[size.length()];
      d = new float[size.length()];
      for (int i = 0; i < x.length; i++) {
        x[i] = Math.round(rng.normal() * 1024) / 1024f;
        d[i] = rng.normal();
      }
      layer =
          new Layer(
              new float[size.c()],
              new float[size.c()],
              0.1,
              placement(rng),
              Spread.VARIANCE,
              new double[size.c()],
              new double[size.c()]);
      for (int c = 0; c < size.c(); c++) {
        layer.gamma()[c] = rng.normal();
        layer.beta()[c] = rng.normal();
        layer.mean()[c] = rng.normal();
        layer.variance()[c] = 2 * rng.uniform();
      }
    }

    private EpsilonPlacement placement(Rng rng) {
      EpsilonPlacement[] places = EpsilonPlacement.values();
      EpsilonPlacement placement = places[rng.below(places.length)];
      double[] variance = Oracle.moments(x, 0, last, size.n(), size.c(), size.s()).variance();
      boolean bends = Arrays.stream(variance).anyMatch(v -> v < 0.25);
      return bends && placement == EpsilonPlacement.ON_STD ? EpsilonPlacement.BOTH : placement;
    }

    double oracleLoss(int at, float h, boolean frozen) {
      float[] moved = x.clone();
      moved[at] += h;
      Oracle.Moments batch = Oracle.moments(moved, 0, last, size.n(), size.c(), size.s());
      double[] y =
          Oracle.normalize(
              moved,
              0,
              last,
              size.n(),
              size.c(),
              size.s(),
              frozen ? layer.mean() : batch.mean(),
              frozen ? layer.variance() : batch.variance(),
              layer.epsilons(),
              layer.gamma(),
              layer.beta());
      double loss = 0;
      for (int i = 0; i < y.length; i++) {
        loss += d[i] * y[i];
      }
      return loss;
    }

    /** Within the tolerance relative to |gamma| up to 6, |dOutput| up to 6 and k up to 3. */
    void near(String what, double actual, double expected, double tolerance) {
      check(
          Math.abs(actual - expected) <= tolerance * (10 + Math.abs(expected)),
          "%s seed %d: %s is %s, by differences %s",
          shape,
          seed,
          what,
          actual,
          expected);
    }
  }

  /** What the subject and the oracle say about one input. */
  private final class Gradients {
    final Case input;
    final Layout layout;
    final boolean frozen;
    final Layer layer;
    final float[] x;
    final float[] d;
    final double[] mean;
    final double[] variance;
    final Oracle.Gradients exact;
    final float[] dInput;
    final float[] dGamma;
    final float[] dBeta;

    Gradients(Case input, Layout layout, boolean frozen, Layer layer) {
      this.input = input;
      this.layout = layout;
      this.frozen = frozen;
      this.layer = layer;
      x = input.x(layout);
      d = input.dOutput(layout);
      Shapes.Size size = input.size();
      Oracle.Moments moments = input.exactMoments();
      mean = frozen ? layer.mean() : moments.mean();
      variance = frozen ? layer.variance() : moments.variance();
      exact =
          Oracle.backward(
              x,
              d,
              layout == Layout.NHWC,
              size.n(),
              size.c(),
              size.s(),
              mean,
              variance,
              layer.epsilons(),
              layer.gamma(),
              frozen);
      dInput = new float[x.length];
      dGamma = new float[size.c()];
      dBeta = new float[size.c()];
      subject.backward(
          layer,
          frozen,
          Slice.of(x),
          Slice.of(d),
          Slice.of(dInput),
          dGamma,
          dBeta,
          input.shape(layout),
          1);
    }

    double xHat(int c, int i) {
      return (x[i] - mean[c]) / layer.epsilons().divisor(variance[c]);
    }

    int[] elementsOf(int c) {
      Shapes.Size size = input.size();
      int[] elements = new int[size.count()];
      for (int m = 0; m < elements.length; m++) {
        int n = m / size.s();
        int s = m % size.s();
        elements[m] = input.shape(layout).index(n, c, s);
      }
      return elements;
    }

    GradientBounds bounds(int c) {
      GradientBounds bounds =
          new GradientBounds(
              input.size().count(),
              frozen,
              mean[c],
              variance[c],
              layer.epsilons(),
              layer.gamma(c),
              exact.dGamma()[c],
              exact.dBeta()[c]);
      for (int i : elementsOf(c)) {
        bounds.add(d[i], xHat(c, i));
      }
      return bounds;
    }

    void near(String what, int c, int i, float actual, double expected, double bound) {
      double error = Math.abs(actual - expected);
      boolean measurable = error > 4 * Float.MIN_VALUE && Float.isFinite(actual);
      accuracy.record(input.kindOf(c), Quantity.GRADIENT, measurable ? error / bound : 0);
      check(
          Bounds.within(actual, expected, bound),
          "%s: %s[%d] in %s, %s, channel %d (%s), is %s, exactly %s: %.2f times its bound;"
              + " mean %s, variance %s, epsilon %s %s, gamma %s",
          input,
          what,
          i,
          layout,
          frozen ? "frozen" : "training",
          c,
          input.kindOf(c),
          actual,
          expected,
          error / bound,
          mean[c],
          variance[c],
          layer.epsilon(),
          layer.placement(),
          layer.gamma(c));
    }
  }
}
