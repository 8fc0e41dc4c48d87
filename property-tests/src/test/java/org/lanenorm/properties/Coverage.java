package org.lanenorm.properties;

import java.lang.reflect.Parameter;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.AroundTryHook;
import net.jqwik.api.lifecycle.Lifespan;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;
import net.jqwik.api.lifecycle.Store;
import net.jqwik.api.lifecycle.TryExecutionResult;
import net.jqwik.api.lifecycle.TryExecutor;
import net.jqwik.api.lifecycle.TryLifecycleContext;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Shapes;

/**
 * Fails a property that has not met every class of what it was given: of cases, each size below, at
 * and above a group of lanes and a segment and each kind of data; of layouts and other enums, flags
 * and small ranges such as numbers of threads, each value.
 *
 * <p>Where cases come from a provider of their own (large ones, a dozen of which must do), the
 * property is about these alone, and nothing is asked of it.
 */
public final class Coverage implements AroundTryHook, AroundPropertyHook {
  /** Ranges of more values than this are there for variety. */
  private static final int LONGEST_RANGE = 16;

  private static Store<Map<String, Set<Object>>> met() {
    return Store.getOrCreate(Coverage.class, Lifespan.PROPERTY, HashMap::new);
  }

  @Override
  public TryExecutionResult aroundTry(
      TryLifecycleContext context, TryExecutor attempt, List<Object> values) {
    Map<String, Set<Object>> met = met().get();
    Parameter[] parameters = context.targetMethod().getParameters();
    for (int i = 0; i < parameters.length; i++) {
      meet(met, i, values.get(i));
    }
    return attempt.execute(values);
  }

  private static void meet(Map<String, Set<Object>> met, int parameter, Object value) {
    if (value instanceof Case) {
      Case input = (Case) value;
      meet(met, "S or M to 16 lanes", input.size().run());
      meet(met, "C to 16 lanes", input.size().channels());
      meet(met, "M to a segment", input.size().segment());
      meet(met, "one kind of data or all in turn", input.mixed());
      for (int c = 0; c < input.size().c(); c++) {
        meet(met, "kind of data", input.kindOf(c));
      }
    } else {
      meet(met, "parameter " + parameter, value);
    }
  }

  private static void meet(Map<String, Set<Object>> met, String what, Object value) {
    met.computeIfAbsent(what, ignored -> new HashSet<>()).add(value);
  }

  @Override
  public PropertyExecutionResult aroundProperty(
      PropertyLifecycleContext context, PropertyExecutor property) {
    PropertyExecutionResult result = property.execute();
    Map<String, Set<Object>> missing = wanted(context.targetMethod().getParameters());
    Map<String, Set<Object>> met = met().get();
    missing.forEach((what, values) -> values.removeAll(met.getOrDefault(what, Set.of())));
    missing.values().removeIf(Set::isEmpty);
    return result.status() != PropertyExecutionResult.Status.SUCCESSFUL || missing.isEmpty()
        ? result
        : result.mapToFailed(
            context.label() + " has not met, in " + result.countTries() + " tries: " + missing);
  }

  private static Map<String, Set<Object>> wanted(Parameter[] parameters) {
    Map<String, Set<Object>> wanted = new HashMap<>();
    for (int i = 0; i < parameters.length; i++) {
      Class<?> type = parameters[i].getType();
      IntRange range = parameters[i].getAnnotation(IntRange.class);
      if (type == Case.class) {
        if (!parameters[i].getAnnotation(ForAll.class).value().equals(ForAll.NO_VALUE)) {
          return Map.of();
        }
        wanted.put("S or M to 16 lanes", all(Shapes.ToLanes.class));
        wanted.put("C to 16 lanes", all(Shapes.ToLanes.class));
        wanted.put("M to a segment", all(Shapes.ToSegment.class));
        wanted.put("one kind of data or all in turn", new HashSet<>(Set.of(true, false)));
        wanted.put("kind of data", all(HardData.class));
      } else if (type.isEnum()) {
        wanted.put("parameter " + i, new HashSet<>(Arrays.asList(type.getEnumConstants())));
      } else if (type == boolean.class) {
        wanted.put("parameter " + i, new HashSet<>(Set.of(true, false)));
      } else if (range != null && range.max() - range.min() < LONGEST_RANGE) {
        Set<Object> values = new HashSet<>();
        IntStream.rangeClosed(range.min(), range.max()).forEach(values::add);
        wanted.put("parameter " + i, values);
      }
    }
    return wanted;
  }

  private static <E extends Enum<E>> Set<Object> all(Class<E> type) {
    return new HashSet<>(EnumSet.allOf(type));
  }

  @Override
  public PropagationMode propagateTo() {
    return PropagationMode.ALL_DESCENDANTS;
  }
}
