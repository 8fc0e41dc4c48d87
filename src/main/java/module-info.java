/** Batch normalization kernels; see {@link org.lanenorm}. */
module org.lanenorm {
  requires jdk.incubator.vector;

  exports org.lanenorm;
}
