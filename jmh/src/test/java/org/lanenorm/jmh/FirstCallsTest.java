package org.lanenorm.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FirstCallsTest {
  @Test
  void oneJvmPrintsItsSixNumbers() throws Exception {
    PrintStream out = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      FirstCalls.main(new String[] {"--once", "NHWC 2x16x8x8", "cold"});
    } finally {
      System.setOut(out);
    }
    String[] words = bytes.toString(StandardCharsets.UTF_8).strip().split(" ");
    assertThat(words).hasSize(7).startsWith("sample");
    assertThat(Stream.of(words).skip(1).mapToDouble(Double::parseDouble))
        .allSatisfy(number -> assertThat(number).isNotNegative());
  }

  @Test
  void aShapeWithoutLayoutIsNamed() {
    assertThatThrownBy(() -> FirstCalls.main(new String[] {"--once", "2x16x8x8", "cold"}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("NHWC 32x64x56x56")
        .hasMessageEndingWith("but was 2x16x8x8");
  }
}
