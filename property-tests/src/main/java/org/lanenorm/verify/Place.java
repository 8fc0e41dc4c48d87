package org.lanenorm.verify;

/** Where element (n, c, s) of an N*C*S tensor lies, worked out without the library. */
record Place(boolean channelsLast, int n, int c, int s) {
  /** M = N*S. */
  int count() {
    return n * s;
  }

  int length() {
    return n * c * s;
  }

  /** Index of (image, channel, 0). */
  int first(int image, int channel) {
    return channelsLast ? image * s * c + channel : (image * c + channel) * s;
  }

  /** From one position to the next. */
  int step() {
    return channelsLast ? c : 1;
  }
}
