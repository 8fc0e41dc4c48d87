package org.lanenorm.kernel;

import java.util.Locale;

/**
 * Chooses the kernels of this JVM, once. The vector kernels where they can be had and are fast,
 * else the scalar ones with one warning; what a system property forces is had or refused, never
 * replaced.
 */
public final class Backend {
  private static final String BACKEND = "lanenorm.backend";
  private static final String VECTOR_BITS = "lanenorm.vectorBits";
  private static final String MODULE = "jdk.incubator.vector";

  private static final Kernels KERNELS;

  /** Why there are no kernels; null if there are. */
  private static final String REFUSAL;

  static {
    Kernels kernels = null;
    String refusal = null;
    try {
      Asked.vectorBits(); // refuses a wrong value whatever the back end
      kernels = choose(System.getProperty(BACKEND));
    } catch (IllegalStateException e) {
      refusal = e.getMessage();
    }
    REFUSAL = refusal;
    KERNELS = kernels;
  }

  private Backend() {}

  /**
   * The kernels of this JVM.
   *
   * @throws IllegalStateException if a system property asks for what does not exist or cannot be
   *     had
   */
  public static Kernels kernels() {
    if (REFUSAL != null) {
      throw new IllegalStateException(REFUSAL);
    }
    return KERNELS;
  }

  /** What system properties ask for: a class of its own, as asking must not choose kernels. */
  static final class Asked {
    private Asked() {}

    /** The vector width at most, in bits. */
    static int vectorBits() {
      String bits = System.getProperty(VECTOR_BITS, "512");
      return switch (bits) {
        case "128", "256", "512" -> Integer.parseInt(bits);
        default ->
            throw new IllegalStateException(
                "system property " + VECTOR_BITS + " must be 128, 256 or 512, but was " + bits);
      };
    }
  }

  private static Kernels choose(String asked) {
    if (asked != null && !asked.equals("scalar") && !asked.equals("vector")) {
      throw new IllegalStateException(
          "system property " + BACKEND + " must be scalar or vector, but was " + asked);
    }
    if ("scalar".equals(asked)) {
      return ScalarKernels.INSTANCE;
    }
    String obstacle = obstacle();
    if (obstacle == null) {
      String drawback = asked == null ? drawback() : null;
      if (drawback == null) {
        return VectorKernels.INSTANCE;
      }
      obstacle = drawback;
    } else if (asked != null) {
      throw new IllegalStateException("system property " + BACKEND + " is vector, but " + obstacle);
    }
    System.getLogger("org.lanenorm")
        .log(System.Logger.Level.WARNING, "Lanenorm uses its slower scalar kernels: " + obstacle);
    return ScalarKernels.INSTANCE;
  }

  /** Why vector kernels cannot be had; null if they can. */
  private static String obstacle() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      return "the module " + MODULE + " is not there; run java with --add-modules " + MODULE;
    }
    if (!Fma.HARDWARE) {
      return "this JVM has no fma instruction (processor or -XX:-UseFMA)";
    }
    int bits = VectorWidth.preferredBits();
    return bits < 128 ? "this JVM's vectors have " + bits + " bits, and 128 are needed" : null;
  }

  /** Why vector kernels would be slower than scalar ones; null if they would not. */
  private static String drawback() {
    String mode = System.getProperty("java.vm.info", "").toLowerCase(Locale.ROOT);
    // without C2 every vector is an object: thousands of times slower
    return mode.contains("interpreted") || mode.contains("emulated-client")
        ? "this JVM runs without its optimizing compiler (" + mode + ")"
        : null;
  }
}
