package org.lanenorm;

import java.time.Duration;
import org.lanenorm.kernel.Backend;

/** What this JVM runs the kernels on, and how to have them compiled before they are needed. */
public final class Lanenorm {
  private Lanenorm() {}

  /**
   * The back end that every call in this JVM uses, chosen once: {@code "vector-512"}, {@code
   * "vector-256"}, {@code "vector-128"} or {@code "scalar"}. All of them give the same bits.
   *
   * <p>System properties, read once: {@code lanenorm.backend} (scalar or vector) forces one; {@code
   * lanenorm.vectorBits} (128, 256 or 512) caps the width of the vector back end.
   *
   * @return its name
   * @throws IllegalStateException if a property holds something else, or the back end it forces
   *     cannot be had here; every other call of the library throws the same
   */
  public static String backend() {
    return Backend.kernels().name();
  }

  /** As {@link #warmUp(Duration, TensorShape...)} within 10 seconds. */
  public static boolean warmUp(TensorShape... shapes) {
    return warmUp(Duration.ofSeconds(10), shapes);
  }

  /**
   * Runs the kernels that these shapes use until they run at steady speed: the first calls in a JVM
   * are up to thousands of times slower, and allocate, until its optimizing compiler has compiled
   * them in the background. Calls the training forward, inference of layers and of frozen ones, the
   * backward of both and moments, on numbers and layers of its own; a large shape is replaced by a
   * smaller one that takes the same ways (it takes some MB, never over 200). Only the calling
   * thread works; what it has warmed is warm for every thread and every {@link Parallelism}.
   *
   * <p>Activations and residuals have kernels of their own, which {@link
   * FrozenBatchNorm#warmUp(TensorShape...)} warms, and so have tensors that do not lie in arrays of
   * floats: {@link #warmUp(Duration, Storage, TensorShape...)}.
   *
   * <p>Give it every shape that the first requests will bring, in one call: code that was compiled
   * for one may be compiled again when another takes a way that was not taken before.
   *
   * <p>Speed is steady when all calls have for some time allocated nothing and not become faster.
   * Where the JVM does not count bytes (a runtime image without the module jdk.management) the
   * times alone tell.
   *
   * @param limit when to stop at the latest, but for the call that is running then; at least 0
   * @param shapes at least one; where one is empty nothing is done for it
   * @return whether speed is steady; false where the limit or an interrupt (which stays set) came
   *     first, as it also does where this JVM's compiler settled on code that allocates
   * @throws IllegalArgumentException if the limit is negative or there is no shape
   * @throws IllegalStateException as {@link #backend}
   */
  public static boolean warmUp(Duration limit, TensorShape... shapes) {
    return warmUp(limit, WarmUp.ARRAY, shapes);
  }

  /**
   * As {@link #warmUp(Duration, TensorShape...)}, for calls whose tensors are all stored like one
   * that is given: of its format, and in an array or in native memory as it is. Mapped memory is
   * taken for native.
   *
   * @param limit when to stop at the latest, but for the call that is running then; at least 0
   * @param like of any length; its elements are neither read nor written
   * @param shapes at least one; where one is empty nothing is done for it
   * @return whether speed is steady
   * @throws IllegalArgumentException if the limit is negative or there is no shape
   * @throws IllegalStateException as {@link #backend}
   */
  public static boolean warmUp(Duration limit, Storage like, TensorShape... shapes) {
    WarmUp.check(limit, like, shapes);
    return WarmUp.ofLayers(limit, like, shapes);
  }
}
