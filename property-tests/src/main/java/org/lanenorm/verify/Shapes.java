package org.lanenorm.verify;

import java.util.List;

/** Sizes round which kernels break: lanes of 16, segments of about 1,024, and what lies between. */
public final class Shapes {
  /** N, C and S. */
  public record Size(int n, int c, int s) {
    /** M = N*S, the elements of one channel. */
    public int count() {
      return n * s;
    }

    /** N*C*S. */
    public int length() {
      return n * c * s;
    }

    /** What runs through the lanes: the positions of an image, or of all where they are few. */
    public ToLanes run() {
      return ToLanes.of(s < LANES ? count() : s);
    }

    /** Where channels lie side by side, they run through the lanes. */
    public ToLanes channels() {
      return ToLanes.of(c);
    }

    /** M against a segment. */
    public ToSegment segment() {
      return ToSegment.of(count());
    }

    @Override
    public String toString() {
      return n + "x" + c + "x" + s;
    }
  }

  /** Lanes that kernels sum in, at most. */
  public static final int LANES = 16;

  /** Elements of a segment. */
  public static final int SEGMENT = 1024;

  /** Elements of the longest segment: what is left at the end joins the last one. */
  public static final int LONGEST_SEGMENT = 1536;

  /** A number of elements against a group of 16 lanes. */
  public enum ToLanes {
    /** Under 16. */
    BELOW,
    /** A multiple of 16. */
    WHOLE,
    /** Over 16, with a tail. */
    WITH_TAIL;

    static ToLanes of(int elements) {
      return elements % LANES == 0 ? WHOLE : elements < LANES ? BELOW : WITH_TAIL;
    }
  }

  /** The M elements of a channel against a segment. */
  public enum ToSegment {
    /** Under 1,024. */
    BELOW,
    /** 1,024. */
    WHOLE,
    /** Up to 1,536, which may still be one segment. */
    ABOVE,
    /** More. */
    SEVERAL;

    static ToSegment of(int count) {
      return count < SEGMENT
          ? BELOW
          : count == SEGMENT ? WHOLE : count <= LONGEST_SEGMENT ? ABOVE : SEVERAL;
    }
  }

  /**
   * For S, and for M where S is small: below, at and above one, two, three, four and more vectors
   * of 16 lanes (also of 8 and 4), up to and beyond one and two segments; 682 to 684 is where 1.5
   * images make a segment; 49, 196, 784 and 3136 are the feature maps of real networks.
   */
  public static final List<Integer> ELEMENTS =
      List.of(
          1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 79, 80, 81, 127,
          128, 129, 196, 255, 256, 257, 271, 272, 273, 511, 512, 513, 682, 683, 684, 784, 1007,
          1008, 1009, 1023, 1024, 1025, 1039, 1040, 1041, 1535, 1536, 1537, 2047, 2048, 2049, 3071,
          3073, 3136, 4097);

  /** For C: below, at and above one to four vectors. */
  public static final List<Integer> CHANNELS =
      List.of(1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65);

  /** The largest N of a {@link #random} size with S above 1. */
  public static final int MOST_IMAGES = 40;

  private Shapes() {}

  /**
   * A size of at most {@code limit} elements in which S or M lies on one of {@link #ELEMENTS} and C
   * on one of {@link #CHANNELS} wherever the limit allows it: many positions in few images, few
   * positions in many images, or rows.
   */
  public static Size random(Rng rng, int limit) {
    int elements = ELEMENTS.get(rng.below(ELEMENTS.size()));
    int channels = CHANNELS.get(rng.below(CHANNELS.size()));
    int images = rng.between(1, MOST_IMAGES);
    switch (rng.below(4)) {
      case 0:
        return fit(elements, channels, 1, limit);
      case 1:
        // S small: M just at or above a boundary
        int positions = rng.between(2, 40);
        return fit((elements + positions - 1) / positions, channels, positions, limit);
      case 2:
        return fit(rng.between(1, 3), channels, elements, limit);
      default:
        return fit(images, channels, elements, limit);
    }
  }

  /** The same with C, then N, as large as the limit allows and at least 1. */
  public static Size fit(int n, int c, int s, int limit) {
    int channels = Math.max(1, Math.min(c, limit / s));
    int images = Math.max(1, Math.min(n, limit / (channels * s)));
    return new Size(images, channels, s);
  }
}
