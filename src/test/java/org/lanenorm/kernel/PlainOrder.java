package org.lanenorm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The canonical order and its sums as {@link Segments}' javadoc states them, slot by slot and
 * without thought of speed: elements are counted m = n*S + s, and where they lie in memory is not
 * known here.
 */
final class PlainOrder {
  /** In a slot's place for an element: there is none. */
  static final int NONE = -1;

  private PlainOrder() {}

  /** Segments of blocks of 256 elements: the one of slot s and lane l at 16*s + l. */
  static List<List<int[]>> segments(int batch, int spatial) {
    List<int[]> blocks = blocks(batch, spatial);
    List<List<int[]>> segments = new ArrayList<>();
    for (int from = 0; from < blocks.size(); ) {
      int left = blocks.size() - from;
      int end = left <= 6 ? blocks.size() : from + 4;
      segments.add(blocks.subList(from, end));
      from = end;
    }
    return segments;
  }

  private static List<int[]> blocks(int batch, int spatial) {
    boolean endToEnd = spatial < 16;
    int images = endToEnd ? 1 : batch;
    int positions = endToEnd ? batch * spatial : spatial;
    int superrows = (positions + 15) / 16;
    int slots = 1;
    while (slots < superrows) {
      slots *= 2;
    }
    List<int[]> blocks = new ArrayList<>();
    int slot = 16;
    for (int image = 0; image < images; image++) {
      for (int row = 0; row < superrows; row++, slot++) {
        if (slot == 16) {
          int[] block = new int[256];
          Arrays.fill(block, NONE);
          blocks.add(block);
          slot = 0;
        }
        int[] block = blocks.get(blocks.size() - 1);
        for (int lane = 0; lane < 16 && 16 * row + lane < positions; lane++) {
          block[16 * slot + lane] = image * positions + 16 * row + lane;
        }
      }
      slot = slots > 16 ? 16 : slot + slots - superrows;
    }
    return blocks;
  }

  /** The elements of a segment, block after block. */
  static int[] elements(List<int[]> segment) {
    return segment.stream().flatMapToInt(Arrays::stream).filter(m -> m != NONE).toArray();
  }

  /** The superrows of 16 elements in a segment's first block. */
  static List<int[]> fullRows(List<int[]> segment) {
    int[] block = segment.get(0);
    List<int[]> rows = new ArrayList<>();
    for (int slot = 0; slot < 16; slot++) {
      int[] row = Arrays.copyOfRange(block, 16 * slot, 16 * slot + 16);
      if (Arrays.stream(row).noneMatch(m -> m == NONE)) {
        rows.add(row);
      }
    }
    return rows;
  }

  /** The four superrows whose mean is K: the first, and then every 5/16 of those in the block. */
  static List<int[]> samples(List<int[]> segment) {
    List<int[]> rows = fullRows(segment);
    return rows.isEmpty()
        ? List.of()
        : List.of(
            rows.get(0),
            rows.get(5 * rows.size() / 16),
            rows.get(10 * rows.size() / 16),
            rows.get(15 * rows.size() / 16));
  }

  /** K of one channel's segment. */
  static float shift(float[] x, List<int[]> segment) {
    List<int[]> rows = samples(segment);
    if (rows.isEmpty()) {
      return x[elements(segment)[0]];
    }
    float[] sums = new float[16];
    for (int lane = 0; lane < 16; lane++) {
      float a = x[rows.get(0)[lane]] + x[rows.get(1)[lane]];
      float b = x[rows.get(2)[lane]] + x[rows.get(3)[lane]];
      sums[lane] = a + b;
    }
    return (float) (folded(sums) / 64);
  }

  /** S(a - shiftOfA) over a segment of one channel. */
  static double sum(float[] a, float shiftOfA, List<int[]> segment) {
    float[] lanes = new float[16];
    for (int[] block : segment) {
      for (int lane = 0; lane < 16; lane++) {
        float[] terms = terms(a, shiftOfA, block, lane);
        lanes[lane] += tree(terms, 0, 16);
      }
    }
    return folded(lanes);
  }

  /** S((a - shiftOfA)*(b - shiftOfB)) over a segment of one channel. */
  static double products(
      float[] a, float shiftOfA, float[] b, float shiftOfB, List<int[]> segment) {
    float[] lanes = new float[16];
    for (int[] block : segment) {
      for (int lane = 0; lane < 16; lane++) {
        float[] left = terms(a, shiftOfA, block, lane);
        float[] right = terms(b, shiftOfB, block, lane);
        float[] pairs = new float[8];
        for (int i = 0; i < 8; i++) {
          float first = left[2 * i] * right[2 * i];
          pairs[i] = Math.fma(left[2 * i + 1], right[2 * i + 1], first);
        }
        lanes[lane] += tree(pairs, 0, 8);
      }
    }
    return folded(lanes);
  }

  private static float[] terms(float[] x, float shift, int[] block, int lane) {
    float[] terms = new float[16];
    for (int slot = 0; slot < 16; slot++) {
      int m = block[16 * slot + lane];
      terms[slot] = m == NONE ? 0 : x[m] - shift;
    }
    return terms;
  }

  /** Neighbours first. */
  private static float tree(float[] terms, int from, int to) {
    int middle = (from + to) / 2;
    return to - from == 1 ? terms[from] : tree(terms, from, middle) + tree(terms, middle, to);
  }

  private static double folded(float[] lanes) {
    double[] sums = new double[16];
    for (int lane = 0; lane < 16; lane++) {
      sums[lane] = lanes[lane];
    }
    for (int half = 8; half >= 1; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        sums[lane] += sums[lane + half];
      }
    }
    return sums[0];
  }
}
