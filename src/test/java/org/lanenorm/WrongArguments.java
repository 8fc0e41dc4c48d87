package org.lanenorm;

import static org.lanenorm.Tensors.normal;
import static org.lanenorm.ValidCall.ARRAY;
import static org.lanenorm.ValidCall.CHANNELS;
import static org.lanenorm.ValidCall.OFFSET;
import static org.lanenorm.ValidCall.TENSORS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Parameter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The ways in which one argument of a {@link ValidCall} can be wrong, by its type and name, with
 * the exception that must come and the words that its message must hold.
 */
final class WrongArguments {
  /** Left out by null, wherever they stand. */
  private static final Set<String> OPTIONAL =
      Set.of("z", "dInput", "dGamma", "dBeta", "gamma", "beta", "bias");

  /**
   * One argument, or two that clash, and what is expected of the call: an exception, or where it is
   * null that it is accepted.
   */
  record Wrong(
      String what,
      List<Integer> positions,
      List<Object> values,
      Class<?> type,
      List<String> words) {
    void put(ValidCall call) {
      for (int i = 0; i < positions.size(); i++) {
        call.arguments[positions.get(i)] = values.get(i);
      }
    }

    boolean isAccepted() {
      return type == null;
    }
  }

  private final ValidCall call;
  private final int position;
  private final String name;
  private final String said;
  private final Object valid;
  private final List<Wrong> wrongs = new ArrayList<>();

  private WrongArguments(ValidCall call, int position) {
    this.call = call;
    this.position = position;
    name = call.executable.getParameters()[position].getName();
    said = said();
    valid = call.arguments[position];
  }

  /** All for one parameter; empty where no value is wrong. */
  static List<Wrong> of(ValidCall call, int position) {
    WrongArguments arguments = new WrongArguments(call, position);
    arguments.add(call.executable.getParameters()[position]);
    return arguments.wrongs;
  }

  /** Parameters that take every value of their type, null aside. */
  static boolean takesAll(ValidCall call, int position) {
    Parameter parameter = call.executable.getParameters()[position];
    return parameter.getType() == boolean.class
        || parameter.getName().equals("like")
        || call.isOf(Activation.class) && call.isNamed("apply");
  }

  /** What messages call it. */
  private String said() {
    if (name.equals("policy")) {
      return call.executable.getName();
    }
    return switch (name) {
      case "offset" -> "xOffset";
      case "spread" ->
          call.executable.getParameterTypes()[position] == double[].class ? "variance" : name;
      case "share" -> "momentum";
      case "i" -> call.isNamed("worker") ? "worker" : name;
      default -> name;
    };
  }

  // Forms of expectation

  private void nothing() {
    if (isOptional()) {
      wrongs.add(
          new Wrong(
              name + " = null", List.of(position), Arrays.asList((Object) null), null, List.of()));
    } else {
      wrongs.add(
          new Wrong(
              name + " = null",
              List.of(position),
              Arrays.asList((Object) null),
              NullPointerException.class,
              List.of(said + " must not be null")));
    }
  }

  private boolean isOptional() {
    boolean withoutStatistics =
        name.equals("saved") && call.isNamed("forward"); // of the family, where no backward follows
    boolean keptAnyway = // as nothing is read back from a storage that may have rounded it
        name.equals("dResidual") && call.isOf(FrozenBatchNorm.class) && valid instanceof Storage;
    return OPTIONAL.contains(name) || withoutStatistics || keptAnyway;
  }

  /** An IllegalArgumentException that names the argument and holds these words. */
  private void illegal(String what, Object value, String... words) {
    List<String> all = new ArrayList<>(List.of(said, " must "));
    all.addAll(List.of(words));
    illegalAs(what, value, all);
  }

  private void illegalAs(String what, Object value, List<String> words) {
    wrongs.add(
        new Wrong(
            name + " = " + what,
            List.of(position),
            List.of(value),
            IllegalArgumentException.class,
            words));
  }

  /** Values that a message repeats. */
  private void numbers(Object... values) {
    for (Object value : values) {
      illegal(String.valueOf(value), value, "was " + value);
    }
  }

  private void indices(int... values) {
    for (int value : values) {
      wrongs.add(
          new Wrong(
              name + " = " + value,
              List.of(position),
              List.of(value),
              IndexOutOfBoundsException.class,
              List.of("" + value)));
    }
  }

  /** Two arguments of the call in one array, {@code shift} floats apart. */
  private void clash(String other, int shift) {
    float[] both = normal(ARRAY + shift, 9);
    List<Integer> positions = new ArrayList<>(List.of(position, call.position(other)));
    List<Object> values = new ArrayList<>(List.of(both, both));
    if (shift != 0) {
      positions.add(call.position(name + "Offset"));
      values.add(OFFSET + shift);
    }
    wrongs.add(
        new Wrong(
            name + " " + shift + " after " + other + " in one array",
            positions,
            values,
            IllegalArgumentException.class,
            List.of(name, other, " must not overlap ", "of the same array")));
  }

  // By type

  private void add(Parameter parameter) {
    Class<?> type = parameter.getType();
    if (type == int.class) {
      ints();
    } else if (type == long.class) {
      if (call.isOf(Conversion.class)) {
        numbers(1L, 0L, -1L, Long.MIN_VALUE);
      } else {
        numbers(-1L, Long.MIN_VALUE);
      }
    } else if (type == double.class) {
      doubles();
    } else if (type == float.class) {
      if (name.equals("slope")) {
        numbers(0f, -1f, Float.NaN, Float.POSITIVE_INFINITY);
      }
    } else if (type != boolean.class) {
      nothing();
      switch (type.getSimpleName()) {
        case "float[]" -> floats();
        case "Storage" -> {
          if (!name.equals("like")) {
            storages();
          }
        }
        case "MemorySegment" ->
            illegal("of bytes", MemorySegment.ofArray(new byte[96]), "be aligned to", "was ");
        case "double[]" -> statistics();
        case "int[]" -> dimensions();
        case "boolean[]" -> {
          for (int length : new int[] {0, 7, 9, 24}) {
            illegal("of " + length, new boolean[length], "of length 8", "was " + length);
          }
        }
        case "long[]" -> {
          int length = call.has("bitsOffset") ? OFFSET : 0;
          illegal("of " + length, new long[length], "hold 1 longs", "was " + length);
        }
        case "byte[]" -> {
          illegal("cut", Arrays.copyOf((byte[]) valid, 51), "were 51");
          illegal("none", new byte[0], "were 0");
          illegal("zeros", new byte[68], "begin with");
        }
        case "String" -> {
          if (name.equals("version")) {
            illegal("2.0.0", "2.0.0", "\"1.2.2\"", "\"2.0.0\"");
            illegal("empty", "", "\"1.2.2\"", "\"\"");
          }
        }
        case "Duration" -> {
          numbers(Duration.ofNanos(-1));
          if (name.equals("patience")) {
            numbers(Duration.ZERO);
          }
        }
        case "TensorShape" -> shapes();
        case "TensorShape[]" -> illegal("none", new TensorShape[0], "at least one", "was empty");
        case "Mask" -> {
          for (TensorShape other :
              new TensorShape[] {TensorShape.ncw(4, CHANNELS, 2), TensorShape.rows(8, CHANNELS)}) {
            illegal(
                "of " + other,
                ValidCall.mask(other),
                "of 2x4 positions",
                "was of " + other.batch());
          }
        }
        case "Tile" -> {
          for (Tile tile :
              new Tile[] {
                new Tile(2, 0, 1, 0, 1),
                new Tile(0, 3, 2, 0, 1),
                new Tile(0, 0, 1, 2, 2),
                new Tile(0, 0, Integer.MAX_VALUE, 0, 1),
                new Tile(0, 1, 1, 1, Integer.MAX_VALUE)
              }) {
            illegal(tile.toString(), tile, "inside the tensor", tile.toString());
          }
        }
        case "ErrorBounds" -> {
          for (int channels : new int[] {0, 2, 4}) {
            illegal(
                channels + " channels", new ErrorBounds(channels), "3 channels", "had " + channels);
          }
        }
        case "SavedStatistics" -> {
          for (int channels : new int[] {0, 2, 4}) {
            illegal(
                channels + " channels",
                new SavedStatistics(channels),
                "3 channels",
                "had " + channels);
          }
          if (call.isNamed("backward")) {
            illegal("of none", new SavedStatistics(CHANNELS), "8", "was of 0");
          }
        }
        case "SavedStatistics[]" -> {
          illegal("one", new SavedStatistics[] {ValidCall.saved()}, "2 virtual batches", "was 1");
          illegal(
              "of 2 channels",
              new SavedStatistics[] {new SavedStatistics(3), new SavedStatistics(2)},
              "3 channels",
              "had 2");
          Object oneLacks = new SavedStatistics[] {ValidCall.saved(), null};
          wrongs.add(
              new Wrong(
                  "saved[1] = null",
                  List.of(position),
                  List.of(oneLacks),
                  NullPointerException.class,
                  List.of("saved[1] must not be null")));
          if (call.isNamed("backward")) {
            illegal(
                "of the whole",
                new SavedStatistics[] {ValidCall.saved(), ValidCall.saved()},
                "4",
                "8");
          }
        }
        case "SampleStatistics" -> {
          if (call.isNamed("backward")) {
            illegal("of none", new SampleStatistics(), "was of 0");
            Class<?> other = call.isOf(GroupNorm.class) ? LayerNorm.class : GroupNorm.class;
            illegal("of another norm", ValidCall.samples(other), "but was of ");
          }
        }
        case "ChannelMoments" -> moments();
        case "BatchNorm" -> {
          if (call.isOf(GhostBatchNorm.class)) {
            illegal(
                "without epsilon",
                BatchNorm.builder(3).epsilon(0).build(),
                "epsilon above 0",
                "had 0");
            illegal(
                "with ERROR",
                BatchNorm.builder(3).nonFinitePolicy(NonFinitePolicy.ERROR).build(),
                "other than ERROR");
          }
        }
        case "Convention" -> conventions();
        case "WeightLayout" ->
            illegalAs("HWIO", WeightLayout.HWIO, List.of("dimensions must be ", "HWIO", "were 2"));
        default -> {} // null alone
      }
    }
  }

  private void storages() {
    illegal("of 23", Storage.bfloat16(new short[23]), "hold 24 elements", "[23]");
    try (Arena arena = Arena.ofConfined()) {
      illegal(
          "closed", Storage.bfloat16(arena.allocate(48, 2)), "arena that is open", "was closed");
    }
    List<Storage> another = new ArrayList<>();
    Thread thread = new Thread(() -> another.add(confined()));
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    illegal("of another thread", another.get(0), "accessible from the calling thread", "confined");
    if (!List.of("y", "dInput", "dResidual").contains(name)) {
      return;
    }
    MemorySegment constant = MemorySegment.ofArray(new short[24]).asReadOnly();
    illegal("read-only", Storage.bfloat16(constant), "not be read-only", "was ");
    for (String other : TENSORS) {
      if (call.has(other) && !other.equals(name)) {
        clashOfStorages(other, 1);
        clashOfStorages(other, 23);
      }
    }
    if (name.equals("dResidual")) {
      clashOfStorages("x", 0);
    }
  }

  private static Storage confined() {
    return Storage.bfloat16(Arena.ofConfined().allocate(48, 2));
  }

  private void clashOfStorages(String other, int shift) {
    short[] both = new short[24 + shift];
    wrongs.add(
        new Wrong(
            name + " " + shift + " after " + other + " in one array",
            List.of(position, call.position(other)),
            List.of(Storage.bfloat16(both, shift, 24), Storage.bfloat16(both, 0, 24)),
            IllegalArgumentException.class,
            List.of(name, other, ") must not overlap ")));
  }

  private void ints() {
    if (call.isOf(Storage.class)) {
      int tooFar = name.equals("offset") ? 2 * OFFSET + 1 : ARRAY - OFFSET + 1;
      for (int value : new int[] {-1, Integer.MIN_VALUE, tooFar, ARRAY + 1, Integer.MAX_VALUE}) {
        illegalAs("" + value, value, List.of(name, " must lie inside the array of 28", "" + value));
      }
      return;
    }
    if (name.endsWith("ffset")) {
      numbers(-1, Integer.MIN_VALUE);
      String array = said.replace("Offset", "");
      boolean bits = array.equals("bits");
      int length = bits ? 5 : ARRAY;
      String held = bits ? "1 longs" : "24 floats";
      int tooFar = bits ? length : 2 * OFFSET + 1;
      for (int offset : new int[] {tooFar, length, length + 1, Integer.MAX_VALUE}) {
        illegalAs(
            "" + offset,
            offset,
            List.of(array, " must hold " + held, "from offset " + offset, "was " + length));
      }
      return;
    }
    switch (name) {
      case "n", "s" -> indices(-1, name.equals("n") ? 2 : 4, Integer.MAX_VALUE, Integer.MIN_VALUE);
      case "c" -> indices(-1, CHANNELS, Integer.MAX_VALUE, Integer.MIN_VALUE);
      case "i" -> {
        if (call.isNamed("worker")) {
          numbers(-1, 1, Integer.MAX_VALUE, Integer.MIN_VALUE);
        } else {
          indices(-1, 8, Integer.MAX_VALUE, Integer.MIN_VALUE);
        }
      }
      case "virtualBatchSize", "workers", "limit", "opset" -> numbers(0, -1, Integer.MIN_VALUE);
      case "mode" -> numbers(-1, 3, Integer.MAX_VALUE);
      case "groups" -> {
        numbers(0, -1, Integer.MIN_VALUE);
        numbers(call.isOf(GroupNorm.class) ? 2 : 3, Integer.MAX_VALUE);
      }
      default -> {
        if (call.isOf(TensorShape.class)) {
          for (int negative : new int[] {-1, Integer.MIN_VALUE}) {
            illegalAs(
                "" + negative, negative, List.of("shape must have dimensions >= 0", "" + negative));
          }
          int most = Integer.MAX_VALUE;
          illegalAs(
              "" + most, most, List.of("shape must have at most 2147483647 elements", "" + most));
        } else {
          numbers(-1, Integer.MIN_VALUE);
        }
      }
    }
  }

  private void doubles() {
    numbers(Double.NaN, -1e-30, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
    if (name.equals("share")) {
      numbers(1.0001);
    }
    boolean family =
        call.isOf(LayerNorm.Builder.class)
            || call.isOf(GroupNorm.Builder.class)
            || call.isOf(RmsNorm.Builder.class);
    if (name.equals("epsilon") && family) {
      numbers(0.0, Double.MIN_VALUE);
    }
  }

  private void floats() {
    if (name.equals("array")) {
      return; // of any length
    }
    if (TENSORS.contains(name)) {
      int held = call.has(name + "Offset") || call.has("offset") ? OFFSET + 24 : 24;
      for (int length : new int[] {held - 1, 0}) {
        illegal("of " + length, new float[length], "hold 24 floats", "was " + length);
      }
      if (List.of("y", "dInput", "dResidual").contains(name) && call.has(name + "Offset")) {
        for (String other : TENSORS) {
          if (call.has(other) && !other.equals(name)) {
            clash(other, 1);
            clash(other, 23);
          }
        }
      }
      if (name.equals("dResidual")) {
        clash("x", 0); // which dGamma is still to be made of
      }
      return;
    }
    int length = ((float[]) valid).length;
    for (int other : new int[] {0, length - 1, length + 1}) {
      illegal("of " + other, new float[other], "of length " + length, "was " + other);
    }
    if (name.equals("dBeta") && call.has("dGamma")) {
      float[] both = normal(CHANNELS, 9);
      wrongs.add(
          new Wrong(
              "dBeta = dGamma",
              List.of(position, call.position("dGamma")),
              List.of(both, both),
              IllegalArgumentException.class,
              List.of("dBeta", "dGamma", "must not overlap")));
    }
    if (call.isOf(Folding.class)) {
      for (float value : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
        float[] bad = ((float[]) valid).clone();
        bad[1] = value;
        illegal("[1] = " + value, bad, name + "[1]", "finite", "was " + value);
      }
    }
  }

  private void statistics() {
    // where nothing else tells C, the mean does, and the others do not fit it
    boolean tells = name.equals("mean") && call.receiver == null;
    for (int length : new int[] {0, 2, 4}) {
      if (call.isOf(Conversion.class)) {
        break; // of any length
      } else if (tells) {
        illegalAs(
            "of " + length, new double[length], List.of(" must be of length " + length, "was 3"));
      } else {
        illegal("of " + length, new double[length], "of length 3", "was " + length);
      }
    }
    boolean moments = call.isOf(ChannelMoments.class); // which may be of NaN, as their data
    if (!moments) {
      for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
        illegal("[1] = " + value, new double[] {1, value, 1}, "[1]", "finite", "was " + value);
      }
    }
    if (!name.equals("mean")) {
      illegal("[2] = -1e-300", new double[] {1, 1, -1e-300}, "[2]", "at least 0", "was -1.0E-300");
    }
  }

  private void dimensions() {
    if (name.equals("spatial")) {
      illegal("of 4", new int[] {1, 2, 3, 4}, "0 to 3 dimensions", "[1, 2, 3, 4]");
      illegalAs("-1", new int[] {-1}, List.of("shape must have dimensions >= 0", "-1"));
      int[] most = {Integer.MAX_VALUE, 2};
      illegalAs("2^32", most, List.of("shape must have at most", "2147483647x2"));
      return;
    }
    illegal("of 1", new int[] {3}, "2 for layout OI", "were 1");
    illegal("of 3", new int[] {3, 2, 1}, "2 for layout OI", "were 3");
    illegal("of another C", new int[] {2, 3}, "3 output channels", "had 2");
    illegal("0", new int[] {3, 0}, "dimensions[1]", "at least 1", "was 0");
    illegal("-2", new int[] {-2, 3}, "dimensions[0]", "at least 1", "was -2");
    illegal("too many", new int[] {Integer.MAX_VALUE, 2}, "at most 2147483647");
    illegalAs("9", new int[] {3, 3}, List.of("weights must be of length 9", "was 6"));
  }

  private void shapes() {
    boolean any =
        call.isOf(ChannelMoments.class)
            || call.isOf(Mask.class)
            || call.isNamed("virtualBatches")
            || call.isNamed("bitsLength");
    if (!any) {
      for (int channels : new int[] {0, 2, 4}) {
        TensorShape shape = TensorShape.rows(4, channels);
        illegal(shape.toString(), shape, "have 3 channels", "had " + channels);
      }
    }
    if (call.has("x")) {
      TensorShape large = TensorShape.nchw(2, CHANNELS, 2, 9);
      illegalAs(large.toString(), large, List.of("x must hold 108 ", "2x3x2x9", "was "));
    }
    if (call.isOf(Mask.class)) {
      TensorShape other = TensorShape.rows(9, 1);
      illegalAs(other.toString(), other, List.of("valid must be of length 9", "was 8"));
    }
  }

  private void moments() {
    illegal("of 2 channels", ChannelMoments.empty(2), "3 channels", "had 2");
    double[] none = new double[CHANNELS];
    if (call.isNamed("set")) {
      illegal("of none", ChannelMoments.empty(CHANNELS), "elements", "had 0");
      ChannelMoments nan = ChannelMoments.of(9, new double[] {0, Double.NaN, 0}, none);
      illegal("of NaN", nan, "mean[1]", "was NaN");
    } else if (!call.isOf(RunningStatistics.class)) {
      ChannelMoments most = ChannelMoments.of(Long.MAX_VALUE, none, none);
      illegalAs("of too many", most, List.of("count must fit a long", "" + Long.MAX_VALUE));
    }
  }

  private void conventions() {
    if (call.isOf(LayerNorm.Builder.class)) {
      illegal("PyTorch", Conventions.pytorch(), "each sample by itself", "PyTorch");
    }
    boolean frozen = call.isOf(FrozenBatchNorm.class) || call.isOf(Folding.class);
    if (call.isOf(BatchNorm.Builder.class) || frozen) {
      illegal("mode 1", Conventions.keras1(1, "1.0.4"), "was Keras 1.0.4, mode 1");
    }
    if (frozen) {
      illegal("mode 2", Conventions.keras1(2, "1.0.4"), "running statistics", "mode 2");
    }
  }
}
