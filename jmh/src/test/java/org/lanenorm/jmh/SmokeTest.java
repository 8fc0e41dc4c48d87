package org.lanenorm.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every benchmark in every layout over a few shapes: its result is right (it says so itself when it
 * is set up), and once C2 has compiled it, a call allocates nothing. Sequential; nothing is timed.
 */
class SmokeTest {
  /**
   * Planes longer and shorter than a segment, tails in both, few channels, rows; tiny, and larger
   * than a core's cache.
   */
  private static final List<String> SHAPES =
      List.of(
          "4x16x8x8",
          "3x17x13x11",
          "2x16x24x24",
          "2x3x40x50",
          "32x64x7x7",
          "1x512x7x7",
          "8x256x14x14",
          "2x64x56x56",
          "64x40",
          "256x512");

  /** For what uses the kernels of the others as well: planes, small planes and rows. */
  private static final List<String> FEW_SHAPES = List.of("3x17x13x11", "32x64x7x7", "64x40");

  /** The steady state: as many calls in a row without a byte. */
  private static final int STEADY_CALLS = 300;

  /** Enough for C2 on a machine that does other things too; a quiet one needs a second or two. */
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TestFactory
  Stream<DynamicTest> isRightAndAllocatesNothing() {
    assumeTrue(!Trial.BACKEND.equals("vector-256") || FloatVector.SPECIES_PREFERRED.length() >= 8);
    Map<String, List<String>> parameters =
        Map.of(
            "shape", SHAPES,
            "elements", List.of("4096"),
            "threads", List.of("1"),
            "storage", List.of("FLOAT32_NATIVE", "BFLOAT16_ARRAY", "FLOAT16_NATIVE"),
            "backend", List.of(Trial.BACKEND));
    return Trial.all(parameters).stream()
        .filter(
            trial ->
                !trial
                        .benchmark()
                        .matches(".*(ErrorBounds|Family|Fused|Activated|Storage)Benchmark.*")
                    || FEW_SHAPES.contains(trial.parameters().get("shape")))
        .map(
            trial ->
                DynamicTest.dynamicTest(
                    trial.toString(), () -> trial.run(call -> comesToRest(trial, call))));
  }

  private static void comesToRest(Trial trial, Runnable call) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    long bytes = allocated(call);
    while (bytes > 0 && System.nanoTime() < deadline) {
      bytes = allocated(call);
    }
    assertThat(bytes)
        .as("%s: bytes that %d calls allocate, after %s", trial, STEADY_CALLS, PATIENCE)
        .isZero();
  }

  private static long allocated(Runnable call) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < STEADY_CALLS; i++) {
      call.run();
    }
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
