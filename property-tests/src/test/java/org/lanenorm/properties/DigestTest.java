package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Example;
import org.lanenorm.verify.Digest;

/**
 * The bits of all operations are those of the committed file: on every back end and width, in
 * compiled code and in the interpreter.
 */
class DigestTest {
  private static final String TO_WRITE_IT_ANEW =
      "if bits were meant to change: mvn -B -q process-classes -pl property-tests -am -Pdigest";

  private static final List<String> LINES = Digest.lines();

  @Example
  void everyBackEndGivesTheCommittedBits() throws IOException {
    try (InputStream file = DigestTest.class.getResourceAsStream("/digest.txt")) {
      String committed = new String(file.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(LINES).as(TO_WRITE_IT_ANEW).isEqualTo(committed.lines().toList());
    }
  }

  /** Lines come in pairs, one per layout. */
  @Example
  void bothLayoutsHaveTheSameDigest() {
    for (int i = 0; i < LINES.size(); i += 2) {
      assertThat(LINES.get(i + 1)).isEqualTo(LINES.get(i).replace(" NCHW ", " NHWC "));
    }
  }
}
