package org.lanenorm.jmh.numerics;

import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.lanenorm.BatchNorm;
import org.lanenorm.Lanenorm;
import org.lanenorm.Layout;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.Parallelism;
import org.lanenorm.SavedStatistics;
import org.lanenorm.SingleValuePolicy;
import org.lanenorm.TensorShape;
import org.lanenorm.jmh.report.Ink;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Slice;

/**
 * The library, of layers that have epsilon inside the root.
 *
 * @param threads that share the work
 */
record Ours(int threads) implements Kernel {
  private static final ExecutorService POOL =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "numerics");
            thread.setDaemon(true);
            return thread;
          });

  @Override
  public String title() {
    return "Lanenorm";
  }

  @Override
  public String setting() {
    return "back end " + Lanenorm.backend();
  }

  @Override
  public Ink ink() {
    return Ink.NCHW;
  }

  /** By promise. */
  @Override
  public Set<Layout> differingLayouts() {
    return EnumSet.of(Layout.NCHW);
  }

  @Override
  public Ours onThreads(int number) {
    return new Ours(number);
  }

  private Parallelism parallelism() {
    return threads == 1 ? Parallelism.sequential() : Parallelism.of(POOL, threads);
  }

  private BatchNorm batchNorm(Layer layer) {
    return BatchNorm.builder(layer.mean().length)
        .gamma(layer.gamma())
        .beta(layer.beta())
        .epsilon(layer.epsilon())
        .runningStatistics(layer.mean(), layer.variance())
        .singleValuePolicy(SingleValuePolicy.BETA)
        .parallelism(parallelism())
        .build();
  }

  @Override
  public void moments(Slice x, TensorShape shape, double[] mean, double[] variance) {
    MomentsAccumulator moments = new MomentsAccumulator(shape.channels(), parallelism());
    moments.add(x.array(), x.offset(), shape);
    for (int c = 0; c < shape.channels(); c++) {
      mean[c] = moments.mean(c);
      variance[c] = moments.m2(c) / shape.count();
    }
  }

  @Override
  public void training(Layer layer, Slice x, Slice y, TensorShape shape) {
    train(batchNorm(layer), x, y, shape);
  }

  private static SavedStatistics train(BatchNorm norm, Slice x, Slice y, TensorShape shape) {
    SavedStatistics saved = new SavedStatistics(shape.channels());
    norm.forwardTraining(x.array(), x.offset(), y.array(), y.offset(), shape, saved);
    return saved;
  }

  @Override
  public void inference(Layer layer, Slice x, Slice y, TensorShape shape) {
    batchNorm(layer).forwardInference(x.array(), x.offset(), y.array(), y.offset(), shape);
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
    BatchNorm norm = batchNorm(layer);
    SavedStatistics saved = train(norm, x, Slice.of(new float[shape.length()]), shape);
    norm.backward(
        x.array(),
        x.offset(),
        dOutput.array(),
        dOutput.offset(),
        saved,
        dInput.array(),
        dInput.offset(),
        dGamma,
        dBeta,
        shape);
  }

  @Override
  public void backwardFrozen(
      Layer layer,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    batchNorm(layer)
        .backwardFrozen(
            x.array(),
            x.offset(),
            dOutput.array(),
            dOutput.offset(),
            dInput.array(),
            dInput.offset(),
            dGamma,
            dBeta,
            shape);
  }
}
