package org.lanenorm.cli;

import org.lanenorm.BatchNorm;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;

/**
 * Everything that normalize tells about one input.
 *
 * @param x the input
 * @param setup how it was normalized
 * @param result of its forward pass
 * @param ulps largest error against the oracle per channel, NaN where x is not finite
 * @param time of the forward pass, null where there is nothing to normalize
 * @param copy time of copying x to y with the same threads
 * @param sameBits whether the other layout gave the same bits
 */
record Report(
    Input x,
    Setup setup,
    Normalized result,
    double[] ulps,
    Timing time,
    Timing copy,
    boolean sameBits) {

  /** Read once and written once: the least that any implementation has to move. */
  static final int BYTES_PER_ELEMENT = 2 * Float.BYTES;

  /**
   * Runs, checks and times one input.
   *
   * @param seconds to spend on timing, about
   */
  static Report of(Input x, Setup setup, Threads threads, double seconds, Progress progress) {
    TensorShape shape = x.shape();
    Normalized result = Normalized.of(x.values(), shape, setup);
    double[] ulps = OracleError.ulps(x, result, setup, threads, progress);
    TensorShape otherShape = shape.withLayout(Layouts.other(shape.layout()));
    boolean sameBits =
        result.sameBits(
            Normalized.of(
                Layouts.convert(x.values(), shape, otherShape.layout()), otherShape, setup));
    Timing time = null;
    Timing copy = null;
    if (shape.length() > 0) {
      float[] y = new float[shape.length()];
      time = Timing.of(forward(x.values(), y, shape, setup), 0.5 * seconds, 0.3 * seconds);
      copy = copy(x.values(), y, threads, seconds);
    }
    return new Report(x, setup, result, ulps, time, copy, sameBits);
  }

  private static Runnable forward(float[] x, float[] y, TensorShape shape, Setup setup) {
    BatchNorm layer = setup.layer(shape.channels());
    SavedStatistics saved = new SavedStatistics(shape.channels());
    return setup.training()
        ? () -> layer.forwardTraining(x, 0, y, 0, shape, saved)
        : () -> layer.forwardInference(x, y, shape);
  }

  /** The faster of one thread and all: waking threads takes longer than a small copy. */
  private static Timing copy(float[] x, float[] y, Threads threads, double seconds) {
    Timing one =
        Timing.of(() -> System.arraycopy(x, 0, y, 0, x.length), 0.05 * seconds, 0.05 * seconds);
    int parts = threads.count();
    Timing all =
        Timing.of(
            () ->
                threads.each(
                    parts,
                    part -> {
                      int from = (int) ((long) x.length * part / parts);
                      int to = (int) ((long) x.length * (part + 1) / parts);
                      System.arraycopy(x, from, y, from, to - from);
                    }),
            0.05 * seconds,
            0.05 * seconds);
    return all.seconds() < one.seconds() ? all : one;
  }

  double gigabytesPerSecond() {
    return x.shape().length() * (double) BYTES_PER_ELEMENT / time.seconds() * 1e-9;
  }

  /** 1 where normalizing is as fast as copying. */
  double shareOfCopy() {
    return copy.seconds() / time.seconds();
  }

  /** The largest error over all finite channels. */
  double maxUlps() {
    double max = 0;
    for (double channel : ulps) {
      max = channel > max ? channel : max;
    }
    return max;
  }
}
