package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlagsTest {
  /** Below, at and above what is compared at a time, twice. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 64, 65, 1023, 1024, 1025, 2048, 2049, 5000})
  void anyFlagOfTheRangeIsFound(int length) {
    boolean[] flags = new boolean[length + 2];
    flags[0] = true;
    flags[length + 1] = true;
    assertThat(Flags.any(flags, 1, length + 1)).isFalse();
    for (int at = 1; at <= length; at++) {
      flags[at] = true;
      assertThat(Flags.any(flags, 1, length + 1)).as("flag %d", at).isTrue();
      flags[at] = false;
    }
    assertThat(Flags.any(flags, 0, 0)).isFalse();
    assertThat(Flags.any(flags, 0, 1)).isTrue();
  }
}
