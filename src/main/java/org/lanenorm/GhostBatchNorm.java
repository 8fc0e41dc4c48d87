package org.lanenorm;

import java.util.Arrays;

/**
 * Ghost batch normalization: training cuts a batch into virtual batches, and a {@link BatchNorm}
 * normalizes each of them by its own moments, one after the other, moving its running statistics
 * once for each. Inference is that layer's own: {@link #layer}.
 *
 * <p>A batch of N images is cut into ceil(N/V) virtual batches of ceil(N/ceil(N/V)) images, V being
 * the size asked for: all are equal where that divides N, else the last one is smaller, and the
 * others may be smaller than V (9 images at V = 4 give 3 times 3). So cuts torch.chunk, which
 * TabNet's GBN calls (pytorch_tabnet/tab_network.py: V 128, PyTorch's momentum 0.01, epsilon 1e-5).
 * Source: Hoffer, Hubara and Soudry, Train longer, generalize better, 2017 (arXiv:1705.08741),
 * algorithm 1.
 *
 * <p>Accuracy, determinism and aliasing are those of the layer; every argument is checked before
 * anything is written. As only the numbers of a later virtual batch could break a rule that the
 * layer has for values, it must have none: epsilon above 0, and another policy than {@link
 * NonFinitePolicy#ERROR}. Used by one thread at a time; nothing is allocated once it has seen a
 * shape (sequential calls with caller-owned results).
 */
public final class GhostBatchNorm {
  private final BatchNorm layer;
  private final int virtualBatchSize;

  /** Of one virtual batch, and of all before it. */
  private final float[] partGamma;

  private final float[] partBeta;
  private final double[] sumGamma;
  private final double[] sumBeta;
  private final Widened widened;

  /** The latest shape, that of its virtual batches, and that of the last one. */
  private TensorShape shape;

  private TensorShape part;
  private TensorShape lastPart;

  private GhostBatchNorm(BatchNorm layer, int virtualBatchSize) {
    this.layer = layer;
    this.virtualBatchSize = virtualBatchSize;
    partGamma = new float[layer.channels()];
    partBeta = new float[layer.channels()];
    sumGamma = new double[layer.channels()];
    sumBeta = new double[layer.channels()];
    widened = new Widened(layer.parallelism());
  }

  /**
   * Trains a layer on virtual batches.
   *
   * @param layer kept, and changed by training; its epsilon is above 0 and its {@link
   *     NonFinitePolicy} not ERROR
   * @param virtualBatchSize V, images in a virtual batch at most, at least 1
   * @return the ghost batch norm
   * @throws IllegalArgumentException if one is outside
   */
  public static GhostBatchNorm of(BatchNorm layer, int virtualBatchSize) {
    Checks.notNull("layer", layer);
    if (virtualBatchSize < 1) {
      throw new IllegalArgumentException(
          "virtualBatchSize must be at least 1, but was " + virtualBatchSize);
    }
    if (layer.epsilon() == 0 || layer.nonFinitePolicy() == NonFinitePolicy.ERROR) {
      throw new IllegalArgumentException(
          "layer must have epsilon above 0 and a NonFinitePolicy other than ERROR, but had "
              + layer.epsilon()
              + " and "
              + layer.nonFinitePolicy());
    }
    return new GhostBatchNorm(layer, virtualBatchSize);
  }

  /** The layer: its gamma, beta and running statistics, its inference and frozen form. */
  public BatchNorm layer() {
    return layer;
  }

  /** V, images in a virtual batch at most. */
  public int virtualBatchSize() {
    return virtualBatchSize;
  }

  /** How many virtual batches a batch of this shape is cut into; 0 where it has no image. */
  public int virtualBatches(TensorShape shape) {
    int n = Checks.notNull("shape", shape).batch();
    if (n == 0) {
      return 0;
    }
    int images = images(n);
    return (n - 1) / images + 1;
  }

  /** Images in each virtual batch but the last. */
  private int images(int n) {
    int parts = (n - 1) / virtualBatchSize + 1;
    return (n - 1) / parts + 1;
  }

  private void cut(TensorShape newShape) {
    if (newShape.equals(shape)) {
      return;
    }
    int n = newShape.batch();
    int images = n == 0 ? 0 : images(n);
    part = newShape.withBatch(images);
    lastPart = n == 0 ? part : newShape.withBatch(n - (virtualBatches(newShape) - 1) * images);
    shape = newShape;
  }

  /** The virtual batch {@code index} of {@code parts}. */
  private TensorShape part(int index, int parts) {
    return index == parts - 1 ? lastPart : part;
  }

  /**
   * As the form with offsets, all of them 0, into new results.
   *
   * @return what each virtual batch leaves for backward, in order
   */
  public SavedStatistics[] forwardTraining(float[] x, float[] y, TensorShape shape) {
    SavedStatistics[] saved = new SavedStatistics[virtualBatches(shape)];
    Arrays.setAll(saved, i -> new SavedStatistics(layer.channels()));
    forwardTraining(x, 0, y, 0, shape, saved);
    return saved;
  }

  /**
   * Normalizes each virtual batch by its own moments and moves the running statistics once for each
   * of them, in order: {@link BatchNorm#forwardTraining(float[], int, float[], int, TensorShape,
   * SavedStatistics)}, virtual batch after virtual batch.
   *
   * @param x the batch
   * @param xOffset of its first element
   * @param y receives {@code (x - mean)*gamma*invStd + beta}; may be x
   * @param yOffset of its first element
   * @param shape of both
   * @param saved receives what backward needs: an element of its own for each virtual batch, or
   *     more
   * @throws IllegalArgumentException if a tensor does not lie inside its array, C is another,
   *     slices overlap, saved does not fit, or a virtual batch has one value per channel and the
   *     layer's {@link SingleValuePolicy} is ERROR; nothing has changed then
   */
  public void forwardTraining(
      float[] x, int xOffset, float[] y, int yOffset, TensorShape shape, SavedStatistics[] saved) {
    layer.checkForward(x, xOffset, y, yOffset, shape);
    int parts = checkSaved(shape, saved);
    cut(shape);
    boolean single = lastPart.count() == 1 || parts > 1 && part.count() == 1;
    if (single && layer.channels() > 0 && layer.singleValuePolicy() == SingleValuePolicy.ERROR) {
      throw new IllegalArgumentException(
          "virtualBatchSize must give every virtual batch more than one value per channel (or use"
              + " SingleValuePolicy.BETA), but was "
              + virtualBatchSize
              + " for "
              + shape);
    }
    for (int i = 0; i < parts; i++) {
      int at = i * part.length();
      layer.forwardTraining(x, xOffset + at, y, yOffset + at, part(i, parts), saved[i]);
    }
  }

  /** The number of virtual batches, each of which has a place of its own for its statistics. */
  private int checkSaved(TensorShape shape, SavedStatistics[] saved) {
    Checks.notNull("saved", saved);
    int parts = virtualBatches(shape);
    if (saved.length < parts) {
      throw new IllegalArgumentException(
          "saved must have an element for each of the "
              + parts
              + " virtual batches, but its length was "
              + saved.length);
    }
    for (int i = 0; i < parts; i++) {
      if (saved[i] == null) {
        throw new NullPointerException("saved[" + i + "] must not be null");
      }
      Checks.channels("saved", saved[i].channels(), layer.channels());
    }
    return parts;
  }

  /** As the form with offsets, all of them 0. */
  public void backward(
      float[] x,
      float[] dOutput,
      SavedStatistics[] saved,
      float[] dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    backward(x, 0, dOutput, 0, saved, dInput, 0, dGamma, dBeta, shape);
  }

  /**
   * The gradients of a forward: dInput of each virtual batch by itself as {@link
   * BatchNorm#backward} has it; dGamma and dBeta are its floats of all virtual batches, added in
   * order in double and rounded once. Each of the three outputs may be null and is left out then.
   *
   * @param x the forward's input, unchanged since
   * @param xOffset of its first element
   * @param dOutput gradient of the loss by y
   * @param dOutputOffset of its first element
   * @param saved the forward's results
   * @param dInput receives the gradient by x; may be dOutput or x; null leaves it out
   * @param dInputOffset of its first element
   * @param dGamma receives (does not add) C floats; null leaves it out
   * @param dBeta receives (does not add) C floats; null leaves it out
   * @param shape of x, dOutput and dInput
   * @throws IllegalArgumentException if an argument does not fit; nothing has changed then
   */
  public void backward(
      float[] x,
      int xOffset,
      float[] dOutput,
      int dOutputOffset,
      SavedStatistics[] saved,
      float[] dInput,
      int dInputOffset,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    layer.checkBackward(
        true, x, xOffset, dOutput, dOutputOffset, dInput, dInputOffset, dGamma, dBeta, shape);
    int parts = checkSaved(shape, saved);
    cut(shape);
    for (int i = 0; i < parts; i++) {
      if (saved[i].count() != part(i, parts).count()) {
        throw new IllegalArgumentException(
            "saved["
                + i
                + "] must be of a virtual batch with "
                + part(i, parts).count()
                + " elements per channel, but was of "
                + saved[i].count());
      }
    }
    Arrays.fill(sumGamma, 0);
    Arrays.fill(sumBeta, 0);
    for (int i = 0; i < parts; i++) {
      int at = i * part.length();
      layer.backward(
          x,
          xOffset + at,
          dOutput,
          dOutputOffset + at,
          saved[i],
          dInput,
          dInputOffset + at,
          partGamma,
          partBeta,
          part(i, parts));
      for (int c = 0; c < sumGamma.length; c++) {
        sumGamma[c] += partGamma[c];
        sumBeta[c] += partBeta[c];
      }
    }
    for (int c = 0; c < sumGamma.length; c++) {
      if (dGamma != null) {
        dGamma[c] = (float) sumGamma[c];
      }
      if (dBeta != null) {
        dBeta[c] = (float) sumBeta[c];
      }
    }
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept.
   */
  public void forwardTraining(Storage x, Storage y, TensorShape shape, SavedStatistics[] saved) {
    layer.checkForward(x, y, shape);
    forwardTraining(
        widened.input(x, shape, 0),
        Storage.offset(x),
        widened.output(y, shape, 0),
        Storage.offset(y),
        shape,
        saved);
    widened.finish(y, shape, 0);
  }

  /**
   * As the form with arrays, with tensors wherever and however wide they are: {@link Storage}. What
   * is not in an array of floats is widened to a copy as large as the tensor, which is kept.
   */
  public void backward(
      Storage x,
      Storage dOutput,
      SavedStatistics[] saved,
      Storage dInput,
      float[] dGamma,
      float[] dBeta,
      TensorShape shape) {
    layer.checkBackward(x, dOutput, dInput, dGamma, dBeta, shape);
    backward(
        widened.input(x, shape, 0),
        Storage.offset(x),
        widened.input(dOutput, shape, 1),
        Storage.offset(dOutput),
        saved,
        widened.output(dInput, shape, 1),
        Storage.offset(dInput),
        dGamma,
        dBeta,
        shape);
    widened.finish(dInput, shape, 1);
  }

  /** The formulas it computes. */
  @Override
  public String toString() {
    return "GhostBatchNorm(virtual batches of at most " + virtualBatchSize + ": " + layer + ")";
  }
}
