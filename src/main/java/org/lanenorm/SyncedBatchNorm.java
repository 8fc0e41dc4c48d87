package org.lanenorm;

import java.time.Duration;
import org.lanenorm.kernel.ChannelAffine;
import org.lanenorm.kernel.ChannelGradients;
import org.lanenorm.kernel.ChannelReduction;
import org.lanenorm.kernel.Passes;
import org.lanenorm.kernel.Segments;

/**
 * One {@link BatchNorm} trained by K workers of this JVM, each with its own share of every batch
 * and a thread of its own. Statistics, running statistics and gradient sums are those of the whole
 * batch: worker 0's images, then worker 1's and so on. They do not depend on who comes first.
 *
 * <pre>{@code
 * SyncedBatchNorm synced = SyncedBatchNorm.of(norm, 2);
 * // in the thread of worker i
 * try (SyncedBatchNorm.Worker worker = synced.worker(i)) {
 *   SavedStatistics saved = worker.forwardTraining(x, y, shape);
 *   worker.backward(x, dOutput, saved, dInput, dGamma, dBeta, shape);
 * }
 * }</pre>
 *
 * <p><b>Shares.</b> Each worker says in each call how many images it holds, of which shape and in
 * which layout; counts are exact. A worker without any (N = 0) takes part and receives the
 * statistics and gradient sums as all do.
 *
 * <p><b>The same bits as the single batch</b> come out if shares are whole segments of the order in
 * which it is summed ({@link org.lanenorm}): every share but the last a multiple of {@link
 * #imagesPerCut}(S) images and the last no fewer than that, or one share alone not empty. Other
 * shares give results within the same bounds of accuracy.
 *
 * <p><b>Errors.</b> What is wrong with a batch as a whole, as a policy says or where saved
 * statistics do not fit, is thrown by every worker alike, and the next call may be right. Anything
 * else ends the synchronized training for good, as nobody can know whether the worker it happened
 * to will come again: a bad argument, an interrupt (the thread stays interrupted), two threads in
 * one worker, different calls at a time, {@link Worker#close}, and a worker that has not come after
 * the patience given. The worker concerned throws what is wrong; all who wait, and all who come
 * later, throw an {@link IllegalStateException} that says why. A call that throws has changed
 * nothing, the running statistics least of all; another {@link #of} goes on from them.
 *
 * <p><b>Between its calls</b> a worker may read the layer's running statistics, freeze it, or
 * update its gamma and beta (one worker for all): the layer moves only while all workers are in a
 * call. Nothing that a worker writes may be another worker's; dGamma and dBeta are the same for all
 * of them.
 *
 * <p>Each worker keeps the results of its segments, 16 bytes for about 1,024 elements. Nothing is
 * allocated once it has seen a shape.
 */
public final class SyncedBatchNorm {
  /** How long workers wait for one another unless told otherwise. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final BatchNorm norm;
  private final Worker[] workers;
  private final Rendezvous rendezvous;
  private final Runnable mergeMoments = this::mergeMoments;
  private final Runnable mergeGradients = this::mergeGradients;

  // Written by the last worker to come, while the others wait, and read by all until they come
  // again

  private final SavedStatistics whole;
  private final double[] drift;
  private final ChannelAffine affine;
  private final ChannelGradients gradients;
  private final double[] invRoot;

  private SyncedBatchNorm(BatchNorm norm, int workers, Duration patience) {
    int channels = norm.channels();
    this.norm = norm;
    this.workers = new Worker[workers];
    for (int i = 0; i < workers; i++) {
      this.workers[i] = new Worker(i);
    }
    rendezvous = new Rendezvous(workers, patience);
    whole = new SavedStatistics(channels);
    drift = new double[channels];
    affine = new ChannelAffine(channels);
    gradients = new ChannelGradients(channels);
    invRoot = norm.epsilonIsInside() ? null : new double[channels];
    gradients.setInvRoot(invRoot);
  }

  /** As {@link #of(BatchNorm, int, Duration)}, with 10 minutes of patience. */
  public static SyncedBatchNorm of(BatchNorm norm, int workers) {
    return of(norm, workers, PATIENCE);
  }

  /**
   * Workers for a layer: its parameters, convention, policies and running statistics. (Its
   * parallelism is not used: each worker is one thread.)
   *
   * @param norm not used otherwise while workers are in a call
   * @param workers K, at least 1
   * @param patience how long a worker waits for the others before it ends the training
   * @return the workers
   * @throws IllegalArgumentException if there is no worker, or patience is not above 0
   */
  public static SyncedBatchNorm of(BatchNorm norm, int workers, Duration patience) {
    Checks.notNull("norm", norm);
    Checks.notNull("patience", patience);
    if (workers < 1) {
      throw new IllegalArgumentException("workers must be at least 1, but was " + workers);
    }
    if (patience.isNegative() || patience.isZero()) {
      throw new IllegalArgumentException("patience must be above 0, but was " + patience);
    }
    return new SyncedBatchNorm(norm, workers, patience);
  }

  /**
   * How many images, or a multiple of it, make a share of whole segments: {@code 1024/gcd(1024, S)}
   * where S is below 16, {@code 64/p} with p the next power of two of {@code ceil(S/16)} up to 256,
   * and {@code 4/gcd(4, ceil(S/256))} from there on. For example 1024 rows, 16 images of 7x7, 4 of
   * 14x14, 1 of 28x28.
   *
   * @param spatial S, at least 0
   * @throws IllegalArgumentException if it is negative
   */
  public static int imagesPerCut(int spatial) {
    if (spatial < 0) {
      throw new IllegalArgumentException("spatial must be at least 0, but was " + spatial);
    }
    return Segments.imagesPerCut(spatial);
  }

  /** K. */
  public int workers() {
    return workers.length;
  }

  /**
   * The worker that holds the i-th share of every batch; the same object each time.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Worker worker(int i) {
    if (i < 0 || i >= workers.length) {
      throw new IllegalArgumentException(
          "worker must be 0 to " + (workers.length - 1) + ", but was " + i);
    }
    return workers[i];
  }

  /** The layer that is trained. */
  public BatchNorm norm() {
    return norm;
  }

  private void mergeMoments() {
    long count = 0;
    for (Worker worker : workers) {
      worker.passes().addMoments(worker.order, count == 0, whole.mean, whole.m2, drift);
      count += worker.order.count();
    }
    if (count > 0) {
      ChannelReduction.finish(count, 0, norm.channels(), whole.mean, whole.m2, drift);
    }
    norm.train(count, whole, affine);
  }

  private void mergeGradients() {
    SavedStatistics saved = workers[0].saved;
    long count = 0;
    for (Worker worker : workers) {
      if (!worker.saved.sameAs(saved)) {
        throw new IllegalArgumentException(
            "saved must be of one forward in all workers, but worker "
                + worker.index
                + "'s was of another than worker 0's");
      }
      count += worker.order.count();
    }
    if (saved.count != count) {
      throw new IllegalArgumentException(
          "saved must be of a forward with "
              + count
              + " elements per channel over all workers, but was of "
              + saved.count);
    }
    gradients.start(saved.mean, 0, norm.channels());
    for (Worker worker : workers) {
      worker.passes().addGradients(worker.order, gradients);
    }
    gradients.finish(0, norm.channels());
    if (invRoot != null) {
      norm.invRoot(saved, invRoot);
    }
    gradients.compute(saved.invStd, norm.gamma(), count, 0, norm.channels());
  }

  @Override
  public String toString() {
    return workers.length + " workers of " + norm;
  }

  /** One worker's calls: those of {@link BatchNorm}, each made by all workers at a time. */
  public final class Worker implements AutoCloseable {
    private final int index;
    private final Workspace workspace;
    private final ChannelGradients means;
    private final Widened widened = new Widened(Parallelism.sequential());

    // What it brings to a meeting, besides the results of its segments

    private Segments order;
    private SavedStatistics saved;

    private Worker(int index) {
      this.index = index;
      workspace = new Workspace(norm.channels(), Parallelism.sequential());
      means = new ChannelGradients(norm.channels());
    }

    private Passes passes() {
      return workspace.passes;
    }

    /** As the form with offsets, into a new result. */
    public SavedStatistics forwardTraining(float[] x, float[] y, TensorShape shape) {
      SavedStatistics saved = new SavedStatistics(norm.channels());
      forwardTraining(x, 0, y, 0, shape, saved);
      return saved;
    }

    /**
     * {@link BatchNorm#forwardTraining(float[], int, float[], int, TensorShape, SavedStatistics)}
     * of this worker's share by the moments of the whole batch, which moves the running statistics
     * once.
     *
     * @param saved receives the statistics of the whole batch; not another worker's
     * @throws IllegalArgumentException as there
     * @throws IllegalStateException if the synchronized training has ended
     */
    public void forwardTraining(
        float[] x, int xOffset, float[] y, int yOffset, TensorShape shape, SavedStatistics saved) {
      IllegalArgumentException refusal;
      try {
        norm.checkForward(x, xOffset, y, yOffset, shape);
        norm.checkSaved(saved);
        order = workspace.order(shape);
        passes().keepMoments(x, xOffset, order);
        refusal = rendezvous.meet(index, mergeMoments);
        if (refusal == null) {
          saved.copyFrom(whole);
          passes().normalize(x, xOffset, y, yOffset, order, affine);
        }
      } catch (Throwable e) {
        rendezvous.end("worker " + index + " has thrown " + e, e);
        throw e;
      }
      throwIf(refusal);
    }

    /**
     * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}.
     * What is not in an array of floats is widened to a copy as large as the tensor, which is kept.
     */
    public void forwardTraining(Storage x, Storage y, TensorShape shape, SavedStatistics saved) {
      float[] values;
      float[] result;
      try {
        norm.checkForward(x, y, shape);
        values = widened.input(x, shape, 0);
        result = widened.output(y, shape, 0);
      } catch (Throwable e) {
        rendezvous.end("worker " + index + " has thrown " + e, e);
        throw e;
      }
      forwardTraining(values, Storage.offset(x), result, Storage.offset(y), shape, saved);
      widened.finish(y, shape, 0);
    }

    /** As the form with offsets, all of them 0. */
    public void backward(
        float[] x,
        float[] dOutput,
        SavedStatistics saved,
        float[] dInput,
        float[] dGamma,
        float[] dBeta,
        TensorShape shape) {
      backward(x, 0, dOutput, 0, saved, dInput, 0, dGamma, dBeta, shape);
    }

    /**
     * {@link BatchNorm#backward(float[], int, float[], int, SavedStatistics, float[], int, float[],
     * float[], TensorShape)} of the whole batch: dInput of this worker's share, dGamma and dBeta
     * summed over all shares. Each worker may leave out what it does not want.
     *
     * @throws IllegalArgumentException as there
     * @throws IllegalStateException if the synchronized training has ended
     */
    public void backward(
        float[] x,
        int xOffset,
        float[] dOutput,
        int dOutputOffset,
        SavedStatistics saved,
        float[] dInput,
        int dInputOffset,
        float[] dGamma,
        float[] dBeta,
        TensorShape shape) {
      IllegalArgumentException refusal;
      try {
        norm.checkSaved(saved);
        norm.checkBackward(
            true, x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, dGamma, dBeta, shape);
        this.saved = saved;
        order = workspace.order(shape);
        means.start(saved.mean, 0, norm.channels());
        passes().keepGradients(x, xOffset, dOutput, dOutputOffset, order, means);
        refusal = rendezvous.meet(index, mergeGradients);
        if (refusal == null) {
          if (dInput != null) {
            passes()
                .inputGradient(
                    x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, order, gradients);
          }
          BatchNorm.writeGradients(gradients, saved.invStd, dGamma, dBeta);
        }
      } catch (Throwable e) {
        rendezvous.end("worker " + index + " has thrown " + e, e);
        throw e;
      }
      throwIf(refusal);
    }

    /**
     * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}.
     * What is not in an array of floats is widened to a copy as large as the tensor, which is kept.
     */
    public void backward(
        Storage x,
        Storage dOutput,
        SavedStatistics saved,
        Storage dInput,
        float[] dGamma,
        float[] dBeta,
        TensorShape shape) {
      float[] values;
      float[] gradient;
      float[] result;
      try {
        norm.checkBackward(x, dOutput, dInput, dGamma, dBeta, shape);
        values = widened.input(x, shape, 0);
        gradient = widened.input(dOutput, shape, 1);
        result = widened.output(dInput, shape, 1);
      } catch (Throwable e) {
        rendezvous.end("worker " + index + " has thrown " + e, e);
        throw e;
      }
      backward(
          values,
          Storage.offset(x),
          gradient,
          Storage.offset(dOutput),
          saved,
          result,
          Storage.offset(dInput),
          dGamma,
          dBeta,
          shape);
      widened.finish(dInput, shape, 1);
    }

    /** In each worker's own words, as one exception has the stack of one thread. */
    private static void throwIf(IllegalArgumentException refusal) {
      if (refusal != null) {
        throw new IllegalArgumentException(refusal.getMessage(), refusal);
      }
    }

    /**
     * Takes no further part, and so ends the synchronized training: call it, or leave a try block,
     * where a worker's task ends, however it ends.
     */
    @Override
    public void close() {
      rendezvous.end("worker " + index + " was closed", null);
    }

    @Override
    public String toString() {
      return "worker " + index + " of " + workers.length + " of " + norm;
    }
  }
}
