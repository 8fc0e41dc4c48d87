package org.lanenorm.verify;

/**
 * Batch normalization from its formulas, in exact arithmetic where sums are taken and in double
 * elsewhere. Shares no code with the library: it is told N, C and S and works out by itself where
 * an element lies.
 */
public final class Oracle {
  private Oracle() {}

  /** Mean and biased variance per channel, each the double nearest to the exact value. */
  public record Moments(long count, double[] mean, double[] variance) {}

  /** dInput in the tensor's layout; dGamma and dBeta per channel. */
  public record Gradients(double[] dInput, double[] dGamma, double[] dBeta) {}

  /**
   * Exact moments of finite values.
   *
   * @param x holds the tensor from offset on
   * @param channelsLast element (n, c, s) lies at (n*S + s)*C + c if true, else at (n*C + c)*S + s
   */
  public static Moments moments(float[] x, int offset, boolean channelsLast, int n, int c, int s) {
    throw new UnsupportedOperationException();
  }

  /** y = (x - mean)*gamma/sqrt(variance + epsilon) + beta in double; gamma, beta may be null. */
  public static double[] normalize(
      float[] x,
      int offset,
      boolean channelsLast,
      int n,
      int c,
      int s,
      double[] mean,
      double[] variance,
      double epsilon,
      float[] gamma,
      float[] beta) {
    throw new UnsupportedOperationException();
  }

  /**
   * Gradients of normalize when mean and variance are those of x itself (training) or constants
   * (frozen).
   */
  public static Gradients backward(
      float[] x,
      float[] dOutput,
      boolean channelsLast,
      int n,
      int c,
      int s,
      double[] mean,
      double[] variance,
      double epsilon,
      float[] gamma,
      boolean frozen) {
    throw new UnsupportedOperationException();
  }
}
