package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.lanenorm.Soak.Findings;

/** A two-thousandth of the {@link Soak}'s hour in every build, all of it with {@code -Psoak}. */
class SoakTest {
  private static final double HOURS =
      Double.parseDouble(System.getProperty("lanenorm.test.hours", "0.0005"));

  @Test
  void resultsHeapAndThreadsStayAsTheyAre() throws InterruptedException, ExecutionException {
    boolean all = HOURS >= 0.1;
    Findings findings = Soak.run(HOURS, all ? 100 : 2);
    System.out.println("Soak of " + HOURS + " hours: " + findings);
    assertThat(findings.heapGrowth()).isLessThan(Soak.HEAP_SLACK);
    assertThat(findings.threadGrowth()).isNotPositive();
    if (all) { // in a few thousand calls C2 is not done
      assertThat(findings.bytesPerSmallCall()).isLessThan(0.01);
      assertThat(findings.bytesPerLargeCall()).isLessThan(1000);
    }
  }
}
