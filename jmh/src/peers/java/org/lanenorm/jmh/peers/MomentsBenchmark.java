package org.lanenorm.jmh.peers;

import org.lanenorm.jmh.Streams;
import org.openjdk.jmh.annotations.Benchmark;

/** Mean and variance of every channel. */
public class MomentsBenchmark extends PeerBenchmark {
  /** PyTorch's operator. */
  @Benchmark
  @Streams(1)
  public void pyTorch(PyTorch peer) throws Exception {
    peer.run();
  }
}
