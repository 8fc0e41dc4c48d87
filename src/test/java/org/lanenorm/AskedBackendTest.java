package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;

import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/** Fails where the suite does not run on the back end that the build asked for. */
class AskedBackendTest {
  private static final String PREFIX = "vector-";

  /** A machine of narrower vectors than asked for uses its own: never another back end. */
  @Test
  void theBackEndAskedForIsTheOneUsed() {
    String asked = System.getProperty("lanenorm.test.expectedBackend", PREFIX + 512);
    if (asked.startsWith(PREFIX)) {
      int bits = Integer.parseInt(asked.substring(PREFIX.length()));
      asked = PREFIX + Math.min(bits, FloatVector.SPECIES_PREFERRED.vectorBitSize());
    }
    assertThat(Lanenorm.backend()).isEqualTo(asked);
  }
}
