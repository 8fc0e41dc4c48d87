package org.lanenorm.examples;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  @ParameterizedTest
  @ValueSource(strings = {"digits", "parameters", "epilogue"})
  void everyExampleHasHelp(String name) {
    Run run = Run.of(name, "--help");
    assertThat(run.status()).isZero();
    assertThat(run.out()).contains("lanenorm example " + name, "Exit status");
    assertThat(Run.of("--help").out()).contains(name);
  }

  @Test
  void anExampleIsNeeded() {
    Run.of().isRefused("digits");
    Run.of("numbers").isRefused("'numbers'");
  }
}
