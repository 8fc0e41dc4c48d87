package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The README's table of conventions, made from the conventions so that it cannot drift. */
class ConventionsTableTest {
  private static final String TO_WRITE_IT_ANEW =
      "mvn -B -q test -pl src -Dtest=ConventionsTableTest -Dlanenorm.test.writeReadme";

  private static final String BEGIN = "<!-- conventions: begin -->\n";
  private static final String END = "<!-- conventions: end -->";

  /** By the call that makes them. */
  private static final Map<String, Convention> ROWS = new LinkedHashMap<>();

  static {
    ROWS.put("pytorch()", Conventions.pytorch());
    ROWS.put("keras3()", Conventions.keras3());
    ROWS.put("tfKeras2(true)", Conventions.tfKeras2(true));
    ROWS.put("tfKeras2(false)", Conventions.tfKeras2(false));
    ROWS.put("keras2Legacy()", Conventions.keras2Legacy());
    ROWS.put("keras1(0, \"1.2.2\")", Conventions.keras1(0, "1.2.2"));
    ROWS.put("keras1(0, \"1.0.5\")", Conventions.keras1(0, "1.0.5"));
    ROWS.put("keras1(1, \"1.2.2\")", Conventions.keras1(1, "1.2.2"));
    ROWS.put("keras1(1, \"1.0.4\")", Conventions.keras1(1, "1.0.4"));
    ROWS.put("keras1(2, \"1.2.2\")", Conventions.keras1(2, "1.2.2"));
    ROWS.put("onnx(15)", Conventions.onnx(15));
    ROWS.put("tensorflowFused()", Conventions.tensorflowFused());
    ROWS.put("flax()", Conventions.flax());
  }

  @Test
  void theReadmesTableIsThatOfTheConventions() throws IOException {
    Path readme = Path.of(System.getProperty("basedir", "."), "../README.md");
    assumeTrue(Files.exists(readme));
    String text = Files.readString(readme);
    assertThat(text).contains(BEGIN, END);
    int begin = text.indexOf(BEGIN) + BEGIN.length();
    int end = text.indexOf(END);
    if (System.getProperty("lanenorm.test.writeReadme") != null) {
      Files.writeString(readme, text.substring(0, begin) + table() + text.substring(end));
    } else {
      assertThat(text.substring(begin, end)).as(TO_WRITE_IT_ANEW).isEqualTo(table());
    }
  }

  /** A new preset belongs into the table. */
  @Test
  void everyConventionHasARow() {
    assertThat(
            Arrays.stream(Conventions.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .map(Method::getName))
        .allSatisfy(name -> assertThat(ROWS.keySet()).anyMatch(call -> call.startsWith(name + "(")))
        .hasSizeGreaterThan(7);
  }

  private static String table() {
    StringBuilder table = new StringBuilder();
    table.append("| from | `Conventions.` | x - mean is divided by | momentum | running |\n");
    table.append("|---|---|---|---|---|\n");
    ROWS.forEach(
        (call, convention) ->
            table.append(
                "| %s | `%s` | %s | %s |\n"
                    .formatted(
                        convention.name(),
                        call,
                        convention.divisor("variance", Spread.VARIANCE),
                        running(convention))));
    return table.toString();
  }

  private static String running(Convention convention) {
    return switch (convention.inferenceStatistics()) {
      case RUNNING ->
          "`%s` | %s %s"
              .formatted(
                  convention.momentum(), convention.spread().symbol(), convention.batchSpread());
      case BATCH -> "| none: the batch's in inference too";
      case SAMPLE -> "| none: each sample's over its last axis";
    };
  }
}
