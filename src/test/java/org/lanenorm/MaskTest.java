package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.lanenorm.Tensors.assertSameBits;
import static org.lanenorm.Tensors.normal;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Masks: counts, policies and what a call keeps; property-tests has the numbers. */
class MaskTest {
  /** Two images of four positions; three are valid. */
  private static final boolean[] VALID = {true, true, false, false, false, false, true, false};

  private static final TensorShape SHAPE = TensorShape.nwc(2, 4, 3);

  @Test
  void aMaskIsAValueThatFitsAnyChannelsAndLayout() {
    boolean[] valid = VALID.clone();
    Mask mask = Mask.of(valid, SHAPE);
    Arrays.fill(valid, true);
    assertThat(mask.count()).isEqualTo(3);
    assertThat(mask).hasToString("mask of 2x4 positions, 3 valid");
    TensorShape wider = TensorShape.nchw(2, 5, 2, 2);
    assertThat(ChannelMoments.of(normal(40, 1), 0, wider, mask).count()).isEqualTo(3);
  }

  @Test
  void emptyShapesHaveMasks() {
    for (TensorShape shape :
        new TensorShape[] {
          TensorShape.rows(0, 3),
          TensorShape.nwc(Integer.MAX_VALUE, 0, 3),
          TensorShape.nchw(0, 3, 50_000, 1),
          TensorShape.nchw(2, 0, 3, 3)
        }) {
      Mask mask = Mask.of(new boolean[shape.count()], shape);
      float[] none = {};
      float[] dGamma = new float[shape.channels()];
      BatchNorm norm = BatchNorm.builder(shape.channels()).build();
      SavedStatistics saved = norm.forwardTraining(none, none, shape, mask);
      norm.forwardInference(none, none, shape, mask);
      norm.backward(none, none, saved, none, dGamma, null, shape, mask);
      assertThat(saved.count()).isZero();
      assertThat(Arrays.stream(norm.runningStatistics().means())).allMatch(mean -> mean == 0);
    }
  }

  /** The unbiased variance of 3 values, not of 8. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void runningVarianceAndMergeCountTheValidPositions(Layout layout) {
    TensorShape shape = TensorShape.of(layout, 2, 1, 4);
    float[] x = {1, 2, 99, 99, 99, 99, 6, 99};
    Mask mask = Mask.of(VALID, shape);
    BatchNorm norm = BatchNorm.builder(1).momentum(Momentum.update(1)).build();
    SavedStatistics saved = norm.forwardTraining(x, new float[8], shape, mask);
    assertThat(saved.count()).isEqualTo(3);
    assertThat(saved.mean(0)).isEqualTo(3);
    assertThat(norm.runningStatistics().variance(0)).isEqualTo(14 / 2.0);
    ChannelMoments one = ChannelMoments.of(new float[] {7}, TensorShape.rows(1, 1));
    assertThat(ChannelMoments.of(x, 0, shape, mask).merge(one).mean(0)).isEqualTo(4);
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void oneValidPositionFallsUnderTheSingleValuePolicy(Layout layout) {
    TensorShape shape = TensorShape.of(layout, 2, 3, 4);
    boolean[] one = new boolean[8];
    one[5] = true;
    Mask mask = Mask.of(one, shape);
    float[] beta = {5, 6, 7};
    float[] y = normal(24, 2);
    BatchNorm norm =
        BatchNorm.builder(3).beta(beta).singleValuePolicy(SingleValuePolicy.BETA).build();
    norm.forwardTraining(normal(24, 1), y, shape, mask);
    float[] expected = new float[24];
    for (int c = 0; c < 3; c++) {
      expected[shape.index(1, c, 1)] = beta[c];
    }
    assertSameBits(y, expected);
  }

  /**
   * Without running statistics inference takes those of the valid positions, under the policies.
   */
  @Test
  void inferenceByTheBatchTakesTheMomentsOfValidPositions() {
    BatchNorm norm = BatchNorm.builder(3).convention(Conventions.keras1(2, "1.2.2")).build();
    Mask mask = Mask.of(VALID, SHAPE);
    float[] x = normal(24, 3);
    float[] training = new float[24];
    float[] inference = new float[24];
    norm.forwardTraining(x, training, SHAPE, mask);
    norm.forwardInference(x, inference, SHAPE, mask);
    assertSameBits(inference, training);
    boolean[] one = new boolean[8];
    one[0] = true;
    Mask single = Mask.of(one, SHAPE);
    assertThatThrownBy(() -> norm.forwardInference(x, inference, SHAPE, single))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mask must leave more than one value per channel");
    assertSameBits(inference, training);
    assertThatThrownBy(() -> norm.backwardFrozen(x, x, inference, null, null, SHAPE, mask))
        .isInstanceOf(IllegalStateException.class);
  }

  /** An infinity among the valid is skipped or refused as ever; among the masked it is not seen. */
  @Test
  void nonFinitePoliciesSeeValidPositionsAlone() {
    Mask mask = Mask.of(VALID, SHAPE);
    float[] x = normal(24, 4);
    x[SHAPE.index(0, 1, 2)] = Float.POSITIVE_INFINITY; // masked
    BatchNorm strict = BatchNorm.builder(3).nonFinitePolicy(NonFinitePolicy.ERROR).build();
    float[] y = new float[24];
    strict.forwardTraining(x, y, SHAPE, mask);
    assertThat(y[SHAPE.index(0, 1, 2)]).isZero();
    x[SHAPE.index(0, 1, 1)] = Float.POSITIVE_INFINITY; // valid
    float[] before = y.clone();
    assertThatThrownBy(() -> strict.forwardTraining(x, y, SHAPE, mask))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("channel 1");
    assertSameBits(y, before);
    SavedStatistics saved = BatchNorm.builder(3).build().forwardTraining(x, y, SHAPE, mask);
    assertThat(saved.skippedChannels()).containsExactly(1);
  }

  /** All of a masked call but the kernels, which allocate until they are compiled. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void copiesAllocateNothingOnceTheyHaveSeenTheMask(Layout layout) {
    TensorShape shape = TensorShape.of(layout, 2, 3, 4);
    Mask mask = Mask.of(VALID, shape);
    Compaction compaction = new Compaction(Parallelism.sequential());
    float[] x = normal(24, 5);
    float[] y = new float[24];
    long bytes = -1;
    for (int call = 0; call < 3; call++) {
      long before = AllocatedBytes.soFar();
      float[] values = compaction.values(x, 0, shape, mask);
      compaction.gradient(x, 0, shape, mask);
      compaction.spread(values, y, 0, shape, mask);
      bytes = AllocatedBytes.soFar() - before;
    }
    assertThat(bytes).isZero();
  }
}
