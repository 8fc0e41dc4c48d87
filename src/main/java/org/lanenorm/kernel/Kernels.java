package org.lanenorm.kernel;

/** Stub. */
public interface Kernels {
  /** Name. */
  String name();
}
