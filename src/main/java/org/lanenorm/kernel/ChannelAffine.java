package org.lanenorm.kernel;

/** Stub. */
public final class ChannelAffine {
  /** Stub. */
  public ChannelAffine(int channels) {}
}
