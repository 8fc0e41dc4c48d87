package org.lanenorm.properties;

import static java.util.stream.Collectors.joining;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs properties that are to fail. */
final class Launched {
  private Launched() {}

  /** What becomes of one property, run by itself. */
  static TestExecutionResult result(Class<?> of, String property, Class<?>... parameters) {
    Map<String, TestExecutionResult> results = new HashMap<>();
    String types = Stream.of(parameters).map(Class::getName).collect(joining(", "));
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectMethod(of, property, types))
            // to the listener, not to this run's output and memory of failures
            .configurationParameter("jqwik.reporting.usejunitplatform", "true")
            .configurationParameter("jqwik.database", "target/.jqwik-launched")
            // each run is one more try, not the last one's failure again
            .configurationParameter("jqwik.failures.after.default", "RANDOM_SEED")
            .build();
    LauncherConfig alone =
        LauncherConfig.builder().enableTestExecutionListenerAutoRegistration(false).build();
    LauncherFactory.create(alone)
        .execute(
            request,
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                results.put(test.getDisplayName(), result);
              }
            });
    return results.get(property);
  }
}
