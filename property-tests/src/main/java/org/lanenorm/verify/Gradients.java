package org.lanenorm.verify;

import org.lanenorm.Layout;
import org.lanenorm.verify.WorstErrors.Quantity;

/** What a kernel and the oracle say about the gradients of one case. */
final class Gradients {
  /** A gradient that may be infinite has a bound of at least this. */
  private static final double U_OF_LARGEST = Bounds.U * Float.MAX_VALUE;

  private final Contract contract;
  private final Case input;
  private final Layout layout;
  private final boolean frozen;
  private final Layer layer;
  private final float[] x;
  private final float[] d;
  private final double[] mean;
  private final double[] variance;
  private final Oracle.Gradients exact;
  private final float[] dInput;
  private final float[] dGamma;
  private final float[] dBeta;

  Gradients(Contract contract, Case input, Layout layout, boolean frozen, Layer layer) {
    this.contract = contract;
    this.input = input;
    this.layout = layout;
    this.frozen = frozen;
    this.layer = layer;
    x = input.x(layout);
    d = input.dOutput(layout);
    dInput = new float[x.length];
    dGamma = new float[input.size().c()];
    dBeta = new float[input.size().c()];
    BatchNormUnderTest kernel = contract.kernel();
    Slice to = Slice.of(dInput);
    if (frozen) {
      kernel.backwardFrozen(
          layer, Slice.of(x), Slice.of(d), to, dGamma, dBeta, input.shape(layout));
    } else {
      kernel.backward(layer, Slice.of(x), Slice.of(d), to, dGamma, dBeta, input.shape(layout));
    }
    Oracle.Moments moments = input.exactMoments();
    mean = frozen ? layer.mean() : moments.mean();
    variance = frozen ? layer.variance() : moments.variance();
    Shapes.Size size = input.size();
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
  }

  void areWithinTheirBounds() {
    for (int channel = 0; channel < dBeta.length; channel++) {
      int c = channel;
      GradientBounds bounds = bounds(c);
      Near near =
          new Near(contract, input, layout, c, () -> Near.text(layer, c, mean[c], variance[c]));
      near.check(Quantity.GRADIENT, "dBeta", dBeta[c], exact.dBeta()[c], bounds.dBeta());
      near.check(Quantity.GRADIENT, "dGamma", dGamma[c], exact.dGamma()[c], bounds.dGamma());
      for (int i : elementsOf(c)) {
        double bound = bounds.dInput(d[i], xHat(c, i));
        near.check(Quantity.GRADIENT, "dInput", dInput[i], exact.dInput()[i], bound);
      }
    }
  }

  void areOrthogonalToShiftAndScale() {
    double tolerance = contract.tolerance().gradients();
    for (int c = 0; c < dBeta.length; c++) {
      GradientBounds bounds = bounds(c);
      Oracle.Epsilon epsilon = layer.epsilons();
      double divisor = epsilon.divisor(variance[c]);
      double root = epsilon.root(variance[c]);
      double sum = 0;
      double product = 0;
      if (root > 0) {
        product = -layer.k(c, variance[c]) * exact.dGamma()[c];
        product *= (epsilon.inside() + epsilon.outside() * root) / (divisor * root);
      }
      double sumBound = 0;
      // the sum of xHat, which is 0, is off by M times what rounding the mean to double leaves
      double productBound =
          Math.abs(layer.k(c, variance[c]) * exact.dBeta()[c] * Math.ulp(mean[c]) / divisor);
      for (int i : elementsOf(c)) {
        double xHat = xHat(c, i);
        double bound = bounds.dInput(d[i], xHat);
        sum += dInput[i];
        product += dInput[i] * xHat;
        sumBound += bound;
        productBound += bound * Math.abs(xHat);
      }
      sumBound = Tolerance.of(tolerance, sumBound);
      productBound = Tolerance.of(tolerance, productBound);
      // gradients beyond the largest float are infinite, and sum to nothing
      boolean overflow = !Double.isFinite(sum) && sumBound > U_OF_LARGEST;
      Checks.check(
          overflow || Math.abs(sum) <= sumBound && Math.abs(product) <= productBound,
          "%s in %s: channel %d (%s): dInput sums to %s, at most %s; times xHat to %s beyond"
              + " epsilon's share, at most %s",
          input,
          layout,
          c,
          input.kindOf(c),
          sum,
          sumBound,
          product,
          productBound);
    }
  }

  private double xHat(int c, int i) {
    return (x[i] - mean[c]) / layer.epsilons().divisor(variance[c]);
  }

  private int[] elementsOf(int c) {
    Shapes.Size size = input.size();
    int[] elements = new int[size.count()];
    for (int m = 0; m < elements.length; m++) {
      elements[m] = input.shape(layout).index(m / size.s(), c, m % size.s());
    }
    return elements;
  }

  private GradientBounds bounds(int c) {
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
}
