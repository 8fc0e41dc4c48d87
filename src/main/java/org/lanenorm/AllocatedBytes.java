package org.lanenorm;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * What the calling thread has allocated; in a class of its own because the module that tells may be
 * missing.
 */
final class AllocatedBytes {
  private static final ThreadMXBean THREADS =
      ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads ? threads : null;

  private AllocatedBytes() {}

  /** In bytes since the thread began; a constant where this JVM does not count them. */
  static long soFar() {
    return THREADS == null || !THREADS.isThreadAllocatedMemorySupported()
        ? 0
        : THREADS.getCurrentThreadAllocatedBytes();
  }
}
