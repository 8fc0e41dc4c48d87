package org.lanenorm;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.lanenorm.kernel.Backend;

/**
 * Calls operations on tensors of its own until C2 has compiled what they use.
 *
 * <p>Two signs tell. Vectors of code that C2 has not compiled are objects, so a call that allocates
 * nothing runs compiled vector code, to the last loop. Scalar code allocates nothing anyhow, and
 * there, as for what surrounds the kernels, the times must have stopped falling.
 */
final class WarmUp {
  /** Rounds in a row without a byte and without a new best time. */
  private static final int QUIET_ROUNDS = 20;

  /** Of an operation in a round, at least. */
  private static final int CALLS = 8;

  /** Of an operation in a round, at least: small shapes need more calls until they are compiled. */
  private static final long ROUND_NANOS = 500_000;

  /** A time this much below the best one is progress; less is noise. */
  private static final double PROGRESS = 0.9;

  /** Elements, 1 MB: what is larger is called too seldom to be compiled soon. */
  private static final int ENOUGH = 1 << 18;

  /** Tensors in arrays of floats. */
  static final Storage ARRAY = Storage.of(new float[0]);

  private final long start = System.nanoTime();
  private final long limitNanos;
  private final boolean bytesKnown = bytesKnown();

  private WarmUp(long limitNanos) {
    this.limitNanos = limitNanos;
  }

  /** Checks the arguments of all forms. */
  static void check(Duration limit, Storage like, TensorShape... shapes) {
    Checks.notNull("limit", limit);
    Checks.notNull("like", like);
    Checks.notNull("shapes", shapes);
    if (limit.isNegative()) {
      throw new IllegalArgumentException("limit must be at least 0, but was " + limit);
    }
    if (shapes.length == 0) {
      throw new IllegalArgumentException("shapes must hold at least one shape, but was empty");
    }
    for (int i = 0; i < shapes.length; i++) {
      Checks.notNull("shapes[" + i + "]", shapes[i]);
    }
    Backend.kernels();
  }

  /**
   * Every operation of a layer, of a frozen one, and moments.
   *
   * @param like what tensors are stored like
   */
  static boolean ofLayers(Duration limit, Storage like, TensorShape... shapes) {
    return run(limit, shape -> new LayerRehearsal(shape, like), shapes);
  }

  /** Frozen layers that end in an activation, with a residual and without. */
  static boolean ofFrozen(
      Duration limit, Activation activation, Storage like, TensorShape... shapes) {
    return run(limit, shape -> new FrozenRehearsal(shape, activation, like), shapes);
  }

  private static boolean run(
      Duration limit, Function<TensorShape, Rehearsal> rehearsal, TensorShape... shapes) {
    Duration longest = Duration.ofNanos(Long.MAX_VALUE);
    WarmUp warmUp = new WarmUp((limit.compareTo(longest) < 0 ? limit : longest).toNanos());
    List<Rehearsal> rehearsals =
        Arrays.stream(shapes)
            .filter(shape -> shape.length() > 0)
            .map(WarmUp::standIn)
            .distinct()
            .map(rehearsal)
            .toList();
    return warmUp.run(rehearsals);
  }

  private boolean run(List<Rehearsal> rehearsals) {
    int quiet = 0;
    while (quiet < QUIET_ROUNDS) {
      boolean changed = false;
      for (Rehearsal rehearsal : rehearsals) {
        rehearsal.renew();
        for (Operation operation : rehearsal.operations()) {
          if (ended()) {
            return false;
          }
          changed |= round(operation);
        }
      }
      quiet = changed ? 0 : quiet + 1;
    }
    return true;
  }

  /** Whether a round of calls shows that the JVM is still at work: a byte, or a new best time. */
  private boolean round(Operation operation) {
    long bytes = allocated();
    long from = System.nanoTime();
    long nanos = 0;
    int calls = 0;
    while (calls == 0 || (calls < CALLS || nanos < ROUND_NANOS) && !ended()) {
      operation.call.run();
      calls++;
      nanos = System.nanoTime() - from;
    }
    boolean changed = allocated() != bytes;
    double time = (double) nanos / calls;
    changed |= time < PROGRESS * operation.best;
    operation.best = Math.min(operation.best, time);
    return changed;
  }

  private boolean ended() {
    return System.nanoTime() - start >= limitNanos || Thread.currentThread().isInterrupted();
  }

  private long allocated() {
    return bytesKnown ? AllocatedBytes.soFar() : 0;
  }

  private static boolean bytesKnown() {
    try {
      AllocatedBytes.soFar();
      return true;
    } catch (LinkageError e) {
      // a runtime image without the management module: the times alone must tell
      return false;
    }
  }

  /**
   * A smaller shape that takes the same ways through the kernels: the same layout, the same
   * remainders of superrows, blocks and vectors, and several full ones of each. First fewer images,
   * and where two segments' worth of them are still more than {@link #ENOUGH}, fewer positions,
   * then fewer channels.
   */
  static TensorShape standIn(TensorShape shape) {
    int batch = shape.batch();
    int spatial = shape.spatial();
    int channels = shape.channels();
    batch = reduced(batch, imagesPerSegment(spatial), ENOUGH / ((double) spatial * channels));
    // images of more than 256 positions fill several blocks, and must still do so
    spatial = reduced(spatial, 512, ENOUGH / ((double) batch * channels));
    // rows of 1,024 channels are cut where NHWC reads them
    channels = reduced(channels, 1024, ENOUGH / ((double) batch * spatial));
    return spatial == 1
        ? TensorShape.of(shape.layout(), batch, channels)
        : TensorShape.of(shape.layout(), batch, channels, spatial);
  }

  /**
   * Images of S positions in about 1,024 elements: a power of two, so that blocks end as before.
   */
  private static int imagesPerSegment(int spatial) {
    return Math.max(4, 1024 / Integer.highestOneBit(spatial));
  }

  /**
   * The largest size up to {@code enough} that is n modulo the period, but at least one period; n
   * where that is no smaller.
   */
  private static int reduced(int n, int period, double enough) {
    int least = period + n % period;
    if (n <= Math.max(least, enough)) {
      return n;
    }
    return least + Math.max(0, (int) ((enough - least) / period)) * period;
  }

  private static final class Operation {
    final Runnable call;
    double best = Double.POSITIVE_INFINITY;

    Operation(Runnable call) {
      this.call = call;
    }
  }

  /** What is called for one shape. */
  private interface Rehearsal {
    List<Operation> operations();

    /** Before each round. */
    void renew();
  }

  private static List<Operation> listed(Runnable... calls) {
    return Arrays.stream(calls).map(Operation::new).toList();
  }

  private static final class LayerRehearsal implements Rehearsal {
    private final TensorShape shape;
    private final int channels;

    /** y of a forward, dInput of a backward. */
    private final Storage out;

    /** What {@link #renew} lets it hold. */
    private final float[] ramp;

    private final float[] dGamma;
    private final float[] dBeta;
    private final SavedStatistics saved;
    private BatchNorm norm;
    private FrozenBatchNorm frozen;
    private MomentsAccumulator moments;
    private final List<Operation> operations;

    LayerRehearsal(TensorShape shape, Storage like) {
      this.shape = shape;
      channels = shape.channels();
      Storage x = like.like(normal(shape.length(), 1));
      Storage dOutput = like.like(normal(shape.length(), 2));
      out = like.like(new float[shape.length()]);
      ramp = new float[shape.length()];
      dGamma = new float[channels];
      dBeta = new float[channels];
      saved = new SavedStatistics(channels);
      operations =
          Storage.inArray(like)
              ? operations(Storage.array(x), Storage.array(dOutput), Storage.array(out))
              : operations(x, dOutput);
    }

    private List<Operation> operations(float[] x, float[] dOutput, float[] out) {
      return listed(
          () -> norm.forwardTraining(x, 0, out, 0, shape, saved),
          () -> norm.forwardInference(x, out, shape),
          () -> frozen.apply(x, out, shape),
          () -> norm.backward(x, dOutput, saved, out, dGamma, dBeta, shape),
          () -> norm.backwardFrozen(x, dOutput, out, dGamma, dBeta, shape),
          () -> moments.add(x, 0, shape));
    }

    private List<Operation> operations(Storage x, Storage dOutput) {
      return listed(
          () -> norm.forwardTraining(x, out, shape, saved),
          () -> norm.forwardInference(x, out, shape),
          () -> frozen.apply(x, null, out, shape),
          () -> norm.backward(x, dOutput, saved, out, dGamma, dBeta, shape),
          () -> norm.backwardFrozen(x, dOutput, out, dGamma, dBeta, shape),
          () -> moments.add(x, shape));
    }

    @Override
    public List<Operation> operations() {
      return operations;
    }

    /**
     * New layers, and a few numbers that need more work. C2 leaves out what it has not seen happen,
     * and throws its code away when it does: a layer's first call, a channel of zeros and a ramp,
     * whose segments are redone in double, must have happened before.
     */
    @Override
    public void renew() {
      norm = BatchNorm.builder(channels).singleValuePolicy(SingleValuePolicy.BETA).build();
      Arrays.fill(ramp, 0);
      out.set(ramp);
      norm.forwardTraining(out, out, shape, saved);
      // a float16 holds no more
      float step = Math.min(1, 32768f / ramp.length);
      for (int i = 0; i < ramp.length; i++) {
        ramp[i] = i * step;
      }
      out.set(ramp);
      norm.forwardTraining(out, out, shape, saved);
      frozen = norm.freeze();
      moments = new MomentsAccumulator(channels);
      operations.forEach(operation -> operation.call.run());
    }
  }

  private static final class FrozenRehearsal implements Rehearsal {
    private final TensorShape shape;
    private final Activation activation;
    private FrozenBatchNorm frozen;
    private final List<Operation> operations;

    FrozenRehearsal(TensorShape shape, Activation activation, Storage like) {
      this.shape = shape;
      this.activation = activation;
      Storage x = like.like(normal(shape.length(), 1));
      Storage z = like.like(normal(shape.length(), 2));
      Storage y = like.like(new float[shape.length()]);
      operations =
          Storage.inArray(like)
              ? operations(Storage.array(x), Storage.array(z), Storage.array(y))
              : listed(() -> frozen.apply(x, null, y, shape), () -> frozen.apply(x, z, y, shape));
    }

    private List<Operation> operations(float[] x, float[] z, float[] y) {
      return listed(
          () -> frozen.apply(x, y, shape),
          () -> frozen.apply(x, 0, z, 0, y, 0, shape, Parallelism.sequential()));
    }

    @Override
    public List<Operation> operations() {
      return operations;
    }

    /** A layer's first call makes its work arrays. */
    @Override
    public void renew() {
      frozen = BatchNorm.builder(shape.channels()).build().freeze().withActivation(activation);
      operations.forEach(operation -> operation.call.run());
    }
  }

  private static float[] normal(int length, long seed) {
    Random random = new Random(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
