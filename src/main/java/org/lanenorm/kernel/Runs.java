package org.lanenorm.kernel;

import java.util.Arrays;

/**
 * The valid positions of a mask, as runs of neighbours in one image, and the copies between a
 * tensor and its valid positions laid end to end as one image in the same order of memory.
 * Immutable.
 */
public final class Runs {
  /**
   * Copies of fewer floats are done one by one: a call of arraycopy takes as long as that, and a
   * mask without order has runs of 2 on average.
   */
  private static final int SHORT = 16;

  /**
   * Where runs are shorter than this on average, NCHW is copied position by position: run by run
   * took 3 to 5 times as long with runs of 1 and 2.
   */
  private static final int SCATTERED = 8;

  /** Picoseconds of one thread to copy a float, roughly. */
  private static final int PICOS = 100;

  private final int images;
  private final int positions;

  /** Where run r begins, as m = n*S + s. One more, of no positions at m = N*S, ends the list. */
  private final int[] first;

  /** Where run r ends. */
  private final int[] end;

  /** Valid positions before run r. */
  private final int[] before;

  /** First run of image n, and the number of runs at N. */
  private final int[] ofImage;

  /** Every valid position m, where they are scattered; else null. */
  private final int[] each;

  /**
   * From one boolean per position (n, s).
   *
   * @param valid of position (n, s) at n*S + s; not kept
   * @param batch N
   * @param spatial S
   */
  public Runs(boolean[] valid, int batch, int spatial) {
    // rows follow one another in memory whatever the layout: else each would be a run of its own
    images = spatial == 1 ? 1 : valid.length == 0 ? 0 : batch;
    positions = spatial == 1 ? batch : spatial;
    int runs = 0;
    for (int m = 0; m < valid.length; m++) {
      runs += begins(valid, m) ? 1 : 0;
    }
    first = new int[runs + 1];
    end = new int[runs + 1];
    before = new int[runs + 1];
    ofImage = new int[images + 1];
    int run = 0;
    int count = 0;
    for (int n = 0; n < images; n++) {
      ofImage[n] = run;
      for (int m = n * positions; m < (n + 1) * positions; m++) {
        if (begins(valid, m)) {
          first[run] = m;
          before[run++] = count;
        }
        if (valid[m]) {
          end[run - 1] = m + 1;
          count++;
        }
      }
    }
    ofImage[images] = run;
    first[run] = valid.length;
    end[run] = valid.length;
    before[run] = count;
    each = (long) SCATTERED * runs > count ? new int[count] : null;
    for (int m = 0, i = 0; each != null && i < count; m++) {
      if (valid[m]) {
        each[i++] = m;
      }
    }
  }

  private boolean begins(boolean[] valid, int m) {
    return valid[m] && (m % positions == 0 || !valid[m - 1]);
  }

  private int runs() {
    return first.length - 1;
  }

  /** Number of valid positions. */
  public int count() {
    return before[runs()];
  }

  /**
   * Copies the valid positions of a tensor.
   *
   * @param channelsLast whether element (n, c, s) lies at (n*S + s)*C + c, else at (n*C + c)*S + s
   * @param to receives C*{@link #count} floats from index 0 on; another array than x
   */
  public void gather(
      float[] x, int xOffset, boolean channelsLast, int channels, float[] to, Team team) {
    int units = channelsLast ? runs() : channels;
    int threads = threads(channels, team);
    int parts = Math.min(units, Passes.parts(threads));
    if (threads == 1 || parts <= 1) {
      gather(x, xOffset, channelsLast, channels, to, 0, units);
      return;
    }
    team.run(
        threads,
        parts,
        (index, member) ->
            gather(
                x,
                xOffset,
                channelsLast,
                channels,
                to,
                Passes.cut(units, index, parts),
                Passes.cut(units, index + 1, parts)));
  }

  /**
   * Copies valid positions back to where {@link #gather} found them, and writes 0 to all others.
   */
  public void scatter(
      float[] from, float[] y, int yOffset, boolean channelsLast, int channels, Team team) {
    // with the run that ends the list, before which the last masked positions lie
    int units = channelsLast ? runs() + 1 : channels;
    int threads = threads(channels, team);
    int parts = Math.min(units, Passes.parts(threads));
    if (threads == 1 || parts <= 1) {
      scatter(from, y, yOffset, channelsLast, channels, 0, units);
      return;
    }
    team.run(
        threads,
        parts,
        (index, member) ->
            scatter(
                from,
                y,
                yOffset,
                channelsLast,
                channels,
                Passes.cut(units, index, parts),
                Passes.cut(units, index + 1, parts)));
  }

  private int threads(int channels, Team team) {
    return Passes.threads(team, (long) images * positions * channels, PICOS, 0);
  }

  /** The runs or channels [from, to). */
  private void gather(
      float[] x,
      int xOffset,
      boolean channelsLast,
      int channels,
      float[] packed,
      int from,
      int to) {
    if (channelsLast) {
      for (int run = from; run < to; run++) {
        int length = (end[run] - first[run]) * channels;
        copy(x, xOffset + first[run] * channels, packed, before[run] * channels, length);
      }
      return;
    }
    for (int c = from; c < to; c++) {
      for (int n = 0; n < images; n++) {
        // from m to where (n, c, s) lies: the channels of images before and of this one
        int shift = (n * (channels - 1) + c) * positions;
        if (each != null) {
          int last = before[ofImage[n + 1]];
          for (int i = before[ofImage[n]]; i < last; i++) {
            packed[c * count() + i] = x[xOffset + shift + each[i]];
          }
          continue;
        }
        for (int run = ofImage[n]; run < ofImage[n + 1]; run++) {
          int at = xOffset + shift + first[run];
          copy(x, at, packed, c * count() + before[run], end[run] - first[run]);
        }
      }
    }
  }

  /** The runs, each with what is masked before it, or the channels [from, to). */
  private void scatter(
      float[] packed,
      float[] y,
      int yOffset,
      boolean channelsLast,
      int channels,
      int from,
      int to) {
    if (channelsLast) {
      for (int run = from; run < to; run++) {
        int masked = run == 0 ? 0 : end[run - 1];
        clear(y, yOffset + masked * channels, (first[run] - masked) * channels);
        int length = (end[run] - first[run]) * channels;
        copy(packed, before[run] * channels, y, yOffset + first[run] * channels, length);
      }
      return;
    }
    for (int c = from; c < to; c++) {
      for (int n = 0; n < images; n++) {
        int base = yOffset + (n * (channels - 1) + c) * positions;
        int masked = n * positions;
        if (each != null) {
          clear(y, base + masked, positions);
          int last = before[ofImage[n + 1]];
          for (int i = before[ofImage[n]]; i < last; i++) {
            y[base + each[i]] = packed[c * count() + i];
          }
          continue;
        }
        for (int run = ofImage[n]; run < ofImage[n + 1]; run++) {
          clear(y, base + masked, first[run] - masked);
          copy(packed, c * count() + before[run], y, base + first[run], end[run] - first[run]);
          masked = end[run];
        }
        clear(y, base + masked, (n + 1) * positions - masked);
      }
    }
  }

  private static void copy(float[] from, int fromAt, float[] to, int toAt, int length) {
    if (length >= SHORT) {
      System.arraycopy(from, fromAt, to, toAt, length);
      return;
    }
    for (int i = 0; i < length; i++) {
      to[toAt + i] = from[fromAt + i];
    }
  }

  private static void clear(float[] y, int from, int length) {
    if (length >= SHORT) {
      Arrays.fill(y, from, from + length, 0);
      return;
    }
    for (int i = 0; i < length; i++) {
      y[from + i] = 0;
    }
  }
}
