package org.lanenorm.jmh.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.lanenorm.Layout;
import org.lanenorm.jmh.report.Results.Setting;

/**
 * One benchmark to run.
 *
 * @param setting shape and threads
 * @param benchmark as JMH names it
 * @param layout null for a floor
 * @param title for the eye
 * @param peer whether it is not ours: it may refuse a shape, and that ends nothing
 */
record Task(Setting setting, String benchmark, Layout layout, String title, boolean peer) {

  /**
   * Everything to run, in the order to run it: what is compared with each other stands next to each
   * other, so that it runs at the same time.
   *
   * @param available the benchmarks in this jar
   */
  static List<Task> all(
      List<Setting> settings,
      Set<Operation> operations,
      List<Maker> makers,
      Set<String> available) {
    Set<Task> tasks = new LinkedHashSet<>();
    for (Setting setting : settings) {
      for (Operation operation : operations) {
        Floor floor = operation.floor();
        tasks.add(new Task(setting, floor.benchmark(), null, floor.title(), false));
        for (Maker maker : makers) {
          String benchmark = operation.benchmark(maker);
          if (!available.contains(benchmark)) {
            continue;
          }
          for (Layout layout : setting.rows() ? List.of(Layout.NCHW) : List.of(Layout.values())) {
            tasks.add(
                new Task(
                    setting,
                    benchmark,
                    layout,
                    maker.title()
                        + ", "
                        + operation.title().toLowerCase(Locale.ROOT)
                        + (setting.rows() ? "" : ", " + layout),
                    maker.peer()));
          }
        }
      }
    }
    return new ArrayList<>(tasks);
  }
}
