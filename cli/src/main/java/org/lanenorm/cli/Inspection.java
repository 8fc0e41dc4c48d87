package org.lanenorm.cli;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.lanenorm.Momentum;
import org.lanenorm.files.LayerParameters;

/**
 * What there is to say about one layer of a file; nothing of its arrays is kept.
 *
 * @param name as the file calls it
 * @param channels C
 * @param types of the stored arrays
 * @param epsilon where the file states it
 * @param momentum where the file states it
 * @param batches where the file states it
 * @param gamma smallest and largest, null where the layer has none
 * @param beta smallest and largest, null where the layer has none
 * @param mean smallest and largest
 * @param variance smallest and largest
 * @param suspicious what is, and in which channels
 * @param suspiciousChannels how many there are in all
 * @param problem why the layer cannot be read, and nothing above is known; else null
 */
record Inspection(
    String name,
    int channels,
    String types,
    OptionalDouble epsilon,
    Optional<Momentum> momentum,
    OptionalLong batches,
    double[] gamma,
    double[] beta,
    double[] mean,
    double[] variance,
    Map<Suspicion, Found> suspicious,
    int suspiciousChannels,
    String problem) {
  /**
   * Channels in which there is something.
   *
   * @param count of all
   * @param first of them, a few
   */
  record Found(int count, int[] first) {
    private static final int FEW = 8;
  }

  /**
   * Of a layer.
   *
   * @param epsilon that variances are held against
   */
  static Inspection of(LayerParameters layer, double epsilon) {
    float[] gamma = layer.gamma();
    float[] beta = layer.beta();
    double[] mean = layer.mean();
    double[] variance = layer.variance();
    Map<Suspicion, Found> suspicious = new EnumMap<>(Suspicion.class);
    int channels = 0;
    for (int c = 0; c < layer.channels(); c++) {
      boolean any = false;
      for (Suspicion suspicion : Suspicion.values()) {
        float ofGamma = gamma == null ? 1 : gamma[c];
        float ofBeta = beta == null ? 0 : beta[c];
        if (suspicion.of(ofGamma, ofBeta, mean[c], variance[c], epsilon)) {
          suspicious.merge(suspicion, new Found(1, new int[] {c}), Inspection::both);
          any = true;
        }
      }
      channels += any ? 1 : 0;
    }
    return new Inspection(
        layer.name(),
        layer.channels(),
        layer.types().stream().map(Object::toString).collect(Collectors.joining("/")),
        layer.epsilon(),
        layer.momentum(),
        layer.batches(),
        gamma == null ? null : range(gamma),
        beta == null ? null : range(beta),
        range(mean),
        range(variance),
        suspicious,
        channels,
        null);
  }

  private static Found both(Found before, Found next) {
    int[] first = before.first;
    if (first.length < Found.FEW) {
      first = Arrays.copyOf(first, first.length + 1);
      first[first.length - 1] = next.first[0];
    }
    return new Found(before.count + 1, first);
  }

  static Inspection failed(String name, String problem) {
    return new Inspection(
        name,
        0,
        "",
        OptionalDouble.empty(),
        Optional.empty(),
        OptionalLong.empty(),
        null,
        null,
        null,
        null,
        Map.of(),
        0,
        problem);
  }

  boolean clean() {
    return problem == null && suspiciousChannels == 0;
  }

  /** Smallest and largest of the values that are numbers; NaNs where there are none. */
  static double[] range(double... values) {
    double[] range = {Double.NaN, Double.NaN};
    for (double value : values) {
      range[0] = value < range[0] || Double.isNaN(range[0]) ? value : range[0];
      range[1] = value > range[1] || Double.isNaN(range[1]) ? value : range[1];
    }
    return range;
  }

  static double[] range(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return range(doubles);
  }
}
