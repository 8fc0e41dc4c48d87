package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-3, -3",
    "999999, 999999",
    "1000000, 1e+06",
    "123450.3, 123450",
    "0.5, 0.5",
    "0.100000049, 0.1",
    "1.80997e-10, 1.80997e-10",
    "1e-10, 1e-10",
    "-2.5e100, -2.5e+100",
    "NaN, NaN",
    "Infinity, Infinity"
  })
  void aNumberKeepsItsDigitsAndLosesZerosBehindThePoint(double value, String text) {
    assertThat(Table.number(value)).isEqualTo(text);
  }
}
