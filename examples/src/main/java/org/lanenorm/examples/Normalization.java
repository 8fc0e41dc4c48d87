package org.lanenorm.examples;

import java.util.List;
import java.util.function.IntFunction;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;

/**
 * Lanenorm's {@link BatchNorm} as a layer of the network, and the forms of it that do not learn.
 */
final class Normalization implements TrainedLayer {
  private final BatchNorm norm;
  private final IntFunction<TensorShape> shape;
  private final SavedStatistics saved;
  private final Parameter gamma;
  private final Parameter beta;
  private float[] x;
  private TensorShape shapeOfX;

  /**
   * A layer with PyTorch's defaults.
   *
   * @param shape of a batch of so many examples
   */
  Normalization(IntFunction<TensorShape> shape) {
    this.shape = shape;
    norm = BatchNorm.builder(shape.apply(1).channels()).build();
    saved = new SavedStatistics(norm.channels());
    // the layer's own arrays: what the optimizer writes there, the layer uses
    gamma = Parameter.of(norm.gamma());
    beta = Parameter.of(norm.beta());
  }

  /** Lanenorm's layer. */
  BatchNorm norm() {
    return norm;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(gamma, beta);
  }

  /** By the batch's own moments; the running statistics move. */
  @Override
  public float[] forward(float[] x, int batch) {
    this.x = x;
    shapeOfX = shape.apply(batch);
    float[] y = new float[x.length];
    norm.forwardTraining(x, 0, y, 0, shapeOfX, saved);
    return y;
  }

  @Override
  public float[] backward(float[] dOutput) {
    float[] dInput = new float[x.length];
    norm.backward(x, dOutput, saved, dInput, gamma.gradient(), beta.gradient(), shapeOfX);
    return dInput;
  }

  /** The inference form as it is now, by the running statistics. */
  Layer frozen() {
    return frozen(norm.freeze());
  }

  /** The inference form by other statistics than the running ones. */
  Layer frozen(ChannelMoments population) {
    return frozen(
        FrozenBatchNorm.of(
            population.means(), population.variances(), norm.epsilon(), norm.gamma(), norm.beta()));
  }

  private Layer frozen(FrozenBatchNorm frozen) {
    return (x, batch) -> {
      float[] y = new float[x.length];
      frozen.apply(x, y, shape.apply(batch));
      return y;
    };
  }

  /** Normalizes as training does and moves no running statistics. */
  Observer observer() {
    return new Observer();
  }

  /** Normalizes by each batch's own moments, and merges those of all batches it has seen. */
  final class Observer implements Layer {
    /** Of its own, so that the running statistics that move are not the network's. */
    private final BatchNorm twin =
        BatchNorm.builder(norm.channels())
            .convention(norm.convention())
            .gamma(norm.gamma())
            .beta(norm.beta())
            .build();

    private ChannelMoments seen = ChannelMoments.empty(norm.channels());

    private Observer() {}

    @Override
    public float[] forward(float[] x, int batch) {
      float[] y = new float[x.length];
      seen = seen.merge(twin.forwardTraining(x, y, shape.apply(batch)).moments());
      return y;
    }

    /** Exactly those of all elements together, however they came in batches. */
    ChannelMoments seen() {
      return seen;
    }
  }
}
