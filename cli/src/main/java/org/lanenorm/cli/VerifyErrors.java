package org.lanenorm.cli;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.GradientBounds;
import org.lanenorm.verify.Oracle;

/**
 * Errors of one case against the oracle: the worst element of each result, in units of which the
 * promised bound is the number that {@link #ALLOWED} holds. For all but dInput and dGamma, whose
 * bounds have more terms, that is u = 2^-24 times the size of what the result is the sum of (see
 * {@link Bounds} and {@link GradientBounds}).
 */
final class VerifyErrors {
  /** The bounds, in the order of the table. */
  static final Map<String, Double> ALLOWED = allowed();

  private final VerifyCase verifyCase;
  private final TensorShape shape;
  private final double epsilon;
  private final float[] x;
  private final float[] dOutput;
  private final Map<String, Double> worst = new LinkedHashMap<>();

  private VerifyErrors(VerifyCase verifyCase, double epsilon) {
    this.verifyCase = verifyCase;
    this.shape = verifyCase.shape();
    this.epsilon = epsilon;
    this.x = verifyCase.x();
    this.dOutput = verifyCase.dOutput();
  }

  private static Map<String, Double> allowed() {
    Map<String, Double> allowed = new LinkedHashMap<>();
    allowed.put("mean", 4.0);
    allowed.put("variance", 8.0);
    allowed.put("y", 8.0);
    allowed.put("inference", 8.0);
    allowed.put("dInput", 16.0);
    allowed.put("dGamma", 22.0);
    allowed.put("dBeta", 15.0);
    return Collections.unmodifiableMap(allowed);
  }

  /** The largest error of each result in {@link #ALLOWED}. */
  static Map<String, Double> of(VerifyCase verifyCase, VerifyResults results, double epsilon) {
    VerifyErrors errors = new VerifyErrors(verifyCase, epsilon);
    TensorShape shape = verifyCase.shape();
    Oracle.Moments exact =
        Oracle.moments(errors.x, 0, false, shape.batch(), shape.channels(), shape.spatial());
    for (int c = 0; c < shape.channels(); c++) {
      double mean = exact.mean()[c];
      double variance = exact.variance()[c];
      errors.add("mean", results.moments().mean(c), mean, Bounds.mean(mean, variance));
      errors.add("variance", results.moments().variance(c), variance, Bounds.variance(variance));
    }
    errors.y("y", results.y(), exact.mean(), exact.variance(), false);
    errors.y(
        "inference", results.inference(), results.runningMean(), results.runningVariance(), true);
    errors.gradients(results.training(), exact.mean(), exact.variance(), false);
    errors.gradients(results.frozen(), results.runningMean(), results.runningVariance(), true);
    return errors.worst;
  }

  private void y(String name, float[] y, double[] mean, double[] variance, boolean constants) {
    float[] gamma = verifyCase.gamma();
    float[] beta = verifyCase.beta();
    double[] exact =
        Oracle.normalize(
            x,
            0,
            false,
            shape.batch(),
            shape.channels(),
            shape.spatial(),
            mean,
            variance,
            epsilon,
            gamma,
            beta);
    for (int i = 0; i < y.length; i++) {
      int c = channel(i);
      double k = gamma[c] / Math.sqrt(variance[c] + epsilon);
      double std = constants ? 0 : Math.sqrt(variance[c]);
      add(name, y[i], exact[i], Bounds.output(exact[i], beta[c], mean[c], k, std));
    }
  }

  private void gradients(
      VerifyResults.Gradients gradients, double[] mean, double[] variance, boolean frozen) {
    float[] gamma = verifyCase.gamma();
    Oracle.Gradients exact =
        Oracle.backward(
            x,
            dOutput,
            false,
            shape.batch(),
            shape.channels(),
            shape.spatial(),
            mean,
            variance,
            epsilon,
            gamma,
            frozen);
    GradientBounds[] bounds = new GradientBounds[shape.channels()];
    for (int c = 0; c < bounds.length; c++) {
      bounds[c] =
          new GradientBounds(
              shape.count(),
              frozen,
              mean[c],
              variance[c],
              epsilon,
              gamma[c],
              exact.dGamma()[c],
              exact.dBeta()[c]);
    }
    for (int i = 0; i < x.length; i++) {
      bounds[channel(i)].add(dOutput[i], xHat(i, mean, variance));
    }
    for (int c = 0; c < bounds.length; c++) {
      add("dBeta", gradients.dBeta()[c], exact.dBeta()[c], bounds[c].dBeta());
      add("dGamma", gradients.dGamma()[c], exact.dGamma()[c], bounds[c].dGamma());
    }
    for (int i = 0; i < x.length; i++) {
      double bound = bounds[channel(i)].dInput(dOutput[i], xHat(i, mean, variance));
      add("dInput", gradients.dInput()[i], exact.dInput()[i], bound);
    }
  }

  private int channel(int nchwIndex) {
    return nchwIndex / shape.spatial() % shape.channels();
  }

  private double xHat(int i, double[] mean, double[] variance) {
    int c = channel(i);
    return (x[i] - mean[c]) / Math.sqrt(variance[c] + epsilon);
  }

  private void add(String name, float got, double exact, double bound) {
    // beyond the largest float, infinity is within the bound
    boolean beyond = Float.isInfinite(got) && Bounds.within(got, exact, bound);
    add(name, beyond ? exact : (double) got, exact, bound);
  }

  private void add(String name, double got, double exact, double bound) {
    double error = Math.abs(got - exact);
    // 0/0 is no error, and NaN must not hide behind a comparison
    double units = error == 0 ? 0 : ALLOWED.get(name) * error / bound;
    worst.merge(name, Double.isNaN(units) ? Double.POSITIVE_INFINITY : units, Math::max);
  }
}
