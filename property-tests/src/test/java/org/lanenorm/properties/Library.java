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

/** The library by its public API. */
final class Library implements Subject {
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

  @Override
  public ChannelMoments moments(Slice x, TensorShape shape, int threads) {
    MomentsAccumulator accumulator = new MomentsAccumulator(shape.channels(), parallelism(threads));
    accumulator.add(x.array(), x.offset(), shape);
    return accumulator.moments();
  }

  @Override
  public ChannelMoments training(Layer layer, Slice x, Slice y, TensorShape shape, int threads) {
    SavedStatistics saved = new SavedStatistics(shape.channels());
    builder(layer, threads)
        .build()
        .forwardTraining(x.array(), x.offset(), y.array(), y.offset(), shape, saved);
    return saved.moments();
  }

  @Override
  public void inference(Layer layer, Slice x, Slice y, TensorShape shape, int threads) {
    builder(layer, threads)
        .build()
        .forwardInference(x.array(), x.offset(), y.array(), y.offset(), shape);
  }

  @Override
  public void backward(
      Layer layer,
      boolean frozen,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      int threads) {
    BatchNorm norm = builder(layer, threads).build();
    float[] to = dInput == null ? null : dInput.array();
    int toOffset = dInput == null ? 0 : dInput.offset();
    if (frozen) {
      norm.backwardFrozen(
          x.array(),
          x.offset(),
          dOutput.array(),
          dOutput.offset(),
          to,
          toOffset,
          dGamma,
          dBeta,
          shape);
      return;
    }
    SavedStatistics saved = new SavedStatistics(shape.channels());
    norm.forwardTraining(x.array(), x.offset(), new float[shape.length()], 0, shape, saved);
    norm.backward(
        x.array(),
        x.offset(),
        dOutput.array(),
        dOutput.offset(),
        saved,
        to,
        toOffset,
        dGamma,
        dBeta,
        shape);
  }

  @Override
  public String toString() {
    return "the library";
  }
}
