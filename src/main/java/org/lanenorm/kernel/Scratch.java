package org.lanenorm.kernel;

/** One thread's work arrays, grown to the largest tensor seen and then kept. */
public final class Scratch {
  private float[] packed;
  private float[] packedGradient;

  /** The terms of one block, slot by slot, and their sums on the way. */
  final float[] terms = new float[Segments.SLOTS * Segments.LANES];

  final float[] factors = new float[Segments.SLOTS * Segments.LANES];

  private float[] lanes = new float[3 * Segments.LANES];

  /** Sums in double, four chains of two kinds. */
  final double[] chains = new double[8];

  /** Where the superrows of a segment lie. */
  final int[] rowsAt = new int[Segments.LONGEST / Segments.LANES];

  private double[] reference = new double[2 * Segments.LANES];

  /** Per (lane, channel): what is subtracted from x. */
  float[] shifts = new float[0];

  /** Per (lane, channel): sums of the two kinds. */
  float[] first = new float[0];

  float[] second = new float[0];

  /** Half blocks of the two kinds, for one chunk of (lane, channel). */
  float[] firstHalf = new float[0];

  float[] secondHalf = new float[0];

  /** The same of the other halves, or of quarter blocks. */
  float[] firstOther = new float[0];

  float[] secondOther = new float[0];

  /** Per-channel coefficients repeated to the length of a run that many channels share. */
  float[] tileA = new float[0];

  float[] tileB = new float[0];
  float[] tileC = new float[0];
  float[] tileD = new float[0];

  /**
   * Slots of a block that is not full: where each one's superrow lies, and 1, or 0 where there is
   * none.
   */
  final int[] slots = new int[Segments.SLOTS];

  final float[] present = new float[Segments.SLOTS];

  /** Where the superrows of half a block are read; held for one call only. */
  final float[][] sources = new float[Segments.SLOTS / 2][];

  final int[] sourcesAt = new int[Segments.SLOTS / 2];

  void growLanes(int length, int chunk) {
    if (shifts.length < length) {
      shifts = new float[length];
      first = new float[length];
      second = new float[length];
    }
    if (firstHalf.length < chunk) {
      firstHalf = new float[chunk];
      secondHalf = new float[chunk];
      firstOther = new float[chunk];
      secondOther = new float[chunk];
    }
  }

  void growTiles(int length) {
    if (tileA.length < length) {
      tileA = new float[length];
      tileB = new float[length];
      tileC = new float[length];
      tileD = new float[length];
    }
  }

  /** For a channel's packed elements, a segment at most. */
  float[] packed() {
    if (packed == null) {
      packed = new float[Segments.LONGEST];
    }
    return packed;
  }

  /** The same for a second tensor. */
  float[] packedGradient() {
    if (packedGradient == null) {
      packedGradient = new float[Segments.LONGEST];
    }
    return packedGradient;
  }

  /** For the lane sums of so many segments, three times 16 lanes each. */
  float[] lanes(int cells) {
    if (lanes.length < cells * 3 * Segments.LANES) {
      lanes = new float[cells * 3 * Segments.LANES];
    }
    return lanes;
  }

  /** For sums in double of two kinds, over so many places each. */
  double[] reference(int places) {
    if (reference.length < 2 * places) {
      reference = new double[2 * places];
    }
    return reference;
  }
}
