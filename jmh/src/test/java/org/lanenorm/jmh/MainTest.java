package org.lanenorm.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

class MainTest {
  @Test
  void namesOfShapesBecomeShapes() {
    assertThat(Main.forJmh("Moments", "-p", "shape=rows,3x17x13x11,odd", "-f", "1"))
        .containsExactly(
            "-prof",
            "org.lanenorm.jmh.Metrics",
            "-foe",
            "true",
            "Moments",
            "-p",
            "shape=256x512,128x1024,3x17x13x11",
            "-f",
            "1");
  }

  @Test
  void onnxRuntimeIsLeftOutOfALayoutThatItHasNot() {
    assertThat(Main.forJmh("Inference", "-p", "layout=NHWC", "-f", "1"))
        .endsWith("Inference", "-p", "layout=NHWC", "-e", "\\.onnxRuntime$", "-f", "1");
    assertThat(Main.forJmh("Inference", "-p", "layout=NCHW", "-f", "1"))
        .endsWith("Inference", "-p", "layout=NCHW", "-f", "1");
    assertThat(Main.forJmh("Inference", "-p", "layout=NHWC,NCHW", "-f", "1"))
        .as("both are the benchmarks' own values")
        .endsWith("Inference", "-f", "1");
  }

  @Test
  void allShapesAreThoseOfTheLists() {
    assertThat(BenchmarkShapes.expand(List.of("all")))
        .hasSize(9 + 9 + 2 + 1 + 1 + 2)
        .contains("32x64x112x112", "1x2048x7x7", "128x1024", "4x16x8x8", "8x17x224x224");
  }

  @Test
  void whatIsNoShapeIsRefusedBeforeAnythingRuns() {
    assertThatThrownBy(() -> Main.forJmh("-p", "shape=resnet51"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "shape must be N x C x spatial, such as 32x64x56x56, or one of [resnet50,"
                + " resnet50-single, rows, odd, tiny, few-channels, all], but was resnet51");
  }

  @Test
  void shapesReadTheSameInEveryLayout() {
    assertThat(BenchmarkShapes.parse(Layout.NHWC, "32x64x56x40"))
        .isEqualTo(TensorShape.nhwc(32, 56, 40, 64));
    assertThat(BenchmarkShapes.parse(Layout.NCHW, "256x512")).isEqualTo(TensorShape.rows(256, 512));
  }
}
