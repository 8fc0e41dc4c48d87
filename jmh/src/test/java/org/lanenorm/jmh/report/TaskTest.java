package org.lanenorm.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.lanenorm.jmh.report.Results.Setting;

class TaskTest {
  private static final Setting IMAGES = new Setting("8x64x28x28", 1);
  private static final Setting ROWS = new Setting("256x512", 2);

  @Test
  void everyBenchmarkOfTheReportExists() {
    Set<String> available = Measuring.available();
    assertThat(available)
        .containsAll(Stream.of(Floor.values()).map(Floor::benchmark).toList())
        .containsAll(
            Stream.of(Operation.values()).map(each -> each.benchmark(Maker.LANENORM)).toList());
  }

  @Test
  void layoutsStandBesideTheirFloor() {
    assertThat(
            Task.all(
                List.of(IMAGES, ROWS),
                EnumSet.of(Operation.TRAINING, Operation.INFERENCE),
                List.of(Maker.LANENORM),
                Measuring.available()))
        .extracting(task -> task.setting().title() + ": " + task.title())
        .containsExactly(
            "8x64x28x28, 1 thread: copy",
            "8x64x28x28, 1 thread: Lanenorm, training forward, NCHW",
            "8x64x28x28, 1 thread: Lanenorm, training forward, NHWC",
            "8x64x28x28, 1 thread: Lanenorm, inference, NCHW",
            "8x64x28x28, 1 thread: Lanenorm, inference, NHWC",
            "256x512, 2 threads: copy",
            "256x512, 2 threads: Lanenorm, training forward",
            "256x512, 2 threads: Lanenorm, inference");
  }

  @Test
  void peersRunWhatTheyHave() {
    Set<String> some =
        Stream.of("TrainingForwardBenchmark.oneDnn", "InferenceBenchmark.onnxRuntime")
            .map(name -> "org.lanenorm.jmh.peers." + name)
            .collect(Collectors.toSet());
    assertThat(
            Task.all(
                List.of(IMAGES), EnumSet.allOf(Operation.class), List.of(Maker.values()), some))
        .filteredOn(Task::peer)
        .extracting(Task::title)
        .containsExactly(
            "oneDNN, training forward, NCHW",
            "oneDNN, training forward, NHWC",
            "ONNX Runtime, inference, NCHW",
            "ONNX Runtime, inference, NHWC");
  }
}
