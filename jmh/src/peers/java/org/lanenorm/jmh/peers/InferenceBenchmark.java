package org.lanenorm.jmh.peers;

import org.lanenorm.jmh.Streams;
import org.openjdk.jmh.annotations.Benchmark;

/** Normalizing by constants, into another tensor. */
public class InferenceBenchmark extends PeerBenchmark {
  /** oneDNN's primitive. */
  @Benchmark
  @Streams(2)
  public void oneDnn(OneDnn peer) throws Exception {
    peer.run();
  }

  /** PyTorch's operator. */
  @Benchmark
  @Streams(2)
  public void pyTorch(PyTorch peer) throws Exception {
    peer.run();
  }

  /** ONNX Runtime's node, in NCHW. */
  @Benchmark
  @Streams(2)
  public void onnxRuntime(OnnxRuntime peer) throws Exception {
    peer.run();
  }
}
