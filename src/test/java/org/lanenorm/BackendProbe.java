package org.lanenorm;

/**
 * Prints the back end that a JVM chose and a hash of the bits it computes; run as a process of its
 * own.
 */
final class BackendProbe {
  private BackendProbe() {}

  public static void main(String[] arguments) {
    String backend;
    try {
      backend = Lanenorm.backend();
    } catch (IllegalStateException e) {
      System.out.println("refused: " + e.getMessage());
      return;
    }
    long hash = 17;
    for (TensorShape shape :
        new TensorShape[] {
          TensorShape.rows(70, 5),
          TensorShape.nchw(3, 4, 3, 3),
          TensorShape.nchw(5, 3, 7, 7),
          TensorShape.ncw(2, 3, 300)
        }) {
      hash = hash * 31 + bits(shape);
      hash = hash * 31 + bits(shape.withLayout(Layout.NHWC));
    }
    System.out.println(backend + " " + Long.toHexString(hash));
  }

  private static long bits(TensorShape shape) {
    float[] x = new float[shape.length()];
    float[] dOutput = new float[x.length];
    long state = 1;
    for (int i = 0; i < x.length; i++) {
      state = state * 6364136223846793005L + 1442695040888963407L;
      x[i] = 100 + (state >> 40) * 0x1p-22f;
      dOutput[i] = (int) (state >> 20) * 0x1p-31f;
    }
    BatchNorm norm = BatchNorm.builder(shape.channels()).build();
    float[] y = new float[x.length];
    SavedStatistics saved = norm.forwardTraining(x, y, shape);
    float[] dInput = new float[x.length];
    float[] dGamma = new float[shape.channels()];
    float[] dBeta = new float[shape.channels()];
    norm.backward(x, dOutput, saved, dInput, dGamma, dBeta, shape);
    long hash = saved.moments().hashCode();
    for (float[] result : new float[][] {y, dInput, dGamma, dBeta}) {
      hash = hash * 31 + java.util.Arrays.hashCode(result);
    }
    return hash;
  }
}
