/**
 * The core's operations by other libraries, under the same benchmarks' names: oneDNN, PyTorch and
 * ONNX Runtime. Compiled in Maven's profile {@code peers} alone. What is compared: {@code
 * jmh/README.md}.
 */
package org.lanenorm.jmh.peers;
