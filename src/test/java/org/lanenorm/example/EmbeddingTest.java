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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.lanenorm.ActivatedBatchNorm;
import org.lanenorm.Activation;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.Momentum;
import org.lanenorm.PopulationStatistics;
import org.lanenorm.SavedStatistics;
import org.lanenorm.SyncedBatchNorm;
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
  void theReadmesActivatedExampleRuns() {
    TensorShape shape = TensorShape.nchw(2, 3, 5, 7);
    BatchNorm norm = BatchNorm.builder(3).build();
    float[] x = normal(shape.length(), 1);
    float[] z = normal(shape.length(), 2);
    float[] dOutput = normal(shape.length(), 3);
    float[] y = new float[x.length];
    float[] dInput = new float[x.length];
    float[] dResidual = new float[x.length];
    float[] dGamma = new float[3];
    float[] dBeta = new float[3];

    // README: begin
    ActivatedBatchNorm relu = norm.withActivation(Activation.relu());
    long[] bits = new long[ActivatedBatchNorm.bitsLength(shape)]; // 1/32 of y
    SavedStatistics saved = relu.forwardTraining(x, z, y, bits, shape);
    relu.backward(x, bits, dOutput, saved, dInput, dResidual, dGamma, dBeta, shape);
    // README: end

    float[] unfused = new float[x.length];
    BatchNorm other = BatchNorm.builder(3).build();
    other.forwardTraining(x, unfused, shape);
    for (int i = 0; i < unfused.length; i++) {
      unfused[i] = Math.max(unfused[i] + z[i], 0);
      assertThat(dResidual[i]).isEqualTo(unfused[i] > 0 ? dOutput[i] : 0);
    }
    assertSameBits(y, unfused);
    other.backward(x, dResidual, saved, unfused, null, null, shape);
    assertSameBits(dInput, unfused);
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

  @Test
  void theReadmesWorkersRun() throws Exception {
    BatchNorm norm = BatchNorm.builder(1).build();
    SyncedBatchNorm synced = SyncedBatchNorm.of(norm, 2);
    ExecutorService pool = Executors.newFixedThreadPool(2);
    try {
      Future<?> first = pool.submit(() -> work(synced, 0, new float[] {5, 9}));
      Future<?> second = pool.submit(() -> work(synced, 1, new float[] {1, 3}));
      first.get(30, TimeUnit.SECONDS);
      second.get(30, TimeUnit.SECONDS);
    } finally {
      pool.shutdownNow();
    }
    assertThat(norm.runningStatistics().mean(0)).isCloseTo(0.45, offset(1e-15));
  }

  private static void work(SyncedBatchNorm synced, int i, float[] x) {
    TensorShape share = TensorShape.rows(x.length, 1);
    float[] y = new float[x.length];
    float[] dOutput = x.clone();
    float[] dInput = new float[x.length];
    float[] dGamma = new float[1];
    float[] dBeta = new float[1];

    // README: begin
    // synced = SyncedBatchNorm.of(norm, 2); in the thread of worker i:
    try (SyncedBatchNorm.Worker worker = synced.worker(i)) {
      SavedStatistics saved = worker.forwardTraining(x, y, share);
      worker.backward(x, dOutput, saved, dInput, dGamma, dBeta, share);
    }
    // README: end

    assertThat(dBeta[0]).isEqualTo(18);
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
    assertThat(examples).hasSize(4);
    for (String example : examples) {
      assertThat(Files.readString(readme)).containsIgnoringWhitespaces(example);
    }
  }
}
