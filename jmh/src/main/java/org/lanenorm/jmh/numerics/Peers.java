package org.lanenorm.jmh.numerics;

import java.util.List;

/** Where kernels of others come from, as a service: a jar without the peers has none. */
public interface Peers {
  /** Loaded and ready, on one thread. */
  List<Kernel> kernels() throws Exception;
}
