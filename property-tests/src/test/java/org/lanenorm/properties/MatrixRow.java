package org.lanenorm.properties;

import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;
import org.lanenorm.Lanenorm;

/** One JVM of the {@link Matrix}: runs the tests it is told to, and says how that went. */
final class MatrixRow {
  /** Before what the last line says: back end, tests, failures, digest. */
  static final String RESULT = "matrix row: ";

  private MatrixRow() {}

  /** The one argument is a regular expression for the names of test classes. */
  public static void main(String[] arguments) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(DiscoverySelectors.selectPackage(MatrixRow.class.getPackageName()))
            .filters(
                ClassNameFilter.includeClassNamePatterns(arguments[0]),
                TagFilter.excludeTags("slow"))
            .build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, listener);
    TestExecutionSummary summary = listener.getSummary();
    summary
        .getFailures()
        .forEach(
            f ->
                System.out.println(
                    f.getTestIdentifier().getDisplayName() + ": " + f.getException()));
    System.out.printf(
        "%s%s %d %d %s%n",
        RESULT,
        Lanenorm.backend(),
        summary.getTestsFoundCount(),
        summary.getTotalFailureCount(),
        Bits.computed());
    System.exit(0); // whatever threads are left
  }
}
