package org.lanenorm.files;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.lanenorm.BatchNorm;
import org.lanenorm.Conventions;
import org.lanenorm.Folding;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.Momentum;

/**
 * What a file holds of one batch normalization layer; immutable. Values are as stored, widened
 * exactly; only gamma and beta of float64 are rounded to the nearest float.
 */
public final class LayerParameters {
  private final String name;
  private final List<ElementType> types;
  private final float[] gamma;
  private final float[] beta;
  private final double[] mean;
  private final double[] variance;
  private final Long batches;
  private final OnnxNode node;

  /**
   * What an ONNX node states beside its arrays.
   *
   * @param opset whose definition of the operator holds
   * @param epsilon finite, at least 0
   * @param momentum share of the old, 0 to 1
   */
  record OnnxNode(int opset, double epsilon, double momentum) {}

  /**
   * From arrays of one length, not copied.
   *
   * @param types of the stored arrays
   * @param gamma null for none
   * @param beta null for none
   * @param batches null where the file does not say
   * @param node null where the file is not of ONNX
   */
  LayerParameters(
      String name,
      List<ElementType> types,
      float[] gamma,
      float[] beta,
      double[] mean,
      double[] variance,
      Long batches,
      OnnxNode node) {
    this.name = name;
    this.types = List.copyOf(types);
    this.gamma = gamma;
    this.beta = beta;
    this.mean = mean;
    this.variance = variance;
    this.batches = batches;
    this.node = node;
  }

  /** As the file calls the layer; empty where its arrays have no prefix. */
  public String name() {
    return name;
  }

  /** C. */
  public int channels() {
    return mean.length;
  }

  /** The types of the stored arrays, each once. */
  public List<ElementType> types() {
    return types;
  }

  /** Scale per channel, null where the layer has none; a new array. */
  public float[] gamma() {
    return gamma == null ? null : gamma.clone();
  }

  /** Shift per channel, null where the layer has none; a new array. */
  public float[] beta() {
    return beta == null ? null : beta.clone();
  }

  /** Running mean per channel; a new array. */
  public double[] mean() {
    return mean.clone();
  }

  /** Running variance per channel, whatever the file holds; a new array. */
  public double[] variance() {
    return variance.clone();
  }

  /**
   * What is added to the variance inside the root, where the file states it. ONNX does (1e-5 where
   * the node is silent); a PyTorch state does not.
   */
  public OptionalDouble epsilon() {
    return node == null ? OptionalDouble.empty() : OptionalDouble.of(node.epsilon);
  }

  /** How far a batch moves the running statistics, where the file states it, as ONNX does. */
  public Optional<Momentum> momentum() {
    return Optional.ofNullable(node).map(stated -> Momentum.decay(stated.momentum));
  }

  /** How many batches the running statistics come from (PyTorch: num_batches_tracked). */
  public OptionalLong batches() {
    return batches == null ? OptionalLong.empty() : OptionalLong.of(batches);
  }

  /** The version of the ONNX operators that defines the layer, where the file is of ONNX. */
  public OptionalInt opset() {
    return node == null ? OptionalInt.empty() : OptionalInt.of(node.opset);
  }

  /**
   * A layer with these parameters, by the convention of ONNX's operator where the file is of ONNX
   * and by PyTorch's otherwise, whose state it then is: set another convention, or epsilon and
   * momentum, where the layer was trained with others. The number of {@link #batches} matters to
   * {@link Momentum#cumulative} alone and goes in with {@link
   * org.lanenorm.RunningStatistics#set(double[], double[], long)}.
   *
   * @throws IllegalArgumentException if a mean is not finite or a variance is not finite and at
   *     least 0
   */
  public BatchNorm.Builder builder() {
    BatchNorm.Builder builder =
        BatchNorm.builder(channels()).gamma(gamma).beta(beta).runningStatistics(mean, variance);
    if (node != null) {
      builder.convention(
          Conventions.onnx(node.opset)
              .withEpsilon(node.epsilon)
              .withMomentum(Momentum.decay(node.momentum)));
    }
    return builder;
  }

  /**
   * The inference form, with the epsilon that the file states.
   *
   * @throws IllegalStateException if it states none: {@link #freeze(double)} then
   * @throws IllegalArgumentException as {@link FrozenBatchNorm#of}
   */
  public FrozenBatchNorm freeze() {
    return freeze(statedEpsilon());
  }

  /**
   * The inference form.
   *
   * @param epsilon added to the variance inside the root
   * @throws IllegalArgumentException as {@link FrozenBatchNorm#of}
   */
  public FrozenBatchNorm freeze(double epsilon) {
    return FrozenBatchNorm.of(mean, variance, epsilon, gamma, beta);
  }

  /**
   * For folding the inference form into weights, with the epsilon that the file states.
   *
   * @throws IllegalStateException if it states none: {@link #folding(double)} then
   * @throws IllegalArgumentException as {@link Folding#of}
   */
  public Folding folding() {
    return folding(statedEpsilon());
  }

  /**
   * For folding the inference form into weights.
   *
   * @param epsilon added to the variance inside the root
   * @throws IllegalArgumentException as {@link Folding#of}
   */
  public Folding folding(double epsilon) {
    return Folding.of(mean, variance, epsilon, gamma, beta);
  }

  private double statedEpsilon() {
    return epsilon()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "epsilon must be given, as the file states none for " + this));
  }

  /** For example {@code layer1.bn (64 channels, float32)}. */
  @Override
  public String toString() {
    String type = types.toString();
    return "%s (%d channels, %s)".formatted(name, channels(), type.substring(1, type.length() - 1));
  }
}
