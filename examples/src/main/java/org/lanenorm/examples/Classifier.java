package org.lanenorm.examples;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.lanenorm.FoldedWeights;
import org.lanenorm.Folding;
import org.lanenorm.TensorShape;
import org.lanenorm.WeightLayout;

/**
 * A small network for digits of 8x8 pixels:
 *
 * <pre>
 * x (N, 1, 8, 8) -> convolution 3x3, 16 channels -> batch norm (NCHW) -> ReLU -> max pool 2x2
 *                -> dense, 64 outputs            -> batch norm (rows) -> ReLU
 *                -> dense, 10 logits
 * </pre>
 *
 * The normalizations are Lanenorm's. {@link #layers} learn; the other lists of layers share their
 * parameters and are for inference.
 */
final class Classifier {
  private static final int SIZE = 8;
  private static final int CHANNELS = 16;
  private static final int POOLED = CHANNELS * SIZE * SIZE / 4;
  private static final int HIDDEN = 64;

  private final Convolution convolution;
  private final Normalization afterConvolution =
      new Normalization(n -> TensorShape.nchw(n, CHANNELS, SIZE, SIZE));
  private final TrainedLayer first = new Relu();
  private final TrainedLayer pool = new MaxPool(SIZE);
  private final Dense hidden;
  private final Normalization afterHidden = new Normalization(n -> TensorShape.rows(n, HIDDEN));
  private final TrainedLayer second = new Relu();
  private final Dense output;

  Classifier(Random random) {
    convolution = new Convolution(1, CHANNELS, SIZE, SIZE, random);
    hidden = new Dense(POOLED, HIDDEN, random);
    output = new Dense(HIDDEN, Digits.CLASSES, random);
  }

  /** What learns, front to back. */
  List<TrainedLayer> layers() {
    return List.of(convolution, afterConvolution, first, pool, hidden, afterHidden, second, output);
  }

  /** The two normalizations, front to back. */
  List<Normalization> normalizations() {
    return List.of(afterConvolution, afterHidden);
  }

  /** With something else in the places of the two normalizations, front to back. */
  List<Layer> with(List<? extends Layer> normalizations) {
    return List.of(
        convolution,
        normalizations.get(0),
        first,
        pool,
        hidden,
        normalizations.get(1),
        second,
        output);
  }

  /** For inference, by the running statistics. */
  List<Layer> frozen() {
    return with(normalizations().stream().map(Normalization::frozen).toList());
  }

  /** The same function with no normalization left: folded into the weights before it. */
  List<Layer> folded() {
    FoldedWeights first =
        Folding.of(afterConvolution.norm())
            .into(convolution.weights(), convolution.dimensions(), WeightLayout.OIHW, null);
    FoldedWeights second =
        Folding.of(afterHidden.norm())
            .into(hidden.weights(), hidden.dimensions(), WeightLayout.OI, hidden.bias());
    return List.of(
        convolution.with(first.weights(), first.bias()),
        this.first,
        pool,
        hidden.with(second.weights(), second.bias()),
        this.second,
        output);
  }

  /** The logits of a batch. */
  static float[] run(List<? extends Layer> layers, float[] x, int batch) {
    float[] values = x;
    for (Layer layer : layers) {
      values = layer.forward(values, batch);
    }
    return values;
  }

  /**
   * Forward and backward: leaves the gradients in the parameters.
   *
   * @return the loss
   */
  double gradients(Digits batch) {
    List<TrainedLayer> layers = layers();
    Loss loss = new Loss(run(layers, batch.images(), batch.count()), batch.labels());
    float[] gradient = loss.gradient();
    for (int i = layers.size() - 1; i >= 0; i--) {
      gradient = layers.get(i).backward(gradient);
    }
    return loss.value();
  }

  /** All that is learned. */
  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    layers().forEach(layer -> all.addAll(layer.parameters()));
    return all;
  }

  /** The class with the largest logit, for each example. */
  static int[] predictions(float[] logits) {
    int[] predictions = new int[logits.length / Digits.CLASSES];
    for (int i = 0; i < logits.length; i++) {
      int n = i / Digits.CLASSES;
      if (logits[i] > logits[n * Digits.CLASSES + predictions[n]]) {
        predictions[n] = i % Digits.CLASSES;
      }
    }
    return predictions;
  }
}
