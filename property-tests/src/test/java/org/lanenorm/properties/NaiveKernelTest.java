package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import net.jqwik.api.Example;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.lanenorm.Layout;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.MomentsContract;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Tolerance;
import org.lanenorm.verify.WorstErrors;
import org.lanenorm.verify.WorstErrors.Quantity;

/** What the README shows is what happens. */
class NaiveKernelTest {
  private static final Path README = Path.of("README.md");
  private static final Path EXAMPLE =
      Path.of("src/test/java/org/lanenorm/properties/NaiveKernel.java");

  @Example
  void theKitCatchesItAndSaysSoAsInTheReadme() throws IOException {
    TestExecutionResult moments = result("momentsAreWithinTheirBounds");
    assertThat(moments.getStatus()).isEqualTo(Status.FAILED);
    // whichever case it was that failed, the shrunk one is the same
    assertThat(moments.getThrowable().orElseThrow().getMessage()).isEqualTo(block("```text\n"));
  }

  @Example
  void whatItDoesNotHaveIsSkipped() {
    TestExecutionResult training = result("trainingOutputIsWithinItsBound");
    assertThat(training.getStatus()).isEqualTo(Status.ABORTED);
    assertThat(training.getThrowable().orElseThrow()).hasMessage("training is not implemented");
  }

  @Example
  void theReadmeShowsTheCodeThatRan() throws IOException {
    String code = Files.readString(EXAMPLE);
    assertThat(block("```java\n"))
        .isEqualTo(code.substring(code.indexOf("class NaiveKernel")).strip());
  }

  /** Without limits nothing fails, and all is measured. */
  @Example
  void anInfiniteToleranceMeasures() {
    WorstErrors errors = new WorstErrors();
    MomentsContract measured =
        new NaiveKernel() {
          @Override
          public Tolerance tolerance() {
            return Tolerance.times(Double.POSITIVE_INFINITY);
          }

          @Override
          public WorstErrors errors() {
            return errors;
          }
        };
    for (HardData kind : HardData.values()) {
      measured.momentsAreWithinTheirBounds(
          new Case(new Shapes.Size(100, 2, 1), kind, false, 0), Layout.NHWC);
    }
    assertThat(errors.worst(HardData.OFFSET, Quantity.VARIANCE)).isGreaterThan(8);
    assertThat(errors.worst(HardData.BENIGN, Quantity.MEAN)).isBetween(0.0, 4.0);
  }

  /** Its bounds are ours, times something. */
  @Example
  void aMultipleOfTheBoundsIsAllowed() {
    Case input = new Case(new Shapes.Size(2, 1, 1), HardData.BENIGN, false, 1);
    double share = 1.5821555265915777E-7 / 3.6594470197854457E-9;
    within(input, 1.01 * share);
    assertThatThrownBy(() -> within(input, 0.99 * share)).isInstanceOf(AssertionError.class);
  }

  private static void within(Case input, double multiple) {
    new NaiveKernel() {
      @Override
      public Tolerance tolerance() {
        return new Tolerance(1, multiple, 1, 1);
      }
    }.momentsAreWithinTheirBounds(input, Layout.NCHW);
  }

  private static String block(String fence) throws IOException {
    String text = Files.readString(README);
    int begin = text.indexOf(fence) + fence.length();
    return text.substring(begin, text.indexOf("\n```", begin));
  }

  private static TestExecutionResult result(String property) {
    return Launched.result(NaiveKernel.class, property, Case.class, Layout.class);
  }
}
