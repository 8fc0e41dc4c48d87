package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which slices overlap. What calls check, BadInputTest tries. */
class ChecksTest {
  private static final float[] ARRAY = {};

  @ParameterizedTest
  @CsvSource({
    // neighbours, and nothing at all
    "0, 5, 5, 5",
    "5, 5, 0, 5",
    "0, 0, 0, 5",
    "2, 5, 4, 0",
    // beyond what an int holds
    "2147483000, 2147483000, 0, 2147483000"
  })
  void theseMayBeInOneArray(int a, int aLength, int b, int bLength) {
    assertThatNoException()
        .isThrownBy(() -> Checks.overlap("y", ARRAY, a, aLength, "x", ARRAY, b, bLength, false));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 5, 4, 5",
    "4, 5, 0, 5",
    "0, 9, 4, 1",
    "2147483000, 2147483000, 2147483001, 2147483000"
  })
  void theseMayNot(int a, int aLength, int b, int bLength) {
    assertThatThrownBy(() -> Checks.overlap("y", ARRAY, a, aLength, "x", ARRAY, b, bLength, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "y [%d, %d) must not overlap x [%d, %d) of the same array unless they are the same"
                + " slice",
            a, (long) a + aLength, b, (long) b + bLength);
  }

  @Test
  void theSameSliceIsAnOverlapWhereItIsNotAllowed() {
    assertThatNoException()
        .isThrownBy(() -> Checks.overlap("y", ARRAY, 3, 5, "x", ARRAY, 3, 5, true));
    assertThatThrownBy(() -> Checks.overlap("y", ARRAY, 3, 5, "x", ARRAY, 3, 5, false))
        .hasMessage("y [3, 8) must not overlap x [3, 8) of the same array");
  }
}
