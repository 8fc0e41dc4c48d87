package org.lanenorm.jmh.peers;

import org.lanenorm.jmh.Streams;
import org.openjdk.jmh.annotations.Benchmark;

/** Normalizing a batch by its own moments, into another tensor. */
public class TrainingForwardBenchmark extends PeerBenchmark {
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
