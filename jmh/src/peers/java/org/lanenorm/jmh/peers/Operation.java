package org.lanenorm.jmh.peers;

/** One operation of a peer, over tensors that lie in its own memory, ready to be run. */
interface Operation extends AutoCloseable {
  /** Runs it, into the same outputs each time where the peer can do that. */
  void run() throws Exception;

  /**
   * What it gave: y of a forward, and mean and variance too of one in training, if the peer tells
   * them; dInput, dGamma and dBeta of a backward; mean and variance of moments.
   */
  float[][] results() throws Exception;

  /** What the peer calls the code that it chose. */
  String kernel();

  /** Frees what no garbage collector would. */
  @Override
  default void close() {}
}
