package org.lanenorm.jmh.numerics;

import java.util.Set;
import org.lanenorm.Layout;
import org.lanenorm.jmh.report.Ink;
import org.lanenorm.verify.BatchNormUnderTest;

/** A batch normalization whose errors are measured: ours, a textbook's or a peer's. */
public interface Kernel extends BatchNormUnderTest {
  /** In tables. */
  String title();

  /** Its version and how it was set up, in a few words. */
  String setting();

  /** Of its lines in pictures. */
  Ink ink();

  /** The layouts whose errors may differ; one where both give the same. */
  default Set<Layout> differingLayouts() {
    return layouts();
  }
}
