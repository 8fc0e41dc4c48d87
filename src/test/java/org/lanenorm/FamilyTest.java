package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.lanenorm.Tensors.normal;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the members of the family refuse, before anything is written; what they do with nothing, one
 * value and no number; and what they say of themselves.
 */
class FamilyTest {
  private static final TensorShape SHAPE = TensorShape.nchw(3, 4, 2, 2);
  private static final int LENGTH = SHAPE.length();

  /** A member with C = 4. */
  private enum Member {
    GROUP,
    LAYER,
    RMS,
    GHOST
  }

  /** Arguments that are right until a case spoils one. */
  private static final class World {
    final Member member;
    final GroupNorm group = GroupNorm.builder(2, 4).build();
    final LayerNorm layer = LayerNorm.builder(4).build();
    final RmsNorm rms = RmsNorm.builder(4).build();
    final GhostBatchNorm ghost = GhostBatchNorm.of(BatchNorm.builder(4).build(), 2);
    TensorShape shape = SHAPE;
    float[] x = normal(LENGTH, 1);
    float[] y = normal(LENGTH, 2);
    float[] dOutput = normal(LENGTH, 3);
    float[] dInput = normal(LENGTH, 4);
    float[] dGamma = normal(4, 5);
    float[] dBeta = normal(4, 6);
    int xOffset;
    int yOffset;
    int dOutputOffset;
    int dInputOffset;
    SampleStatistics saved = new SampleStatistics();
    SavedStatistics[] parts = {new SavedStatistics(4), new SavedStatistics(4)};

    World(Member member) {
      this.member = member;
      forward();
      y = normal(LENGTH, 2);
    }

    void forward() {
      switch (member) {
        case GROUP -> group.forward(x, xOffset, y, yOffset, shape, saved);
        case LAYER -> layer.forward(x, xOffset, y, yOffset, shape, saved);
        case RMS -> rms.forward(x, xOffset, y, yOffset, shape, saved);
        default -> ghost.forwardTraining(x, xOffset, y, yOffset, shape, parts);
      }
    }

    void backward() {
      switch (member) {
        case GROUP ->
            group.backward(
                x,
                xOffset,
                dOutput,
                dOutputOffset,
                saved,
                dInput,
                dInputOffset,
                dGamma,
                dBeta,
                shape);
        case LAYER ->
            layer.backward(
                x,
                xOffset,
                dOutput,
                dOutputOffset,
                saved,
                dInput,
                dInputOffset,
                dGamma,
                dBeta,
                shape);
        case RMS ->
            rms.backward(
                x, xOffset, dOutput, dOutputOffset, saved, dInput, dInputOffset, dGamma, shape);
        default ->
            ghost.backward(
                x,
                xOffset,
                dOutput,
                dOutputOffset,
                parts,
                dInput,
                dInputOffset,
                dGamma,
                dBeta,
                shape);
      }
    }

    /** gamma, live. */
    float[] gamma() {
      return switch (member) {
        case GROUP -> group.gamma();
        case LAYER -> layer.gamma();
        case RMS -> rms.gamma();
        default -> ghost.layer().gamma();
      };
    }

    String state() {
      StringBuilder state = new StringBuilder();
      for (float[] array : new float[][] {x, y, dOutput, dInput, dGamma, dBeta, gamma()}) {
        state.append(array == null ? "null" : Arrays.toString(Tensors.bits(array)));
      }
      for (int i = 0; i < saved.size(); i++) {
        state.append(saved.mean(i)).append(saved.invStd(i)).append(' ');
      }
      state.append(Arrays.toString(ghost.layer().runningStatistics().means()));
      for (SavedStatistics part : parts == null ? new SavedStatistics[0] : parts) {
        state.append(part == null ? "null" : part.moments().toString() + part.mean(0));
      }
      return state.toString();
    }
  }

  private static void refused(
      Member member, Consumer<World> spoil, Consumer<World> call, String... words) {
    World world = new World(member);
    spoil.accept(world);
    String before = world.state();
    Throwable thrown = catchThrowable(() -> call.accept(world));
    assertThat(thrown)
        .as("%s: %s", member, String.join(", ", words))
        .isInstanceOfAny(IllegalArgumentException.class, NullPointerException.class);
    assertThat(thrown.getMessage()).contains(words);
    assertThat(world.state()).isEqualTo(before);
  }

  @ParameterizedTest
  @EnumSource(Member.class)
  void badArgumentsAreNamedAndNothingIsWritten(Member member) {
    Consumer<World> forward = World::forward;
    Consumer<World> backward = World::backward;
    for (Consumer<World> call : List.of(forward, backward)) {
      refused(member, w -> w.x = null, call, "x must not be null");
      refused(member, w -> w.shape = null, call, "shape must not be null");
      refused(member, w -> w.x = new float[47], call, "x must hold 48 floats", "was 47");
      refused(member, w -> w.xOffset = -1, call, "xOffset must be at least 0", "was -1");
      refused(member, w -> w.xOffset = 1, call, "x must hold 48 floats", "offset 1");
      refused(member, w -> w.shape = TensorShape.rows(6, 5), call, "shape", "4 channels", "had 5");
    }
    refused(member, w -> w.y = null, forward, "y must not be null");
    refused(member, w -> w.yOffset = 2, forward, "y must hold", "offset 2");
    refused(member, w -> overlapping(w), forward, "y [16, 64)", "overlap", "x [0, 48)");
    refused(member, w -> w.dOutput = null, backward, "dOutput must not be null");
    refused(member, w -> w.dOutputOffset = 1, backward, "dOutput must hold");
    refused(member, w -> w.dInputOffset = 1, backward, "dInput must hold");
    refused(member, w -> w.dGamma = new float[3], backward, "dGamma must be of length 4", "was 3");
    refused(member, w -> w.dGamma = w.gamma(), backward, "dGamma", "layer's gamma", "overlap");
    if (member != Member.RMS) {
      refused(member, w -> w.dBeta = new float[5], backward, "dBeta must be of length 4", "was 5");
      refused(member, w -> w.dBeta = w.dGamma, backward, "dBeta", "dGamma", "overlap");
    }
    Consumer<World> other = w -> w.shape = TensorShape.nchw(1, 4, 3, 2);
    refused(member, other, backward, "saved", "must be of");
    if (member == Member.GHOST) {
      refused(member, w -> w.parts = null, forward, "saved must not be null");
      refused(member, w -> w.parts = Arrays.copyOf(w.parts, 1), forward, "saved", "2", "was 1");
      refused(member, w -> w.parts[1] = null, forward, "saved[1] must not be null");
      refused(
          member,
          w -> w.shape = TensorShape.rows(3, 4), // two rows, and one
          forward,
          "virtualBatchSize",
          "more than one value",
          "was 2");
    } else {
      refused(member, w -> w.saved = new SampleStatistics(), backward, "saved", "was of 0");
      refused(member, w -> w.gamma()[0] = 1, w -> nullSaved(w), "saved must not be null");
    }
  }

  /** A part's width apart: no virtual batch by itself would notice. */
  private static void overlapping(World world) {
    float[] both = normal(2 * LENGTH, 9);
    world.x = both;
    world.y = both;
    world.yOffset = 16;
  }

  private static void nullSaved(World world) {
    SampleStatistics kept = world.saved;
    world.saved = null;
    try {
      world.backward();
    } finally {
      world.saved = kept;
    }
  }

  @Test
  void buildersRefuseWhatNoLayerHas() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GroupNorm.builder(3, 4))
        .withMessageContainingAll("groups", "divide the 4 channels", "was 3");
    assertThatIllegalArgumentException().isThrownBy(() -> GroupNorm.builder(0, 4));
    assertThatIllegalArgumentException().isThrownBy(() -> GroupNorm.builder(1, -1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LayerNorm.builder(-1))
        .withMessageContainingAll("size", "was -1");
    for (double epsilon : new double[] {0, -1e-5, Double.NaN, Double.POSITIVE_INFINITY, 1e-320}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> GroupNorm.builder(2, 4).epsilon(epsilon))
          .withMessageContainingAll("epsilon must be finite and at least", "was " + epsilon);
      assertThatIllegalArgumentException().isThrownBy(() -> LayerNorm.builder(4).epsilon(epsilon));
      assertThatIllegalArgumentException().isThrownBy(() -> RmsNorm.builder(4).epsilon(epsilon));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LayerNorm.builder(4).convention(Conventions.pytorch()))
        .withMessageContainingAll("convention must normalize each sample by itself", "PyTorch");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> LayerNorm.builder(4).convention(Conventions.keras1(1, "1.2.2").withEpsilon(0)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GroupNorm.builder(2, 4).gamma(new float[3]))
        .withMessageContainingAll("gamma", "4", "3");
    assertThatIllegalArgumentException().isThrownBy(() -> LayerNorm.builder(4).beta(new float[5]));
    assertThatNullPointerException().isThrownBy(() -> RmsNorm.builder(4).parallelism(null));
  }

  @Test
  void ghostBatchNormRefusesALayerThatALaterVirtualBatchCouldStop() {
    BatchNorm strict = BatchNorm.builder(4).nonFinitePolicy(NonFinitePolicy.ERROR).build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GhostBatchNorm.of(strict, 2))
        .withMessageContainingAll("layer", "epsilon above 0", "ERROR");
    BatchNorm noEpsilon = BatchNorm.builder(4).epsilon(0).build();
    assertThatIllegalArgumentException().isThrownBy(() -> GhostBatchNorm.of(noEpsilon, 2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GhostBatchNorm.of(BatchNorm.builder(4).build(), 0))
        .withMessageContainingAll("virtualBatchSize", "was 0");
    assertThatNullPointerException().isThrownBy(() -> GhostBatchNorm.of(null, 1));
  }

  /** torch.chunk(ceil(N/V)). */
  @Test
  void virtualBatchesAreCutAsTorchChunkCuts() {
    GhostBatchNorm ghost = GhostBatchNorm.of(BatchNorm.builder(1).build(), 4);
    int[] parts = {0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4};
    for (int n = 0; n < parts.length; n++) {
      assertThat(ghost.virtualBatches(TensorShape.ncw(n, 1, 2)))
          .as("%d images", n)
          .isEqualTo(parts[n]);
    }
    SavedStatistics[] saved =
        ghost.forwardTraining(normal(18, 1), new float[18], TensorShape.ncw(9, 1, 2));
    assertThat(saved).extracting(SavedStatistics::count).containsExactly(6L, 6L, 6L);
    saved = ghost.forwardTraining(normal(20, 1), new float[20], TensorShape.ncw(10, 1, 2));
    assertThat(saved).extracting(SavedStatistics::count).containsExactly(8L, 8L, 4L);
    assertThat(ghost.layer().runningStatistics().updates(0)).isEqualTo(6);
  }

  @ParameterizedTest
  @EnumSource(Member.class)
  void anEmptyBatchHasNoStatisticsAndGradientsOfZero(Member member) {
    for (TensorShape empty :
        new TensorShape[] {TensorShape.nchw(0, 4, 2, 2), TensorShape.nhwc(2, 0, 2, 4)}) {
      World world = new World(member);
      world.shape = empty;
      float[] before = world.y.clone();
      world.forward();
      world.backward();
      assertThat(world.y).containsExactly(before);
      assertThat(world.dGamma).containsOnly(0);
      if (member != Member.GHOST) {
        assertThat(world.saved.size()).isZero();
      }
    }
  }

  /** Where PyTorch raises: a group or a line of one value is its own mean. */
  @Test
  void oneValueGivesExactlyBeta() {
    float[] y = new float[2];
    GroupNorm.instanceNorm(2)
        .beta(new float[] {3, 4})
        .build()
        .forward(normal(2, 1), y, TensorShape.rows(1, 2));
    assertThat(y).containsExactly(3, 4);
    LayerNorm.builder(1)
        .beta(new float[] {5})
        .build()
        .forward(normal(2, 1), y, TensorShape.rows(2, 1));
    assertThat(y).containsExactly(5, 5);
  }

  /** PyTorch's RMSNorm gives 0 beside an infinity; here it spoils its line, and no other. */
  @Test
  void whatIsNoNumberSpoilsItsOwnGroupOrLineAlone() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      for (Member member : new Member[] {Member.GROUP, Member.LAYER, Member.RMS}) {
        World world = new World(member);
        world.x[SHAPE.index(1, 2, 3)] = bad;
        world.forward();
        for (int n = 0; n < 3; n++) {
          for (int c = 0; c < 4; c++) {
            for (int s = 0; s < 4; s++) {
              boolean its = n == 1 && (member == Member.GROUP ? c >= 2 : s == 3);
              assertThat(Float.isNaN(world.y[SHAPE.index(n, c, s)]))
                  .as("%s (%d, %d, %d)", member, n, c, s)
                  .isEqualTo(its);
            }
          }
        }
      }
    }
  }

  @Test
  void layersTellTheirFormulas() {
    assertThat(GroupNorm.builder(2, 4).beta(null).build())
        .hasToString(
            "GroupNorm(4 channels in 2 groups: y = (x - mean)/sqrt(variance + 1e-5)*gamma)");
    assertThat(LayerNorm.builder(4).convention(Conventions.keras1(1, "1.0.4")).build())
        .hasToString("LayerNorm(lines of 4: y = (x - mean)/(sqrt(variance) + 1e-6)*gamma + beta)");
    assertThat(RmsNorm.builder(4).epsilon(1e-5).build())
        .hasToString("RmsNorm(lines of 4: y = x/sqrt(mean(x^2) + 1e-5)*gamma)");
    assertThat(GhostBatchNorm.of(BatchNorm.builder(4).build(), 2).toString())
        .startsWith("GhostBatchNorm(virtual batches of at most 2: BatchNorm(4 channels");
  }
}
