package org.lanenorm.properties;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Conventions;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.Parallelism;
import org.lanenorm.SavedStatistics;
import org.lanenorm.SingleValuePolicy;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.BatchNormUnderTest;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Slice;

/**
 * The library by its public API.
 *
 * @param threads that share the work
 */
record Library(int threads) implements BatchNormUnderTest {
  private static final ExecutorService POOL =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "properties");
            thread.setDaemon(true);
            return thread;
          });

  static Parallelism parallelism(int threads) {
    return threads == 1 ? Parallelism.sequential() : Parallelism.of(POOL, threads);
  }

  static BatchNorm.Builder builder(Layer layer, int threads) {
    return BatchNorm.builder(layer.mean().length)
        .gamma(layer.gamma())
        .beta(layer.beta())
        .convention(
            Conventions.pytorch()
                .withEpsilon(layer.epsilon())
                .withEpsilonPlacement(layer.placement())
                .withSpread(layer.spread()))
        .runningStatistics(layer.mean(), layer.kept())
        .singleValuePolicy(SingleValuePolicy.BETA)
        .parallelism(parallelism(threads));
  }

  /** Sequential. */
  Library() {
    this(1);
  }

  @Override
  public boolean takesEveryLayer() {
    return true;
  }

  @Override
  public Library onThreads(int number) {
    return new Library(number);
  }

  ChannelMoments moments(Slice x, TensorShape shape) {
    MomentsAccumulator accumulator = new MomentsAccumulator(shape.channels(), parallelism(threads));
    accumulator.add(x.array(), x.offset(), shape);
    return accumulator.moments();
  }

  @Override
  public void moments(Slice x, TensorShape shape, double[] mean, double[] variance) {
    ChannelMoments moments = moments(x, shape);
    System.arraycopy(moments.means(), 0, mean, 0, mean.length);
    System.arraycopy(moments.variances(), 0, variance, 0, variance.length);
  }

  SavedStatistics train(Layer layer, Slice x, Slice y, TensorShape shape) {
    SavedStatistics saved = new SavedStatistics(shape.channels());
    builder(layer, threads)
        .build()
        .forwardTraining(x.array(), x.offset(), y.array(), y.offset(), shape, saved);
    return saved;
  }

  @Override
  public void training(Layer layer, Slice x, Slice y, TensorShape shape) {
    train(layer, x, y, shape);
  }

  @Override
  public void inference(Layer layer, Slice x, Slice y, TensorShape shape) {
    builder(layer, threads)
        .build()
        .forwardInference(x.array(), x.offset(), y.array(), y.offset(), shape);
  }

  /** dInput, dGamma and dBeta may each be null and are left out then. */
  @Override
  public void backward(
      Layer layer,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    SavedStatistics saved = train(layer, x, Slice.of(new float[shape.length()]), shape);
    builder(layer, threads)
        .build()
        .backward(
            x.array(),
            x.offset(),
            dOutput.array(),
            dOutput.offset(),
            saved,
            dInput == null ? null : dInput.array(),
            dInput == null ? 0 : dInput.offset(),
            dGamma,
            dBeta,
            shape);
  }

  /** dInput, dGamma and dBeta may each be null and are left out then. */
  @Override
  public void backwardFrozen(
      Layer layer,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    builder(layer, threads)
        .build()
        .backwardFrozen(
            x.array(),
            x.offset(),
            dOutput.array(),
            dOutput.offset(),
            dInput == null ? null : dInput.array(),
            dInput == null ? 0 : dInput.offset(),
            dGamma,
            dBeta,
            shape);
  }

  @Override
  public String toString() {
    return "the library on " + threads + " threads";
  }
}
