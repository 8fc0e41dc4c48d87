package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import net.jqwik.api.Example;
import org.lanenorm.Lanenorm;

/**
 * The back end that this execution of the suite asked for is the one that ran: else a green run
 * proves nothing about it.
 */
class BackendTest {
  /**
   * Asked for is what the system property {@code lanenorm.test.expectedBackend} says. Where that is
   * a vector width beyond this machine's, its own is expected; where it has no vectors of 128 bits
   * or no fma, scalar; and a line says so. Without the property (a run from an IDE) any back end
   * will do.
   */
  @Example
  void theBackEndAskedForIsTheOneInUse() throws ReflectiveOperationException {
    String asked = System.getProperty("lanenorm.test.expectedBackend");
    if (asked == null) {
      System.out.println("Running on " + Lanenorm.backend());
      return;
    }
    String expected = asked.startsWith("vector-") ? widest(asked) : asked;
    if (!expected.equals(asked)) {
      System.out.println(asked + " asked for, this machine has " + expected);
    }
    assertThat(Lanenorm.backend()).isEqualTo(expected);
  }

  private static String widest(String asked) throws ReflectiveOperationException {
    // by reflection: this module compiles without the incubator module
    Class<?> shape = Class.forName("jdk.incubator.vector.VectorShape");
    Object preferred = shape.getMethod("preferredShape").invoke(null);
    int machine = (int) shape.getMethod("vectorBitSize").invoke(preferred);
    boolean fma =
        Boolean.parseBoolean(
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .getVMOption("UseFMA")
                .getValue());
    int bits = Integer.parseInt(asked.substring("vector-".length()));
    return machine < 128 || !fma ? "scalar" : "vector-" + Math.min(bits, machine);
  }
}
