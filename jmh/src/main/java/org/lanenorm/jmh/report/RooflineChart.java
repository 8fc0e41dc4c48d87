package org.lanenorm.jmh.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import org.jfree.chart.LegendItemSource;
import org.jfree.chart.axis.AxisState;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTick;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.Tick;
import org.jfree.chart.axis.ValueTick;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.ui.Layer;
import org.jfree.chart.ui.RectangleAnchor;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.Range;
import org.jfree.data.xy.XYIntervalSeries;
import org.jfree.data.xy.XYIntervalSeriesCollection;
import org.lanenorm.Layout;
import org.lanenorm.jmh.report.Results.Setting;

/**
 * The bandwidth that an operation attains on every shape, over the memory that a call works on,
 * under the roof that its floor attained in the same run.
 */
final class RooflineChart {
  private static final int WIDTH = 440;
  private static final int HEIGHT = 330;
  private static final int MOST_TICKS = 6;
  private static final BasicStroke STROKE = new BasicStroke(1.6f);
  private static final BasicStroke DASHES =
      new BasicStroke(1, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 1, new float[] {3, 3}, 0);
  private static final Shape CIRCLE = new Ellipse2D.Double(-4, -4, 8, 8);
  private static final Shape SQUARE = new Rectangle2D.Double(-3.5, -3.5, 7, 7);
  private static final Shape DOT = new Ellipse2D.Double(-2.5, -2.5, 5, 5);

  /** Between the dots of one shape, as a share of the axis, that they do not hide each other. */
  private static final double APART = 0.013;

  private final Operation operation;
  private final List<Setting> settings;
  private final List<Line> lines = new ArrayList<>();

  /**
   * What the legend names.
   *
   * @param name in the legend
   * @param times of the shapes that were measured
   * @param shape of its dots
   * @param ink of its dots
   */
  private record Line(String name, Map<Setting, Estimate> times, Shape shape, Ink ink) {}

  private RooflineChart(Operation operation, List<Setting> settings) {
    this.operation = operation;
    this.settings = settings;
  }

  /** Of all shapes that were measured with so many threads. */
  static Drawing of(Results results, Machine machine, Operation operation, int threads) {
    List<Setting> settings =
        results.settings().stream()
            .filter(setting -> setting.threads() == threads)
            .filter(setting -> results.operations(setting).contains(operation))
            .toList();
    RooflineChart chart = new RooflineChart(operation, settings);
    chart.add(
        operation.floor().title() + " (the roof)",
        setting -> results.floor(setting, operation),
        DOT,
        Ink.FLOOR);
    for (Maker maker : Maker.values()) {
      for (Layout layout : Layout.values()) {
        chart.add(
            maker.peer() ? maker.title() + " " + layout : layout.toString(),
            setting -> results.time(setting, operation, maker, layout),
            layout == Layout.NCHW ? CIRCLE : SQUARE,
            maker.ink(layout));
      }
    }
    String suffix = threads == 1 ? "" : "-" + threads + "-threads";
    Drawing drawing =
        Drawing.of(
            "roofline-" + operation.option() + suffix,
            operation.title() + Words.threads(threads) + ": GB/s",
            chart.plot(machine),
            WIDTH,
            HEIGHT);
    drawing.chart().addLegend(legend(drawing.chart().getXYPlot()));
    return drawing;
  }

  private void add(String name, Function<Setting, Estimate> times, Shape shape, Ink ink) {
    Map<Setting, Estimate> measured = new LinkedHashMap<>();
    for (Setting setting : settings) {
      Estimate time = times.apply(setting);
      if (time != null) {
        measured.put(setting, time);
      }
    }
    if (!measured.isEmpty()) {
      lines.add(new Line(name, measured, shape, ink));
    }
  }

  private double bytes(Setting setting) {
    return (double) operation.bytesPerElement() * setting.elements();
  }

  private XYPlot plot(Machine machine) {
    DoubleSummaryStatistics sizes = settings.stream().mapToDouble(this::bytes).summaryStatistics();
    LogAxis memory = axis("memory that a call works on", Words::bytes);
    range(memory, sizes.getMin() / 2, sizes.getMax() * 2);
    DoubleSummaryStatistics rates =
        lines.stream()
            .flatMap(line -> line.times.entrySet().stream())
            .mapToDouble(
                entry -> entry.getValue().gigabytesPerSecond(bytes(entry.getKey())).score())
            .summaryStatistics();
    LogAxis bandwidth = axis(null, Words::plain);
    range(bandwidth, rates.getMin() / 2, rates.getMax() * 2);
    XYPlot plot = new XYPlot(null, memory, bandwidth, null);
    dots(plot, memory.getRange());
    plot.setBackgroundPaint(null);
    plot.setOutlinePaint(null);
    plot.setDomainGridlinesVisible(false);
    plot.setRangeGridlinePaint(Ink.RULE.light());
    plot.setInsets(new RectangleInsets(8, 4, 2, 12));
    for (Machine.Cache cache : machine.caches()) {
      if (memory.getRange().contains(cache.bytes())) {
        plot.addDomainMarker(end(cache), Layer.BACKGROUND);
      }
    }
    return plot;
  }

  private void dots(XYPlot plot, Range memory) {
    XYErrorRenderer renderer = new XYErrorRenderer();
    renderer.setDrawXError(false);
    renderer.setCapLength(3);
    XYIntervalSeriesCollection data = new XYIntervalSeriesCollection();
    double step = Math.pow(memory.getUpperBound() / memory.getLowerBound(), APART);
    for (Line line : lines) {
      int index = data.getSeriesCount();
      boolean roof = line.ink == Ink.FLOOR;
      double aside = roof ? 1 : Math.pow(step, index - lines.size() / 2.0);
      XYIntervalSeries series = new XYIntervalSeries(line.name);
      line.times.forEach(
          (setting, time) -> {
            double x = bytes(setting) * aside;
            Estimate rate = time.gigabytesPerSecond(bytes(setting));
            // where an interval has no end, there is no whisker
            double low = Double.isFinite(rate.low()) ? rate.low() : rate.score();
            double high = Double.isFinite(rate.high()) ? rate.high() : rate.score();
            series.add(x, x, x, rate.score(), low, high);
          });
      data.addSeries(series);
      renderer.setSeriesShape(index, line.shape);
      renderer.setSeriesPaint(index, line.ink.light());
      renderer.setSeriesStroke(index, STROKE);
      renderer.setSeriesLinesVisible(index, roof);
    }
    plot.setDataset(data);
    plot.setRenderer(renderer);
  }

  private static LegendTitle legend(LegendItemSource plot) {
    LegendTitle legend = new LegendTitle(plot);
    legend.setPosition(RectangleEdge.BOTTOM);
    legend.setFrame(BlockBorder.NONE);
    legend.setItemFont(Drawing.SMALL);
    legend.setItemPaint(Ink.TEXT.light());
    legend.setBackgroundPaint(null);
    return legend;
  }

  private static ValueMarker end(Machine.Cache cache) {
    ValueMarker marker = new ValueMarker(cache.bytes(), Ink.FLOOR.light(), DASHES);
    marker.setLabel(cache.name() + " ends");
    marker.setLabelFont(Drawing.SMALL);
    marker.setLabelPaint(Ink.FAINT.light());
    marker.setLabelAnchor(RectangleAnchor.TOP_LEFT);
    marker.setLabelTextAnchor(TextAnchor.TOP_RIGHT);
    marker.setLabelBackgroundColor(new Color(0, true));
    return marker;
  }

  /** Doublings are equally long; so a distance is a ratio. */
  private static LogAxis axis(String label, DoubleFunction<String> format) {
    LogAxis axis =
        new LogAxis(label) {
          private static final long serialVersionUID = 1;

          /** With plain text, where a LogAxis would write powers as they are set in mathematics. */
          @Override
          public List<Tick> refreshTicks(
              Graphics2D graphics, AxisState state, Rectangle2D area, RectangleEdge edge) {
            List<Tick> ticks = new ArrayList<>();
            for (Object each : super.refreshTicks(graphics, state, area, edge)) {
              ValueTick tick = (ValueTick) each;
              ticks.add(
                  new NumberTick(
                      tick.getValue(),
                      format.apply(tick.getValue()),
                      tick.getTextAnchor(),
                      tick.getRotationAnchor(),
                      tick.getAngle()));
            }
            return ticks;
          }
        };
    Drawing.style(axis);
    axis.setBase(2);
    axis.setMinorTickMarksVisible(false);
    return axis;
  }

  private static void range(LogAxis axis, double from, double to) {
    axis.setRange(from, to);
    double doublings = Math.log(to / from) / Math.log(2);
    axis.setTickUnit(new NumberTickUnit(Math.max(1, Math.ceil(doublings / MOST_TICKS))));
  }
}
