package org.lanenorm.jmh.report;

import java.util.Locale;
import org.lanenorm.jmh.BackwardBenchmark;
import org.lanenorm.jmh.InferenceBenchmark;
import org.lanenorm.jmh.MomentsBenchmark;
import org.lanenorm.jmh.Streams;
import org.lanenorm.jmh.TrainingForwardBenchmark;

/** What is measured of a shape. */
enum Operation {
  /** x - K, its sum, its squares and their sum. */
  MOMENTS("Moments", MomentsBenchmark.class, "moments", Floor.READ, 4),
  /** Moments, then x - mean and a fused multiply-add. */
  TRAINING("Training forward", TrainingForwardBenchmark.class, "outOfPlace", Floor.COPY, 7),
  /** x - mean and a fused multiply-add. */
  INFERENCE("Inference", InferenceBenchmark.class, "frozen", Floor.COPY, 3),
  /** Two sums (x - mean, a product, two additions), then x - mean and two fused multiply-adds. */
  BACKWARD("Backward", BackwardBenchmark.class, "training", Floor.COPY2, 9);

  private static final String PEERS = "org.lanenorm.jmh.peers.";

  private final String title;
  private final Class<?> type;
  private final String method;
  private final Floor floor;
  private final int flops;

  Operation(String title, Class<?> type, String method, Floor floor, int flops) {
    this.title = title;
    this.type = type;
    this.method = method;
    this.floor = floor;
    this.flops = flops;
  }

  /** For the command line. */
  String option() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** For the eye. */
  String title() {
    return title;
  }

  /** What memory alone takes. */
  Floor floor() {
    return floor;
  }

  /** The benchmark of an implementation, as JMH names it. */
  String benchmark(Maker maker) {
    return maker.peer()
        ? PEERS + type.getSimpleName() + "." + maker.method()
        : type.getName() + "." + method;
  }

  /** Bytes that any implementation has to move per element: each tensor once. */
  int bytesPerElement() {
    try {
      return Float.BYTES * type.getMethod(method).getAnnotation(Streams.class).value();
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Floating-point operations per element, a fused multiply-add counted as two. */
  int flopsPerElement() {
    return flops;
  }

  /** Flops per byte: far below what a processor can do while it waits for memory. */
  double intensity() {
    return (double) flops / bytesPerElement();
  }
}
