package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.lanenorm.Layout;
import org.lanenorm.verify.Case;

/** A property that has met too little fails, though nothing is wrong. */
class CoverageTest {
  /** Not found by a build, as nested classes of jqwik need to be marked as groups. */
  static class TooFew {
    @Property(tries = 3)
    void cases(@ForAll Case input) {}

    @Property(tries = 15)
    void threads(@ForAll @IntRange(min = 1, max = 16) int threads, @ForAll long seed) {}

    @Property(tries = 1)
    void layouts(@ForAll Layout layout, @ForAll long seed) {}
  }

  @Example
  void aSizeThatWasNotMetFails() {
    failsFor("S or M to 16 lanes|M to a segment|C to 16 lanes|kind", "cases", Case.class);
  }

  @Example
  void aNumberOfThreadsThatWasNotMetFails() {
    failsFor("parameter 0", "threads", int.class, long.class);
  }

  @Example
  void aLayoutThatWasNotMetFails() {
    failsFor("parameter 0=\\[(NCHW|NHWC)]", "layouts", Layout.class, long.class);
  }

  private static void failsFor(String what, String property, Class<?>... parameters) {
    TestExecutionResult result = Launched.result(TooFew.class, property, parameters);
    assertThat(result.getStatus()).isEqualTo(Status.FAILED);
    assertThat(result.getThrowable().orElseThrow().getMessage())
        .containsPattern(property + " has not met, in \\d+ tries: .*(" + what + ")");
  }
}
