package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Formats, bit by bit, and what a storage must be. Everything else: StorageProperties. */
class StorageTest {
  /** Beta is -0.0 so that x + beta is x, the sign of zero included. */
  private static final FrozenBatchNorm IDENTITY =
      FrozenBatchNorm.of(new double[1], new double[] {1}, 0, null, new float[] {-0.0f});

  private static final TensorShape SHAPE = TensorShape.nchw(2, 3, 2, 2);
  private static final int LENGTH = 24;

  private final Arena arena = Arena.ofShared();

  @AfterEach
  void close() {
    arena.close();
  }

  private enum Format {
    BFLOAT16(7, -126) {
      @Override
      Storage of(short[] array) {
        return Storage.bfloat16(array);
      }
    },
    FLOAT16(10, -14) {
      @Override
      Storage of(short[] array) {
        return Storage.float16(array);
      }
    };

    private final int fraction;
    private final int lowest;

    /** Bits of the fraction, and the exponent of the smallest normal number. */
    Format(int fraction, int lowest) {
      this.fraction = fraction;
      this.lowest = lowest;
    }

    abstract Storage of(short[] array);

    /** By the definition: (-1)^s * 2^e * 1.f, or 2^lowest * 0.f where the exponent's bits are 0. */
    float value(short half) {
      int bits = half & 0xffff;
      int exponent = (bits & 0x7fff) >> fraction;
      int significand = bits & (1 << fraction) - 1;
      int special = 0x7fff >> fraction;
      if (exponent == special) {
        float infinity = bits >= 0x8000 ? Float.NEGATIVE_INFINITY : Float.POSITIVE_INFINITY;
        return significand == 0 ? infinity : Float.NaN;
      }
      double value =
          exponent == 0
              ? Math.scalb((double) significand, lowest - fraction)
              : Math.scalb(
                  (double) (significand + (1 << fraction)), exponent - 1 + lowest - fraction);
      return (float) (bits >= 0x8000 ? -value : value);
    }

    /** The nearest of two neighbours, the even one in the middle; beyond the last is infinity. */
    short nearest(float x) {
      int sign = Float.floatToRawIntBits(x) >>> 16 & 0x8000;
      double size = Math.abs((double) x);
      int low = 0;
      int high = 0x7fff >> fraction << fraction;
      // the infinity of the format stands where its next number would
      double beyond = Math.scalb(1.0, -lowest + 2);
      while (high - low > 1) {
        int middle = (low + high) / 2;
        if (value((short) middle) <= size) {
          low = middle;
        } else {
          high = middle;
        }
      }
      double below = size - value((short) low);
      double above = (high == 0x7fff >> fraction << fraction ? beyond : value((short) high)) - size;
      return (short) (sign | (below < above || below == above && low % 2 == 0 ? low : high));
    }
  }

  private static float[] widened(Storage from, int length) {
    float[] floats = new float[length];
    IDENTITY.apply(from, null, Storage.of(floats), TensorShape.rows(length, 1));
    return floats;
  }

  private static short[] narrowed(Format format, float[] floats) {
    short[] halves = new short[floats.length];
    IDENTITY.apply(Storage.of(floats), null, format.of(halves), TensorShape.rows(floats.length, 1));
    return halves;
  }

  /** Also at every length up to some vectors, so that ends are met by each remainder. */
  @ParameterizedTest
  @EnumSource
  void allHalvesAreTheFloatsThatTheirFormatSays(Format format) {
    short[] all = new short[1 << 16];
    float[] expected = new float[all.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = (short) i;
      expected[i] = format.value(all[i]);
    }
    // NaNs are one, zeros are two
    assertThat(Arrays.mismatch(widened(format.of(all), all.length), expected)).isEqualTo(-1);
    for (int length = 0; length < 70; length++) {
      short[] some = Arrays.copyOfRange(all, 0x3f80, 0x3f80 + length);
      float[] floats = Arrays.copyOfRange(expected, 0x3f80, 0x3f80 + length);
      assertThat(widened(format.of(some), length)).isEqualTo(floats);
      assertThat(narrowed(format, floats)).isEqualTo(some);
    }
  }

  /** Each half, what lies in the middle of it and the next, and the floats beside all of these. */
  @ParameterizedTest
  @EnumSource
  void floatsAreRoundedToTheNearestHalf(Format format) {
    float[] floats = new float[10 << 16];
    int n = 0;
    for (int i = 0; i < 1 << 16; i++) {
      float value = format.value((short) i);
      float next = format.value((short) (i + 1));
      float middle = (float) (((double) value + next) / 2);
      for (float f : new float[] {value, middle, 0.7f * value + 0.3f * next}) {
        floats[n++] = f;
        floats[n++] = Math.nextUp(f);
        floats[n++] = Math.nextDown(f);
      }
      // any float at all
      floats[n++] = Float.intBitsToFloat(i * 0x10001 ^ i * 0x9e37);
    }
    short[] halves = narrowed(format, floats);
    for (int i = 0; i < n; i++) {
      if (Float.isNaN(floats[i])) {
        assertThat(format.value(halves[i])).isNaN();
      } else if (halves[i] != format.nearest(floats[i])) {
        assertThat(format.value(halves[i]))
            .as("%s, %s", floats[i], Float.toHexString(floats[i]))
            .isEqualTo(format.value(format.nearest(floats[i])));
        assertThat(halves[i]).isEqualTo(format.nearest(floats[i]));
      }
    }
  }

  /** A NaN whose bits all lie in the half that is cut off must not become infinity. */
  @ParameterizedTest
  @EnumSource
  void everyKindOfNaNStaysOne(Format format) {
    float[] floats = new float[2 * 23 + 18];
    for (int i = 0; i < floats.length; i++) {
      int sign = i % 2 << 31;
      floats[i] = Float.intBitsToFloat(sign | 0x7f800000 | 1 << i / 2 % 23);
    }
    for (short half : narrowed(format, floats)) {
      assertThat(format.value(half)).isNaN();
    }
  }

  // What a storage must be

  /** What is right until a case spoils it; native memory, so that arrays do not take the call. */
  private final class World {
    Storage x = Storage.float32(arena.allocate(4 * LENGTH, 4));
    Storage y = Storage.bfloat16(arena.allocate(2 * LENGTH, 2));
    Storage z = Storage.float16(arena.allocate(2 * LENGTH, 2));
    Storage dResidual = Storage.float16(arena.allocate(2 * LENGTH, 2));
    Parallelism threads = Parallelism.sequential();
    float[] dGamma = new float[3];
    float[] dBeta = new float[3];
    TensorShape shape = SHAPE;
  }

  private enum Call {
    TRAINING {
      @Override
      void run(World w, BatchNorm norm) {
        norm.forwardTraining(w.x, w.y, w.shape, new SavedStatistics(3));
      }
    },
    INFERENCE {
      @Override
      void run(World w, BatchNorm norm) {
        norm.forwardInference(w.x, w.y, w.shape);
      }
    },
    BACKWARD {
      @Override
      void run(World w, BatchNorm norm) {
        SavedStatistics saved = new SavedStatistics(3);
        saved.count = SHAPE.count();
        norm.backward(w.x, w.z, saved, w.y, w.dGamma, w.dBeta, w.shape);
      }
    },
    BACKWARD_FROZEN {
      @Override
      void run(World w, BatchNorm norm) {
        norm.backwardFrozen(w.x, w.z, w.y, w.dGamma, w.dBeta, w.shape);
      }
    },
    APPLY {
      @Override
      void run(World w, BatchNorm norm) {
        frozen(norm).apply(w.x, w.z, w.y, w.shape, w.threads);
      }
    },
    APPLY_TILE {
      @Override
      void run(World w, BatchNorm norm) {
        frozen(norm).apply(w.x, w.z, w.y, w.shape, new Tile(0, 0, 1, 0, 1));
      }
    },
    APPLIED_BACKWARD {
      @Override
      void run(World w, BatchNorm norm) {
        frozen(norm)
            .backward(w.x, w.z, w.x, w.y, w.dResidual, w.dGamma, w.dBeta, w.shape, w.threads);
      }
    },
    MOMENTS {
      @Override
      void run(World w, BatchNorm norm) {
        new MomentsAccumulator(3, w.threads).add(w.x, w.shape);
      }
    };

    abstract void run(World w, BatchNorm norm);

    private static FrozenBatchNorm frozen(BatchNorm norm) {
      return norm.freeze().withActivation(Activation.relu());
    }
  }

  private ThrowingCallable call(Call call, Consumer<World> spoil) {
    World world = new World();
    spoil.accept(world);
    return () -> call.run(world, BatchNorm.builder(3).parallelism(world.threads).build());
  }

  private void refused(Call call, Consumer<World> spoil, String... words) {
    assertThatIllegalArgumentException()
        .as("%s", call)
        .isThrownBy(call(call, spoil))
        .satisfies(e -> assertThat(e.getMessage()).contains(words));
  }

  @ParameterizedTest
  @EnumSource
  void whatCannotBeAccessedIsRefused(Call call) throws Throwable {
    refused(call, w -> w.x = empty(), "x must hold 24 elements (NCHW 2x3x2x2)", "float32[0]");
    assertThatNullPointerException()
        .isThrownBy(call(call, w -> w.x = null))
        .withMessage("x must not be null");
    assertThatNullPointerException()
        .isThrownBy(call(call, w -> w.shape = null))
        .withMessage("shape must not be null");
    refused(
        call, w -> w.x = Storage.of(new float[23]), "x must hold 24", "float32[23] in an array");
    refused(call, w -> w.shape = TensorShape.nchw(1, 2, 2, 2), "shape must have 3 channels");

    Arena closed = Arena.ofConfined();
    Storage released = Storage.float32(closed.allocate(4 * LENGTH, 4));
    closed.close();
    refused(call, w -> w.x = released, "x must be of an arena that is open");

    Storage[] confined = new Storage[1];
    Thread other =
        new Thread(() -> confined[0] = Storage.float32(Arena.ofConfined().allocate(4 * LENGTH, 4)));
    other.start();
    other.join();
    refused(call, w -> w.x = confined[0], "x must be accessible from the calling thread");

    try (Arena own = Arena.ofConfined()) {
      Storage x = Storage.float32(own.allocate(4 * LENGTH, 4));
      call(call, w -> w.x = x).call();
      if (call != Call.APPLY_TILE) {
        refused(
            call,
            w -> {
              w.x = x;
              w.threads = Parallelism.of(ForkJoinPool.commonPool(), 2);
            },
            "x must be accessible from any thread",
            "at most 2 threads");
      }
    }
    if (call != Call.MOMENTS) {
      String name = call.name().contains("BACKWARD") ? "dInput" : "y";
      refused(
          call,
          w -> w.y = Storage.float32(arena.allocate(4 * LENGTH, 4).asReadOnly()),
          name + " must not be read-only, but was float32[24] in read-only native memory");
      call(call, w -> w.x = Storage.float32(MemorySegment.ofArray(new float[24]).asReadOnly()))
          .call();
    }
  }

  private static Storage empty() {
    return Storage.float32(MemorySegment.NULL);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MOMENTS")
  void overlapsAreRefused(Call call) throws Throwable {
    String output = call.name().contains("BACKWARD") ? "dInput" : "y";
    MemorySegment both = arena.allocate(8 * LENGTH, 4);
    refused(
        call,
        w -> {
          w.x = Storage.float32(both);
          w.y = Storage.float32(both.asSlice(4));
        },
        output + " (float32[47] in native memory) must not overlap x");
    // the same address, but not the same elements
    refused(
        call,
        w -> {
          w.x = Storage.float32(both);
          w.y = Storage.bfloat16(both);
        },
        output + " (bfloat16[96] in native memory) must not overlap x",
        "of one format");
    refused(
        call,
        w -> {
          float[] array = new float[2 * LENGTH];
          w.x = Storage.float32(MemorySegment.ofArray(array).asReadOnly());
          w.y = Storage.of(array, 1, LENGTH);
        },
        output + " (float32[24] in an array) must not overlap x",
        "read-only");
    call(
            call,
            w -> {
              w.x = Storage.float32(both);
              w.y = Storage.float32(both.asSlice(0, 4 * LENGTH));
            })
        .call();
    // what lies behind a tensor is not part of it
    call(
            call,
            w -> {
              w.x = Storage.float32(both);
              w.y = Storage.float32(both.asSlice(4 * LENGTH));
            })
        .call();
    if (call.name().contains("BACKWARD")) {
      refused(
          call,
          w -> {
            w.dGamma = new float[3];
            w.shape = TensorShape.rows(1, 3);
            w.x = Storage.float32(MemorySegment.ofArray(w.dGamma).asReadOnly());
            w.z = w.x;
          },
          "must not overlap dGamma");
      refused(call, w -> w.dBeta = new float[2], "dBeta must be of length 3, but was 2");
    }
  }

  @Test
  void theLayersParametersAreNotOverwritten() {
    BatchNorm norm = BatchNorm.builder(3).build();
    Storage y = Storage.of(norm.gamma());
    Storage x = Storage.bfloat16(new short[3]);
    TensorShape shape = TensorShape.rows(1, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> norm.forwardInference(x, y, shape))
        .withMessageContaining("y (float32[3] in an array) must not overlap the layer's gamma");
  }

  @Test
  void aStorageIsAlignedToItsElements() {
    MemorySegment odd = arena.allocate(64, 8).asSlice(2);
    assertThat(Storage.bfloat16(odd).length()).isEqualTo(31);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Storage.float32(odd))
        .withMessageContaining("segment must be aligned to 4 bytes for float32");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Storage.float16(MemorySegment.ofArray(new byte[64])))
        .withMessageContaining("segment must be aligned to 2 bytes for float16");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Storage.of(new float[5], 3, 3))
        .withMessageContaining("array of 5, but were 3 and 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Storage.bfloat16(new short[5], -1, 3))
        .withMessageContaining("-1 and 3");
    assertThatNullPointerException().isThrownBy(() -> Storage.float32(null));
    assertThatNullPointerException().isThrownBy(() -> Storage.float16((short[]) null));
  }
}
