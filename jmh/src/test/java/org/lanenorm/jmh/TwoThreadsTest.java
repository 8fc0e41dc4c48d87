package org.lanenorm.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class TwoThreadsTest {
  @Test
  void aRowPerLayoutAndOneOfRows() {
    PrintStream out = System.out;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      TwoThreads.main(new String[] {"--quick", "2x16x8x8", "8x16"});
    } finally {
      System.setOut(out);
    }
    List<String> lines = bytes.toString(StandardCharsets.UTF_8).strip().lines().toList();
    assertThat(lines).hasSize(5);
    assertThat(lines.get(2)).startsWith("| 2x16x8x8 | NCHW | ");
    assertThat(lines.get(3)).startsWith("| 2x16x8x8 | NHWC | ");
    assertThat(lines.get(4)).startsWith("| 8x16 | rows | ");
    String numbers = "\\d+\\.\\d, \\d+\\.\\d\\d";
    String cells = numbers + "( \\| " + numbers + ", \\d+\\.\\d\\d){4}";
    assertThat(lines.subList(2, 5))
        .allMatch(line -> line.matches("(\\| [^|]+){2}\\| " + cells + " \\|"));
  }
}
