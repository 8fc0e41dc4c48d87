package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.sameBits;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.SavedStatistics;
import org.lanenorm.SyncedBatchNorm;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.BatchNormUnderTest;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Slice;

/**
 * The library by workers: a batch cut into shares, each copied into the layout that its worker
 * likes and normalized in a thread of its own; the results put together again.
 *
 * @param cuts first images of the shares, and N at the end
 * @param seed of layouts, and of who comes how late
 * @param late whether some come late
 */
record Workers(int[] cuts, long seed, boolean late) implements BatchNormUnderTest {
  private static final ExecutorService POOL =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "worker");
            thread.setDaemon(true);
            return thread;
          });

  private static final long PATIENCE_SECONDS = 60;

  /** Shares of any sizes. */
  static Workers anywhere(int images, long seed) {
    Rng rng = Rng.stream(seed, -3);
    int[] cuts = new int[rng.between(2, 6)];
    Arrays.setAll(cuts, i -> i == 0 ? 0 : rng.between(0, images));
    cuts[cuts.length - 1] = images;
    Arrays.sort(cuts);
    return new Workers(cuts, seed, false);
  }

  /** Shares of whole segments, empty ones anywhere among them. */
  static Workers atSegments(int images, int spatial, long seed) {
    Rng rng = Rng.stream(seed, -3);
    int unit = SyncedBatchNorm.imagesPerCut(spatial);
    int units = Math.max(1, images / unit);
    int[] cuts = new int[rng.between(2, 6)];
    Arrays.setAll(cuts, i -> i == 0 ? 0 : rng.below(units + 1) * unit);
    Arrays.sort(cuts);
    for (int i = 0; i < cuts.length; i++) {
      // the last share takes what is over
      cuts[i] = i == cuts.length - 1 || cuts[i] >= units * unit ? images : cuts[i];
    }
    return new Workers(cuts, seed, false);
  }

  Workers withLatecomers(long otherSeed) {
    return new Workers(cuts, otherSeed, true);
  }

  int count() {
    return cuts.length - 1;
  }

  /** One worker's part of the batch. */
  private static final class Share {
    final TensorShape shape;
    final float[] x;
    final float[] dOutput;
    final float[] y;
    final float[] dInput;
    final float[] dGamma;
    final float[] dBeta;
    SavedStatistics saved;

    Share(TensorShape whole, int from, int to, Layout layout, float[] x, float[] dOutput) {
      TensorShape part = part(whole, from, to);
      shape = part.withLayout(layout);
      this.x = copy(x, whole.channels() * whole.spatial() * from, part, shape);
      this.dOutput = copy(dOutput, whole.channels() * whole.spatial() * from, part, shape);
      y = new float[shape.length()];
      dInput = new float[shape.length()];
      dGamma = new float[shape.channels()];
      dBeta = new float[shape.channels()];
    }

    private static float[] copy(float[] values, int offset, TensorShape from, TensorShape to) {
      return permuted(Arrays.copyOfRange(values, offset, offset + from.length()), from, to);
    }
  }

  private static TensorShape part(TensorShape whole, int from, int to) {
    return TensorShape.of(whole.layout(), to - from, whole.channels(), whole.spatial());
  }

  private static float[] permuted(float[] values, TensorShape from, TensorShape to) {
    float[] permuted = new float[values.length];
    for (int n = 0; n < from.batch(); n++) {
      for (int c = 0; c < from.channels(); c++) {
        for (int s = 0; s < from.spatial(); s++) {
          permuted[to.index(n, c, s)] = values[from.index(n, c, s)];
        }
      }
    }
    return permuted;
  }

  /** All that one step gives. */
  record Step(
      ChannelMoments moments,
      float[] y,
      float[] dInput,
      float[] dGamma,
      float[] dBeta,
      double[] runningMean,
      double[] runningSpread) {}

  /** A step of one layer over the whole batch. */
  static Step alone(Layer layer, float[] x, float[] dOutput, TensorShape shape) {
    BatchNorm norm = Library.builder(layer, 1).build();
    float[] y = new float[x.length];
    float[] dInput = new float[x.length];
    float[] dGamma = new float[shape.channels()];
    float[] dBeta = new float[shape.channels()];
    SavedStatistics saved = norm.forwardTraining(x, y, shape);
    norm.backward(x, dOutput, saved, dInput, dGamma, dBeta, shape);
    return step(norm, saved.moments(), y, dInput, dGamma, dBeta);
  }

  private static Step step(
      BatchNorm norm,
      ChannelMoments moments,
      float[] y,
      float[] dInput,
      float[] dGamma,
      float[] dBeta) {
    double[] means = norm.runningStatistics().means();
    double[] spreads = norm.runningStatistics().spreads();
    return new Step(moments, y, dInput, dGamma, dBeta, means, spreads);
  }

  /** The same step by workers; fails if they do not agree on what is the whole batch's. */
  Step together(Layer layer, float[] x, float[] dOutput, TensorShape shape) {
    BatchNorm norm = Library.builder(layer, 1).build();
    SyncedBatchNorm synced = SyncedBatchNorm.of(norm, count());
    List<Share> shares = new ArrayList<>();
    Rng rng = new Rng(seed);
    for (int i = 0; i < count(); i++) {
      Layout layout = rng.oneIn(2) ? shape.layout() : Layout.values()[rng.below(2)];
      shares.add(new Share(shape, cuts[i], cuts[i + 1], layout, x, dOutput));
    }
    inThreads(
        i -> {
          Share share = shares.get(i);
          Rng own = Rng.stream(seed, i);
          comeLate(own);
          share.saved = synced.worker(i).forwardTraining(share.x, share.y, share.shape);
          comeLate(own);
          synced
              .worker(i)
              .backward(
                  share.x,
                  share.dOutput,
                  share.saved,
                  share.dInput,
                  share.dGamma,
                  share.dBeta,
                  share.shape);
        });
    float[] y = new float[x.length];
    float[] dInput = new float[x.length];
    Share first = shares.get(0);
    for (int i = 0; i < count(); i++) {
      Share share = shares.get(i);
      TensorShape part = part(shape, cuts[i], cuts[i + 1]);
      int offset = shape.channels() * shape.spatial() * cuts[i];
      System.arraycopy(permuted(share.y, share.shape, part), 0, y, offset, part.length());
      System.arraycopy(permuted(share.dInput, share.shape, part), 0, dInput, offset, part.length());
      sameBits(share.saved.moments(), first.saved.moments(), "moments of worker", i);
      sameBits(share.dGamma, first.dGamma, "dGamma", "worker " + i);
      sameBits(share.dBeta, first.dBeta, "dBeta", "worker " + i);
    }
    return step(norm, first.saved.moments(), y, dInput, first.dGamma, first.dBeta);
  }

  private void comeLate(Rng rng) throws InterruptedException {
    if (late && rng.oneIn(2)) {
      Thread.sleep(rng.below(4));
    }
  }

  private interface Task {
    void run(int worker) throws Exception;
  }

  private void inThreads(Task task) {
    List<Future<?>> done = new ArrayList<>();
    for (int i = 0; i < count(); i++) {
      int worker = i;
      Callable<Void> call =
          () -> {
            task.run(worker);
            return null;
          };
      done.add(POOL.submit(call));
    }
    try {
      for (Future<?> worker : done) {
        worker.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      }
    } catch (ExecutionException | TimeoutException | InterruptedException e) {
      throw new AssertionError(this + ": " + e, e);
    }
  }

  // What the contract asks of a batch normalization; workers train

  @Override
  public boolean takesEveryLayer() {
    return true;
  }

  @Override
  public void moments(Slice x, TensorShape shape, double[] mean, double[] variance) {
    float[] values = x.values(shape.length());
    ChannelMoments moments = together(anyLayer(shape), values, values, shape).moments;
    System.arraycopy(moments.means(), 0, mean, 0, mean.length);
    System.arraycopy(moments.variances(), 0, variance, 0, variance.length);
  }

  @Override
  public void training(Layer layer, Slice x, Slice y, TensorShape shape) {
    float[] values = x.values(shape.length());
    Step step = together(layer, values, values, shape);
    System.arraycopy(step.y, 0, y.array(), y.offset(), step.y.length);
  }

  @Override
  public void backward(
      Layer layer,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    Step step = together(layer, x.values(shape.length()), dOutput.values(shape.length()), shape);
    System.arraycopy(step.dInput, 0, dInput.array(), dInput.offset(), step.dInput.length);
    System.arraycopy(step.dGamma, 0, dGamma, 0, dGamma.length);
    System.arraycopy(step.dBeta, 0, dBeta, 0, dBeta.length);
  }

  private static Layer anyLayer(TensorShape shape) {
    double[] variance = new double[shape.channels()];
    Arrays.fill(variance, 1);
    Oracle.Moments moments = new Oracle.Moments(1, new double[variance.length], variance);
    return Layer.random(moments, new Rng(0)).with(1e-5);
  }

  @Override
  public String toString() {
    return "workers cut at " + Arrays.toString(cuts) + ", seed " + seed;
  }
}
