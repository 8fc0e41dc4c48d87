package org.lanenorm.jmh;

import org.lanenorm.Lanenorm;

/**
 * Gives this JVM the back end that a benchmark's parameter asks for. The library chooses once per
 * JVM, from system properties; JMH runs every combination of parameters in a JVM of its own, so it
 * is enough to set them before the library is touched.
 */
final class Backends {
  private static boolean shown;

  private Backends() {}

  /**
   * Chooses, or verifies what was chosen.
   *
   * @param name scalar, vector, or a width such as vector-256
   * @throws IllegalStateException if this JVM has another one, or cannot have it
   */
  static void choose(String name) {
    String[] kindAndBits = name.split("-", 2);
    System.setProperty("lanenorm.backend", kindAndBits[0]);
    if (kindAndBits.length > 1) {
      System.setProperty("lanenorm.vectorBits", kindAndBits[1]);
    }
    String chosen = Lanenorm.backend();
    if (!(chosen + "-").startsWith(name + "-")) {
      throw new IllegalStateException(
          "back end "
              + name
              + " was asked for, but this JVM runs "
              + chosen
              + ": its vectors are narrower, or it had chosen before (run at least one fork)");
    }
    if (!shown) {
      shown = true;
      System.out.print("(" + chosen + ") ");
    }
  }
}
