package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StoredPassesTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** By the scalar kernels: those of vectors allocate until they are compiled. */
  @ParameterizedTest
  @CsvSource({
    "false, 1100", // planes that windows do not divide
    "true, 1100", // rows that are joined, and some that are left over
    "false, 9"
  })
  void backwardAllocatesNothingFromTheSecondCallOn(boolean channelsLast, int spatial) {
    Segments order = new Segments(channelsLast, 2, 3, spatial);
    Elements x = halves(order);
    Elements dy = halves(order);
    Elements dx = halves(order);
    double[] mean = new double[3];
    double[] invStd = {1, 1, 1};
    ChannelGradients gradients = new ChannelGradients(3);
    StoredPasses passes = new StoredPasses(ScalarKernels.INSTANCE, Team.SEQUENTIAL, 3);
    passes.backward(x, dy, dx, order, mean, invStd, null, gradients);
    passes.backward(x, dy, dx, order, mean, invStd, null, gradients);
    long before = THREADS.getCurrentThreadAllocatedBytes();
    passes.backward(x, dy, dx, order, mean, invStd, null, gradients);
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isZero();
  }

  private static Elements halves(Segments order) {
    short[] halves = new short[order.count() * order.channels()];
    return new Elements(Elements.Format.BFLOAT16, MemorySegment.ofArray(halves));
  }
}
