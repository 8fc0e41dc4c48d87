package org.lanenorm.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lanenorm.Layout;
import org.lanenorm.jmh.report.Results.Setting;
import org.openjdk.jmh.runner.options.TimeValue;

/** The whole way in small: JMH, its forks, its file, the page. No time is looked at. */
class MeasuringTest {
  private static final Setting TINY = new Setting("2x3x4x5", 1);
  private static final Effort SHORT =
      new Effort(2, 1, TimeValue.milliseconds(1), 2, TimeValue.milliseconds(1));

  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void besideOthers() {
    // another run on this machine would spoil numbers, of which there are none here
    System.setProperty("jmh.ignoreLock", "true");
    System.setProperty("java.awt.headless", "true");
  }

  private Measuring measuring(List<Task> tasks) {
    Progress progress = new Progress(tasks, SHORT, new PrintWriter(err), false);
    return new Measuring(SHORT, new PrintStream(log, true, StandardCharsets.UTF_8), progress);
  }

  @Test
  void roundsBecomeForksOfOneResult() {
    List<Task> tasks =
        Task.all(
            List.of(TINY),
            EnumSet.of(Operation.MOMENTS),
            List.of(Maker.LANENORM),
            Measuring.available());
    byte[] json = ResultsFile.write(measuring(tasks).run(tasks));
    Results results = ResultsFile.read("results.json", json);
    assertThat(results.times()).hasSize(3);
    assertThat(results.floor(TINY, Operation.MOMENTS).bounded()).isTrue();
    for (Layout layout : Layout.values()) {
      assertThat(results.time(TINY, Operation.MOMENTS, Maker.LANENORM, layout).score())
          .isPositive();
    }
    // on a busy machine some warm up longer
    assertThat(results.effort()).matches("2 JVMs, each [14] x 1 ms of warm-up, then 2 x 1 ms.*");
    assertThat(results.flags()).contains("--add-modules jdk.incubator.vector");
    assertThat(log.toString(StandardCharsets.UTF_8))
        .contains("MomentsBenchmark.moments", "(vector");
    assertThat(new Page(results, Machine.here("./lanenorm profile")).html())
        .contains("Moments", "2x3x4x5", "GB/s");
  }

  @Test
  void aBenchmarkThatFailsEndsTheRunUnlessItIsAPeers() {
    String benchmark = Operation.TRAINING.benchmark(Maker.LANENORM);
    Setting single = new Setting("1x3", 1);
    List<Task> ours = List.of(new Task(single, benchmark, Layout.NCHW, "training", false));
    assertThatThrownBy(() -> measuring(ours).run(ours))
        .isInstanceOf(Measuring.Failure.class)
        .hasMessageStartingWith("1x3, 1 thread, training failed: ")
        .hasMessageContaining("per channel");
    List<Task> peers = List.of(new Task(single, benchmark, Layout.NCHW, "training", true));
    assertThat(measuring(peers).run(peers)).isEmpty();
  }
}
