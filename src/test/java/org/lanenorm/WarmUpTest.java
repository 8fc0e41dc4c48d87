package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lanenorm.kernel.Elements;

class WarmUpTest {
  /** For a machine that does other things too; a quiet one needs a second or two. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final TensorShape[] SHAPES = {
    TensorShape.nchw(4, 16, 28, 28), TensorShape.nhwc(4, 28, 28, 17), TensorShape.rows(64, 40)
  };

  @Test
  void afterwardsNoCallOfAnyOperationAllocatesAByte() {
    assertThat(Lanenorm.warmUp(PATIENCE, SHAPES)).isTrue();
    Map<String, Long> bytes = new LinkedHashMap<>();
    for (TensorShape shape : SHAPES) {
      new Calls(shape).bytes().forEach((name, count) -> bytes.put(name + " " + shape, count));
    }
    assertThat(bytes).hasSize(6 * SHAPES.length).allSatisfy((call, b) -> assertThat(b).isZero());
  }

  @Test
  void afterwardsNoCallOfAFrozenLayerAllocatesAByte() {
    TensorShape shape = SHAPES[1];
    FrozenBatchNorm frozen =
        BatchNorm.builder(17).build().freeze().withActivation(Activation.relu6());
    assertThat(frozen.warmUp(PATIENCE, shape)).isTrue();
    float[] x = Tensors.normal(shape.length(), 7);
    float[] y = new float[shape.length()];
    Runnable alone = () -> frozen.apply(x, y, shape);
    Runnable added = () -> frozen.apply(x, 0, y, 0, y, 0, shape, Parallelism.sequential());
    for (Runnable call : List.of(alone, added)) {
      call.run();
      long before = AllocatedBytes.soFar();
      call.run();
      assertThat(AllocatedBytes.soFar() - before).isZero();
    }
    assertThatThrownBy(() -> frozen.warmUp(shape, SHAPES[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shapes[1] must have 17 channels, but had 16");
  }

  @Test
  void afterwardsNoCallWithStoragesAllocatesAByte() {
    TensorShape shape = TensorShape.nhwc(4, 14, 14, 17);
    FrozenBatchNorm frozen = BatchNorm.builder(17).build().freeze();
    FrozenBatchNorm relu = frozen.withActivation(Activation.relu());
    try (Arena arena = Arena.ofConfined()) {
      Storage x = Storage.float16(arena.allocate(2L * shape.length(), 2));
      Storage z = Storage.float16(arena.allocate(2L * shape.length(), 2));
      Storage y = Storage.float16(arena.allocate(2L * shape.length(), 2));
      assertThat(Lanenorm.warmUp(PATIENCE, x, shape)).isTrue();
      assertThat(relu.warmUp(PATIENCE, y, shape)).isTrue();
      BatchNorm norm = BatchNorm.builder(17).build();
      SavedStatistics saved = new SavedStatistics(17);
      float[] dGamma = new float[17];
      float[] dBeta = new float[17];
      List<Runnable> calls =
          List.of(
              () -> norm.forwardTraining(x, y, shape, saved),
              () -> norm.backward(x, z, saved, y, dGamma, dBeta, shape),
              () -> frozen.apply(x, null, y, shape),
              () -> relu.apply(x, z, y, shape));
      for (Runnable call : calls) {
        call.run();
        long before = AllocatedBytes.soFar();
        call.run();
        assertThat(AllocatedBytes.soFar() - before).isZero();
      }
    }
  }

  @Test
  void aStorageLikeAnotherIsOfItsFormatInItsKindOfMemory() {
    Storage[] storages = {
      Storage.of(new float[1]),
      Storage.bfloat16(new short[1]),
      Storage.float16(new short[1]),
      Storage.float32(Arena.ofAuto().allocate(4, 4)),
      Storage.bfloat16(Arena.ofAuto().allocate(2, 2)),
      Storage.float16(Arena.ofAuto().allocate(2, 2))
    };
    for (Storage storage : storages) {
      Storage like = storage.like(new float[] {1, -2, 0.5f});
      assertThat(like).hasToString(storage.toString().replace("[1]", "[3]"));
      float[] values = new float[3];
      like.elements.read(values, 3, new short[Elements.STAGE]);
      assertThat(values).containsExactly(1, -2, 0.5f);
    }
  }

  /** The calls of a layer of its own, which has seen its shape once. */
  private static final class Calls {
    private final Map<String, Runnable> calls = new LinkedHashMap<>();

    Calls(TensorShape shape) {
      int channels = shape.channels();
      float[] x = Tensors.normal(shape.length(), 7);
      float[] dOutput = Tensors.normal(shape.length(), 8);
      float[] out = new float[shape.length()];
      float[] dGamma = new float[channels];
      float[] dBeta = new float[channels];
      BatchNorm norm = BatchNorm.builder(channels).build();
      FrozenBatchNorm frozen = norm.freeze();
      SavedStatistics saved = new SavedStatistics(channels);
      MomentsAccumulator moments = new MomentsAccumulator(channels);
      calls.put("training", () -> norm.forwardTraining(x, 0, out, 0, shape, saved));
      calls.put("inference", () -> norm.forwardInference(x, out, shape));
      calls.put("frozen", () -> frozen.apply(x, out, shape));
      calls.put("backward", () -> norm.backward(x, dOutput, saved, out, dGamma, dBeta, shape));
      calls.put(
          "frozen backward", () -> norm.backwardFrozen(x, dOutput, out, dGamma, dBeta, shape));
      calls.put("moments", () -> moments.add(x, 0, shape));
      calls.values().forEach(Runnable::run);
    }

    /** Of one call each. */
    Map<String, Long> bytes() {
      Map<String, Long> bytes = new LinkedHashMap<>();
      calls.forEach(
          (name, call) -> {
            long before = AllocatedBytes.soFar();
            call.run();
            bytes.put(name, AllocatedBytes.soFar() - before);
          });
      return bytes;
    }
  }

  @Test
  void allocatedBytesAreCounted() {
    long before = AllocatedBytes.soFar();
    List<float[]> kept = new ArrayList<>();
    kept.add(new float[1000]);
    assertThat(AllocatedBytes.soFar() - before).isGreaterThan(4000);
  }

  @Test
  void aLimitThatIsTooShortIsKeptAndReported() {
    long start = System.nanoTime();
    assertThat(Lanenorm.warmUp(Duration.ofMillis(1), SHAPES)).isFalse();
    assertThat(Lanenorm.warmUp(Duration.ZERO, SHAPES)).isFalse();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
  }

  @Test
  void anInterruptEndsItAndStaysSet() {
    Thread.currentThread().interrupt();
    boolean steady = Lanenorm.warmUp(PATIENCE, SHAPES);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(steady).isFalse();
  }

  @Test
  void emptyTensorsSingleValuesAndTheLongestLimitAreAllowed() {
    assertThat(
            Lanenorm.warmUp(
                Duration.ofSeconds(Long.MAX_VALUE),
                TensorShape.rows(0, 3),
                TensorShape.nchw(2, 0, 3, 3),
                TensorShape.nhwc(2, 0, 3, 3)))
        .isTrue();
    assertThat(Lanenorm.warmUp(PATIENCE, TensorShape.rows(1, 3))).isTrue();
  }

  @Test
  void badArgumentsAreNamed() {
    assertThatThrownBy(() -> Lanenorm.warmUp((TensorShape[]) null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("shapes must not be null");
    assertThatThrownBy(() -> Lanenorm.warmUp(SHAPES[0], null))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("shapes[1] must not be null");
    assertThatThrownBy(() -> Lanenorm.warmUp((Duration) null, SHAPES))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("limit must not be null");
    assertThatThrownBy(() -> Lanenorm.warmUp())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shapes must hold at least one shape, but was empty");
    assertThatThrownBy(() -> Lanenorm.warmUp(Duration.ofMillis(-1), SHAPES))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("limit must be at least 0, but was PT-0.001S");
    assertThatThrownBy(() -> Lanenorm.warmUp(PATIENCE, (Storage) null, SHAPES))
        .isInstanceOf(NullPointerException.class)
        .hasMessage("like must not be null");
  }

  /** The same remainders by 16 and 256 positions, 1,024 channels and a segment's images. */
  @ParameterizedTest
  @CsvSource({
    "4, 16, 64, 4, 16, 64", // as it is
    "32, 64, 3136, 4, 64, 576",
    "3, 17, 143, 3, 17, 143",
    "35, 2048, 49, 35, 1024, 49",
    "99, 2048, 49, 35, 1024, 49",
    "1, 3, 10000000, 1, 3, 87168",
    "1000003, 5, 1, 51779, 5, 1",
    "2, 1000001, 3, 2, 43585, 3",
    "2147483647, 1, 1, 262143, 1, 1"
  })
  void aLargeShapeHasASmallStandIn(int n, int c, int s, int standInN, int standInC, int standInS) {
    for (Layout layout : Layout.values()) {
      TensorShape standIn = WarmUp.standIn(TensorShape.of(layout, n, c, s));
      assertThat(standIn.layout()).isEqualTo(layout);
      assertThat(List.of(standIn.batch(), standIn.channels(), standIn.spatial()))
          .containsExactly(standInN, standInC, standInS);
    }
  }
}
