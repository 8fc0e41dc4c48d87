package org.lanenorm;

import org.lanenorm.kernel.Elements;

/**
 * Copies, as floats, of tensors in storages, for calls whose kernels walk a tensor in an order of
 * their own. Kept by a caller between its calls, so that the steady state allocates nothing. Slot 0
 * is for x and y, slot 1 for dOutput and dInput: results are written over the copies of inputs.
 */
final class Widened {
  final Parallelism threads;
  private final float[][] copies = {{}, {}};
  private final short[] stage = new short[Elements.STAGE];

  /** For calls that use so many threads. */
  Widened(Parallelism threads) {
    this.threads = threads;
  }

  /** The tensor's own array, or a copy; at {@link Storage#offset}. */
  float[] input(Storage x, TensorShape shape, int slot) {
    if (Storage.inArray(x)) {
      return Storage.array(x);
    }
    float[] copy = grown(slot, shape.length());
    x.elements.read(copy, shape.length(), stage);
    return copy;
  }

  /** Where to compute a result: its own array, or the copy that {@link #finish} takes it from. */
  float[] output(Storage y, TensorShape shape, int slot) {
    return Storage.inArray(y) ? Storage.array(y) : grown(slot, shape.length());
  }

  void finish(Storage y, TensorShape shape, int slot) {
    if (!Storage.inArray(y)) {
      y.elements.write(copies[slot], shape.length(), stage);
    }
  }

  private float[] grown(int slot, int length) {
    if (copies[slot].length < length) {
      copies[slot] = new float[length];
    }
    return copies[slot];
  }
}
