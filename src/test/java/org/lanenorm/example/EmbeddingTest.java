package org.lanenorm.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.lanenorm.Tensors.assertSameBits;
import static org.lanenorm.Tensors.normal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    double deviation = Math.sqrt(moments.variance(0));
    // README: end

    float[] inference = new float[x.length];
    norm.forwardInference(x, inference, shape);
    assertSameBits(y, inference);
    assertThat(moments.count()).isEqualTo(2 * saved.count());
    assertThat(moments.mean(0)).isEqualTo(saved.mean(0));
    assertThat(deviation * saved.invStd(0)).isCloseTo(1, offset(1e-5)); // epsilon is 1e-5
    assertThat(dBeta[0]).isNotZero();
  }

  /** A README that shows Java must show the lines above, to the letter but for indentation. */
  @Test
  void theReadmeQuotesTheExample() throws IOException {
    Path module = Path.of(System.getProperty("basedir", "."));
    Path readme = module.resolve("../README.md");
    assumeTrue(Files.exists(readme) && Files.readString(readme).contains("```java"));
    String source =
        Files.readString(module.resolve("test/java/org/lanenorm/example/EmbeddingTest.java"));
    String example =
        source.substring(
            source.indexOf("// README: begin\n") + 17, source.indexOf("// README: end"));
    assertThat(Files.readString(readme)).containsIgnoringWhitespaces(example);
  }
}
