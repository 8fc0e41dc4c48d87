package org.lanenorm.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.lanenorm.Tensors.assertSameBits;
import static org.lanenorm.Tensors.normal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.Momentum;
import org.lanenorm.PopulationStatistics;
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

  @Test
  void theReadmesPopulationExampleRuns() {
    BatchNorm norm = BatchNorm.builder(1).build();
    TensorShape shape = TensorShape.rows(2, 1);
    float[][] batches = {{0, 2}, {4, 6}, {8, 10}};
    float[] y = new float[2];

    // README: begin
    PopulationStatistics population = new PopulationStatistics(norm.channels());
    for (float[] batch : batches) {
      population.add(norm.forwardTraining(batch, y, shape));
    }
    norm.runningStatistics().set(population.moments());
    // README: end

    assertThat(norm.runningStatistics().mean(0)).isEqualTo(5);
    assertThat(norm.runningStatistics().variance(0)).isEqualTo(14);
  }

  /** A README that shows Java must show the lines above, to the letter but for indentation. */
  @Test
  void theReadmeQuotesTheExample() throws IOException {
    Path module = Path.of(System.getProperty("basedir", "."));
    Path readme = module.resolve("../README.md");
    assumeTrue(Files.exists(readme) && Files.readString(readme).contains("```java"));
    String source =
        Files.readString(module.resolve("test/java/org/lanenorm/example/EmbeddingTest.java"));
    List<String> examples =
        Pattern.compile("    // README: begin\n(.*?)    // README: end", Pattern.DOTALL)
            .matcher(source)
            .results()
            .map(match -> match.group(1))
            .toList();
    assertThat(examples).hasSize(2);
    for (String example : examples) {
      assertThat(Files.readString(readme)).containsIgnoringWhitespaces(example);
    }
  }
}
