/** Batch normalization kernels; see {@link org.lanenorm}. */
module org.lanenorm {
  requires jdk.incubator.vector;
  requires jdk.management;
  requires java.management;

  exports org.lanenorm;
}
