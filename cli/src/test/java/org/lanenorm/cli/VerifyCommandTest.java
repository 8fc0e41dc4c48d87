package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lanenorm.cli.VerifyReport.Outcome;

class VerifyCommandTest {
  private static final String CASE = VerifyCase.ALL.get(0).name();

  private static Outcome outcome(String backend, String digest, String error) {
    Outcome outcome = new Outcome();
    outcome.take("backend\t" + backend);
    outcome.take("digest\t" + CASE + "\tNCHW/1\ty\taaaa");
    outcome.take("digest\t" + CASE + "\tNHWC/4\ty\t" + digest);
    outcome.take("error\t" + CASE + "\ty\t" + error);
    assertThat(outcome.take("done\t" + CASE)).isTrue();
    return outcome;
  }

  private static VerifyReport report(Outcome other) {
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    outcomes.put("scalar", outcome("scalar", "aaaa", "1.5"));
    outcomes.put("vector-128", other);
    return new VerifyReport("scalar", outcomes);
  }

  @Test
  void everyBackEndOfThisMachineIsRight() {
    Cli run = Cli.run("verify");
    assertThat(run.status()).as(run.out() + run.err()).isZero();
    assertThat(run.out()).contains("rows 256x5", "1x64x56x56", "allowed", "all as it must be");
    assertThat(run.out()).containsPattern("scalar +" + VerifyCase.ALL.size() + " .*the same bits");
    assertThat(run.out().lines()).allMatch(line -> line.length() <= 100);
    assertThat(run.err().lines()).allMatch(line -> line.matches("verify: [0-9]+ %")); // if slow
  }

  @Test
  void otherBitsAreWrong() {
    VerifyReport report = report(outcome("vector-128", "bbbb", "1.5"));
    assertThat(report.text()).contains("! OTHER\n", "! OTHER bits of y\n", "NOT as it must be");
    assertThat(report.right()).isFalse();
  }

  @Test
  void anErrorBeyondWhatIsAllowedIsWrong() {
    VerifyReport report = report(outcome("vector-128", "aaaa", "8.5"));
    assertThat(report.text()).contains("! 8.50", "NOT as it must be");
    assertThat(report.right()).isFalse();
    assertThat(report(outcome("vector-128", "aaaa", "Infinity")).text()).contains("! Infinity");
  }

  @Test
  void aWorkerThatFailsIsWrongAndAWidthThatIsNotThereIsNot() {
    Outcome failed = outcome("vector-128", "aaaa", "1.5");
    failed.failure = "exit status 1";
    VerifyReport report = report(failed);
    assertThat(report.text()).contains("! exit status 1");
    assertThat(report.right()).isFalse();
    Outcome absent = new Outcome();
    absent.take("backend\tscalar");
    report = report(absent);
    assertThat(report.text()).contains("not available here (scalar)", "all as it must be");
    assertThat(report.right()).isTrue();
  }
}
