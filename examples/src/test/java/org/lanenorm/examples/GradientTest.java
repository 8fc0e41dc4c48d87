package org.lanenorm.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.lanenorm.TensorShape;

/** Every backward against central differences of its forward. */
class GradientTest {
  private static final int BATCH = 3;

  private final Random random = new Random(7);

  private float[] normal(int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Multiples of 1/8 in any order, no two the same: no kink is nearer to one than 1/16. */
  private float[] apart(int length) {
    List<Integer> order = Arrays.asList(IntStream.range(0, length).boxed().toArray(Integer[]::new));
    Collections.shuffle(order, random);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (order.get(i) - length / 2 + 0.5f) / 8;
    }
    return values;
  }

  /** (f(v + h) - f(v - h))/2h for one number that f depends on. */
  private static double slope(DoubleSupplier f, float[] values, int i, float h) {
    float value = values[i];
    values[i] = value + h;
    double above = f.getAsDouble();
    values[i] = value - h;
    double below = f.getAsDouble();
    values[i] = value;
    return (above - below) / (2.0 * h);
  }

  private static void check(
      String name, DoubleSupplier f, float[] values, float[] gradient, float h, double tolerance) {
    assertThat(gradient).as(name).hasSameSizeAs(values);
    for (int i = 0; i < values.length; i++) {
      assertThat((double) gradient[i])
          .as("%s[%d]", name, i)
          .isCloseTo(slope(f, values, i, h), within(tolerance));
    }
  }

  /**
   * The gradients of {@code sum(y*weight)} with random weights, by inputs and parameters.
   *
   * @param h a power of two, so that a layer that is linear in it has no other error than rounding
   */
  private void check(TrainedLayer layer, float[] x, float h, double tolerance) {
    float[] weight = normal(layer.forward(x, BATCH).length);
    DoubleSupplier f =
        () -> {
          float[] y = layer.forward(x, BATCH);
          double sum = 0;
          for (int i = 0; i < y.length; i++) {
            sum += (double) y[i] * weight[i];
          }
          return sum;
        };
    f.getAsDouble();
    float[] dInput = layer.backward(weight);
    List<float[]> gradients =
        layer.parameters().stream().map(each -> each.gradient().clone()).toList();
    check("dInput", f, x, dInput, h, tolerance);
    for (int p = 0; p < gradients.size(); p++) {
      check(
          "parameter " + p, f, layer.parameters().get(p).values(), gradients.get(p), h, tolerance);
    }
  }

  @Test
  void convolution() {
    check(new Convolution(2, 3, 4, 5, random), normal(BATCH * 2 * 4 * 5), 0.5f, 1e-5);
  }

  @Test
  void dense() {
    check(new Dense(5, 4, random), normal(BATCH * 5), 0.5f, 1e-5);
  }

  @Test
  void relu() {
    check(new Relu(), apart(BATCH * 7), 0x1p-5f, 1e-5);
  }

  @Test
  void maxPool() {
    check(new MaxPool(6), apart(BATCH * 2 * 4 * 6), 0x1p-5f, 1e-5);
  }

  @Test
  void normalizationOfPlanes() {
    Normalization layer = new Normalization(n -> TensorShape.nchw(n, 2, 3, 4));
    layer.norm().gamma()[1] = -0.5f;
    layer.norm().beta()[1] = 2;
    check(layer, normal(BATCH * 2 * 3 * 4), 0x1p-6f, 1e-3);
  }

  @Test
  void normalizationOfRows() {
    check(new Normalization(n -> TensorShape.rows(n, 4)), normal(BATCH * 4), 0x1p-8f, 2e-3);
  }

  @Test
  void loss() {
    int[] labels = {1, 0, 3};
    float[] logits = normal(BATCH * 4);
    float[] gradient = new Loss(logits, labels).gradient();
    check("gradient", () -> new Loss(logits, labels).value(), logits, gradient, 0x1p-6f, 1e-4);
  }

  /** Along its own gradient, the loss rises by the gradient's length: for each parameter. */
  @Test
  void wholeClassifier() {
    Digits batch = Digits.bundled().of(IntStream.range(0, 32).toArray());
    Classifier classifier = new Classifier(random);
    classifier.gradients(batch);
    List<Parameter> parameters = classifier.parameters();
    List<float[]> gradients = parameters.stream().map(each -> each.gradient().clone()).toList();
    // weights, gamma, beta, weights, bias, gamma, beta, weights, bias
    assertThat(parameters).hasSize(9);
    for (int p = 0; p < parameters.size(); p++) {
      float[] gradient = gradients.get(p);
      double length = length(gradient);
      if (p == 4) {
        // what the normalization behind it subtracts again
        assertThat(length).isCloseTo(0, within(1e-6));
      } else {
        assertThat(slope(classifier, batch, parameters.get(p).values(), gradient, 1e-3 / length))
            .as("parameter %d", p)
            .isCloseTo(length * length, within(2e-3 * length * length));
      }
    }
  }

  private static double length(float[] values) {
    return Math.sqrt(
        IntStream.range(0, values.length).mapToDouble(i -> values[i]).map(v -> v * v).sum());
  }

  /** Of the loss, along a direction. */
  private static double slope(
      Classifier classifier, Digits batch, float[] values, float[] direction, double h) {
    float[] start = values.clone();
    DoubleUnaryOperator lossAt =
        step -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) (start[i] + step * direction[i]);
          }
          return classifier.gradients(batch);
        };
    double slope = (lossAt.applyAsDouble(h) - lossAt.applyAsDouble(-h)) / (2 * h);
    System.arraycopy(start, 0, values, 0, values.length);
    return slope;
  }
}
