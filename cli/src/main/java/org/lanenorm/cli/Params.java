package org.lanenorm.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import org.lanenorm.Momentum;
import org.lanenorm.files.ElementType;
import org.lanenorm.files.LayerParameters;
import org.lanenorm.files.Npz;
import org.lanenorm.files.ParameterFile;
import org.lanenorm.files.Tensor;

/**
 * A layer's parameters: those that --params names, a fresh layer's otherwise. Either an .npz file
 * with gamma, beta, running_mean and running_var by these names, of which some may be missing, or a
 * layer of a safetensors, ONNX or .npz file.
 *
 * @param gamma null for none: as if 1
 * @param beta null for none: as if 0
 * @param runningMean 0 where the file has none
 * @param runningVariance 1 where the file has none
 * @param epsilon added to the variance inside the root
 * @param momentum of the running statistics
 */
record Params(
    float[] gamma,
    float[] beta,
    double[] runningMean,
    double[] runningVariance,
    double epsilon,
    Momentum momentum) {
  private static final Momentum MOMENTUM = Momentum.decay(0.9);

  private static final List<String> NAMES = List.of("gamma", "beta", "running_mean", "running_var");

  /**
   * Reads them.
   *
   * @param options which
   * @param momentum null for what the file states, else 0.9
   * @param channels C of the input
   * @param running whether the command cannot do without running statistics: a note says so where
   *     the file has none
   */
  static Params read(
      LayerOptions options,
      Momentum momentum,
      int channels,
      boolean running,
      Consumer<String> notes) {
    String file = options.file();
    String layer = options.layer();
    Momentum otherwise = momentum == null ? MOMENTUM : momentum;
    if (file == null) {
      noteMissing(running, List.of(), notes);
      return fresh(channels, null, null, options.epsilon(), otherwise);
    }
    return Inputs.open(
        "--params",
        file,
        opened -> {
          if (opened instanceof Npz npz && layer == null && isPlain(npz)) {
            noteMissing(running, npz.names(), notes);
            checkNames(file, npz, notes);
            return new Params(
                floats(npz, file, "gamma", channels, notes),
                floats(npz, file, "beta", channels, notes),
                doubles(npz, file, "running_mean", channels, new double[channels]),
                doubles(npz, file, "running_var", channels, ones(channels)),
                options.epsilon(),
                otherwise);
          }
          LayerParameters parameters = options.read(opened);
          if (parameters.channels() != channels) {
            throw UserError.of(
                "--params",
                file,
                "layer %s must have as many channels as the input, %d"
                    .formatted(parameters, channels));
          }
          if (parameters.types().contains(ElementType.FLOAT64)) {
            notes.accept(
                "--params " + file + ": holds float64; gamma and beta are rounded to float32");
          }
          return new Params(
              parameters.gamma(),
              parameters.beta(),
              parameters.mean(),
              parameters.variance(),
              options.epsilon(parameters, notes),
              momentum == null ? parameters.momentum().orElse(MOMENTUM) : momentum);
        });
  }

  /** Of a layer that has not seen a batch: mean 0, variance 1. */
  static Params fresh(
      int channels, float[] gamma, float[] beta, double epsilon, Momentum momentum) {
    return new Params(gamma, beta, new double[channels], ones(channels), epsilon, momentum);
  }

  private static double[] ones(int channels) {
    double[] ones = new double[channels];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** Whether the arrays are those of one layer by their bare names, or of nothing that we know. */
  private static boolean isPlain(Npz npz) {
    return npz.layers().isEmpty() || npz.names().stream().anyMatch(NAMES::contains);
  }

  private static void noteMissing(
      boolean running, Collection<String> found, Consumer<String> notes) {
    if (running && !found.containsAll(NAMES.subList(2, 4))) {
      notes.accept("--params: no running_mean or no running_var: mean 0, variance 1 are used");
    }
  }

  private static void checkNames(String file, ParameterFile npz, Consumer<String> notes) {
    List<String> others = new ArrayList<>(npz.names());
    others.removeAll(NAMES);
    if (others.size() == npz.names().size()) {
      throw UserError.of(
          "--params",
          file,
          "must hold at least one of %s, but holds %s"
              .formatted(NAMES, others.isEmpty() ? "nothing" : Names.list(others)));
    }
    if (!others.isEmpty()) {
      notes.accept("--params " + file + ": does not use " + Names.list(others));
    }
  }

  private static float[] floats(
      Npz npz, String file, String name, int channels, Consumer<String> notes) throws IOException {
    Tensor array = array(npz, file, name, channels);
    if (array != null && array.type() == ElementType.FLOAT64) {
      notes.accept("--params " + file + ":" + name + ": float64, rounded to float32");
    }
    return array == null ? null : array.floats();
  }

  private static double[] doubles(
      Npz npz, String file, String name, int channels, double[] otherwise) throws IOException {
    Tensor array = array(npz, file, name, channels);
    return array == null ? otherwise : array.doubles();
  }

  private static Tensor array(Npz npz, String file, String name, int channels) throws IOException {
    if (!npz.names().contains(name)) {
      return null;
    }
    Tensor array = npz.read(name);
    if (array.type() == ElementType.INT64 || !Arrays.equals(array.shape(), new int[] {channels})) {
      throw new UserError(
          "--params "
              + file
              + ":"
              + name
              + " must be float32 or float64 of shape "
              + Tensor.describe(channels)
              + ", one per channel, but is "
              + array);
    }
    return array;
  }
}
