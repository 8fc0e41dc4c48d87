package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.lanenorm.Tensors.normal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every argument of every public method, spoiled in every way that its contract rules out: the
 * exception says which argument, what it was and what is allowed, and not a bit of anything has
 * changed.
 */
class BadInputTest {
  private static final TensorShape SHAPE = TensorShape.nchw(2, 3, 2, 2);
  private static final int LENGTH = 24;

  /** What is spoiled, the call that must notice, and the words that its message must hold. */
  private record Case(
      String name,
      Class<? extends Exception> type,
      Consumer<World> spoil,
      Consumer<World> call,
      String... words) {
    @Override
    public String toString() {
      return name + ": " + String.join(", ", words);
    }
  }

  @ParameterizedTest
  @MethodSource({
    "tensors",
    "overlaps",
    "fused",
    "activated",
    "gradients",
    "frozenWithoutX",
    "parametersOverwritten",
    "shapes",
    "saved",
    "masks",
    "layers",
    "values",
    "momentsBytes",
    "conventions"
  })
  void theMessageNamesTheArgumentAndNothingHasChanged(Case bad) {
    World world = new World();
    bad.spoil.accept(world);
    List<String> before = world.bits();
    Throwable thrown = catchThrowable(() -> bad.call.accept(world));
    assertThat(thrown).isExactlyInstanceOf(bad.type);
    assertThat(thrown.getMessage()).contains(bad.words);
    assertThat(world.bits()).isEqualTo(before);
  }

  // The calls that read and write tensors

  private enum Method {
    FORWARD_TRAINING("x", "y") {
      @Override
      void call(World w) {
        w.norm.forwardTraining(w.array("x"), w.at("x"), w.array("y"), w.at("y"), w.shape, w.saved);
      }
    },
    FORWARD_INFERENCE("x", "y") {
      @Override
      void call(World w) {
        w.norm.forwardInference(w.array("x"), w.at("x"), w.array("y"), w.at("y"), w.shape);
      }
    },
    APPLY("x", "y") {
      @Override
      void call(World w) {
        w.frozen.apply(
            w.array("x"), w.at("x"), w.array("y"), w.at("y"), w.shape, Parallelism.sequential());
      }
    },
    APPLY_FUSED("x", "z", "y") {
      @Override
      void call(World w) {
        w.fused.apply(
            w.array("x"),
            w.at("x"),
            w.array("z"),
            w.at("z"),
            w.array("y"),
            w.at("y"),
            w.shape,
            Parallelism.sequential());
      }
    },
    APPLY_TILE("x", "z", "y") {
      @Override
      void call(World w) {
        w.fused.apply(
            w.array("x"),
            w.at("x"),
            w.array("z"),
            w.at("z"),
            w.array("y"),
            w.at("y"),
            w.shape,
            w.tile);
      }
    },
    BACKWARD_FUSED("x", "z", "dOutput", "dResidual", "dInput") {
      @Override
      void call(World w) {
        w.fused.backward(
            w.array("x"),
            w.at("x"),
            w.array("z"),
            w.at("z"),
            w.array("dOutput"),
            w.at("dOutput"),
            w.array("dInput"),
            w.at("dInput"),
            w.array("dResidual"),
            w.at("dResidual"),
            w.array("dGamma"),
            w.array("dBeta"),
            w.shape,
            Parallelism.sequential());
      }
    },
    FORWARD_ACTIVATED("x", "z", "y") {
      @Override
      void call(World w) {
        w.activated()
            .forwardTraining(
                w.array("x"),
                w.at("x"),
                w.array("z"),
                w.at("z"),
                w.array("y"),
                w.at("y"),
                w.words,
                w.wordsAt,
                w.shape,
                w.saved);
      }
    },
    BACKWARD_ACTIVATED("x", "dOutput", "dResidual", "dInput") {
      @Override
      void call(World w) {
        w.activated()
            .backward(
                w.array("x"),
                w.at("x"),
                w.words,
                w.wordsAt,
                w.array("dOutput"),
                w.at("dOutput"),
                w.saved,
                w.array("dInput"),
                w.at("dInput"),
                w.array("dResidual"),
                w.at("dResidual"),
                w.array("dGamma"),
                w.array("dBeta"),
                w.shape);
      }
    },
    BACKWARD("x", "dOutput", "dInput") {
      @Override
      void call(World w) {
        w.norm.backward(
            w.array("x"),
            w.at("x"),
            w.array("dOutput"),
            w.at("dOutput"),
            w.saved,
            w.array("dInput"),
            w.at("dInput"),
            w.array("dGamma"),
            w.array("dBeta"),
            w.shape);
      }
    },
    BACKWARD_FROZEN("x", "dOutput", "dInput") {
      @Override
      void call(World w) {
        w.norm.backwardFrozen(
            w.array("x"),
            w.at("x"),
            w.array("dOutput"),
            w.at("dOutput"),
            w.array("dInput"),
            w.at("dInput"),
            w.array("dGamma"),
            w.array("dBeta"),
            w.shape);
      }
    },
    MOMENTS("x") {
      @Override
      void call(World w) {
        ChannelMoments.of(w.array("x"), w.at("x"), w.shape);
      }
    },
    ACCUMULATE("x") {
      @Override
      void call(World w) {
        w.accumulator.add(w.array("x"), w.at("x"), w.shape);
      }
    },
    MASKED_TRAINING("x", "y") {
      @Override
      void call(World w) {
        w.norm.forwardTraining(
            w.array("x"), w.at("x"), w.array("y"), w.at("y"), w.shape, w.mask, w.saved);
      }
    },
    MASKED_INFERENCE("x", "y") {
      @Override
      void call(World w) {
        w.norm.forwardInference(w.array("x"), w.at("x"), w.array("y"), w.at("y"), w.shape, w.mask);
      }
    },
    MASKED_BACKWARD("x", "dOutput", "dInput") {
      @Override
      void call(World w) {
        w.norm.backward(
            w.array("x"),
            w.at("x"),
            w.array("dOutput"),
            w.at("dOutput"),
            w.saved,
            w.array("dInput"),
            w.at("dInput"),
            w.array("dGamma"),
            w.array("dBeta"),
            w.shape,
            w.mask);
      }
    },
    MASKED_BACKWARD_FROZEN("x", "dOutput", "dInput") {
      @Override
      void call(World w) {
        w.norm.backwardFrozen(
            w.array("x"),
            w.at("x"),
            w.array("dOutput"),
            w.at("dOutput"),
            w.array("dInput"),
            w.at("dInput"),
            w.array("dGamma"),
            w.array("dBeta"),
            w.shape,
            w.mask);
      }
    },
    MASKED_MOMENTS("x") {
      @Override
      void call(World w) {
        ChannelMoments.of(w.array("x"), w.at("x"), w.shape, w.mask);
      }
    },
    MASKED_ACCUMULATE("x") {
      @Override
      void call(World w) {
        w.accumulator.add(w.array("x"), w.at("x"), w.shape, w.mask);
      }
    };

    final String[] tensors;

    Method(String... tensors) {
      this.tensors = tensors;
    }

    abstract void call(World world);

    boolean isBackward() {
      return name().contains("BACKWARD");
    }

    /** Frozen layers keep copies of their parameters. */
    boolean isFrozen() {
      return this == APPLY || this == APPLY_FUSED || this == APPLY_TILE || this == BACKWARD_FUSED;
    }

    boolean isMasked() {
      return name().startsWith("MASKED");
    }
  }

  /** Arguments that are right until a case spoils one of them. */
  private static final class World {
    final Map<String, float[]> arrays = new LinkedHashMap<>();
    final Map<String, Integer> offsets = new LinkedHashMap<>();
    BatchNorm norm = layer();
    FrozenBatchNorm frozen = norm.freeze();
    FrozenBatchNorm fused = frozen.withActivation(Activation.silu());
    Tile tile = new Tile(1, 1, 2, 1, 2);
    MomentsAccumulator accumulator = new MomentsAccumulator(3);
    TensorShape shape = SHAPE;
    SavedStatistics saved = new SavedStatistics(3);
    Mask mask = allValid(SHAPE); // as many as saved is of
    Activation activation = Activation.relu6();
    long[] words = {123};
    int wordsAt;

    World() {
      int seed = 0;
      for (String tensor : new String[] {"x", "y", "dOutput", "dInput", "z", "dResidual"}) {
        arrays.put(tensor, normal(LENGTH, seed++));
        offsets.put(tensor, 0);
      }
      arrays.put("dGamma", normal(3, seed++));
      arrays.put("dBeta", normal(3, seed++));
      norm.forwardTraining(normal(LENGTH, seed), 0, new float[LENGTH], 0, SHAPE, saved);
      accumulator.add(normal(LENGTH, seed), 0, SHAPE);
    }

    private static BatchNorm layer() {
      return BatchNorm.builder(3)
          .gamma(new float[] {2, 3, 4})
          .beta(new float[] {5, 6, 7})
          .nonFinitePolicy(NonFinitePolicy.ERROR)
          .build();
    }

    ActivatedBatchNorm activated() {
      return norm.withActivation(activation);
    }

    float[] array(String name) {
      return arrays.get(name);
    }

    int at(String name) {
      return offsets.get(name);
    }

    /** Both tensors in one array, the second one float after the first. */
    void overlap(String first, String second) {
      float[] both = normal(2 * LENGTH, 99);
      arrays.put(first, both);
      arrays.put(second, both);
      offsets.put(second, 1);
    }

    void oneValuePerChannel() {
      shape = TensorShape.rows(1, 3);
      mask = allValid(shape);
      for (String tensor : new String[] {"x", "dOutput", "dInput", "z", "dResidual"}) {
        arrays.put(tensor, normal(3, 7));
      }
      BatchNorm.builder(3)
          .singleValuePolicy(SingleValuePolicy.BETA)
          .build()
          .forwardTraining(normal(3, 8), 0, new float[3], 0, shape, saved);
    }

    List<String> bits() {
      List<String> bits = new ArrayList<>();
      arrays.forEach(
          (name, array) ->
              bits.add(name + (array == null ? "" : Arrays.toString(Tensors.bits(array)))));
      bits.add(PolicyTest.state(norm, saved == null ? new SavedStatistics(3) : saved));
      bits.add(Arrays.toString(words));
      bits.add(accumulator.moments().count() + Arrays.toString(accumulator.moments().means()));
      return bits;
    }
  }

  static List<Case> tensors() {
    List<Case> cases = new ArrayList<>();
    for (Method method : Method.values()) {
      for (String tensor : method.tensors) {
        if (!List.of("dInput", "z").contains(tensor)) { // null leaves it out
          cases.add(nullArgument(method, tensor, w -> w.arrays.put(tensor, null)));
        }
        cases.add(
            illegal(
                method,
                w -> w.arrays.put(tensor, new float[LENGTH - 1]),
                tensor + " must hold 24 floats",
                "from offset 0",
                "was 23"));
        for (int offset : new int[] {-1, Integer.MIN_VALUE}) {
          cases.add(
              illegal(
                  method,
                  w -> w.offsets.put(tensor, offset),
                  tensor + "Offset must be at least 0",
                  "was " + offset));
        }
        for (int offset : new int[] {1, 24, 25, Integer.MAX_VALUE}) {
          cases.add(
              illegal(
                  method,
                  w -> w.offsets.put(tensor, offset),
                  tensor + " must hold 24 floats",
                  "from offset " + offset,
                  "was 24"));
        }
      }
    }
    return cases;
  }

  static List<Case> overlaps() {
    List<Case> cases = new ArrayList<>();
    for (Method method : Method.values()) {
      String written = method.isBackward() ? "dInput" : "y";
      for (String read : method.tensors) {
        if (!read.equals(written) && method.tensors.length > 1) {
          String[] words = {written, read, "overlap", "[0, 24)", "[1, 25)"};
          cases.add(illegal(method, w -> w.overlap(written, read), words));
          cases.add(illegal(method, w -> w.overlap(read, written), words));
        }
      }
    }
    return cases;
  }

  static List<Case> fused() {
    Class<IllegalArgumentException> illegal = IllegalArgumentException.class;
    List<Case> cases = new ArrayList<>();
    for (Tile tile :
        new Tile[] {
          new Tile(2, 0, 1, 0, 1),
          new Tile(0, 0, 5, 0, 1),
          new Tile(0, 4, 1, 0, 1),
          new Tile(0, 0, 1, 3, 1),
          new Tile(0, 0, 1, 1, 3),
          new Tile(0, 1, Integer.MAX_VALUE, 0, 1),
          new Tile(0, 0, 1, 1, Integer.MAX_VALUE)
        }) {
      cases.add(
          illegal(
              Method.APPLY_TILE,
              w -> w.tile = tile,
              "tile must lie inside the tensor (NCHW 2x3x2x2)",
              tile.toString()));
    }
    cases.add(nullArgument(Method.APPLY_TILE, "tile", w -> w.tile = null));
    cases.add(
        call(illegal, w -> new Tile(0, 0, -1, 0, 1), "positions must be at least 0, but was -1"));
    cases.add(call(illegal, w -> new Tile(-7, 0, 1, 0, 1), "image must be at least 0, but was -7"));
    for (float slope : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      cases.add(
          call(
              illegal,
              w -> Activation.leakyRelu(slope),
              "slope must be finite and above 0",
              "" + slope));
    }
    cases.add(
        call(
            NullPointerException.class,
            w -> w.frozen.withActivation(null),
            "activation must not be null"));
    cases.add(
        illegal(
            Method.BACKWARD_FUSED,
            w -> w.arrays.put("dResidual", w.array("x")),
            "dResidual [0, 24) must not overlap x"));
    for (String read : new String[] {"x", "z", "dOutput", "dInput"}) {
      cases.add(
          illegal(
              Method.BACKWARD_FUSED,
              w -> w.overlap("dResidual", read),
              "dResidual",
              read,
              "overlap"));
    }
    return cases;
  }

  static List<Case> activated() {
    List<Case> cases = new ArrayList<>();
    for (Method method : new Method[] {Method.FORWARD_ACTIVATED, Method.BACKWARD_ACTIVATED}) {
      cases.add(nullArgument(method, "bits", w -> w.words = null));
      cases.add(
          illegal(
              method,
              w -> w.words = new long[0],
              "bits must hold 1 longs (NCHW 2x3x2x2) from offset 0",
              "was 0"));
      for (int offset : new int[] {-1, Integer.MIN_VALUE}) {
        cases.add(
            illegal(
                method, w -> w.wordsAt = offset, "bitsOffset must be at least 0", "was " + offset));
      }
      for (int offset : new int[] {1, Integer.MAX_VALUE}) {
        cases.add(
            illegal(method, w -> w.wordsAt = offset, "bits must hold 1 longs", "offset " + offset));
      }
      for (Activation activation : new Activation[] {Activation.silu(), Activation.hardSwish()}) {
        cases.add(
            illegal(
                method,
                w -> w.activation = activation,
                "activation must be relu, relu6, leakyRelu or identity",
                "was " + activation));
      }
      cases.add(nullArgument(method, "activation", w -> w.activation = null));
    }
    for (String read : new String[] {"x", "dOutput"}) {
      cases.add(
          illegal(
              Method.BACKWARD_ACTIVATED,
              w -> w.overlap("dResidual", read),
              "dResidual",
              read,
              "overlap"));
    }
    cases.add(
        illegal(
            Method.BACKWARD_ACTIVATED,
            w -> w.arrays.put("dResidual", w.array("x")),
            "dResidual [0, 24) must not overlap x"));
    for (String gradient : new String[] {"dGamma", "dBeta"}) {
      cases.add(
          illegal(
              Method.BACKWARD_ACTIVATED,
              w -> {
                w.oneValuePerChannel();
                w.arrays.put(gradient, w.array("dResidual"));
              },
              gradient,
              "dResidual",
              "overlap"));
    }
    cases.add(
        illegal(
            Method.BACKWARD_ACTIVATED,
            w -> {
              w.norm = oneValueLayer();
              w.oneValuePerChannel();
              w.arrays.put("dResidual", w.norm.gamma());
            },
            "dResidual",
            "the layer's gamma",
            "overlap"));
    cases.add(
        call(
            NullPointerException.class,
            w -> ActivatedBatchNorm.bitsLength(null),
            "shape must not be null"));
    return cases;
  }

  static List<Case> gradients() {
    List<Case> cases = new ArrayList<>();
    for (Method method : Method.values()) {
      if (!method.isBackward()) {
        continue;
      }
      for (String gradient : new String[] {"dGamma", "dBeta"}) {
        for (int length : new int[] {0, 2, 4}) {
          cases.add(
              illegal(
                  method,
                  w -> w.arrays.put(gradient, new float[length]),
                  gradient + " must be of length 3",
                  "was " + length));
        }
        for (String tensor : new String[] {"x", "dOutput", "dInput"}) {
          cases.add(
              illegal(
                  method,
                  w -> {
                    w.oneValuePerChannel(); // else no tensor is as short as a gradient
                    w.arrays.put(gradient, w.array(tensor));
                  },
                  gradient,
                  tensor,
                  "overlap"));
        }
        if (method.isFrozen()) {
          continue;
        }
        cases.add(
            illegal(
                method,
                w -> w.arrays.put(gradient, w.norm.gamma()),
                gradient,
                "layer's gamma",
                "overlap"));
        cases.add(
            illegal(
                method,
                w -> w.arrays.put(gradient, w.norm.beta()),
                gradient,
                "layer's beta",
                "overlap"));
      }
      cases.add(
          illegal(
              method, w -> w.arrays.put("dBeta", w.array("dGamma")), "dGamma", "dBeta", "overlap"));
    }
    return cases;
  }

  /** Without dGamma x is not read, and an error about another argument must not blame it. */
  static List<Case> frozenWithoutX() {
    Consumer<World> without =
        w -> {
          w.arrays.put("dGamma", null);
          w.arrays.put("x", null);
        };
    return List.of(
        nullArgument(
            Method.BACKWARD_FROZEN, "dOutput", without.andThen(w -> w.arrays.put("dOutput", null))),
        illegal(
            Method.BACKWARD_FROZEN,
            without.andThen(w -> w.offsets.put("dOutput", -1)),
            "dOutputOffset must be at least 0",
            "was -1"),
        illegal(
            Method.BACKWARD_FROZEN,
            without.andThen(w -> w.arrays.put("dOutput", new float[23])),
            "dOutput must hold 24 floats",
            "was 23"),
        illegal(
            Method.BACKWARD_FROZEN,
            without.andThen(w -> w.overlap("dOutput", "dInput")),
            "dInput",
            "dOutput",
            "overlap"));
  }

  /** With one value per channel a tensor is as short as gamma. */
  static List<Case> parametersOverwritten() {
    List<Case> cases = new ArrayList<>();
    for (Method method : Method.values()) {
      if (method.tensors.length > 1 && !method.isFrozen()) {
        String written = method.isBackward() ? "dInput" : "y";
        Consumer<World> small =
            w -> {
              w.norm = oneValueLayer();
              w.oneValuePerChannel();
            };
        cases.add(
            illegal(
                method,
                small.andThen(w -> w.arrays.put(written, w.norm.gamma())),
                written,
                "gamma",
                "overlap"));
        cases.add(
            illegal(
                method,
                small.andThen(w -> w.arrays.put(written, w.norm.beta())),
                written,
                "beta",
                "overlap"));
      }
    }
    return cases;
  }

  private static BatchNorm oneValueLayer() {
    return builder().singleValuePolicy(SingleValuePolicy.BETA).build();
  }

  static List<Case> shapes() {
    List<Case> cases = new ArrayList<>();
    for (Method method : Method.values()) {
      cases.add(nullArgument(method, "shape", w -> w.shape = null));
      if (method != Method.MOMENTS && method != Method.MASKED_MOMENTS) { // which take any
        for (int channels : new int[] {0, 2, 4}) {
          cases.add(
              illegal(
                  method,
                  w -> w.shape = TensorShape.rows(4, channels),
                  "shape",
                  "channels",
                  "3",
                  "had " + channels));
        }
      }
    }
    return cases;
  }

  static List<Case> saved() {
    List<Case> cases = new ArrayList<>();
    for (Method method :
        new Method[] {
          Method.FORWARD_TRAINING,
          Method.FORWARD_ACTIVATED,
          Method.BACKWARD,
          Method.BACKWARD_ACTIVATED,
          Method.MASKED_TRAINING,
          Method.MASKED_BACKWARD
        }) {
      cases.add(nullArgument(method, "saved", w -> w.saved = null));
      for (int channels : new int[] {0, 2, 4}) {
        cases.add(
            illegal(
                method,
                w -> w.saved = new SavedStatistics(channels),
                "saved",
                "channels",
                "3",
                "had " + channels));
      }
    }
    Consumer<World> ofFour = w -> w.shape = TensorShape.nchw(1, 3, 2, 2);
    Consumer<World> ofNone = w -> w.saved = new SavedStatistics(3);
    cases.add(illegal(Method.BACKWARD, ofFour, "saved", "4", "was of 8"));
    cases.add(illegal(Method.BACKWARD_ACTIVATED, ofFour, "saved", "4", "was of 8"));
    cases.add(illegal(Method.BACKWARD, ofNone, "saved", "8", "was of 0"));
    cases.add(
        illegal(
            Method.FORWARD_TRAINING,
            w -> w.array("x")[SHAPE.index(1, 2, 3)] = Float.NaN,
            "x",
            "channel 2",
            "finite"));
    cases.add(
        illegal(
            Method.FORWARD_ACTIVATED,
            w -> w.array("x")[SHAPE.index(1, 2, 3)] = Float.NaN,
            "x",
            "channel 2",
            "finite"));
    cases.add(
        illegal(
            Method.FORWARD_TRAINING,
            w -> {
              w.array("x")[SHAPE.index(1, 2, 3)] = Float.NaN;
              w.arrays.put("y", w.array("x"));
            },
            "x",
            "channel 2",
            "finite"));

    String x = "x must not be null";
    Class<NullPointerException> npe = NullPointerException.class;
    cases.add(call(npe, w -> w.norm.forwardTraining(null, null, null), x));
    cases.add(call(npe, w -> w.norm.forwardInference((float[]) null, null, null), x));
    cases.add(call(npe, w -> w.frozen.apply(null, null, null), x));
    cases.add(call(npe, w -> ChannelMoments.of((float[]) null, SHAPE), x));
    cases.add(call(npe, w -> ChannelMoments.of(w.array("x"), null), "shape must not be null"));
    cases.add(
        call(
            npe,
            w -> w.frozen.apply(w.array("x"), 0, w.array("y"), 0, SHAPE, null),
            "parallelism must not be null"));
    return cases;
  }

  private static Mask allValid(TensorShape shape) {
    boolean[] valid = new boolean[shape.count()];
    Arrays.fill(valid, true);
    return Mask.of(valid, shape);
  }

  static List<Case> masks() {
    List<Case> cases = new ArrayList<>();
    for (Method method : Method.values()) {
      if (method.isMasked()) {
        cases.add(nullArgument(method, "mask", w -> w.mask = null));
        // as many positions, but others
        for (TensorShape other :
            new TensorShape[] {TensorShape.ncw(4, 3, 2), TensorShape.rows(8, 3)}) {
          cases.add(
              illegal(
                  method,
                  w -> w.mask = allValid(other),
                  "mask must be of 2x4 positions (NCHW 2x3x2x2)",
                  "was of " + other.batch() + "x" + other.spatial()));
        }
      }
    }
    Consumer<World> one =
        w ->
            w.mask =
                Mask.of(
                    new boolean[] {false, true, false, false, false, false, false, false}, SHAPE);
    cases.add(
        illegal(
            Method.MASKED_TRAINING,
            one,
            "mask must leave more than one value",
            "2x4 positions",
            "1 valid"));
    cases.add(illegal(Method.MASKED_BACKWARD, one, "saved", "1 elements", "1 valid", "was of 8"));
    cases.add(
        illegal(
            Method.MASKED_TRAINING,
            w -> w.array("x")[SHAPE.index(1, 2, 3)] = Float.NaN,
            "x",
            "channel 2",
            "finite"));
    for (int length : new int[] {0, 7, 9, 24}) {
      cases.add(
          illegal(
              "mask",
              w -> Mask.of(new boolean[length], SHAPE),
              "valid must be of length 8",
              "was " + length));
    }
    cases.add(nullArgument("mask", w -> Mask.of(null, SHAPE), "valid"));
    cases.add(nullArgument("mask", w -> Mask.of(new boolean[8], null), "shape"));
    return cases;
  }

  // Constructions and values

  static List<Case> layers() {
    List<Case> cases = new ArrayList<>();
    double[] three = {1, 1, 1};
    cases.add(illegal("builder", w -> BatchNorm.builder(-1), "channels must be at least 0", "-1"));
    for (double epsilon : new double[] {Double.NaN, -1e-30, Double.POSITIVE_INFINITY}) {
      String[] words = {"epsilon must be finite and at least 0", "was " + epsilon};
      cases.add(illegal("builder epsilon", w -> builder().epsilon(epsilon), words));
      cases.add(
          illegal(
              "frozen epsilon", w -> FrozenBatchNorm.of(three, three, epsilon, null, null), words));
      cases.add(
          illegal(
              "running epsilon",
              w ->
                  new RunningStatistics(
                      3, Momentum.cumulative(), VarianceConvention.BIASED, epsilon),
              words));
    }
    cases.add(nullArgument("builder", w -> builder().momentum(null), "momentum"));
    cases.add(nullArgument("builder", w -> builder().varianceConvention(null), "convention"));
    cases.add(nullArgument("builder", w -> builder().nonFinitePolicy(null), "nonFinitePolicy"));
    cases.add(nullArgument("builder", w -> builder().singleValuePolicy(null), "singleValuePolicy"));
    cases.add(nullArgument("builder", w -> builder().parallelism(null), "parallelism"));
    for (int length : new int[] {0, 2, 4}) {
      float[] floats = new float[length];
      double[] doubles = new double[length];
      Arrays.fill(doubles, 1);
      String was = "was " + length;
      cases.add(illegal("builder", w -> builder().gamma(floats), "gamma", "length 3", was));
      cases.add(illegal("builder", w -> builder().beta(floats), "beta", "length 3", was));
      cases.add(
          illegal(
              "frozen",
              w -> FrozenBatchNorm.of(three, three, 1, floats, null),
              "gamma",
              "length 3",
              was));
      cases.add(
          illegal(
              "frozen",
              w -> FrozenBatchNorm.of(three, three, 1, null, floats),
              "beta",
              "length 3",
              was));
      for (boolean mean : new boolean[] {true, false}) {
        statistics(
            cases,
            mean ? doubles : three,
            mean ? three : doubles,
            mean ? "Mean" : "Variance",
            "length 3",
            was);
      }
    }
    for (double value : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
      statistics(cases, new double[] {0, value, 0}, three, "Mean", "[1]", "finite", "was " + value);
    }
    for (double value : new double[] {Double.NaN, -1e-300, Double.POSITIVE_INFINITY}) {
      statistics(
          cases,
          three,
          new double[] {1, value, 1},
          "Variance",
          "[1]",
          "finite and at least 0",
          "was " + value);
    }
    statistics(cases, null, three, "Mean", "must not be null");
    statistics(cases, three, null, "Variance", "must not be null");
    cases.add(
        illegal(
            "frozen",
            w -> FrozenBatchNorm.of(three, new double[] {1, 0, 1}, 0, null, null),
            "epsilon",
            "1"));
    return cases;
  }

  /** The three places that take a mean and a variance; the frozen form calls them just that. */
  private static void statistics(
      List<Case> cases, double[] mean, double[] variance, String argument, String... allowed) {
    Class<? extends Exception> type =
        mean == null || variance == null
            ? NullPointerException.class
            : IllegalArgumentException.class;
    String[] running = words("running" + argument, allowed);
    cases.add(call(type, w -> builder().runningStatistics(mean, variance), running));
    cases.add(call(type, w -> w.norm.runningStatistics().set(mean, variance), running));
    String own = argument.startsWith("Mean") ? "mean" : "variance";
    if (mean == null || mean.length == 3) { // the mean's length says how many channels there are
      cases.add(
          call(type, w -> FrozenBatchNorm.of(mean, variance, 1, null, null), words(own, allowed)));
    }
  }

  private static String[] words(String first, String... rest) {
    String[] words = Arrays.copyOf(new String[] {first}, 1 + rest.length);
    System.arraycopy(rest, 0, words, 1, rest.length);
    return words;
  }

  private static List<Case> population() {
    List<Case> cases = new ArrayList<>();
    PopulationStatistics full = new PopulationStatistics(3);
    full.add(ChannelMoments.of(Long.MAX_VALUE, new double[3], new double[3]));
    cases.add(illegal("population", w -> new PopulationStatistics(-1), "channels", "was -1"));
    cases.add(nullArgument("add", w -> full.add((ChannelMoments) null), "moments"));
    cases.add(nullArgument("add", w -> full.add((SavedStatistics) null), "saved"));
    String[] channels = {"channels", "3", "had 2"};
    cases.add(illegal("add", w -> full.add(ChannelMoments.empty(2)), channels));
    cases.add(illegal("add", w -> full.add(new SavedStatistics(2)), channels));
    cases.add(illegal("add", w -> full.add(w.saved), "count", "long", "8"));
    cases.add(nullArgument("set", w -> w.norm.runningStatistics().set(null), "population"));
    cases.add(setTo(ChannelMoments.empty(2), channels));
    cases.add(setTo(ChannelMoments.empty(3), "elements", "M2/(M - 1)", "had 0"));
    double[] none = new double[3];
    cases.add(setTo(ChannelMoments.of(1, none, none), "elements", "M2/(M - 1)", "had 1"));
    double[] bad = {0, 0, Double.NaN};
    cases.add(setTo(ChannelMoments.of(2, bad, none), "population's mean[2]", "was NaN"));
    cases.add(setTo(ChannelMoments.of(2, none, bad), "population's variance[2]", "was NaN"));
    return cases;
  }

  private static Case setTo(ChannelMoments population, String... words) {
    return illegal("set", w -> w.norm.runningStatistics().set(population), words);
  }

  static List<Case> momentsBytes() {
    List<Case> cases = new ArrayList<>();
    cases.add(nullArgument("bytes", w -> ChannelMoments.fromBytes(null), "bytes"));
    for (int length : new int[] {0, 19, 20, 51, 53}) {
      String[] words = {"bytes must be", "were " + length};
      cases.add(
          illegal("bytes", w -> ChannelMoments.fromBytes(Arrays.copyOf(BYTES, length)), words));
    }
    cases.add(spoiled(3, 'm', "begin with 4c 4e 43 4d", "6d434e4c"));
    cases.add(spoiled(4, 2, "version 1", "of version 2"));
    cases.add(spoiled(15, 0x80, "count of at least 0", "had -922"));
    cases.add(spoiled(16, 1, "be 36 for 1 channels", "were 52"));
    cases.add(spoiled(19, 0x7f, "be 34091302964 for 2130706434 channels", "were 52"));
    cases.add(spoiled(19, 0x80, "at least 0 channels", "had -2147483646"));
    cases.add(spoiled(51, 0xbf, "m2[1] of at least 0", "had -1.0"));
    cases.add(spoiled(8, 0, "moments of 0 where count is 0", "mean 1.0 and m2 1.0 of channel 0"));
    return cases;
  }

  private static final byte[] BYTES =
      ChannelMoments.of(5, new double[] {1, 1}, new double[] {1, 1}).toBytes();

  private static Case spoiled(int at, int value, String... words) {
    byte[] bytes = BYTES.clone();
    bytes[at] = (byte) value;
    return illegal("bytes", w -> ChannelMoments.fromBytes(bytes), words);
  }

  static List<Case> values() {
    List<Case> cases = new ArrayList<>();
    for (double share : new double[] {Double.NaN, -0.1, 1.1, Double.POSITIVE_INFINITY}) {
      String[] words = {"momentum", "[0, 1]", "was " + share};
      cases.add(illegal("decay", w -> Momentum.decay(share), words));
      cases.add(illegal("update", w -> Momentum.update(share), words));
    }

    VarianceConvention biased = VarianceConvention.BIASED;
    Momentum momentum = Momentum.cumulative();
    cases.add(
        illegal(
            "running", w -> new RunningStatistics(-1, momentum, biased, 0), "channels", "was -1"));
    cases.add(nullArgument("running", w -> new RunningStatistics(3, null, biased, 0), "momentum"));
    cases.add(
        nullArgument("running", w -> new RunningStatistics(3, momentum, null, 0), "convention"));
    cases.add(nullArgument("update", w -> w.norm.runningStatistics().update(null), "moments"));
    cases.add(
        illegal(
            "update",
            w -> w.norm.runningStatistics().update(ChannelMoments.empty(2)),
            "moments",
            "channels",
            "3",
            "had 2"));
    cases.addAll(population());
    cases.add(illegal("saved", w -> new SavedStatistics(-1), "channels", "was -1"));

    ChannelMoments most =
        ChannelMoments.of(Long.MAX_VALUE - 3, new double[3], new double[3]); // 3 + 8 more
    cases.add(illegal("empty", w -> ChannelMoments.empty(-1), "channels", "was -1"));
    cases.add(
        illegal(
            "moments",
            w -> ChannelMoments.of(-1, new double[1], new double[1]),
            "count must be at least 0",
            "was -1"));
    cases.add(nullArgument("moments", w -> ChannelMoments.of(1, null, new double[1]), "mean"));
    cases.add(nullArgument("moments", w -> ChannelMoments.of(1, new double[1], null), "m2"));
    cases.add(
        illegal(
            "moments",
            w -> ChannelMoments.of(1, new double[1], new double[2]),
            "m2",
            "length 1",
            "was 2"));
    cases.add(
        illegal(
            "moments",
            w -> ChannelMoments.of(2, new double[2], new double[] {0, -1e-300}),
            "m2[1] must be at least 0",
            "was -1.0E-300"));
    cases.add(nullArgument("merge", w -> most.merge(null), "other"));
    cases.add(illegal("merge", w -> most.merge(ChannelMoments.empty(2)), "channels", "3", "had 2"));
    cases.add(illegal("merge", w -> most.merge(most), "count", "long", "" + most.count()));
    cases.add(illegal("accumulator", w -> new MomentsAccumulator(-1), "channels", "was -1"));
    cases.add(nullArgument("accumulator", w -> new MomentsAccumulator(1, null), "parallelism"));
    cases.add(nullArgument("accumulator", w -> w.accumulator.add(null), "moments"));
    cases.add(
        illegal(
            "accumulator",
            w -> w.accumulator.add(ChannelMoments.empty(4)),
            "moments",
            "channels",
            "3",
            "had 4"));
    cases.add(
        illegal("accumulator", w -> w.accumulator.add(most), "count", "long", "" + most.count()));
    cases.add(
        illegal(
            "accumulator",
            w -> {
              MomentsAccumulator full = new MomentsAccumulator(3);
              full.add(most);
              try {
                full.add(w.array("x"), 0, SHAPE);
              } finally {
                assertThat(full.moments()).isEqualTo(most);
              }
            },
            "count",
            "long",
            "8"));

    Executor executor = Runnable::run;
    cases.add(nullArgument("parallelism", w -> Parallelism.of(null, 2), "executor"));
    for (int limit : new int[] {0, -1, Integer.MIN_VALUE}) {
      cases.add(
          illegal(
              "parallelism",
              w -> Parallelism.of(executor, limit),
              "limit must be at least 1",
              "was " + limit));
    }

    String negative = "dimensions >= 0";
    cases.add(illegal("rows", w -> TensorShape.rows(-1, 2), negative, "-1x2"));
    cases.add(illegal("rows", w -> TensorShape.rows(1, -2), negative, "1x-2"));
    cases.add(illegal("ncw", w -> TensorShape.ncw(1, 2, -3), negative, "NCHW 1x2x-3"));
    cases.add(illegal("nwc", w -> TensorShape.nwc(1, -2, 3), negative, "NHWC 1x-2x3"));
    cases.add(illegal("nchw", w -> TensorShape.nchw(1, 2, 3, -4), negative, "1x2x3x-4"));
    cases.add(illegal("nhwc", w -> TensorShape.nhwc(0, 0, 0, -1), negative, "0x0x0x-1"));
    cases.add(illegal("ncdhw", w -> TensorShape.ncdhw(1, 2, -3, 4, 5), negative, "1x2x-3x4x5"));
    cases.add(
        illegal(
            "ndhwc",
            w -> TensorShape.ndhwc(Integer.MIN_VALUE, 1, 1, 1, 1),
            negative,
            "-2147483648x1x1x1x1"));
    String most31 = "at most 2147483647 elements";
    cases.add(illegal("rows", w -> TensorShape.rows(65536, 32768), most31, "65536x32768"));
    cases.add(illegal("nchw", w -> TensorShape.nchw(1, 1, 65536, 65536), most31));
    int max = Integer.MAX_VALUE; // the product of three such wraps a long, of five many times
    cases.add(illegal("nwc", w -> TensorShape.nwc(max, max, max), most31));
    cases.add(illegal("ncdhw", w -> TensorShape.ncdhw(max, max, max, max, max), most31));
    cases.add(illegal("nchw", w -> TensorShape.nchw(65536, 0, 65536, 1), most31)); // M = N*S
    cases.add(nullArgument("shape", w -> TensorShape.of(null, 1, 1), "layout"));
    cases.add(
        nullArgument("shape", w -> TensorShape.of(Layout.NCHW, 1, 1, (int[]) null), "spatial"));
    cases.add(nullArgument("shape", w -> SHAPE.withLayout(null), "layout"));
    cases.add(
        illegal(
            "shape", w -> TensorShape.of(Layout.NCHW, 1, 1, 1, 2, 3, 4), "0 to 3", "[1, 2, 3, 4]"));
    for (int[] at :
        new int[][] {{-1, 0, 0}, {2, 0, 0}, {0, 3, 0}, {0, -1, 0}, {0, 0, 4}, {0, 0, -1}}) {
      cases.add(
          call(
              IndexOutOfBoundsException.class,
              w -> SHAPE.index(at[0], at[1], at[2]),
              "(" + at[0] + ", " + at[1] + ", " + at[2] + ")",
              "NCHW 2x3x2x2"));
    }
    return cases;
  }

  static List<Case> conventions() {
    List<Case> cases = new ArrayList<>();
    Convention usual = Conventions.pytorch();
    String sampleWise = "convention must normalize each channel over the batch";
    cases.add(nullArgument("builder", w -> builder().convention(null), "convention"));
    cases.add(
        illegal(
            "builder",
            w -> builder().convention(Conventions.keras1(1, "1.0.4")),
            sampleWise,
            "was Keras 1.0.4, mode 1"));
    cases.add(nullArgument("running", w -> new RunningStatistics(3, null), "convention"));
    cases.add(illegal("running", w -> new RunningStatistics(-1, usual), "channels", "was -1"));
    double[] ones = {1, 1, 1};
    double[] negative = {1, -1, 1};
    Convention std = usual.withSpread(Spread.STANDARD_DEVIATION);
    cases.add(
        nullArgument(
            "frozen", w -> FrozenBatchNorm.of(ones, ones, null, null, null), "convention"));
    for (Convention without :
        new Convention[] {Conventions.keras1(1, "1.0.4"), Conventions.keras1(2, "1.0.4")}) {
      cases.add(
          illegal(
              "frozen",
              w -> FrozenBatchNorm.of(ones, ones, without, null, null),
              "convention must normalize by running statistics",
              "was " + without.name()));
    }
    cases.add(
        illegal(
            "frozen",
            w -> FrozenBatchNorm.of(ones, negative, std, null, null),
            "std[1] must be finite and at least 0",
            "was -1.0"));
    cases.add(
        illegal(
            "builder",
            w -> builder().convention(std).runningStatistics(ones, negative),
            "runningStd[1]",
            "at least 0",
            "was -1.0"));
    for (double epsilon : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
      cases.add(
          illegal("convention", w -> usual.withEpsilon(epsilon), "epsilon", "was " + epsilon));
    }
    cases.add(nullArgument("convention", w -> usual.withMomentum(null), "momentum"));
    cases.add(
        nullArgument("convention", w -> usual.withEpsilonPlacement(null), "epsilonPlacement"));
    cases.add(
        nullArgument("convention", w -> usual.withVarianceConvention(null), "varianceConvention"));
    cases.add(nullArgument("convention", w -> usual.withSpread(null), "spread"));
    cases.add(
        nullArgument(
            "convention", w -> usual.withInferenceStatistics(null), "inferenceStatistics"));
    for (String version : new String[] {"", "1.0", "0.3.3", "1.0.9", "1.3.0", "1.2.3", "2.0.0"}) {
      cases.add(
          illegal(
              "keras1",
              w -> Conventions.keras1(0, version),
              "version",
              "\"1.0.0\" to \"1.2.2\"",
              "was \"" + version + "\""));
    }
    cases.add(nullArgument("keras1", w -> Conventions.keras1(0, null), "version"));
    for (int mode : new int[] {-1, 3}) {
      cases.add(
          illegal("keras1", w -> Conventions.keras1(mode, "1.0.5"), "0, 1 or 2", "was " + mode));
    }
    cases.add(
        illegal(
            "keras1",
            w -> Conventions.keras1(2, "1.0.3"),
            "mode must be 0 or 1 before Keras 1.0.4",
            "was 2"));
    cases.add(illegal("onnx", w -> Conventions.onnx(0), "opset must be at least 1", "was 0"));
    for (Momentum still : new Momentum[] {Momentum.decay(1), Momentum.cumulative()}) {
      cases.add(illegal("momentum", w -> still.zeroDebiased(), "above 0", "was " + still));
    }
    cases.add(
        illegal("momentum", w -> Momentum.cumulative().asDecay(), "momentum", "was cumulative()"));
    cases.add(
        illegal("momentum", w -> Momentum.cumulative().asUpdate(), "momentum", "was cumulative()"));
    cases.add(nullArgument("conversion", w -> Conversion.between(null, usual), "from"));
    cases.add(nullArgument("conversion", w -> Conversion.between(usual, null), "to"));
    Conversion conversion = Conversion.between(usual, Conventions.keras3());
    cases.add(nullArgument("conversion", w -> conversion.spread(null), "variance"));
    cases.add(
        illegal(
            "conversion",
            w -> conversion.spread(negative),
            "variance[1] must be finite and at least 0",
            "was -1.0"));
    cases.add(
        illegal(
            "conversion",
            w -> conversion.varianceFactor(1),
            "count must be enough for M2/(M - 1) and M2/M",
            "was 1"));
    Convention stateless = Conventions.keras1(2, "1.2.2");
    cases.add(
        call(
            IllegalStateException.class,
            w -> Conversion.between(stateless, stateless).spread(ones),
            "no running statistics"));
    return cases;
  }

  // What is not bad input

  /** The product is 0, in whatever order it is taken. */
  @Test
  void aZeroAmongLargeDimensionsIsAnEmptyShape() {
    for (Layout layout : Layout.values()) {
      assertThat(TensorShape.of(layout, 0, 65536, 65536).length()).isZero();
      assertThat(TensorShape.of(layout, 65536, 65536, 0).length()).isZero();
      assertThat(TensorShape.of(layout, 1, 1, 0, 65536, 65536).length()).isZero();
      assertThat(TensorShape.of(layout, 1, 1, 65536, 65536, 0).length()).isZero();
    }
  }

  @Test
  void exactlyTheSameSliceAndNeighboursInOneArrayAreAllowed() {
    World w = new World();
    float[] neighbours = normal(3 * LENGTH, 5);
    w.norm.forwardTraining(neighbours, 0, neighbours, LENGTH, SHAPE, w.saved);
    w.norm.forwardInference(neighbours, LENGTH, neighbours, 0, SHAPE);
    w.norm.forwardTraining(neighbours, 3, neighbours, 3, SHAPE, w.saved);
    float[] x = w.array("x");
    w.norm.backward(x, 0, neighbours, 7, w.saved, neighbours, 7, null, null, SHAPE);
    w.norm.backward(x, 0, neighbours, 0, w.saved, neighbours, LENGTH, null, null, SHAPE);
    w.norm.backward(x, neighbours, w.saved, x, null, new float[3], SHAPE);
    w.norm.backward(x, x, w.saved, x, new float[3], null, SHAPE); // x and dOutput are only read
  }

  @Test
  void theFrozenGradientNeedsNoXWhereDGammaIsLeftOut() {
    World w = new World();
    float[] dOutput = w.array("dOutput");
    float[] expected = new float[LENGTH];
    w.norm.backwardFrozen(w.array("x"), dOutput, expected, new float[3], null, SHAPE);
    float[] dInput = new float[LENGTH];
    w.norm.backwardFrozen(null, 0, dOutput, 0, dInput, 0, null, new float[3], SHAPE);
    Tensors.assertSameBits(dInput, expected);
  }

  private static BatchNorm.Builder builder() {
    return BatchNorm.builder(3);
  }

  private static Case illegal(Method method, Consumer<World> spoil, String... words) {
    return new Case(method.toString(), IllegalArgumentException.class, spoil, method::call, words);
  }

  private static Case nullArgument(Method method, String argument, Consumer<World> spoil) {
    return new Case(
        method.toString(),
        NullPointerException.class,
        spoil,
        method::call,
        argument + " must not be null");
  }

  private static Case illegal(String name, Consumer<World> call, String... words) {
    return new Case(name, IllegalArgumentException.class, w -> {}, call, words);
  }

  private static Case nullArgument(String name, Consumer<World> call, String argument) {
    return new Case(
        name, NullPointerException.class, w -> {}, call, argument + " must not be null");
  }

  private static Case call(Class<? extends Exception> type, Consumer<World> call, String... words) {
    return new Case(type.getSimpleName(), type, w -> {}, call, words);
  }
}
