package org.lanenorm.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanenorm.ChannelMoments;
import org.lanenorm.TensorShape;

/** The classifier after three epochs, and the command after one. */
class DigitsTest {
  private static final int EPOCHS = 3;

  private static Training training;

  @TempDir Path folder;

  @BeforeAll
  static void train() {
    training = new Training(Digits.bundled(), EPOCHS, 1);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      training.epoch();
    }
  }

  private static float[] logits(List<? extends Layer> layers) {
    return Classifier.run(layers, training.heldOut().images(), training.heldOut().count());
  }

  @Test
  void threeEpochsGetNinetySevenPercentRight() {
    Training.Epoch last = training.done().get(EPOCHS - 1);
    assertThat(last.accuracy()).isGreaterThan(0.97);
    assertThat(last.loss()).isLessThan(0.2);
    assertThat(last.heldOutLoss()).isLessThan(0.15);
  }

  @Test
  void frozenAndFoldedPredictTheSame() {
    float[] frozen = logits(training.classifier().frozen());
    float[] folded = logits(training.classifier().folded());
    assertThat(folded).isNotEqualTo(frozen);
    for (int i = 0; i < frozen.length; i++) {
      assertThat(folded[i]).isCloseTo(frozen[i], within(1e-4f));
    }
    assertThat(Classifier.predictions(folded)).isEqualTo(Classifier.predictions(frozen));
  }

  @Test
  void populationIsThatOfAllBatchesAtOnce() {
    Digits all = Digits.bundled().forTraining();
    float[] x = training.classifier().layers().get(0).forward(all.images(), all.count());
    ChannelMoments whole = ChannelMoments.of(x, TensorShape.nchw(all.count(), 16, 8, 8));
    ChannelMoments merged = training.population().get(0);
    assertThat(merged.count()).isEqualTo(whole.count());
    for (int c = 0; c < whole.channels(); c++) {
      assertThat(merged.mean(c)).isCloseTo(whole.mean(c), within(1e-6));
      assertThat(merged.variance(c) / whole.variance(c)).isCloseTo(1, within(1e-6));
    }
  }

  @Test
  void driftIsWhatRunningStatisticsLack() {
    for (Training.Drift drift : training.done().get(EPOCHS - 1).drifts()) {
      assertThat(drift.mean()).isBetween(1e-4, 0.5);
      assertThat(drift.variance()).isBetween(1e-4, 0.5);
    }
    Normalization norm = training.classifier().normalizations().get(1);
    ChannelMoments running =
        ChannelMoments.of(
            1,
            norm.norm().runningStatistics().means(),
            norm.norm().runningStatistics().variances());
    assertThat(Training.Drift.of(norm.norm(), running)).isEqualTo(new Training.Drift(0, 0));
  }

  @Test
  void frozenByPopulationIsFrozenByRunningStatisticsThatEqualIt() {
    Normalization norm = new Normalization(n -> TensorShape.rows(n, 2));
    norm.norm().gamma()[1] = -2;
    norm.norm().beta()[0] = 3;
    ChannelMoments population =
        ChannelMoments.of(4, new double[] {1, -5}, new double[] {0.25, 100});
    norm.norm().runningStatistics().set(population.means(), population.variances());
    float[] x = {1, 2, 3, 4, 5, 6};
    assertThat(norm.frozen(population).forward(x, 3)).isEqualTo(norm.frozen().forward(x, 3));
  }

  @Test
  void observingMovesNothing() {
    double[] before =
        training.classifier().normalizations().get(0).norm().runningStatistics().means();
    training.population();
    assertThat(training.classifier().normalizations().get(0).norm().runningStatistics().means())
        .isEqualTo(before);
  }

  @Test
  void sameSeedSameBits() {
    Training again = new Training(Digits.bundled(), EPOCHS, 1);
    Training other = new Training(Digits.bundled(), EPOCHS, 2);
    double[] losses = again.epoch().batchLosses();
    assertThat(losses).isEqualTo(training.done().get(0).batchLosses());
    assertThat(losses).isNotEqualTo(other.epoch().batchLosses());
  }

  @Test
  void heldOutDigitsAreNotTrainedOn() {
    Digits digits = Digits.bundled();
    assertThat(digits.count()).isEqualTo(1797);
    assertThat(Arrays.copyOf(digits.labels(), 12))
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1);
    assertThat(Arrays.copyOf(digits.heldOut().labels(), 2)).containsExactly(4, 9);
    assertThat(digits.heldOut().count() + digits.forTraining().count()).isEqualTo(1797);
    assertThat(digits.images()).hasSize(1797 * 64);
    for (float pixel : digits.images()) {
      assertThat(pixel).isBetween(0f, 1f);
    }
  }

  @Test
  void theCommandWritesPicturesAndTellsTooLittleAccuracy() throws IOException {
    Path pictures = folder.resolve("new/folder");
    Run run = Run.of("digits", "--epochs", 1, "--seed", 6, "--output", pictures);
    // one epoch is not enough for this seed
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err().lines())
        .singleElement()
        .asString()
        .contains("more than 96.00 %", "was on 91.64 %");
    assertThat(run.out())
        .contains("1  0.8539         0.2406  91.64 %")
        .contains("Frozen and folded: the same predictions");
    for (String name : new String[] {"loss.png", "drift.png"}) {
      BufferedImage picture = ImageIO.read(pictures.resolve(name).toFile());
      assertThat(picture.getWidth()).isEqualTo(750);
      assertThat(picture.getHeight()).isEqualTo(425);
    }
  }

  @Test
  void badOptionsAreRefused() throws IOException {
    Run.of("digits", "--epochs", "0").isRefused("--epochs 0", "1 to 1000");
    Run.of("digits", "--epochs", "many").isRefused("--epochs", "many");
    Path file = Files.createFile(folder.resolve("file"));
    Run.of("digits", "--output", file).isRefused("--output", "file", "must be a folder");
  }
}
