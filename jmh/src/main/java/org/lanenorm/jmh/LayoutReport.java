package org.lanenorm.jmh;

import java.io.PrintWriter;
import org.lanenorm.jmh.report.Profile;

/**
 * {@code ./lanenorm profile}: measures shapes in both layouts beside their floors, and writes a
 * page that says which layout to choose.
 */
public final class LayoutReport {
  private LayoutReport() {}

  /** Runs the command and ends the JVM with its exit status. */
  public static void main(String[] arguments) {
    System.setProperty("java.awt.headless", "true");
    PrintWriter out = new PrintWriter(System.out);
    PrintWriter err = new PrintWriter(System.err, true);
    System.exit(Profile.run(out, err, arguments));
  }
}
