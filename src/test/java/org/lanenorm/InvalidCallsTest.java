package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.lanenorm.WrongArguments.Wrong;

/**
 * Every public method and constructor of the package, found by reflection, with each argument wrong
 * in each of the {@link WrongArguments}: an exception of the documented type comes, its message
 * names the argument, what it was and what is allowed, and not a bit has changed of any argument or
 * of the object called. The same call with right arguments succeeds, else nothing would be proved.
 *
 * <p>A public method that is new is found by itself. If its parameters are like those of others,
 * that is all; if not, the failure says where an entry is missing. {@link BadInputTest} has what is
 * wrong by circumstances rather than by one argument.
 */
class InvalidCallsTest {
  private static int methods;
  private static int parameters;
  private static int refused;
  private static int accepted;

  @AfterAll
  static void report() {
    System.out.printf(
        "Bad input: %,d calls of %d methods with %d parameters refused, %d left-out arguments"
            + " accepted%n",
        refused, methods, parameters, accepted);
  }

  @TestFactory
  Stream<DynamicTest> isRefusedAndNothingHasChanged() throws IOException {
    return executables().stream()
        .map(e -> DynamicTest.dynamicTest(ValidCall.signature(e), () -> check(e)));
  }

  private static void check(Executable executable) throws Throwable {
    new ValidCall(executable).make();
    methods++;
    SoftAssertions all = new SoftAssertions();
    for (int position = 0; position < executable.getParameterCount(); position++) {
      parameters++;
      List<Wrong> wrongs = WrongArguments.of(new ValidCall(executable), position);
      if (wrongs.isEmpty() && !WrongArguments.takesAll(new ValidCall(executable), position)) {
        all.fail(
            "no way for %s to be wrong: add one to WrongArguments",
            executable.getParameters()[position]);
      }
      for (Wrong wrong : wrongs) {
        all.check(() -> check(new ValidCall(executable), wrong));
      }
    }
    all.assertAll();
  }

  private static void check(ValidCall call, Wrong wrong) {
    wrong.put(call);
    String before = bits(call.receiver, 0) + bits(call.arguments, 0);
    Throwable thrown = catchThrowable(call::make);
    if (wrong.isAccepted()) {
      accepted++;
      assertThat(thrown).as(wrong.what()).isNull();
      return;
    }
    refused++;
    assertThat(thrown).as(wrong.what()).isInstanceOf(wrong.type());
    for (String word : wrong.words()) {
      assertThat(thrown.getMessage()).as(wrong.what()).containsIgnoringCase(word);
    }
    assertThat(bits(call.receiver, 0) + bits(call.arguments, 0)).as(wrong.what()).isEqualTo(before);
  }

  // The public API

  private static List<Executable> executables() throws IOException {
    List<Executable> executables = new ArrayList<>();
    URI classes =
        URI.create("" + BatchNorm.class.getProtectionDomain().getCodeSource().getLocation());
    try (Stream<Path> files = Files.list(Path.of(classes).resolve("org/lanenorm"))) {
      for (Path file : files.sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(".class") && !name.equals("package-info.class")) {
          addAll(executables, load("org.lanenorm." + name.replace(".class", "")));
        }
      }
    }
    assertThat(executables)
        .as("compiled with -parameters")
        .allMatch(e -> e.getParameters()[0].isNamePresent());
    return executables;
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  private static void addAll(List<Executable> executables, Class<?> type) {
    if (Modifier.isPublic(type.getModifiers())) {
      Stream.<Executable>concat(
              Arrays.stream(type.getDeclaredConstructors()),
              Arrays.stream(type.getDeclaredMethods()))
          .filter(e -> Modifier.isPublic(e.getModifiers()) && !e.isSynthetic())
          .filter(e -> e.getParameterCount() > 0 && !isGiven(e, type))
          .sorted(Comparator.comparing(ValidCall::signature))
          .forEach(executables::add);
    }
  }

  /** What the language gives to every enum, and equals, which takes anything. */
  private static boolean isGiven(Executable e, Class<?> type) {
    return e.getName().equals("equals") || type.isEnum() && e.getName().equals("valueOf");
  }

  // What can be seen of an object

  /** The bits of arrays, and of an object of the package all that its public methods tell. */
  private static String bits(Object object, int depth) {
    if (object instanceof float[] values) {
      return Arrays.toString(Tensors.bits(values));
    }
    if (object instanceof double[] values) {
      return Arrays.toString(
          Arrays.stream(values).mapToLong(Double::doubleToRawLongBits).toArray());
    }
    if (object instanceof int[] values) {
      return Arrays.toString(values);
    }
    if (object instanceof Storage storage) {
      MemorySegment segment = storage.elements.segment();
      boolean readable =
          segment.scope().isAlive() && segment.isAccessibleBy(Thread.currentThread());
      return storage + (readable ? Arrays.toString(segment.toArray(ValueLayout.JAVA_BYTE)) : "");
    }
    if (object instanceof short[] values) {
      return Arrays.toString(values);
    }
    if (object instanceof long[] values) {
      return Arrays.toString(values);
    }
    if (object instanceof byte[] values) {
      return Arrays.toString(values);
    }
    if (object instanceof boolean[] values) {
      return Arrays.toString(values);
    }
    if (object instanceof Object[] values) {
      StringBuilder text = new StringBuilder();
      for (Object value : values) {
        text.append(bits(value, depth)).append(' ');
      }
      return text.toString();
    }
    if (object instanceof Double value) {
      return Long.toHexString(Double.doubleToRawLongBits(value));
    }
    if (object == null || object instanceof Enum || !isOurs(object.getClass())) {
      return object != null && object.getClass().isSynthetic() ? "lambda" : String.valueOf(object);
    }
    return depth < 3 ? told(object, depth) : object.toString();
  }

  private static boolean isOurs(Class<?> type) {
    return type.getPackageName().equals("org.lanenorm")
        && !type.isSynthetic()
        && Modifier.isPublic(type.getModifiers());
  }

  private static String told(Object object, int depth) {
    StringBuilder text = new StringBuilder();
    Method[] methods = object.getClass().getDeclaredMethods();
    Arrays.sort(methods, Comparator.comparing(Method::getName));
    for (Method method : methods) {
      boolean tells =
          Modifier.isPublic(method.getModifiers())
              && !Modifier.isStatic(method.getModifiers())
              && !method.isSynthetic()
              && method.getReturnType() != void.class;
      if (tells && method.getParameterCount() == 0) {
        text.append(method.getName()).append('=').append(result(object, depth, method)).append(' ');
      } else if (tells && Arrays.equals(method.getParameterTypes(), new Class<?>[] {int.class})) {
        for (int i = 0; i < ValidCall.CHANNELS; i++) {
          text.append(method.getName()).append(i).append('=');
          text.append(result(object, depth, method, i)).append(' ');
        }
      }
    }
    return text.toString();
  }

  private static String result(Object object, int depth, Method method, Object... arguments) {
    try {
      return bits(method.invoke(object, arguments), depth + 1);
    } catch (InvocationTargetException e) {
      return e.getCause().toString();
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }
}
