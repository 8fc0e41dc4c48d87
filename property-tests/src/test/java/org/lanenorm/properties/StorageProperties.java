package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;
import static org.lanenorm.verify.Checks.sameBits;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.ActivatedBatchNorm;
import org.lanenorm.Activation;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.GhostBatchNorm;
import org.lanenorm.GroupNorm;
import org.lanenorm.LayerNorm;
import org.lanenorm.Layout;
import org.lanenorm.Mask;
import org.lanenorm.MomentsAccumulator;
import org.lanenorm.Parallelism;
import org.lanenorm.RmsNorm;
import org.lanenorm.SampleStatistics;
import org.lanenorm.SavedStatistics;
import org.lanenorm.Storage;
import org.lanenorm.SyncedBatchNorm;
import org.lanenorm.TensorShape;
import org.lanenorm.Tile;
import org.lanenorm.verify.AtMost;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.Cases;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;

/**
 * A call with storages gives the bits of the call with the floats that these hold, rounded once,
 * and touches nothing beside its tensors.
 */
class StorageProperties {
  private static final Activation[] ACTIVATIONS = {
    Activation.identity(),
    Activation.relu(),
    Activation.relu6(),
    Activation.leakyRelu(0.1f),
    Activation.hardSwish(),
    Activation.silu()
  };

  /** One case in storages of any kinds. */
  private static final class World {
    final Case input;
    final Rng rng;
    final TensorShape shape;
    final Layer layer;
    final Parallelism threads;
    final Stored x;
    final Stored d;
    final Stored z;
    final float[] xs;
    final float[] ds;
    final float[] zs;
    final float[] to;
    final float[] dGamma;
    final float[] dBeta;
    final float[] expectedGamma;
    final float[] expectedBeta;
    final List<Stored> all = new ArrayList<>();

    World(Case input, Layout layout, int threads) {
      this.input = input;
      this.threads = Library.parallelism(threads);
      rng = Rng.stream(input.seed(), -7);
      shape = input.shape(layout);
      Stored.Kind kind = kind();
      float[] values = input.x(layout);
      for (int i = 0; i < values.length; i++) {
        values[i] = Math.clamp(values[i], -kind.largest(), kind.largest());
      }
      Stored finite = new Stored(kind, rng.below(20), values);
      layer = Layer.random(moments(finite.floats()), Rng.stream(input.seed(), -1));
      if (rng.oneIn(8) && values.length > 0) {
        values[rng.below(values.length)] = Float.NaN;
      }
      x = stored(kind, values);
      d = stored(kind(), input.dOutput(layout));
      float[] residual = new float[values.length];
      for (int i = 0; i < residual.length; i++) {
        residual[i] = 2 * rng.normal();
      }
      z = stored(kind(), residual);
      xs = x.floats();
      ds = d.floats();
      zs = z.floats();
      to = new float[values.length];
      dGamma = new float[shape.channels()];
      dBeta = new float[shape.channels()];
      expectedGamma = new float[shape.channels()];
      expectedBeta = new float[shape.channels()];
    }

    private Oracle.Moments moments(float[] floats) {
      boolean last = shape.layout() == Layout.NHWC;
      return Oracle.moments(floats, 0, last, shape.batch(), shape.channels(), shape.spatial());
    }

    private Stored.Kind kind() {
      return Stored.Kind.values()[rng.below(Stored.Kind.values().length)];
    }

    private Stored stored(Stored.Kind kind, float[] values) {
      Stored stored = new Stored(kind, rng.below(20), values);
      all.add(stored);
      return stored;
    }

    /** An output of its own, or the place of an input once in three times. */
    Stored output(Stored... places) {
      int place = rng.below(3 * places.length);
      return place < places.length ? places[place] : stored(kind(), new float[shape.length()]);
    }

    /** A copy of an input that may be lost. */
    Stored copy(Stored input) {
      Stored copy = input.copy();
      all.add(copy);
      return copy;
    }

    void same(Stored actual, String what) {
      sameBits(actual.floats(), actual.rounded(to), what + " in " + actual, this);
    }

    void sameGradients(String what) {
      sameBits(dGamma, expectedGamma, "dGamma" + what, this);
      sameBits(dBeta, expectedBeta, "dBeta" + what, this);
    }

    /** Inputs are as they were, and what lies beside any tensor. */
    void checkMemory() {
      sameBits(x.floats(), xs, "x, an input,", this);
      sameBits(d.floats(), ds, "dOutput, an input,", this);
      sameBits(z.floats(), zs, "z, an input,", this);
      for (Stored stored : all) {
        check(stored.guardsAreIntact(), "%s: written beside %s", this, stored);
      }
    }

    @Override
    public String toString() {
      return input + " " + shape.layout() + ", x " + x + ", dOutput " + d + ", z " + z;
    }
  }

  @Provide
  Arbitrary<Case> shared() {
    return Cases.shared();
  }

  @Property(tries = 100)
  void everyStorageGivesTheBitsOfItsFloats(
      @ForAll @AtMost(8192) Case input,
      @ForAll Layout layout,
      @ForAll @IntRange(min = 1, max = 3) int threads) {
    World w = new World(input, layout, threads);
    batchNorm(w);
    frozen(w);
    w.checkMemory();
  }

  /**
   * Tiles of some channels that begin inside an image or a plane, the last of them narrower; pieces
   * of planes; rows of more channels than a tile's.
   */
  @Example
  void howStoragesAreCutChangesNothing() {
    Shapes.Size[] sizes = {
      new Shapes.Size(200, 70, 9),
      new Shapes.Size(130, 3, 13),
      new Shapes.Size(2, 3, 5000),
      new Shapes.Size(3, 40, 300),
      new Shapes.Size(50, 17, 49),
      new Shapes.Size(1100, 256, 1)
    };
    for (Shapes.Size size : sizes) {
      for (Layout layout : Layout.values()) {
        for (long seed = 0; seed < 2; seed++) {
          World w = new World(new Case(size, HardData.OFFSET, true, seed), layout, 1);
          batchNorm(w);
          frozen(w);
          w.checkMemory();
        }
      }
    }
  }

  /** Large enough that threads share the passes. */
  @Property(tries = 3)
  void threadsShareStorages(
      @ForAll("shared") Case input,
      @ForAll Layout layout,
      @ForAll @IntRange(min = 2, max = 4) int threads) {
    World w = new World(input, layout, threads);
    batchNorm(w);
    frozen(w);
    w.checkMemory();
  }

  private static void batchNorm(World w) {
    TensorShape shape = w.shape;
    MomentsAccumulator accumulator = new MomentsAccumulator(shape.channels(), w.threads);
    accumulator.add(w.x.storage(), shape);
    sameBits(accumulator.moments(), ChannelMoments.of(w.xs, shape), "moments", w);

    BatchNorm plain = Library.builder(w.layer, 1).build();
    BatchNorm norm = Library.builder(w.layer, 1).parallelism(w.threads).build();
    plain.forwardInference(w.xs, w.to, shape);
    Stored x = w.copy(w.x);
    Stored y = w.output(x);
    norm.forwardInference(x.storage(), y.storage(), shape);
    w.same(y, "y of inference");

    plain.backwardFrozen(w.xs, w.ds, w.to, w.expectedGamma, w.expectedBeta, shape);
    x = w.copy(w.x);
    Stored d = w.copy(w.d);
    Stored dInput = w.output(x, d);
    norm.backwardFrozen(x.storage(), d.storage(), dInput.storage(), w.dGamma, w.dBeta, shape);
    w.same(dInput, "dInput, frozen,");
    w.sameGradients(", frozen");

    SavedStatistics expected = plain.forwardTraining(w.xs, w.to, shape);
    SavedStatistics saved = new SavedStatistics(shape.channels());
    x = w.copy(w.x);
    y = w.output(x);
    norm.forwardTraining(x.storage(), y.storage(), shape, saved);
    w.same(y, "y");
    sameBits(saved.moments(), expected.moments(), "moments of training", w);
    check(
        Arrays.equals(norm.runningStatistics().means(), plain.runningStatistics().means()),
        "%s: running means differ",
        w);

    plain.backward(w.xs, w.ds, expected, w.to, w.expectedGamma, w.expectedBeta, shape);
    x = w.copy(w.x);
    d = w.copy(w.d);
    dInput = w.output(x, d);
    norm.backward(x.storage(), d.storage(), saved, dInput.storage(), w.dGamma, w.dBeta, shape);
    w.same(dInput, "dInput");
    w.sameGradients("");
  }

  private static void frozen(World w) {
    TensorShape shape = w.shape;
    Activation activation = ACTIVATIONS[w.rng.below(ACTIVATIONS.length)];
    FrozenBatchNorm norm = Library.builder(w.layer, 1).build().freeze().withActivation(activation);
    float[] residual = w.rng.oneIn(3) ? null : w.zs;
    Parallelism alone = Parallelism.sequential();
    norm.apply(w.xs, 0, residual, 0, w.to, 0, shape, alone);
    Stored x = w.copy(w.x);
    Stored z = w.copy(w.z);
    Stored y = w.output(x, z);
    // where y takes z's place it is the residual's even if there is none
    norm.apply(x.storage(), residual == null ? null : z.storage(), y.storage(), shape, w.threads);
    w.same(y, "y of " + activation);

    Tile tile = tile(w);
    y = w.copy(w.z);
    System.arraycopy(w.zs, 0, w.to, 0, w.to.length);
    norm.apply(w.xs, 0, residual, 0, w.to, 0, shape, tile);
    norm.apply(w.x.storage(), residual == null ? null : w.z.storage(), y.storage(), shape, tile);
    w.same(y, tile + " of " + activation);

    float[] dInputs = new float[w.to.length];
    norm.backward(
        w.xs,
        0,
        residual,
        0,
        w.ds,
        0,
        dInputs,
        0,
        w.to,
        0,
        w.expectedGamma,
        w.expectedBeta,
        shape,
        alone);
    x = w.copy(w.x);
    z = w.copy(w.z);
    Stored d = w.copy(w.d);
    Stored dResidual = w.output(d, z);
    Stored dInput = w.stored(w.kind(), new float[dInputs.length]);
    norm.backward(
        x.storage(),
        residual == null ? null : z.storage(),
        d.storage(),
        dInput.storage(),
        dResidual.storage(),
        w.dGamma,
        w.dBeta,
        shape,
        w.threads);
    w.same(dResidual, "dResidual of " + activation);
    System.arraycopy(dInputs, 0, w.to, 0, dInputs.length);
    w.same(dInput, "dInput of " + activation);
    w.sameGradients(" of " + activation);
  }

  private static Tile tile(World w) {
    int position = w.rng.below(w.shape.spatial());
    int channel = w.rng.below(w.shape.channels());
    return new Tile(
        w.rng.below(w.shape.batch()),
        position,
        w.rng.between(0, w.shape.spatial() - position),
        channel,
        w.rng.between(0, w.shape.channels() - channel));
  }

  /** Those that widen a tensor whole. */
  @Property(tries = 90)
  void masksAndTheFamilyTakeStoragesToo(
      @ForAll @AtMost(2048) Case input,
      @ForAll Layout layout,
      @ForAll @IntRange(min = 1, max = 2) int threads) {
    World w = new World(input, layout, threads);
    masked(w);
    activated(w);
    ghost(w);
    synced(w);
    Storage x = w.x.storage();
    Storage d = w.d.storage();
    Stored y = w.output(w.copy(w.x));
    TensorShape shape = w.shape;
    int channels = shape.channels();
    SampleStatistics expected = new SampleStatistics();
    SampleStatistics saved = new SampleStatistics();

    GroupNorm group = GroupNorm.builder(channels, channels).parallelism(w.threads).build();
    group.forward(w.xs, 0, w.to, 0, shape, expected);
    group.forward(x, y.storage(), shape, saved);
    w.same(y, "y of group norm");
    group.backward(w.xs, w.ds, expected, w.to, w.expectedGamma, w.expectedBeta, shape);
    group.backward(x, d, saved, y.storage(), w.dGamma, w.dBeta, shape);
    w.same(y, "dInput of group norm");
    w.sameGradients(" of group norm");

    LayerNorm lines = LayerNorm.builder(channels).parallelism(w.threads).build();
    lines.forward(w.xs, 0, w.to, 0, shape, expected);
    lines.forward(x, y.storage(), shape, saved);
    w.same(y, "y of layer norm");
    lines.backward(w.xs, w.ds, expected, w.to, w.expectedGamma, w.expectedBeta, shape);
    lines.backward(x, d, saved, y.storage(), w.dGamma, w.dBeta, shape);
    w.same(y, "dInput of layer norm");
    w.sameGradients(" of layer norm");

    RmsNorm rms = RmsNorm.builder(channels).parallelism(w.threads).build();
    rms.forward(w.xs, 0, w.to, 0, shape, expected);
    rms.forward(x, y.storage(), shape, saved);
    w.same(y, "y of RMS norm");
    rms.backward(w.xs, w.ds, expected, w.to, w.expectedGamma, shape);
    rms.backward(x, d, saved, y.storage(), w.dGamma, shape);
    w.same(y, "dInput of RMS norm");
    w.sameGradients(" of RMS norm");
    w.checkMemory();
  }

  private static void masked(World w) {
    TensorShape shape = w.shape;
    boolean[] valid = new boolean[shape.count()];
    for (int i = 0; i < valid.length; i++) {
      valid[i] = !w.rng.oneIn(3);
    }
    Mask mask = Mask.of(valid, shape);
    Storage x = w.x.storage();
    Storage d = w.d.storage();
    Stored y = w.output(w.copy(w.x));
    sameBits(
        ChannelMoments.of(x, shape, mask),
        ChannelMoments.of(w.xs, 0, shape, mask),
        "masked moments",
        w);
    // what is left of a channel may have no variance
    Layer layer = w.layer.with(Math.max(w.layer.epsilon(), 1e-5));
    BatchNorm plain = Library.builder(layer, 1).build();
    BatchNorm norm = Library.builder(layer, 1).parallelism(w.threads).build();
    plain.forwardInference(w.xs, w.to, shape, mask);
    norm.forwardInference(x, y.storage(), shape, mask);
    w.same(y, "masked y of inference");
    plain.backwardFrozen(w.xs, w.ds, w.to, w.expectedGamma, w.expectedBeta, shape, mask);
    norm.backwardFrozen(x, d, y.storage(), w.dGamma, w.dBeta, shape, mask);
    w.same(y, "masked dInput, frozen,");
    w.sameGradients(", masked and frozen");
    SavedStatistics expected = plain.forwardTraining(w.xs, w.to, shape, mask);
    SavedStatistics saved = new SavedStatistics(shape.channels());
    norm.forwardTraining(x, y.storage(), shape, mask, saved);
    w.same(y, "masked y");
    plain.backward(w.xs, w.ds, expected, w.to, w.expectedGamma, w.expectedBeta, shape, mask);
    norm.backward(x, d, saved, y.storage(), w.dGamma, w.dBeta, shape, mask);
    w.same(y, "masked dInput");
    w.sameGradients(", masked");
  }

  private static void activated(World w) {
    TensorShape shape = w.shape;
    Activation activation = w.rng.oneIn(2) ? Activation.relu6() : Activation.leakyRelu(0.1f);
    long[] expectedBits = new long[ActivatedBatchNorm.bitsLength(shape)];
    long[] bits = new long[expectedBits.length + 1];
    BatchNorm of = Library.builder(w.layer, 1).build();
    ActivatedBatchNorm plain = of.withActivation(activation);
    ActivatedBatchNorm norm =
        Library.builder(w.layer, 1).parallelism(w.threads).build().withActivation(activation);
    float[] residual = w.rng.oneIn(3) ? null : w.zs;
    SavedStatistics expected = plain.forwardTraining(w.xs, residual, w.to, expectedBits, shape);
    SavedStatistics saved = new SavedStatistics(shape.channels());
    Stored x = w.copy(w.x);
    Stored z = w.copy(w.z);
    Stored y = w.output(x, z);
    norm.forwardTraining(
        x.storage(), residual == null ? null : z.storage(), y.storage(), bits, 1, shape, saved);
    w.same(y, "y of training with " + activation);
    check(
        Arrays.equals(bits, 1, bits.length, expectedBits, 0, expectedBits.length),
        "%s: bits differ",
        w);
    float[] dInputs = new float[w.to.length];
    plain.backward(
        w.xs, expectedBits, w.ds, expected, dInputs, w.to, w.expectedGamma, w.expectedBeta, shape);
    Stored d = w.copy(w.d);
    Stored dResidual = w.output(d);
    Stored dInput = w.stored(w.kind(), new float[dInputs.length]);
    norm.backward(
        w.x.storage(),
        bits,
        1,
        d.storage(),
        saved,
        dInput.storage(),
        dResidual.storage(),
        w.dGamma,
        w.dBeta,
        shape);
    w.same(dResidual, "dResidual of training with " + activation);
    System.arraycopy(dInputs, 0, w.to, 0, dInputs.length);
    w.same(dInput, "dInput of training with " + activation);
    w.sameGradients(" of training with " + activation);
  }

  private static void ghost(World w) {
    TensorShape shape = w.shape;
    Layer layer = w.layer.with(Math.max(w.layer.epsilon(), 1e-5));
    GhostBatchNorm plain = GhostBatchNorm.of(Library.builder(layer, 1).build(), 2);
    GhostBatchNorm norm =
        GhostBatchNorm.of(Library.builder(layer, 1).parallelism(w.threads).build(), 2);
    Stored y = w.output(w.copy(w.x));
    SavedStatistics[] expected = plain.forwardTraining(w.xs, w.to, shape);
    SavedStatistics[] saved = new SavedStatistics[expected.length];
    Arrays.setAll(saved, i -> new SavedStatistics(shape.channels()));
    norm.forwardTraining(w.x.storage(), y.storage(), shape, saved);
    w.same(y, "y of virtual batches");
    plain.backward(w.xs, w.ds, expected, w.to, w.expectedGamma, w.expectedBeta, shape);
    norm.backward(w.x.storage(), w.d.storage(), saved, y.storage(), w.dGamma, w.dBeta, shape);
    w.same(y, "dInput of virtual batches");
    w.sameGradients(" of virtual batches");
  }

  private static void synced(World w) {
    TensorShape shape = w.shape;
    BatchNorm plain = Library.builder(w.layer, 1).build();
    SavedStatistics expected = plain.forwardTraining(w.xs, w.to, shape);
    SavedStatistics saved = new SavedStatistics(shape.channels());
    Stored y = w.output(w.copy(w.x));
    SyncedBatchNorm one = SyncedBatchNorm.of(Library.builder(w.layer, 1).build(), 1);
    try (SyncedBatchNorm.Worker worker = one.worker(0)) {
      worker.forwardTraining(w.x.storage(), y.storage(), shape, saved);
      w.same(y, "y of a worker");
      plain.backward(w.xs, w.ds, expected, w.to, w.expectedGamma, w.expectedBeta, shape);
      worker.backward(w.x.storage(), w.d.storage(), saved, y.storage(), w.dGamma, w.dBeta, shape);
      w.same(y, "dInput of a worker");
      w.sameGradients(" of a worker");
    }
  }
}
