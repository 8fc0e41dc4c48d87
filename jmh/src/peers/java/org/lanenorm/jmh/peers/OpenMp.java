package org.lanenorm.jmh.peers;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;

/** What oneDNN itself has no call for. */
final class OpenMp {
  private OpenMp() {}

  /**
   * The number of threads of the parallel regions that this thread will start, by the OpenMP that a
   * library loaded before has brought along.
   */
  @SuppressWarnings("restricted")
  static void setThreads(int threads) {
    MemorySegment function = SymbolLookup.loaderLookup().findOrThrow("omp_set_num_threads");
    try {
      Linker.nativeLinker()
          .downcallHandle(function, FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT))
          .invokeExact(threads);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
