package org.lanenorm.kernel;

/** Stub. */
public final class ChannelGradients {
  /** Stub. */
  public ChannelGradients(int channels) {}
}
