package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import net.jqwik.api.Example;

/**
 * The bits of all operations are those of the committed file: on every back end and width, in
 * compiled code and in the interpreter.
 */
class DigestTest {
  private static final String TO_WRITE_IT_ANEW =
      "if bits were meant to change: mvn -B -q process-classes -pl property-tests -am -Pdigest";

  @Example
  void everyBackEndGivesTheCommittedBits() throws IOException {
    assertThat(Bits.LINES).as(TO_WRITE_IT_ANEW).isEqualTo(Bits.committedLines());
  }

  /** Lines come in pairs, one per layout. */
  @Example
  void bothLayoutsHaveTheSameDigest() {
    for (int i = 0; i < Bits.LINES.size(); i += 2) {
      assertThat(Bits.LINES.get(i + 1)).isEqualTo(Bits.LINES.get(i).replace(" NCHW ", " NHWC "));
    }
  }
}
