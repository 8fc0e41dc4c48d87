package org.lanenorm.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lanenorm.Tensors.assertSameBits;
import static org.lanenorm.Tensors.normal;

import org.junit.jupiter.api.Test;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.Momentum;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;

/** The README's example, so that it cannot drift from the API. */
class EmbeddingTest {

  @Test
  void theReadmesExampleRuns() {
    float[] x = normal(8 * 64 * 14 * 14, 1);
    float[] y = new float[x.length];
    float[] dOutput = normal(x.length, 2);
    float[] dInput = new float[x.length];
    float[] dGamma = new float[64];
    float[] dBeta = new float[64];

    // README: begin
    TensorShape shape = TensorShape.nchw(8, 64, 14, 14); // or nhwc(8, 14, 14, 64), rows(n, d), ...
    BatchNorm norm = BatchNorm.builder(64).epsilon(1e-5).momentum(Momentum.update(0.1)).build();

    SavedStatistics saved = norm.forwardTraining(x, y, shape); // y may be x
    norm.backward(x, dOutput, saved, dInput, dGamma, dBeta, shape);

    FrozenBatchNorm frozen = norm.freeze(); // immutable, for any number of threads
    frozen.apply(x, y, shape);

    ChannelMoments moments = ChannelMoments.of(x, shape).merge(saved.moments());
    System.out.println(moments.mean(0) + " +- " + Math.sqrt(moments.variance(0)));
    // README: end

    float[] inference = new float[x.length];
    norm.forwardInference(x, inference, shape);
    assertSameBits(y, inference);
    assertThat(moments.count()).isEqualTo(2 * saved.count());
    assertThat(moments.mean(0)).isEqualTo(saved.mean(0));
    assertThat(dBeta[0]).isNotZero();
  }
}
