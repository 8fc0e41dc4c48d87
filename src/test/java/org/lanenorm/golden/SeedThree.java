package org.lanenorm.golden;

import org.lanenorm.Tensors;

/** {@code numpy.random.seed(3); numpy.random.random((5, 6))}, every double by its repr. */
final class SeedThree {
  static final int ROWS = 5;
  static final int COLUMNS = 6;

  private static final double[] DATA = {
    0.5507979025745755, 0.7081478226181048, 0.2909047389129443,
    0.510827605197663, 0.8929469543476547, 0.8962930889334381,
    0.12558531046383625, 0.20724287813818676, 0.05146720330082988,
    0.44080984365063647, 0.029876210878566956, 0.4568332243947111,
    0.6491440476147607, 0.2784872826479753, 0.6762549019801313,
    0.5908628174163508, 0.023981882377165364, 0.558854087990882,
    0.2592524469074654, 0.41510119701006964, 0.28352508177131874,
    0.6931379183129963, 0.4404537176707395, 0.15686773847496327,
    0.5446490180318447, 0.780314764511367, 0.30636353237617975,
    0.2219578839321814, 0.38797125755564876, 0.9363836498604304
  };

  private SeedThree() {}

  static float[] floats() {
    return Tensors.floats(DATA);
  }

  /** The data as rounded to float32. */
  static double[] rounded() {
    double[] values = new double[DATA.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) DATA[i];
    }
    return values;
  }

  /** numpy.mean(data, axis=0) */
  static double[] mean(double[] data) {
    double[] mean = new double[COLUMNS];
    for (int i = 0; i < data.length; i++) {
      mean[i % COLUMNS] += data[i] / ROWS;
    }
    return mean;
  }

  /** numpy.var(data, axis=0), which is biased. */
  static double[] variance(double[] data) {
    double[] mean = mean(data);
    double[] variance = new double[COLUMNS];
    for (int i = 0; i < data.length; i++) {
      double d = data[i] - mean[i % COLUMNS];
      variance[i % COLUMNS] += d * d / ROWS;
    }
    return variance;
  }

  static double[] exact() {
    return DATA.clone();
  }
}
