package org.lanenorm;

/**
 * Which of channels and space lies innermost in a flat array of N images, C channels, S positions.
 */
public enum Layout {
  /** Channels before space: element (n, c, s) lies at {@code (n*C + c)*S + s}. */
  NCHW,
  /** Channels last: element (n, c, s) lies at {@code (n*S + s)*C + c}. */
  NHWC
}
