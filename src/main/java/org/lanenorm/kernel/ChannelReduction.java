package org.lanenorm.kernel;

/** Stub. */
public final class ChannelReduction {
  private ChannelReduction() {}

  /** Stub. */
  public static void merge(
      long countA,
      double[] meanA,
      double[] m2A,
      long countB,
      double[] meanB,
      double[] m2B,
      int from,
      int to) {}
}
