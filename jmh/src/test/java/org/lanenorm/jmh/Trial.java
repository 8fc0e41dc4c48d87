package org.lanenorm.jmh;

import java.lang.annotation.Annotation;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.VerboseMode;

/** One benchmark with one combination of parameters, run as JMH would but without measuring. */
record Trial(String benchmark, Map<String, String> parameters) {
  /** The benchmarks of this package: those of the peers, where they are built, allocate. */
  static final String OWN = "org\\.lanenorm\\.jmh\\.[A-Z].*";

  /** The back end that this JVM is to test. */
  static final String BACKEND = System.getProperty("lanenorm.smoke.backend", "vector");

  /**
   * Every benchmark of this package, with every combination of its parameters.
   *
   * @param values of a parameter, by name; the benchmark's own where there are none
   */
  static List<Trial> all(Map<String, List<String>> values) {
    List<Trial> trials = new ArrayList<>();
    for (BenchmarkListEntry entry :
        BenchmarkList.defaultList()
            .find(
                OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT),
                List.of(OWN),
                List.of())) {
      List<Map<String, String>> combinations = List.of(Map.of());
      for (Field field : fields(entry.getUserClassQName())) {
        List<String> choice = values.getOrDefault(field.getName(), ownValues(field));
        combinations =
            combinations.stream()
                .flatMap(one -> choice.stream().map(value -> with(one, field.getName(), value)))
                .toList();
      }
      combinations.forEach(one -> trials.add(new Trial(entry.getUsername(), one)));
    }
    return trials;
  }

  /** Sets the benchmark up, which checks its result; then gives its calls to the visitor. */
  void run(Visitor visitor) throws ReflectiveOperationException {
    int dot = benchmark.lastIndexOf('.');
    Object state = Class.forName(benchmark.substring(0, dot)).getConstructor().newInstance();
    for (Map.Entry<String, String> parameter : parameters.entrySet()) {
      Field field = state.getClass().getField(parameter.getKey());
      field.set(state, parsed(parameter.getValue(), field.getType()));
    }
    invokeAll(Setup.class, state);
    try {
      Method method = state.getClass().getMethod(benchmark.substring(dot + 1));
      // a handle rather than reflection, which would allocate for the result
      MethodHandle call = MethodHandles.lookup().unreflect(method).bindTo(state);
      visitor.visit(MethodHandleProxies.asInterfaceInstance(Runnable.class, call));
    } finally {
      invokeAll(TearDown.class, state);
    }
  }

  /** What to do with the calls of a benchmark. */
  interface Visitor {
    void visit(Runnable call);
  }

  @Override
  public String toString() {
    return benchmark.substring(benchmark.lastIndexOf('.', benchmark.lastIndexOf('.') - 1) + 1)
        + " "
        + parameters;
  }

  private static List<Field> fields(String type) {
    try {
      return Arrays.stream(Class.forName(type).getFields())
          .filter(field -> field.isAnnotationPresent(Param.class))
          .toList();
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> ownValues(Field field) {
    String[] values = field.getAnnotation(Param.class).value();
    return field.getType().isEnum() && values[0].equals(Param.BLANK_ARGS)
        ? Arrays.stream(field.getType().getEnumConstants()).map(Object::toString).toList()
        : List.of(values);
  }

  private static Map<String, String> with(Map<String, String> some, String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(some);
    more.put(name, value);
    return more;
  }

  private static Object parsed(String value, Class<?> type) {
    if (type == int.class) {
      return Integer.valueOf(value);
    }
    return type.isEnum()
        ? Arrays.stream(type.getEnumConstants())
            .filter(constant -> constant.toString().equals(value))
            .findFirst()
            .orElseThrow()
        : value;
  }

  private static void invokeAll(Class<? extends Annotation> annotation, Object state)
      throws ReflectiveOperationException {
    for (Method method : state.getClass().getMethods()) {
      if (method.isAnnotationPresent(annotation)) {
        method.invoke(state);
      }
    }
  }
}
