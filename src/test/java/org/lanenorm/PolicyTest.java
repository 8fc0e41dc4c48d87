package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.data.Offset.offset;
import static org.lanenorm.Tensors.assertClose;
import static org.lanenorm.Tensors.assertSameBits;
import static org.lanenorm.Tensors.channel;
import static org.lanenorm.Tensors.normal;
import static org.lanenorm.Tensors.permuted;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the layer does where the formula says nothing: too few values, none at all, NaN. */
class PolicyTest {
  private static final float POISON = 12345;

  // One value per channel

  @ParameterizedTest
  @EnumSource(Layout.class)
  void oneValuePerChannelIsAnErrorByDefault(Layout layout) {
    for (int[] spatial : new int[][] {{}, {1}, {1, 1}, {1, 1, 1}}) {
      TensorShape shape = TensorShape.of(layout, 1, 3, spatial);
      BatchNorm norm = BatchNorm.builder(3).build();
      SavedStatistics saved = trained(norm, TensorShape.rows(4, 3));
      String before = state(norm, saved);
      float[] x = {1, 2, 3};
      float[] y = poisoned(3);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> norm.forwardTraining(x, 0, y, 0, shape, saved))
          .withMessageContaining("more than one value per channel")
          .withMessageContaining("SingleValuePolicy.BETA")
          .withMessageContaining(shape.toString());
      assertSameBits(y, poisoned(3));
      assertThat(state(norm, saved)).isEqualTo(before);
    }
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void betaPolicyGivesExactlyBetaWhateverTheValue(Layout layout) {
    float[] beta = {0.1f, -3e20f, 1e-40f, 7};
    BatchNorm norm =
        BatchNorm.builder(4)
            .beta(beta)
            .gamma(new float[] {1e20f, -1, 3, 0})
            .singleValuePolicy(SingleValuePolicy.BETA)
            .build();
    TensorShape shape = TensorShape.of(layout, 1, 4, 1, 1);
    float[] x = {1e30f, 0.1f, -1e-40f, 3};
    float[] y = new float[4];
    SavedStatistics saved = norm.forwardTraining(x, y, shape);
    assertSameBits(y, beta);
    norm.forwardTraining(x, x, shape);
    assertSameBits(x, beta);
    assertThat(saved.count()).isEqualTo(1);
    assertThat(saved.variance(0)).isZero();
  }

  @Test
  void oneValueMovesTheMeanAndOnlyAVarianceThatItHas() {
    for (VarianceConvention convention : VarianceConvention.values()) {
      BatchNorm norm =
          BatchNorm.builder(1)
              .momentum(Momentum.update(0.25))
              .varianceConvention(convention)
              .singleValuePolicy(SingleValuePolicy.BETA)
              .build();
      norm.forwardTraining(new float[] {8}, new float[1], TensorShape.rows(1, 1));
      assertThat(norm.runningStatistics().mean(0)).isEqualTo(2);
      assertThat(norm.runningStatistics().variance(0))
          .isEqualTo(
              switch (convention) {
                case BIASED, UNBIASED_CLAMPED -> 0.75;
                case UNBIASED, KERAS_LEGACY -> 1.0;
              });
      assertThat(norm.runningStatistics().updates(0)).isEqualTo(1);
    }
  }

  // No values

  static List<TensorShape> emptyShapes() {
    List<TensorShape> shapes = new ArrayList<>();
    for (Layout layout : Layout.values()) {
      shapes.add(TensorShape.of(layout, 0, 3));
      shapes.add(TensorShape.of(layout, 0, 3, 2, 2));
      shapes.add(TensorShape.of(layout, 2, 3, 0));
      shapes.add(TensorShape.of(layout, 2, 3, 5, 0));
      shapes.add(TensorShape.of(layout, 0, 3, 0));
      shapes.add(TensorShape.of(layout, 2, 0));
      shapes.add(TensorShape.of(layout, 1, 0)); // no channel that would have one value
      shapes.add(TensorShape.of(layout, 1, 0, 4));
      shapes.add(TensorShape.of(layout, 0, 0, 0, 0));
    }
    return shapes;
  }

  @ParameterizedTest
  @MethodSource("emptyShapes")
  void anEmptyBatchWritesNothingAndMovesNothing(TensorShape shape) {
    // epsilon 0 is no error either: there is no variance that could be 0
    BatchNorm norm = BatchNorm.builder(shape.channels()).epsilon(0).build();
    RunningStatistics running = norm.runningStatistics();
    String before = running.toString() + Arrays.toString(running.means());
    float[] x = poisoned(4);
    float[] y = poisoned(4);

    SavedStatistics saved = norm.forwardTraining(x, y, shape);
    norm.forwardTraining(x, 1, x, 1, shape, saved);
    norm.forwardInference(x, y, shape);
    norm.freeze().apply(x, y, shape);

    assertSameBits(x, poisoned(4));
    assertSameBits(y, poisoned(4));
    assertThat(saved.count()).isEqualTo(shape.count());
    assertThat(saved.skippedChannels()).isEmpty();
    assertThat(running.toString() + Arrays.toString(running.means())).isEqualTo(before);
    for (int c = 0; c < shape.channels(); c++) {
      assertThat(running.updates(c)).isZero();
      assertThat(running.variance(c)).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @MethodSource("emptyShapes")
  void gradientsOfAnEmptyBatchAreSumsOfNothing(TensorShape shape) {
    // with epsilon 0 invStd is infinite here, and 0 times that is not 0
    BatchNorm norm = BatchNorm.builder(shape.channels()).epsilon(0).build();
    float[] x = poisoned(4);
    float[] dInput = poisoned(4);
    SavedStatistics saved = norm.forwardTraining(x, poisoned(4), shape);
    for (boolean frozen : new boolean[] {false, true}) {
      float[] dGamma = poisoned(shape.channels());
      float[] dBeta = poisoned(shape.channels());
      if (frozen) {
        norm.backwardFrozen(x, poisoned(4), dInput, dGamma, dBeta, shape);
      } else {
        norm.backward(x, poisoned(4), saved, dInput, dGamma, dBeta, shape);
      }
      assertSameBits(dInput, poisoned(4));
      assertThat(dGamma).containsOnly(new float[shape.channels()]);
      assertThat(dBeta).containsOnly(new float[shape.channels()]);
    }
  }

  // NaN and infinity

  /** Three channels of 1,200 values: more than one run of the canonical order. */
  private static final TensorShape BATCH = TensorShape.nchw(3, 3, 20, 20);

  static Stream<Arguments> badValues() {
    List<Arguments> cases = new ArrayList<>();
    for (Layout layout : Layout.values()) {
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        for (int at : new int[] {0, 777, 1199}) {
          cases.add(Arguments.of(layout, bad, at));
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("badValues")
  void skipUpdateKeepsTheChannelsStatisticsAndNamesIt(Layout layout, float bad, int at) {
    Spoiled run = new Spoiled(layout, bad, at, NonFinitePolicy.SKIP_UPDATE);
    run.assertOnlyChannelOneIsNan();
    assertThat(run.saved.skippedChannels()).containsExactly(1);
    assertThat(run.saved.skipped(0)).isFalse();
    assertThat(run.saved.skipped(1)).isTrue();
    assertThat(run.running.mean(1)).isEqualTo(0);
    assertThat(run.running.variance(1)).isEqualTo(1);
    assertThat(run.running.updates(1)).isZero();
    run.assertOtherChannelsMoved();

    // the next forward forgets the names
    run.norm.forwardTraining(run.clean, 0, new float[run.clean.length], 0, run.shape, run.saved);
    assertThat(run.saved.skippedChannels()).isEmpty();
    assertThat(run.running.updates(1)).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("badValues")
  void propagatePoisonsTheChannelsStatisticsForEver(Layout layout, float bad, int at) {
    Spoiled run = new Spoiled(layout, bad, at, NonFinitePolicy.PROPAGATE);
    run.assertOnlyChannelOneIsNan();
    assertThat(run.saved.skippedChannels()).isEmpty();
    run.assertOtherChannelsMoved();
    for (int step = 0; step < 2; step++) {
      assertThat(Double.isFinite(run.running.mean(1))).isFalse();
      assertThat(run.running.variance(1)).isNaN();
      run.norm.forwardTraining(run.clean, new float[run.clean.length], run.shape);
    }
    assertThat(run.running.updates(1)).isEqualTo(3);
  }

  @ParameterizedTest
  @MethodSource("badValues")
  void errorPolicyNamesTheChannelAndWritesNothing(Layout layout, float bad, int at) {
    TensorShape shape = BATCH.withLayout(layout);
    BatchNorm norm = BatchNorm.builder(3).nonFinitePolicy(NonFinitePolicy.ERROR).build();
    SavedStatistics saved = trained(norm, shape);
    String before = state(norm, saved);
    float[] x = spoiled(shape, bad, at);
    float[] y = poisoned(x.length);
    for (float[] target : new float[][] {y, x}) {
      float[] original = target.clone();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> norm.forwardTraining(x, 0, target, 0, shape, saved))
          .withMessageContaining("x")
          .withMessageContaining("channel 1")
          .withMessageContaining("finite");
      assertSameBits(target, original);
      assertThat(state(norm, saved)).isEqualTo(before);
    }
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void gradientsOfASpoiledChannelLeaveTheOthersAlone(Layout layout) {
    Spoiled run = new Spoiled(layout, Float.NaN, 5, NonFinitePolicy.SKIP_UPDATE);
    BatchNorm reference = BatchNorm.builder(3).build();
    SavedStatistics savedClean =
        reference.forwardTraining(run.clean, new float[run.clean.length], run.shape);
    float[] dOutput = normal(run.clean.length, 9);
    Gradients actual = new Gradients(run.norm, run.x, dOutput, run.saved, run.shape);
    Gradients expected = new Gradients(reference, run.clean, dOutput, savedClean, run.shape);
    assertThat(channel(actual.dInput, run.shape, 1)).containsOnly(Float.NaN);
    assertThat(actual.dGamma[1]).isNaN();
    // it does not look at x, but what segment is summed again in double does
    assertThat(actual.dBeta[1]).isCloseTo(expected.dBeta[1], offset(1e-5f));
    for (int c = 0; c <= 2; c += 2) {
      assertSameBits(channel(actual.dInput, run.shape, c), channel(expected.dInput, run.shape, c));
      assertThat(actual.dGamma[c]).isEqualTo(expected.dGamma[c]);
      assertThat(actual.dBeta[c]).isEqualTo(expected.dBeta[c]);
    }
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void inferenceCarriesANanThroughItsOwnElementOnly(Layout layout) {
    TensorShape shape = BATCH.withLayout(layout);
    float[] x = normal(shape.length(), 3);
    BatchNorm norm = BatchNorm.builder(3).build();
    float[] expected = new float[x.length];
    norm.forwardInference(x, expected, shape);
    x[17] = Float.NaN;
    expected[17] = Float.NaN;
    float[] y = new float[x.length];
    norm.forwardInference(x, y, shape);
    assertThat(y).containsExactly(expected);
  }

  @Test
  void aLayerWithPoisonedStatisticsCannotBeFrozen() {
    Spoiled run = new Spoiled(Layout.NCHW, Float.NaN, 0, NonFinitePolicy.PROPAGATE);
    assertThatIllegalArgumentException()
        .isThrownBy(run.norm::freeze)
        .withMessageContaining("ean[1] must be finite, but was NaN");
  }

  @Test
  void cumulativeMomentumCountsEveryChannelsOwnBatches() {
    BatchNorm norm = BatchNorm.builder(2).momentum(Momentum.cumulative()).build();
    TensorShape shape = TensorShape.rows(2, 2);
    norm.forwardTraining(new float[] {0, 0, 2, 2}, new float[4], shape);
    norm.forwardTraining(new float[] {4, 4, 6, Float.NaN}, new float[4], shape);
    norm.forwardTraining(new float[] {8, 8, 10, 14}, new float[4], shape);
    RunningStatistics running = norm.runningStatistics();
    // 1/3 is not a double: a few roundings
    assertClose(running.means(), 1e-14, 5, (1 + 11) / 2.0);
    assertClose(running.variances(), 1e-14, 2, (2 + 18) / 2.0);
    assertThat(running.updates(0)).isEqualTo(3);
    assertThat(running.updates(1)).isEqualTo(2);
  }

  /** 1 + (v - 1) is v to 16 decimals, not to 16 digits. */
  @ParameterizedTest
  @ValueSource(doubles = {1e-12, 1e-20, 1e-60})
  void aShareOfOneTakesTheBatchToItsLastDigit(double variance) {
    for (Momentum momentum :
        new Momentum[] {Momentum.update(1), Momentum.decay(0), Momentum.cumulative()}) {
      RunningStatistics running = new RunningStatistics(1, momentum, VarianceConvention.BIASED, 0);
      running.set(new double[] {1}, new double[] {1});
      running.update(ChannelMoments.of(1, new double[] {1e-17}, new double[] {variance}));
      assertThat(running.mean(0)).isEqualTo(1e-17);
      assertThat(running.variance(0)).isEqualTo(variance);
    }
  }

  @Test
  void cumulativeVarianceIsTheAverageOfTheBatchesThatHaveOne() {
    BatchNorm norm =
        BatchNorm.builder(1)
            .momentum(Momentum.cumulative())
            .singleValuePolicy(SingleValuePolicy.BETA)
            .build();
    norm.forwardTraining(new float[] {8}, new float[1], TensorShape.rows(1, 1));
    norm.forwardTraining(new float[] {0, 2}, new float[2], TensorShape.rows(2, 1));
    norm.forwardTraining(new float[] {0, 4}, new float[2], TensorShape.rows(2, 1));
    assertThat(norm.runningStatistics().variance(0)).isEqualTo((2 + 8) / 2.0);
  }

  // Epsilon 0

  @ParameterizedTest
  @EnumSource(Layout.class)
  void epsilonZeroWithAConstantChannelIsAnErrorThatNamesIt(Layout layout) {
    TensorShape shape = BATCH.withLayout(layout);
    BatchNorm norm = BatchNorm.builder(3).epsilon(0).build();
    SavedStatistics saved = trained(norm, shape);
    String before = state(norm, saved);
    float[] nchw = normal(BATCH.length(), 5);
    for (int n = 0; n < 3; n++) {
      Arrays.fill(nchw, BATCH.index(n, 2, 0), BATCH.index(n, 2, 399) + 1, 0.1f);
    }
    float[] x = permuted(nchw, BATCH, shape);
    for (float[] target : new float[][] {poisoned(x.length), x}) {
      float[] original = target.clone();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> norm.forwardTraining(x, 0, target, 0, shape, saved))
          .withMessageContaining("epsilon")
          .withMessageContaining("channel 2");
      assertSameBits(target, original);
      assertThat(state(norm, saved)).isEqualTo(before);
    }
  }

  @Test
  void epsilonZeroWithARunningVarianceOfZeroIsAnErrorInInference() {
    BatchNorm norm =
        BatchNorm.builder(2)
            .epsilon(0)
            .runningStatistics(new double[2], new double[] {1, 0})
            .build();
    float[] x = {1, 2};
    float[] y = poisoned(2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> norm.forwardInference(x, y, TensorShape.rows(1, 2)))
        .withMessageContaining("epsilon")
        .withMessageContaining("1");
    assertSameBits(y, poisoned(2));
    assertThatIllegalArgumentException().isThrownBy(norm::freeze).withMessageContaining("epsilon");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                norm.backwardFrozen(
                    x, new float[2], y, new float[2], new float[2], TensorShape.rows(1, 2)))
        .withMessageContaining("epsilon");
    assertSameBits(y, poisoned(2));
  }

  /** gamma/sqrt(epsilon) is over float32's range here; zero times it must still be zero. */
  @ParameterizedTest
  @ValueSource(doubles = {1e-5, 1e-80, 1e-300})
  void aConstantChannelGivesBetaHoweverSmallEpsilonIs(double epsilon) {
    BatchNorm norm =
        BatchNorm.builder(1)
            .epsilon(epsilon)
            .gamma(new float[] {1e10f})
            .beta(new float[] {0.3f})
            .build();
    float[] y = new float[4];
    norm.forwardTraining(new float[] {0.1f, 0.1f, 0.1f, 0.1f}, y, TensorShape.rows(4, 1));
    assertThat(y).containsOnly(0.3f);
  }

  @Test
  void epsilonZeroIsFineWhereEveryVarianceIsPositive() {
    float[] y = new float[2];
    BatchNorm.builder(1)
        .epsilon(0)
        .build()
        .forwardTraining(new float[] {3, 5}, y, TensorShape.rows(2, 1));
    assertThat(y).containsExactly(-1, 1);
  }

  // Conventions

  private static final Convention STATELESS = Conventions.keras1(2, "1.2.2");

  @ParameterizedTest
  @EnumSource(Layout.class)
  void inferenceByTheBatchIsTrainingToTheBitAndKeepsNothing(Layout layout) {
    TensorShape shape = BATCH.withLayout(layout);
    float[] x = permuted(normal(BATCH.length(), 8), BATCH, shape);
    for (Convention convention : new Convention[] {STATELESS, Conventions.keras1(2, "1.0.5")}) {
      BatchNorm norm = BatchNorm.builder(3).convention(convention).build();
      float[] y = new float[x.length];
      float[] inference = new float[x.length];
      SavedStatistics saved = norm.forwardTraining(x, y, shape);
      norm.forwardInference(x, inference, shape);
      assertSameBits(inference, y);
      assertThat(saved.variance(1)).isPositive();
      assertThat(norm.runningStatistics().updates(1)).isZero();
      assertThat(norm.runningStatistics().variance(1)).isEqualTo(1);
    }
  }

  @Test
  void inferenceByTheBatchIsUnderThePoliciesOfTraining() {
    BatchNorm norm =
        BatchNorm.builder(3).convention(STATELESS).nonFinitePolicy(NonFinitePolicy.ERROR).build();
    float[] y = poisoned(BATCH.length());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> norm.forwardInference(spoiled(BATCH, Float.NaN, 7), y, BATCH))
        .withMessageContaining("channel 1 has NaN");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> norm.forwardInference(y, y, TensorShape.rows(1, 3)))
        .withMessageContaining("more than one value per channel");
    norm.forwardInference(y, y, TensorShape.rows(0, 3));
    assertSameBits(y, poisoned(BATCH.length()));
  }

  @Test
  void whatNeedsRunningStatisticsRefusesALayerWithoutThem() {
    BatchNorm norm = BatchNorm.builder(3).convention(STATELESS).build();
    float[] dInput = poisoned(3);
    assertThatIllegalStateException()
        .isThrownBy(norm::freeze)
        .withMessageContaining("no statistics that could be constants: Keras 1.2.2, mode 2");
    assertThatIllegalStateException()
        .isThrownBy(
            () -> norm.backwardFrozen(dInput, dInput, dInput, null, null, TensorShape.rows(1, 3)))
        .withMessageContaining("no statistics");
    assertSameBits(dInput, poisoned(3));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                BatchNorm.builder(1)
                    .convention(STATELESS)
                    .runningStatistics(new double[1], new double[1])
                    .build())
        .withMessageContaining("runningStatistics must not be given");
  }

  /** The root of its variance has no derivative, but y has. */
  @ParameterizedTest
  @EnumSource(EpsilonPlacement.class)
  void aConstantChannelHasAGradientWhereverEpsilonIs(EpsilonPlacement placement) {
    Convention convention = Conventions.flax().withEpsilon(0.25).withEpsilonPlacement(placement);
    BatchNorm norm = BatchNorm.builder(1).convention(convention).build();
    TensorShape shape = TensorShape.rows(4, 1);
    float[] x = {0.1f, 0.1f, 0.1f, 0.1f};
    float[] y = new float[4];
    SavedStatistics saved = norm.forwardTraining(x, y, shape);
    assertThat(y).containsOnly(0);
    float[] dInput = new float[4];
    float[] dGamma = new float[1];
    norm.backward(x, new float[] {1, 2, 3, 6}, saved, dInput, dGamma, null, shape);
    // (dOutput - 3)/divisor
    double divisor =
        switch (placement) {
          case INSIDE_SQRT -> 0.5;
          case ON_STD -> 0.25;
          case BOTH -> 0.75;
        };
    assertClose(dInput, 1e-5, -2 / divisor, -1 / divisor, 0, 3 / divisor);
    assertThat(dGamma).containsExactly(0);
  }

  @ParameterizedTest
  @EnumSource(EpsilonPlacement.class)
  void epsilonZeroNeedsAVarianceWhereverItIs(EpsilonPlacement placement) {
    Convention convention = Conventions.flax().withEpsilon(0).withEpsilonPlacement(placement);
    float[] y = poisoned(2);
    for (Spread spread : Spread.values()) {
      BatchNorm norm =
          BatchNorm.builder(1)
              .convention(convention.withSpread(spread))
              .runningStatistics(new double[1], new double[1])
              .build();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> norm.forwardTraining(new float[] {3, 3}, y, TensorShape.rows(2, 1)))
          .withMessageContaining("epsilon must be above 0");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> norm.forwardInference(y, y, TensorShape.rows(2, 1)))
          .withMessageContaining("[0] must be above 0 where epsilon is 0, but was 0.0");
      assertSameBits(y, poisoned(2));
    }
    // a running deviation of 0 is no sum of epsilon and anything
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                FrozenBatchNorm.of(
                    new double[1],
                    new double[1],
                    Conventions.flax().withSpread(Spread.STANDARD_DEVIATION),
                    null,
                    null))
        .withMessage("std[0] must be above 0, but was 0.0");
  }

  // gamma and beta

  @ParameterizedTest
  @EnumSource(Layout.class)
  void noGammaIsGammaOneAndNoBetaIsBetaZero(Layout layout) {
    TensorShape shape = BATCH.withLayout(layout);
    float[] x = normal(shape.length(), 6);
    float[] dOutput = normal(shape.length(), 7);
    BatchNorm with = BatchNorm.builder(3).build();
    BatchNorm without = BatchNorm.builder(3).gamma(null).beta(null).build();
    assertThat(with.gamma()).containsExactly(1, 1, 1);
    assertThat(with.beta()).containsExactly(0, 0, 0);
    assertThat(without.gamma()).isNull();
    assertThat(without.beta()).isNull();

    float[] y = new float[x.length];
    float[] expected = new float[x.length];
    SavedStatistics saved = without.forwardTraining(x, y, shape);
    with.forwardTraining(x, expected, shape);
    assertSameBits(y, expected);

    Gradients actual = new Gradients(without, x, dOutput, saved, shape);
    Gradients reference = new Gradients(with, x, dOutput, saved, shape);
    assertSameBits(actual.dInput, reference.dInput);
    assertSameBits(actual.dGamma, reference.dGamma);
    assertSameBits(actual.dBeta, reference.dBeta);

    without.forwardInference(x, y, shape);
    with.forwardInference(x, expected, shape);
    assertSameBits(y, expected);
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void anOutputLeftOutChangesNothingOfTheOthers(Layout layout) {
    TensorShape shape = BATCH.withLayout(layout);
    float[] x = normal(shape.length(), 6);
    float[] dOutput = normal(shape.length(), 7);
    BatchNorm norm = BatchNorm.builder(3).gamma(new float[] {2, -1, 0.5f}).build();
    SavedStatistics saved = norm.forwardTraining(x, new float[x.length], shape);
    for (boolean frozen : new boolean[] {false, true}) {
      List<float[]> all = gradients(norm, frozen, x, dOutput, saved, shape, 0b111);
      for (int wanted = 0; wanted < 0b111; wanted++) {
        List<float[]> some = gradients(norm, frozen, x, dOutput, saved, shape, wanted);
        for (int output = 0; output < 3; output++) {
          if (some.get(output) != null) {
            assertSameBits(some.get(output), all.get(output));
          }
        }
      }
    }
  }

  private static List<float[]> gradients(
      BatchNorm norm,
      boolean frozen,
      float[] x,
      float[] dOutput,
      SavedStatistics saved,
      TensorShape shape,
      int wanted) {
    float[] dInput = (wanted & 1) == 0 ? null : new float[x.length];
    float[] dGamma = (wanted & 2) == 0 ? null : new float[shape.channels()];
    float[] dBeta = (wanted & 4) == 0 ? null : new float[shape.channels()];
    if (frozen) {
      norm.backwardFrozen(x, dOutput, dInput, dGamma, dBeta, shape);
    } else {
      norm.backward(x, dOutput, saved, dInput, dGamma, dBeta, shape);
    }
    return Arrays.asList(dInput, dGamma, dBeta);
  }

  @Test
  void theLayerCopiesItsParametersAndShowsItsOwn() {
    float[] gamma = {2};
    double[] mean = {1};
    BatchNorm norm =
        BatchNorm.builder(1)
            .gamma(gamma)
            .epsilon(0)
            .runningStatistics(mean, new double[] {4})
            .build();
    gamma[0] = 100;
    mean[0] = 100;
    float[] y = new float[1];
    norm.forwardInference(new float[] {5}, y, TensorShape.rows(1, 1));
    assertThat(y).containsExactly(4);
    norm.gamma()[0] = 3; // as an optimizer does
    norm.beta()[0] = 1;
    norm.forwardInference(new float[] {5}, y, TensorShape.rows(1, 1));
    assertThat(y).containsExactly(7);
  }

  /** A training forward whose channel 1 holds one bad value. */
  private static final class Spoiled {
    final TensorShape shape;
    final float[] clean;
    final float[] x;
    final float[] y;
    final BatchNorm norm;
    final RunningStatistics running;
    final SavedStatistics saved;

    Spoiled(Layout layout, float bad, int at, NonFinitePolicy policy) {
      shape = BATCH.withLayout(layout);
      clean = permuted(normal(BATCH.length(), 1), BATCH, shape);
      x = spoiled(shape, bad, at);
      y = new float[x.length];
      norm = BatchNorm.builder(3).nonFinitePolicy(policy).build();
      running = norm.runningStatistics();
      saved = norm.forwardTraining(x, y, shape);
    }

    void assertOnlyChannelOneIsNan() {
      float[] expected = new float[clean.length];
      BatchNorm.builder(3).build().forwardTraining(clean, expected, shape);
      assertThat(channel(y, shape, 1)).containsOnly(Float.NaN);
      assertSameBits(channel(y, shape, 0), channel(expected, shape, 0));
      assertSameBits(channel(y, shape, 2), channel(expected, shape, 2));
    }

    void assertOtherChannelsMoved() {
      BatchNorm reference = BatchNorm.builder(3).build();
      reference.forwardTraining(clean, new float[clean.length], shape);
      for (int c = 0; c <= 2; c += 2) {
        assertThat(running.mean(c)).isEqualTo(reference.runningStatistics().mean(c));
        assertThat(running.variance(c)).isEqualTo(reference.runningStatistics().variance(c));
        assertThat(running.updates(c)).isEqualTo(1);
      }
    }
  }

  private static final class Gradients {
    final float[] dInput;
    final float[] dGamma;
    final float[] dBeta;

    Gradients(
        BatchNorm norm, float[] x, float[] dOutput, SavedStatistics saved, TensorShape shape) {
      dInput = new float[x.length];
      dGamma = new float[shape.channels()];
      dBeta = new float[shape.channels()];
      norm.backward(x, dOutput, saved, dInput, dGamma, dBeta, shape);
    }
  }

  private static float[] spoiled(TensorShape shape, float bad, int at) {
    float[] nchw = normal(BATCH.length(), 1);
    nchw[BATCH.index(at / 400, 1, at % 400)] = bad;
    return permuted(nchw, BATCH, shape);
  }

  private static SavedStatistics trained(BatchNorm norm, TensorShape shape) {
    float[] x = normal(shape.length(), 2);
    return norm.forwardTraining(x, new float[x.length], shape);
  }

  /** Everything a failed call must leave as it was, as text that tells every bit. */
  static String state(BatchNorm norm, SavedStatistics saved) {
    StringBuilder text = new StringBuilder();
    RunningStatistics running = norm.runningStatistics();
    text.append(saved.count()).append(Arrays.toString(saved.skippedChannels()));
    for (int c = 0; c < norm.channels(); c++) {
      for (double value :
          new double[] {
            running.mean(c),
            running.variance(c),
            running.updates(c),
            norm.gamma()[c],
            norm.beta()[c],
            c < saved.channels() ? saved.mean(c) : 0,
            c < saved.channels() ? saved.variance(c) : 0,
            c < saved.channels() ? saved.invStd(c) : 0
          }) {
        text.append(' ').append(Double.doubleToRawLongBits(value));
      }
    }
    return text.toString();
  }

  private static float[] poisoned(int length) {
    float[] values = new float[length];
    Arrays.fill(values, POISON);
    return values;
  }

  @Test
  void gradientsOfAConstantChannelAreNumbersForTheSmallestEpsilon() {
    TensorShape shape = TensorShape.rows(4, 1);
    BatchNorm norm = BatchNorm.builder(1).epsilon(1e-300).build();
    float[] x = {3, 3, 3, 3};
    float[] dInput = new float[4];
    SavedStatistics saved = norm.forwardTraining(x, new float[4], shape);
    norm.backward(x, new float[] {1, 1, 1, 1}, saved, dInput, null, null, shape);
    assertThat(dInput).containsOnly(0);
  }
}
