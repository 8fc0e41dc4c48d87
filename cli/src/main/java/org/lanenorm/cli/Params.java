package org.lanenorm.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.lanenorm.files.ElementType;
import org.lanenorm.files.Npz;
import org.lanenorm.files.Tensor;

/**
 * A layer's parameters from P.npz: gamma, beta, running_mean, running_var, one number per channel.
 *
 * @param gamma null for none: as if 1
 * @param beta null for none: as if 0
 * @param runningMean 0 where the file has none
 * @param runningVariance 1 where the file has none
 */
record Params(float[] gamma, float[] beta, double[] runningMean, double[] runningVariance) {
  private static final List<String> NAMES = List.of("gamma", "beta", "running_mean", "running_var");

  /** Of a fresh layer. */
  static Params none(int channels) {
    return new Params(null, null, new double[channels], ones(channels));
  }

  private static double[] ones(int channels) {
    double[] ones = new double[channels];
    Arrays.fill(ones, 1);
    return ones;
  }

  /**
   * Reads them.
   *
   * @param file null for none
   * @param channels C of the input
   * @param running whether the command cannot do without running statistics: a note says so where
   *     the file has none
   */
  static Params read(String file, int channels, boolean running, Consumer<String> notes) {
    Params params = none(channels);
    List<String> found = List.of();
    if (file != null) {
      Path path = Inputs.file("--params", file);
      try (Npz npz = Npz.open(path)) {
        found = List.copyOf(npz.names());
        checkNames(file, found, notes);
        params =
            new Params(
                floats(npz, file, "gamma", channels, notes),
                floats(npz, file, "beta", channels, notes),
                doubles(npz, file, "running_mean", channels, params.runningMean),
                doubles(npz, file, "running_var", channels, params.runningVariance));
      } catch (IOException e) {
        throw new UserError("--params: " + UserError.reason(e));
      }
    }
    if (running && !found.containsAll(NAMES.subList(2, 4))) {
      notes.accept("--params: no running_mean or no running_var: mean 0, variance 1 are used");
    }
    return params;
  }

  private static void checkNames(String file, List<String> found, Consumer<String> notes) {
    List<String> others = new ArrayList<>(found);
    others.removeAll(NAMES);
    if (others.size() == found.size()) {
      throw new UserError(
          "--params " + file + ": must hold at least one of " + NAMES + ", but holds " + found);
    }
    if (!others.isEmpty()) {
      notes.accept("--params " + file + ": does not use " + others);
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
