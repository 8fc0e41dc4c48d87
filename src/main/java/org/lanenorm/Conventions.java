package org.lanenorm;

import java.util.regex.Pattern;

/**
 * The conventions of the frameworks, with their default momentum and epsilon; {@link
 * Convention#withMomentum} and {@link Convention#withEpsilon} set those of a layer. Each is held to
 * numbers of its source by a test.
 */
public final class Conventions {
  private static final Pattern KERAS_1 = Pattern.compile("1\\.(0\\.[0-8]|[12]\\.[0-2])");

  private Conventions() {}

  /**
   * PyTorch, torch.nn.BatchNorm1d to 3d (torch/nn/modules/batchnorm.py and
   * aten/src/ATen/native/Normalization.cpp): momentum 0.1 is the share of the new, the running
   * variance takes the unbiased one. {@code momentum=None} is {@link Momentum#cumulative}, {@code
   * track_running_stats=False} is {@link InferenceStatistics#BATCH}.
   */
  public static Convention pytorch() {
    return usual("PyTorch", Momentum.update(0.1), 1e-5, VarianceConvention.UNBIASED);
  }

  /**
   * Keras 3 (keras/src/layers/normalization/batch_normalization.py): momentum 0.99 is the share of
   * the old, the running variance takes the biased one in every rank.
   */
  public static Convention keras3() {
    return usual("Keras 3", Momentum.decay(0.99), 1e-3, VarianceConvention.BIASED);
  }

  /**
   * tf.keras and Keras 2.6 to 2.15 (keras/layers/normalization/batch_normalization.py): one layer,
   * two conventions, of which the input's rank chooses.
   *
   * @param fused whether TensorFlow's fused kernel ran, which it did by default for rank 4 (and 5):
   *     the running variance takes Bessel's correction then, and the biased variance else
   */
  public static Convention tfKeras2(boolean fused) {
    return usual(
        fused ? "tf.keras 2.6 to 2.15, fused (rank 4, 5)" : "tf.keras 2.6 to 2.15, not fused",
        Momentum.decay(0.99),
        1e-3,
        fused ? VarianceConvention.UNBIASED_CLAMPED : VarianceConvention.BIASED);
  }

  /**
   * Keras 2.1.4 to 2.3.1 (keras/layers/normalization.py, pull request 9028), on back ends other
   * than CNTK: {@link VarianceConvention#KERAS_LEGACY}. From its code, not run: on rank 4 with
   * TensorFlow the fused kernel has applied Bessel's correction already, which makes two.
   */
  public static Convention keras2Legacy() {
    return usual(
        "Keras 2.1.4 to 2.3.1", Momentum.decay(0.99), 1e-3, VarianceConvention.KERAS_LEGACY);
  }

  /**
   * Keras 1 (keras/layers/normalization.py), in which a mode chose the kind of normalization and
   * releases changed it under the same names:
   *
   * <ul>
   *   <li>Mode 0, feature-wise. To 1.0.5 epsilon is added twice ({@link EpsilonPlacement#BOTH}) and
   *       running_std is the average of standard deviations; from 1.0.6 on epsilon is inside the
   *       root alone and what is still called running_std is the average of biased variances. The
   *       weights are gamma, beta, running_mean, running_std, in this order. {@link Conversion}
   *       brings those of 1.0.5 to any later version.
   *   <li>Mode 1, sample-wise over the last axis: {@link EpsilonPlacement#ON_STD} to 1.0.4, {@link
   *       EpsilonPlacement#BOTH} from 1.0.5 on. No running statistics. {@link LayerNorm} takes it.
   *   <li>Mode 2, from 1.0.4 on: as mode 0, by the batch's statistics in inference too.
   * </ul>
   *
   * Defaults: momentum 0.9, from 1.0.7 on 0.99; epsilon 1e-6, from 1.0.8 on 1e-5, from 1.2.0 on
   * 1e-3.
   *
   * @param mode 0, 1 or 2
   * @param version "1.0.0" to "1.2.2"
   * @return the convention of that mode in that version
   * @throws IllegalArgumentException on another mode or version
   */
  public static Convention keras1(int mode, String version) {
    if (!KERAS_1.matcher(Checks.notNull("version", version)).matches()) {
      throw new IllegalArgumentException(
          "version must be of Keras 1, \"1.0.0\" to \"1.2.2\", but was \"" + version + "\"");
    }
    if (mode < 0 || mode > 2) {
      throw new IllegalArgumentException("mode must be 0, 1 or 2, but was " + mode);
    }
    // one digit each: texts are ordered as versions are
    if (mode == 2 && version.compareTo("1.0.4") < 0) {
      throw new IllegalArgumentException(
          "mode must be 0 or 1 before Keras 1.0.4, but was 2 for version \"" + version + "\"");
    }
    boolean feature = mode != 1;
    EpsilonPlacement placement;
    if (feature) {
      placement =
          version.compareTo("1.0.6") < 0 ? EpsilonPlacement.BOTH : EpsilonPlacement.INSIDE_SQRT;
    } else {
      placement = version.compareTo("1.0.5") < 0 ? EpsilonPlacement.ON_STD : EpsilonPlacement.BOTH;
    }
    double epsilon = 1e-6;
    if (version.compareTo("1.0.8") >= 0) {
      epsilon = version.compareTo("1.2.0") < 0 ? 1e-5 : 1e-3;
    }
    return new Convention(
        "Keras " + version + ", mode " + mode,
        Momentum.decay(version.compareTo("1.0.7") < 0 ? 0.9 : 0.99),
        epsilon,
        placement,
        VarianceConvention.BIASED,
        mode == 0 && placement == EpsilonPlacement.BOTH
            ? Spread.STANDARD_DEVIATION
            : Spread.VARIANCE,
        switch (mode) {
          case 1 -> InferenceStatistics.SAMPLE;
          case 2 -> InferenceStatistics.BATCH;
          default -> InferenceStatistics.RUNNING;
        });
  }

  /**
   * The ONNX operator BatchNormalization (onnx/defs/nn/defs.cc): momentum 0.9 is the share of the
   * old, the running variance takes the biased one. So its text says from opset 14 on; earlier
   * texts compute the same inference and do not say which variance training averages: this takes
   * the biased one for them too. {@code spatial=0} of opsets below 9 (each position by itself) is
   * another operation.
   *
   * @param opset of the model, at least 1
   * @return the convention of the operator's version in that opset
   * @throws IllegalArgumentException below 1
   */
  public static Convention onnx(int opset) {
    if (opset < 1) {
      throw new IllegalArgumentException("opset must be at least 1, but was " + opset);
    }
    int version = 1;
    for (int changed : new int[] {6, 7, 9, 14, 15}) {
      version = opset >= changed ? changed : version;
    }
    return usual(
        "ONNX BatchNormalization-" + version, Momentum.decay(0.9), 1e-5, VarianceConvention.BIASED);
  }

  /**
   * TensorFlow's operator FusedBatchNormV3 (tensorflow/core/kernels/fused_batch_norm_op.cc), by
   * itself: its exponential_avg_factor is the share of the new, 1 by default; Bessel's correction
   * by max(n - 1, 1). {@link #tfKeras2} has the layer's defaults.
   */
  public static Convention tensorflowFused() {
    return usual(
        "TensorFlow FusedBatchNorm", Momentum.update(1), 1e-4, VarianceConvention.UNBIASED_CLAMPED);
  }

  /**
   * Flax (flax/linen/normalization.py): momentum 0.99 is the share of the old, the running variance
   * takes the biased one.
   */
  public static Convention flax() {
    return usual("Flax", Momentum.decay(0.99), 1e-5, VarianceConvention.BIASED);
  }

  /** Epsilon inside the root, a running variance: what all of today's have in common. */
  private static Convention usual(
      String name, Momentum momentum, double epsilon, VarianceConvention variance) {
    return new Convention(
        name,
        momentum,
        epsilon,
        EpsilonPlacement.INSIDE_SQRT,
        variance,
        Spread.VARIANCE,
        InferenceStatistics.RUNNING);
  }
}
