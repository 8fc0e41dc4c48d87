package org.lanenorm.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class WordsTest {
  @Test
  void numbersHaveThreeDigitsOrAllBeforeThePoint() {
    assertThat(Words.number(0.0123)).isEqualTo("0.012");
    assertThat(Words.number(0.0996)).isEqualTo("0.10");
    assertThat(Words.number(1.004)).isEqualTo("1.00");
    assertThat(Words.number(9.996)).isEqualTo("10.0");
    assertThat(Words.number(99.96)).isEqualTo("100");
    assertThat(Words.number(1234567.8)).isEqualTo("1,234,568");
  }

  @Test
  void sizesAreInPowersOf1024() {
    assertThat(Words.bytes(512)).isEqualTo("512 B");
    assertThat(Words.bytes(32 << 10)).isEqualTo("32 KB");
    assertThat(Words.bytes(1.5 * (1 << 20))).isEqualTo("1.5 MB");
    assertThat(Words.bytes(9.99 * (1 << 20))).isEqualTo("10 MB");
    assertThat(Words.about(Duration.ofSeconds(99))).isEqualTo("99 s");
    assertThat(Words.about(Duration.ofSeconds(640))).isEqualTo("11 min");
    assertThat(Words.percent(0.012)).isEqualTo("1.2 %");
    assertThat(Words.percent(0.45)).isEqualTo("45 %");
    assertThat(Words.percent(636)).isEqualTo("over 1,000 %");
    assertThat(Words.plain(0.25)).isEqualTo("0.25");
    assertThat(Words.plain(64)).isEqualTo("64");
  }
}
