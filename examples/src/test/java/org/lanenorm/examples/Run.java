package org.lanenorm.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;

/** Runs an example inside the test's JVM. */
record Run(int status, String out, String err) {
  static Run of(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] words = Stream.of(args).map(Object::toString).toArray(String[]::new);
    int status = Main.run(new PrintWriter(out), new PrintWriter(err), words);
    return new Run(status, out.toString(), err.toString());
  }

  /** Exit status 2 and one line that says why. */
  void isRefused(String... because) {
    assertThat(status).as(out + err).isEqualTo(2);
    assertThat(err.lines()).singleElement().asString().startsWith("lanenorm: ").contains(because);
    assertThat(err).doesNotContain("Exception");
  }
}
