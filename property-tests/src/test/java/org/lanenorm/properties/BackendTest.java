package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;
import org.lanenorm.Lanenorm;

/**
 * The back end that this execution of the suite asked for is the one that ran: else a green run
 * proves nothing about it.
 */
class BackendTest {
  /**
   * Expected is what the system property {@code lanenorm.test.expectedBackend} says; where that is
   * a vector width beyond this machine's, the machine's own, and a line says so. Without the
   * property (a run from an IDE) any back end will do.
   */
  @Example
  void theBackEndAskedForIsTheOneInUse() throws ReflectiveOperationException {
    String asked = System.getProperty("lanenorm.test.expectedBackend");
    String backend = Lanenorm.backend();
    if (asked == null) {
      System.out.println("Running on " + backend);
      return;
    }
    String expected = asked;
    if (asked.startsWith("vector-")) {
      int bits = Integer.parseInt(asked.substring("vector-".length()));
      expected = "vector-" + Math.min(bits, preferredBits());
    }
    if (!expected.equals(asked)) {
      System.out.println(asked + " asked for, this machine has " + expected);
    }
    assertThat(backend).isEqualTo(expected);
  }

  /** Asked by reflection: this module compiles without the incubator module. */
  private static int preferredBits() throws ReflectiveOperationException {
    Class<?> shape = Class.forName("jdk.incubator.vector.VectorShape");
    Object preferred = shape.getMethod("preferredShape").invoke(null);
    return (int) shape.getMethod("vectorBitSize").invoke(preferred);
  }
}
