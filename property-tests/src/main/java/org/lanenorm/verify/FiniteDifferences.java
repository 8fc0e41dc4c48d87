package org.lanenorm.verify;

import java.util.Arrays;
import org.lanenorm.EpsilonPlacement;
import org.lanenorm.Layout;
import org.lanenorm.Spread;
import org.lanenorm.TensorShape;

/**
 * Gradients of a small tensor whose loss is smooth on the scale of h: std of 1 or so, epsilon 0.1,
 * and inside the root as well where a std near 0 would bend the loss.
 */
final class FiniteDifferences {
  private final BatchNormUnderTest kernel;
  private final Shapes.Size size;
  private final boolean last;
  private final TensorShape shape;
  private final boolean frozen;
  private final long seed;
  private final float[] x;
  private final float[] d;
  private final Layer layer;
  private final float[] dInput;
  private final float[] dGamma;
  private final float[] dBeta;

  FiniteDifferences(Contract contract, Shapes.Size size, Layout layout, long seed, boolean frozen) {
    this.kernel = contract.kernel();
    this.size = size;
    this.seed = seed;
    this.frozen = frozen;
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
            kernel.takesEveryLayer() ? placement(rng) : EpsilonPlacement.INSIDE_SQRT,
            Spread.VARIANCE,
            new double[size.c()],
            new double[size.c()]);
    for (int c = 0; c < size.c(); c++) {
      layer.gamma()[c] = rng.normal();
      layer.beta()[c] = rng.normal();
      layer.mean()[c] = rng.normal();
      layer.variance()[c] = 2 * rng.uniform();
    }
    dInput = new float[x.length];
    dGamma = new float[size.c()];
    dBeta = new float[size.c()];
    if (frozen) {
      kernel.backwardFrozen(
          layer, Slice.of(x), Slice.of(d), Slice.of(dInput), dGamma, dBeta, shape);
    } else {
      kernel.backward(layer, Slice.of(x), Slice.of(d), Slice.of(dInput), dGamma, dBeta, shape);
    }
  }

  private EpsilonPlacement placement(Rng rng) {
    EpsilonPlacement[] places = EpsilonPlacement.values();
    EpsilonPlacement placement = places[rng.below(places.length)];
    double[] variance = Oracle.moments(x, 0, last, size.n(), size.c(), size.s()).variance();
    boolean bends = Arrays.stream(variance).anyMatch(v -> v < 0.25);
    return bends && placement == EpsilonPlacement.ON_STD ? EpsilonPlacement.BOTH : placement;
  }

  void ofTheOracle() {
    float h = 0x1p-10f;
    for (int i = 0; i < x.length; i++) {
      double difference = (oracleLoss(i, h) - oracleLoss(i, -h)) / (2 * h);
      near("dInput[" + i + "]", dInput[i], difference, 1e-4);
    }
    for (int c = 0; c < size.c(); c++) {
      // L is linear in gamma and beta
      double base = oracleLoss(0, 0);
      layer.gamma()[c]++;
      near("dGamma[" + c + "]", dGamma[c], oracleLoss(0, 0) - base, 1e-5);
      layer.gamma()[c]--;
      layer.beta()[c]++;
      near("dBeta[" + c + "]", dBeta[c], oracleLoss(0, 0) - base, 1e-5);
      layer.beta()[c]--;
    }
  }

  void ofTheKernel() {
    float h = 0x1p-5f;
    for (int i = 0; i < x.length; i++) {
      double difference = (kernelLoss(i, h) - kernelLoss(i, -h)) / (2 * h);
      near("dInput[" + i + "]", dInput[i], difference, 1e-2);
    }
  }

  private double oracleLoss(int at, float h) {
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

  private double kernelLoss(int at, float h) {
    float[] moved = x.clone();
    moved[at] += h;
    float[] y = new float[moved.length];
    if (frozen) {
      kernel.inference(layer, Slice.of(moved), Slice.of(y), shape);
    } else {
      kernel.training(layer, Slice.of(moved), Slice.of(y), shape);
    }
    double loss = 0;
    for (int i = 0; i < y.length; i++) {
      loss += (double) d[i] * y[i];
    }
    return loss;
  }

  /** Within the tolerance relative to |gamma| up to 6, |dOutput| up to 6 and k up to 3. */
  private void near(String what, double actual, double expected, double tolerance) {
    Checks.check(
        Math.abs(actual - expected) <= tolerance * (10 + Math.abs(expected)),
        "%s of N(0, 1), seed %d, %s: %s is %s, by finite differences %s",
        shape,
        seed,
        frozen ? "frozen" : "training",
        what,
        actual,
        expected);
  }
}
