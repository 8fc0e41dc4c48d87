package org.lanenorm.jmh.report;

import java.awt.Paint;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jfree.chart.annotations.CategoryTextAnnotation;
import org.jfree.chart.axis.AxisLocation;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.CategoryLabelPosition;
import org.jfree.chart.axis.CategoryLabelPositions;
import org.jfree.chart.axis.CategoryLabelWidthType;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.plot.PlotOrientation;
import org.jfree.chart.renderer.category.StandardBarPainter;
import org.jfree.chart.renderer.category.StatisticalBarRenderer;
import org.jfree.chart.text.TextBlockAnchor;
import org.jfree.chart.ui.RectangleAnchor;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.statistics.DefaultStatisticalCategoryDataset;
import org.lanenorm.Layout;
import org.lanenorm.jmh.report.Results.Setting;

/** The times of one shape: a bar for each layout beside the floor, with its confidence interval. */
final class TimesChart {
  private static final int WIDTH = 440;
  private static final int ROW_HEIGHT = 19;
  private static final int AXIS_HEIGHT = 76;

  /** Of the width, at most. */
  private static final float LABELS = 0.5f;

  /** Bar included: longer ones would leave no room for the other bars. */
  private static final double LONGEST_WHISKER = 2;

  /** To the right of the longest bar, for its number. */
  private static final double ROOM_FOR_NUMBERS = 1.3;

  /** For a number with its error. */
  private static final double ROOM_FOR_ERRORS = 1.6;

  /**
   * A line of the chart.
   *
   * @param place its number, by which lines differ
   * @param label to the left
   * @param time null for the heading of an operation
   * @param ink of the bar
   */
  private record Line(int place, String label, Estimate time, Ink ink) implements Comparable<Line> {
    @Override
    public int compareTo(Line other) {
      return Integer.compare(place, other.place);
    }

    @Override
    public String toString() {
      return label;
    }
  }

  private TimesChart() {}

  static Drawing of(Results results, Setting setting) {
    List<Line> lines = lines(results, setting);
    DefaultStatisticalCategoryDataset data = new DefaultStatisticalCategoryDataset();
    double range = 0;
    for (Line line : lines) {
      Number score = line.time == null ? null : line.time.score();
      Number error =
          line.time == null || !line.time.bounded() ? null : end(line.time) - line.time.score();
      data.add(score, error, "time", line);
      range = line.time == null ? range : Math.max(range, room(line.time) * end(line.time));
    }
    CategoryPlot plot = new CategoryPlot(data, shapes(lines), times(range), renderer(lines));
    plot.setOrientation(PlotOrientation.HORIZONTAL);
    plot.setRangeAxisLocation(AxisLocation.BOTTOM_OR_LEFT);
    plot.setBackgroundPaint(null);
    plot.setOutlinePaint(null);
    plot.setRangeGridlinePaint(Ink.RULE.light());
    plot.setInsets(new RectangleInsets(2, 4, 4, 12));
    for (Line line : lines) {
      if (line.time != null) {
        CategoryTextAnnotation number =
            new CategoryTextAnnotation(" " + number(line.time), line, end(line.time));
        number.setFont(Drawing.SMALL);
        number.setPaint(Ink.TEXT.light());
        number.setTextAnchor(TextAnchor.CENTER_LEFT);
        plot.addAnnotation(number);
      }
    }
    return Drawing.of(
        "times-" + setting.file(),
        "Time per call, " + setting.title(),
        plot,
        WIDTH,
        AXIS_HEIGHT + ROW_HEIGHT * lines.size());
  }

  private static List<Line> lines(Results results, Setting setting) {
    List<Line> lines = new ArrayList<>();
    for (Operation operation : results.operations(setting)) {
      lines.add(new Line(lines.size(), operation.title(), null, null));
      Estimate floor = results.floor(setting, operation);
      if (floor != null) {
        String label = "floor (" + operation.floor().title() + ")";
        lines.add(new Line(lines.size(), label, floor, Ink.FLOOR));
      }
      for (Maker maker : Maker.values()) {
        for (Layout layout : results.layouts(setting, operation, maker)) {
          lines.add(
              new Line(
                  lines.size(),
                  label(setting, maker, layout),
                  results.time(setting, operation, maker, layout),
                  maker.ink(layout)));
        }
      }
    }
    return lines;
  }

  /** Lanenorm's bars are the layouts' own. */
  static String label(Setting setting, Maker maker, Layout layout) {
    if (setting.rows()) {
      return maker.title();
    }
    return maker.peer() ? maker.title() + " " + layout : layout.toString();
  }

  /** Of bar and whisker, whose error may be many times the score. */
  private static double end(Estimate time) {
    return time.bounded() ? Math.min(time.high(), LONGEST_WHISKER * time.score()) : time.score();
  }

  private static boolean noisy(Estimate time) {
    return time.relativeError() > Verdict.NOISY;
  }

  private static double room(Estimate time) {
    return noisy(time) ? ROOM_FOR_ERRORS : ROOM_FOR_NUMBERS;
  }

  private static String number(Estimate time) {
    String error = noisy(time) ? " \u00b1 " + Words.percent(time.relativeError()) : "";
    return Words.number(time.score()) + error;
  }

  private static CategoryAxis shapes(List<Line> lines) {
    CategoryAxis axis = new CategoryAxis();
    Drawing.style(axis);
    axis.setAxisLineVisible(false);
    axis.setTickMarksVisible(false);
    axis.setLowerMargin(0);
    axis.setUpperMargin(0);
    axis.setCategoryMargin(0.25);
    axis.setMaximumCategoryLabelWidthRatio(LABELS);
    // to the left: what draws the SVG has other fonts than Java, and other widths of text
    axis.setCategoryLabelPositions(
        CategoryLabelPositions.replaceLeftPosition(
            CategoryLabelPositions.STANDARD,
            new CategoryLabelPosition(
                RectangleAnchor.LEFT,
                TextBlockAnchor.CENTER_LEFT,
                CategoryLabelWidthType.RANGE,
                LABELS)));
    for (Line line : lines) {
      if (line.time == null) {
        axis.setTickLabelFont(line, Drawing.BOLD);
      }
    }
    return axis;
  }

  private static NumberAxis times(double range) {
    NumberAxis axis = new NumberAxis("\u00b5s per call; whiskers are 99.9 % confidence intervals");
    Drawing.style(axis);
    axis.setAxisLineVisible(false);
    axis.setRange(0, range);
    return axis;
  }

  private static StatisticalBarRenderer renderer(List<Line> lines) {
    Function<Integer, Paint> paint = column -> lines.get(column).ink.light();
    StatisticalBarRenderer renderer =
        new StatisticalBarRenderer() {
          private static final long serialVersionUID = 1;

          @Override
          public Paint getItemPaint(int row, int column) {
            return paint.apply(column);
          }
        };
    renderer.setBarPainter(new StandardBarPainter());
    renderer.setShadowVisible(false);
    renderer.setDrawBarOutline(false);
    renderer.setErrorIndicatorPaint(Ink.TEXT.light());
    return renderer;
  }
}
