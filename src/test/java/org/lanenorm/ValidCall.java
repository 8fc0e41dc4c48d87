package org.lanenorm;

import static org.lanenorm.Tensors.normal;

import java.lang.foreign.Arena;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.Executor;
import java.util.stream.IntStream;

/**
 * A call of a public method or constructor with arguments that are right: tensors of 2x3x2x2 at
 * offset {@link #OFFSET} of longer arrays, layers of 3 channels, everything new for each call.
 *
 * <p>A new parameter type takes an entry in {@link #argument}, and a new class with instance
 * methods one in {@link #receiver}.
 */
final class ValidCall {
  static final int CHANNELS = 3;
  static final int OFFSET = 2;

  /** Of arrays that hold a tensor, from {@link #OFFSET} on and with as much behind it. */
  static final int ARRAY = 24 + 2 * OFFSET;

  static final TensorShape SHAPE = TensorShape.nchw(2, CHANNELS, 2, 2);
  static final List<String> TENSORS = List.of("x", "y", "z", "dOutput", "dInput", "dResidual");

  final Executable executable;
  final Object receiver;
  final Object[] arguments;

  ValidCall(Executable executable) {
    this.executable = executable;
    Class<?> type = executable.getDeclaringClass();
    boolean alone =
        executable instanceof Constructor || Modifier.isStatic(executable.getModifiers());
    receiver = alone ? null : receiver(type);
    arguments = Arrays.stream(executable.getParameters()).map(p -> argument(type, p)).toArray();
  }

  /** Makes the call; what it throws is thrown. */
  Object make() throws Throwable {
    try {
      return executable instanceof Constructor<?> constructor
          ? constructor.newInstance(arguments)
          : ((Method) executable).invoke(receiver, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** Where the parameter of this name stands; -1 where there is none. */
  int position(String parameter) {
    Parameter[] parameters = executable.getParameters();
    return IntStream.range(0, parameters.length)
        .filter(i -> parameters[i].getName().equals(parameter))
        .findFirst()
        .orElse(-1);
  }

  boolean has(String parameter) {
    return position(parameter) >= 0;
  }

  boolean isOf(Class<?> type) {
    return executable.getDeclaringClass() == type;
  }

  boolean isNamed(String name) {
    return executable.getName().equals(name);
  }

  /** For example {@code BatchNorm.Builder.gamma(float[] gamma)}. */
  static String signature(Executable executable) {
    StringJoiner parameters = new StringJoiner(", ", "(", ")");
    for (Parameter parameter : executable.getParameters()) {
      parameters.add(parameter.getType().getSimpleName() + " " + parameter.getName());
    }
    String type =
        executable.getDeclaringClass().getCanonicalName().substring("org.lanenorm.".length());
    return (executable instanceof Constructor ? "new " + type : type + "." + executable.getName())
        + parameters;
  }

  private Object receiver(Class<?> type) {
    return switch (type.getCanonicalName().substring("org.lanenorm.".length())) {
      case "ActivatedBatchNorm" -> layer().withActivation(Activation.relu());
      case "Activation" -> Activation.silu();
      case "BatchNorm" -> layer();
      case "BatchNorm.Builder" -> BatchNorm.builder(CHANNELS);
      case "ChannelMoments" -> moments();
      case "Convention" -> Conventions.pytorch();
      case "Conversion" -> Conversion.between(Conventions.pytorch(), Conventions.keras3());
      case "ErrorBounds" -> new ErrorBounds(CHANNELS);
      case "FoldedWeights" -> folding().into(new float[6], new int[] {3, 2}, WeightLayout.OI, null);
      case "Folding" -> folding();
      case "FrozenBatchNorm" -> layer().freeze().withActivation(Activation.silu());
      case "GhostBatchNorm" -> GhostBatchNorm.of(layer(), 1);
      case "GroupNorm" -> GroupNorm.builder(1, CHANNELS).build();
      case "GroupNorm.Builder" -> GroupNorm.builder(1, CHANNELS);
      case "LayerNorm" -> LayerNorm.builder(CHANNELS).build();
      case "LayerNorm.Builder" -> LayerNorm.builder(CHANNELS);
      case "MomentsAccumulator" ->
          has("bounds") ? new MomentsAccumulator(CHANNELS) : accumulator(); // bounds take all
      case "PopulationStatistics" -> population();
      case "RmsNorm" -> RmsNorm.builder(CHANNELS).build();
      case "RmsNorm.Builder" -> RmsNorm.builder(CHANNELS);
      case "RunningStatistics" -> layer().runningStatistics();
      case "SampleStatistics" -> samples(LayerNorm.class);
      case "SavedStatistics" -> saved();
      case "SyncedBatchNorm" -> SyncedBatchNorm.of(layer(), 1);
      case "SyncedBatchNorm.Worker" -> SyncedBatchNorm.of(layer(), 1).worker(0);
      case "TensorShape" -> SHAPE;
      default ->
          throw new AssertionError(
              "no object of " + type + " to call " + signature(executable) + " on: add one here");
    };
  }

  /** By type, and where one type serves several purposes by name. */
  private Object argument(Class<?> owner, Parameter parameter) {
    String name = parameter.getName();
    String missing =
        "no argument for "
            + parameter
            + " of "
            + signature(executable)
            + ": add one here, and in WrongArguments the ways in which it may be wrong";
    return switch (parameter.getType().getSimpleName()) {
      case "float[]" -> {
        if (TENSORS.contains(name)) {
          yield normal(ARRAY, name.hashCode());
        }
        yield switch (name) {
          case "gamma", "beta", "dGamma", "dBeta", "bias" -> normal(CHANNELS, name.hashCode());
          case "weights" -> normal(6, 6);
          case "array" -> normal(ARRAY, 6);
          default -> throw new AssertionError(missing);
        };
      }
      case "double[]" -> new double[] {1, 2, 3};
      case "int[]" ->
          switch (name) {
            case "dimensions" -> new int[] {CHANNELS, 2};
            case "spatial" -> new int[] {2, 2};
            default -> throw new AssertionError(missing);
          };
      case "long[]" -> new long[] {1, 2, 0x5a5a5aL, 4, 5}; // of which a tensor's bits take one
      case "byte[]" -> moments().toBytes();
      case "boolean[]" -> new boolean[] {true, true, true, false, true, true, true, true};
      case "boolean" -> true;
      case "int" ->
          switch (name) {
            case "channels", "size", "groups", "batch", "depth", "height", "width" ->
                name.equals("groups") && owner != GroupNorm.class ? 1 : CHANNELS;
            case "image", "firstPosition", "firstChannel", "positions" -> 1;
            case "n", "c", "s", "i", "mode" -> 0;
            case "virtualBatchSize", "workers" -> 1;
            case "limit" -> 2;
            case "spatial" -> 4;
            case "length" -> 24;
            case "opset" -> 15;
            default -> {
              if (!name.endsWith("Offset") && !name.equals("offset")) {
                throw new AssertionError(missing);
              }
              yield OFFSET;
            }
          };
      case "long" -> 8L;
      case "double" -> name.equals("share") ? 0.5 : 1e-3;
      case "float" -> 0.5f;
      case "String" -> name.equals("version") ? "1.0.5" : "mine";
      case "Duration" -> name.equals("limit") ? Duration.ZERO : Duration.ofSeconds(10);
      case "Storage" -> Storage.bfloat16(halves(name.hashCode()), OFFSET, 24 + OFFSET);
      case "short[]" -> halves(1);
      case "MemorySegment" -> Arena.ofAuto().allocate(2 * ARRAY, 8);
      case "Executor" -> (Executor) Runnable::run;
      case "TensorShape" -> SHAPE;
      case "TensorShape[]" -> new TensorShape[] {TensorShape.rows(0, CHANNELS)}; // at once
      case "Mask" -> mask(SHAPE);
      case "Tile" -> new Tile(1, 1, 2, 1, 2);
      case "ErrorBounds" -> new ErrorBounds(CHANNELS);
      case "SavedStatistics" -> saved();
      case "SavedStatistics[]" ->
          GhostBatchNorm.of(layer(), 1).forwardTraining(normal(24, 1), new float[24], SHAPE);
      case "SampleStatistics" -> samples(owner);
      case "ChannelMoments" -> moments();
      case "BatchNorm" -> layer();
      case "Activation" -> Activation.relu();
      case "Parallelism" -> Parallelism.sequential();
      case "Momentum" -> Momentum.decay(0.75);
      case "Convention" ->
          owner == LayerNorm.Builder.class
              ? Conventions.keras1(1, "1.2.2")
              : name.equals("to") ? Conventions.flax() : Conventions.keras3();
      case "Layout" -> Layout.NHWC;
      case "WeightLayout" -> WeightLayout.OI;
      case "EpsilonPlacement" -> EpsilonPlacement.BOTH;
      case "VarianceConvention" -> VarianceConvention.UNBIASED_CLAMPED;
      case "Spread" -> Spread.STANDARD_DEVIATION;
      case "InferenceStatistics" -> InferenceStatistics.BATCH;
      case "NonFinitePolicy" -> NonFinitePolicy.PROPAGATE;
      case "SingleValuePolicy" -> SingleValuePolicy.BETA;
      default -> throw new AssertionError(missing);
    };
  }

  // What calls are made of

  static BatchNorm layer() {
    return BatchNorm.builder(CHANNELS)
        .gamma(new float[] {2, 3, 4})
        .beta(new float[] {5, 6, 7})
        .runningStatistics(new double[] {1, 2, 3}, new double[] {4, 5, 6})
        .build();
  }

  static SavedStatistics saved() {
    return layer().forwardTraining(normal(24, 2), new float[24], SHAPE);
  }

  /** In bfloat16. */
  static short[] halves(long seed) {
    float[] values = normal(ARRAY, seed);
    short[] halves = new short[ARRAY];
    for (int i = 0; i < ARRAY; i++) {
      halves[i] = (short) (Float.floatToIntBits(values[i]) >> 16);
    }
    return halves;
  }

  static ChannelMoments moments() {
    return saved().moments();
  }

  static Mask mask(TensorShape shape) {
    boolean[] valid = new boolean[shape.count()];
    Arrays.fill(valid, true);
    return Mask.of(valid, shape);
  }

  /** Of a forward by that kind of layer. */
  static SampleStatistics samples(Class<?> owner) {
    float[] x = normal(24, 3);
    float[] y = new float[24];
    if (owner == GroupNorm.class) {
      return GroupNorm.builder(1, CHANNELS).build().forward(x, y, SHAPE);
    }
    return owner == RmsNorm.class
        ? RmsNorm.builder(CHANNELS).build().forward(x, y, SHAPE)
        : LayerNorm.builder(CHANNELS).build().forward(x, y, SHAPE);
  }

  private static Folding folding() {
    return Folding.of(layer());
  }

  private static MomentsAccumulator accumulator() {
    MomentsAccumulator accumulator = new MomentsAccumulator(CHANNELS);
    accumulator.add(moments());
    return accumulator;
  }

  private static PopulationStatistics population() {
    PopulationStatistics population = new PopulationStatistics(CHANNELS);
    population.add(moments());
    return population;
  }
}
