package org.lanenorm.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerTableTest {
  @TempDir private Path folder;

  @Test
  void oursStandsBesideItsFloorAndTheBestPeerOfTheSameShapeLayoutAndThreads() throws Exception {
    assertThat(PeerTable.of(results()))
        .isEqualTo(
            """
            | operation | layout | threads | shape | ours, us | ours / floor | best peer | us | peer / ours |
            |---|---|---|---|---|---|---|---|---|
            | moments | NHWC | 1 | 256x512 | 6.00 | 1.20 | - | - | - |
            | inference | NCHW | 1 | 8x64x28x28 | 102 | 1.02 | ONNX Runtime | 153 | 1.50 |
            | inference | NCHW | 1 | 256x512 | 20.0 | 2.00 | ONNX Runtime | 120 | 6.00 |
            | inference | NCHW | 2 | 8x64x28x28 | 60.0 | 1.20 | oneDNN | 30.0 | 0.50 |
            | inference (scalar) | NCHW | 1 | 8x64x28x28 | 400 | 4.00 | ONNX Runtime | 153 | 0.38 |
            | backward | NHWC | 1 | 8x64x28x28 | 305 | 1.53 | PyTorch | 610 | 2.00 |

            | geometric means | layout | threads | shapes | ours / floor | peer / ours |
            |---|---|---|---|---|---|
            | moments | NHWC | 1 | 1 | 1.20 | - |
            | inference | NCHW | 1 | 2 | 1.43 | 3.00 |
            | inference | NCHW | 2 | 1 | 1.20 | 0.50 |
            | inference (scalar) | NCHW | 1 | 1 | 4.00 | 0.38 |
            | backward | NHWC | 1 | 1 | 1.53 | 2.00 |
            """);
  }

  @Test
  void iterationsOfSeveralFilesCountTogether() throws Exception {
    String more =
        written(
            """
            [{"benchmark": "org.lanenorm.jmh.MomentsBenchmark.moments",
              "params": {"backend": "vector", "layout": "NHWC", "shape": "256x512", "threads": "1"},
              "primaryMetric": {"scoreUnit": "ns/op", "rawData": [[8000, 8000, 8000, 8000, 8000]]}}]
            """);
    assertThat(PeerTable.of(results(), more)).contains("| 256x512 | 8.00 | 1.60 |");
  }

  @Test
  void whatIsNotAResultIsNamed() throws IOException {
    refused("{", "is not JSON");
    refused("{}", "is not an array of results");
    refused("[]", "no benchmark of the core is in");
    refused(
        "[{\"benchmark\": \"b\", \"primaryMetric\": {\"scoreUnit\": \"ops/s\"}}]",
        "\"b\" has the unit \"ops/s\", and must have one of [ms/op, ns/op, s/op, us/op]");
    for (String times : new String[] {"[]", "[[1.5, \"NaN\"]]", "[[-1]]", "[[null]]"}) {
      refused(
          "[{\"benchmark\": \"b\", \"primaryMetric\": {\"scoreUnit\": \"us/op\", \"rawData\": %s}}]"
              .formatted(times),
          "\"b\" has the times");
    }
  }

  private void refused(String json, String message) throws IOException {
    String file = written(json);
    assertThatThrownBy(() -> PeerTable.of(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file)
        .hasMessageContaining(message);
  }

  private String written(String json) throws IOException {
    return Files.writeString(folder.resolve("written.json"), json).toString();
  }

  private static String results() throws URISyntaxException {
    return Path.of(PeerTableTest.class.getResource("results.json").toURI()).toString();
  }
}
