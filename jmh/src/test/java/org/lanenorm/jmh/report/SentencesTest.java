package org.lanenorm.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lanenorm.Layout;
import org.lanenorm.jmh.report.Results.Key;
import org.lanenorm.jmh.report.Results.Setting;

class SentencesTest {
  private static final Setting ONE = new Setting("8x64x28x28", 1);
  private static final Setting TWO = new Setting("8x64x28x28", 2);
  private static final Setting ROWS = new Setting("256x512", 1);

  private final Results results = Bundled.results();

  private String layout(Setting setting, Operation operation) {
    return Sentences.layout(results, setting, operation).text();
  }

  @Test
  void theSentenceNamesTheLayoutAndByHowMuch() {
    assertThat(layout(ONE, Operation.TRAINING))
        .isEqualTo("Training forward: choose NCHW. NHWC takes 1.27 times (1.24 to 1.30) as long.");
    assertThat(layout(ONE, Operation.INFERENCE))
        .isEqualTo("Inference: choose NHWC. NCHW takes 1.24 times (1.21 to 1.27) as long.");
  }

  @Test
  void orThatTheDifferenceIsWithinNoise() {
    assertThat(layout(ONE, Operation.MOMENTS))
        .isEqualTo(
            "Moments: either layout. The difference is within noise: NCHW takes 20.4 ± 0.24 µs,"
                + " NHWC 20.5 ± 0.25 µs.");
  }

  @Test
  void orThatItCannotTell() {
    assertThat(layout(TWO, Operation.TRAINING))
        .isEqualTo(
            "Training forward: cannot tell. The noise is too large: NCHW takes 22.0 ± 8.80 µs,"
                + " NHWC 24.0 ± 9.60 µs.");
    assertThat(layout(ONE, Operation.BACKWARD))
        .isEqualTo(
            "Backward: cannot tell. NCHW takes 72.0 ± 0.86 µs, NHWC 90.0 µs, with too few"
                + " iterations for an error.");
    assertThat(layout(TWO, Operation.BACKWARD))
        .isEqualTo("Backward: cannot tell. Only NCHW was measured: 36.0 ± 0.43 µs.");
  }

  @Test
  void norOfWhatWasNotCompiled() {
    Map<Key, Estimate> times = new HashMap<>(results.times());
    String benchmark = Operation.TRAINING.benchmark(Maker.LANENORM);
    times.put(new Key(benchmark, Layout.NHWC, ONE.shape(), 1), new Estimate(4001, 3990, 4012));
    Results cold = new Results(times, "", "", "", "");
    assertThat(Sentences.layout(cold, ONE, Operation.TRAINING).text())
        .isEqualTo(
            "Training forward: cannot tell. Measured before the code was compiled: NCHW takes 44.0"
                + " ± 0.53 µs, NHWC 4,001 ± 11.0 µs.");
    assertThat(Sentences.peers(cold, ONE, Operation.TRAINING, Layout.NHWC)).isNull();
  }

  @Test
  void rowsHaveNothingToChoose() {
    assertThat(layout(ROWS, Operation.INFERENCE))
        .isEqualTo(
            "Inference: no choice. Rows lie in memory in one order only; a call takes 13.2 ±"
                + " 0.13 µs.");
  }

  @Test
  void theFastestPeerOfEachLayoutIsCompared() {
    assertThat(Sentences.peers(results, ONE, Operation.TRAINING, Layout.NCHW))
        .isEqualTo(
            "The fastest peer in NCHW, ONNX Runtime, takes 1.82 times (1.76 to 1.87) as long as"
                + " Lanenorm.");
    assertThat(Sentences.peers(results, ONE, Operation.INFERENCE, Layout.NHWC))
        .isEqualTo(
            "The fastest peer in NHWC, oneDNN, is faster: Lanenorm takes 1.09 times (1.06 to 1.13)"
                + " as long.");
    assertThat(Sentences.peers(results, ONE, Operation.INFERENCE, Layout.NCHW))
        .isEqualTo("The fastest peer in NCHW, PyTorch, differs by less than the noise.");
    assertThat(Sentences.peers(results, ONE, Operation.MOMENTS, Layout.NCHW)).isNull();
    assertThat(Sentences.peers(results, ROWS, Operation.TRAINING, Layout.NCHW)).isNull();
  }

  @Test
  void aDisturbedRunIsToldSo() {
    assertThat(Sentences.noise(results))
        .isEqualTo(
            "2 of 37 times have an error of more than 10 %. 1 of 37 times are over 100 times their"
                + " floor: measured before the code was compiled. The machine did other work, or"
                + " the run was too short.");
  }
}
