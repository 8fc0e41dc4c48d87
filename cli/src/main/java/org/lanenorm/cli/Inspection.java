package org.lanenorm.cli;

import java.util.Map;
import org.lanenorm.files.LayerParameters;

/**
 * What there is to say about one layer of a file.
 *
 * @param name as the file calls it
 * @param layer null where it cannot be read
 * @param epsilon that variances are held against
 * @param suspicious channels by what is suspicious about them
 * @param problem why it cannot be read, else null
 */
record Inspection(
    String name,
    LayerParameters layer,
    double epsilon,
    Map<Suspicion, int[]> suspicious,
    String problem) {

  static Inspection of(LayerParameters layer, double epsilon) {
    return new Inspection(layer.name(), layer, epsilon, Suspicion.in(layer, epsilon), null);
  }

  static Inspection failed(String name, String problem) {
    return new Inspection(name, null, Double.NaN, Map.of(), problem);
  }

  boolean clean() {
    return problem == null && suspicious.isEmpty();
  }

  /** Smallest and largest of the values that are numbers; NaNs where there are none. */
  static double[] range(double[] values) {
    double[] range = {Double.NaN, Double.NaN};
    for (double value : values) {
      range[0] = value < range[0] || Double.isNaN(range[0]) ? value : range[0];
      range[1] = value > range[1] || Double.isNaN(range[1]) ? value : range[1];
    }
    return range;
  }

  static double[] range(float[] values) {
    double[] doubles = new double[values.length];
    java.util.Arrays.setAll(doubles, i -> values[i]);
    return range(doubles);
  }
}
