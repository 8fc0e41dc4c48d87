package org.lanenorm.properties;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestPlan;
import org.lanenorm.Lanenorm;
import org.lanenorm.verify.WorstErrors;

/** Prints the library's worst errors in this run when all tests are done, and keeps them. */
public final class Accuracy implements TestExecutionListener {
  /** What the properties of the library write to. */
  static final WorstErrors OF_THE_LIBRARY = new WorstErrors();

  private static final Path FILE =
      Path.of("target", System.getProperty("lanenorm.test.accuracyFile", "accuracy.txt"));

  @Override
  public void testPlanExecutionFinished(TestPlan plan) {
    if (OF_THE_LIBRARY.isEmpty()) {
      return;
    }
    String text = "Worst errors on " + Lanenorm.backend() + ", " + OF_THE_LIBRARY;
    System.out.print(text);
    try {
      Files.createDirectories(FILE.getParent());
      Files.writeString(FILE, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
