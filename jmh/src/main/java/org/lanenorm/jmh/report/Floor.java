package org.lanenorm.jmh.report;

import java.util.Locale;
import org.lanenorm.jmh.BaselineBenchmark;

/** The time that memory alone takes, over the same bytes in the same run. */
enum Floor {
  /** One input: a sum. */
  READ,
  /** One input, one output. */
  COPY,
  /** Two inputs, one output. */
  COPY2;

  /** For the eye. */
  String title() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** As JMH names it. */
  String benchmark() {
    return BaselineBenchmark.class.getName() + "." + title();
  }
}
