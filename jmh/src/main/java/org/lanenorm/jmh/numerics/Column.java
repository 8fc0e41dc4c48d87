package org.lanenorm.jmh.numerics;

import java.util.ArrayList;
import java.util.List;
import org.lanenorm.Layout;

/**
 * A column of the tables, a line of the pictures: a kernel, once for each layout in which it has
 * errors of its own.
 *
 * @param kernel whose
 * @param layout null for any, one after the other
 */
record Column(Kernel kernel, Layout layout) {
  static List<Column> of(List<Kernel> kernels) {
    List<Column> columns = new ArrayList<>();
    for (Kernel kernel : kernels) {
      if (kernel.layouts().size() > 1 && kernel.differingLayouts().size() == 1) {
        columns.add(new Column(kernel, null));
      } else {
        kernel.layouts().forEach(layout -> columns.add(new Column(kernel, layout)));
      }
    }
    return columns;
  }

  String title() {
    return layout == null ? kernel.title() : kernel.title() + " " + layout;
  }

  /** That of the column, or each in turn. */
  Layout layout(int number) {
    return layout == null ? Layout.values()[number % 2] : layout;
  }

  /** The second of its colour. */
  boolean second() {
    return layout == Layout.NHWC;
  }
}
