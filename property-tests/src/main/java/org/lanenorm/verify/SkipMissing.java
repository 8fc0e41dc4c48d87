package org.lanenorm.verify;

import java.util.List;
import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.AroundTryHook;
import net.jqwik.api.lifecycle.Lifespan;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;
import net.jqwik.api.lifecycle.Store;
import net.jqwik.api.lifecycle.TryExecutionResult;
import net.jqwik.api.lifecycle.TryExecutor;
import net.jqwik.api.lifecycle.TryLifecycleContext;
import org.opentest4j.TestAbortedException;

/** Reports a property as skipped whose operation the kernel does not have. */
final class SkipMissing implements AroundPropertyHook, AroundTryHook {
  private static Store<String> missing() {
    return Store.getOrCreate(SkipMissing.class, Lifespan.PROPERTY, () -> "");
  }

  @Override
  public TryExecutionResult aroundTry(
      TryLifecycleContext context, TryExecutor attempt, List<Object> parameters) {
    TryExecutionResult result = attempt.execute(parameters);
    Throwable thrown = result.throwable().orElse(null);
    if (result.isFalsified() && thrown instanceof MissingOperation) {
      missing().update(ignored -> thrown.getMessage());
      // ends the property here, with nothing to shrink
      return TryExecutionResult.satisfied(true);
    }
    return result;
  }

  @Override
  public PropertyExecutionResult aroundProperty(
      PropertyLifecycleContext context, PropertyExecutor property) {
    PropertyExecutionResult result = property.execute();
    String why = missing().get();
    return why.isEmpty() ? result : result.mapToAborted(new TestAbortedException(why));
  }
}
