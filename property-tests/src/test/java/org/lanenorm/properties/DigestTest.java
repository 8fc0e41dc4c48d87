package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Example;
import org.lanenorm.verify.Digest;

/** The bits of all operations are those of the committed file, on every back end and width. */
class DigestTest {
  @Example
  void everyBackEndGivesTheCommittedBits() throws IOException {
    try (InputStream file = DigestTest.class.getResourceAsStream("/digest.txt")) {
      List<String> committed =
          new String(file.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      assertThat(Digest.lines())
          .as(
              "if bits were meant to change: mvn -B -q process-classes -pl property-tests -am -Pdigest")
          .isEqualTo(committed);
    }
  }

  /** Lines come in pairs, one per layout. */
  @Example
  void bothLayoutsHaveTheSameDigest() {
    List<String> lines = Digest.lines();
    for (int i = 0; i < lines.size(); i += 2) {
      assertThat(lines.get(i + 1)).isEqualTo(lines.get(i).replace(" NCHW ", " NHWC "));
    }
  }
}
