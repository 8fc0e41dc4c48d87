package org.lanenorm.jmh.peers;

import org.lanenorm.jmh.Streams;
import org.openjdk.jmh.annotations.Benchmark;

/** dInput, dGamma and dBeta of a training forward. */
public class BackwardBenchmark extends PeerBenchmark {
  /** oneDNN's primitive. */
  @Benchmark
  @Streams(3)
  public void oneDnn(OneDnn peer) throws Exception {
    peer.run();
  }

  /** PyTorch's operator. */
  @Benchmark
  @Streams(3)
  public void pyTorch(PyTorch peer) throws Exception {
    peer.run();
  }
}
