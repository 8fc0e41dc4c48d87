package org.lanenorm.jmh.peers;

import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.lanenorm.BatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.jmh.numerics.Kernel;
import org.lanenorm.jmh.report.Ink;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.MissingOperation;
import org.lanenorm.verify.Slice;

/** A peer as the contract calls it: tensors are copied into its memory and back. */
final class PeerKernel implements Kernel {
  private final String title;
  private final Ink ink;
  private final Set<Layout> layouts;
  private final boolean backward;
  private final Peer peer;
  private final String version;
  private final int threads;

  PeerKernel(String title, Ink ink, Set<Layout> layouts, boolean backward, Peer peer)
      throws Exception {
    this.title = title;
    this.ink = ink;
    this.layouts = layouts;
    this.backward = backward;
    this.peer = peer;
    threads = 1;
    peer.threads = threads;
    version = peer.load();
  }

  private PeerKernel(PeerKernel same, int threads) {
    title = same.title;
    ink = same.ink;
    layouts = same.layouts;
    backward = same.backward;
    peer = same.peer;
    version = same.version;
    this.threads = threads;
  }

  @Override
  public String title() {
    return title;
  }

  @Override
  public String setting() {
    return version + ", no settings but the number of threads";
  }

  @Override
  public Ink ink() {
    return ink;
  }

  @Override
  public Set<Layout> layouts() {
    return layouts;
  }

  @Override
  public PeerKernel onThreads(int number) {
    return new PeerKernel(this, number);
  }

  /** An operation of the peer. */
  private interface Call {
    Operation prepared() throws Exception;
  }

  @SuppressWarnings("try")
  private float[][] results(Call call) {
    if (peer.threads != threads) {
      peer.threads = threads;
      peer.useThreads();
    }
    // JavaCPP's pointers free their memory here, ONNX Runtime's when the operation closes
    try (PointerScope scope = new PointerScope();
        Operation operation = call.prepared()) {
      operation.run();
      return operation.results();
    } catch (Exception e) {
      throw new IllegalStateException(title + " failed", e);
    }
  }

  @Override
  public void moments(Slice x, TensorShape shape, double[] mean, double[] variance) {
    BatchNorm usual = BatchNorm.builder(shape.channels()).build();
    Batch batch = new Batch(shape, values(x, shape), null, usual);
    float[][] results = results(() -> peer.moments(batch));
    for (int c = 0; c < shape.channels(); c++) {
      mean[c] = results[0][c];
      variance[c] = results[1][c];
    }
  }

  @Override
  public void training(Layer layer, Slice x, Slice y, TensorShape shape) {
    forward(layer, x, y, shape, true);
  }

  @Override
  public void inference(Layer layer, Slice x, Slice y, TensorShape shape) {
    forward(layer, x, y, shape, false);
  }

  private void forward(Layer layer, Slice x, Slice y, TensorShape shape, boolean training) {
    Batch batch = new Batch(shape, values(x, shape), null, batchNorm(layer));
    write(results(() -> peer.forward(batch, training))[0], y);
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
    backward(layer, x, dOutput, dInput, dGamma, dBeta, shape, true);
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
    backward(layer, x, dOutput, dInput, dGamma, dBeta, shape, false);
  }

  private void backward(
      Layer layer,
      Slice x,
      Slice dOutput,
      Slice dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape,
      boolean training) {
    if (!backward) {
      throw new MissingOperation("backward");
    }
    Batch batch = new Batch(shape, values(x, shape), values(dOutput, shape), batchNorm(layer));
    float[][] results = results(() -> peer.backward(batch, training));
    write(results[0], dInput);
    write(results[1], Slice.of(dGamma));
    write(results[2], Slice.of(dBeta));
  }

  private static BatchNorm batchNorm(Layer layer) {
    return BatchNorm.builder(layer.mean().length)
        .gamma(layer.gamma())
        .beta(layer.beta())
        .epsilon(layer.epsilon())
        .runningStatistics(layer.mean(), layer.variance())
        .build();
  }

  private static float[] values(Slice tensor, TensorShape shape) {
    return tensor.values(shape.length());
  }

  private static void write(float[] values, Slice to) {
    System.arraycopy(values, 0, to.array(), to.offset(), values.length);
  }
}
