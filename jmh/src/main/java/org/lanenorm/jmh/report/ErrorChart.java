package org.lanenorm.jmh.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.ArrayList;
import java.util.List;
import org.jfree.chart.axis.AxisState;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTick;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.ui.Layer;
import org.jfree.chart.ui.RectangleAnchor;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/** Errors over something that they may grow with: lines, both axes logarithmic. */
public final class ErrorChart {
  private static final int WIDTH = 620;
  private static final int HEIGHT = 400;
  private static final int MOST_TICKS = 10;
  private static final Shape DOT = new Ellipse2D.Double(-3, -3, 6, 6);
  private static final List<Shape> SQUARES =
      List.of(
          new Rectangle2D.Double(-3.5, -3.5, 7, 7),
          AffineTransform.getRotateInstance(Math.PI / 4)
              .createTransformedShape(new Rectangle2D.Double(-3.5, -3.5, 7, 7)));
  private static final BasicStroke RULE = new BasicStroke(1);
  private static final BasicStroke SOLID = new BasicStroke(1.8f);
  private static final float DASH = 5;
  private static final BasicStroke LEVEL =
      new BasicStroke(1, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 1, new float[] {2, 3}, 0);

  private final String title;
  private final double lowest;
  private final double highest;
  private int dashedLines;
  private final XYSeriesCollection data = new XYSeriesCollection();
  private final XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, true);
  private final XYPlot plot;

  /**
   * An empty one.
   *
   * @param title above it
   * @param over what the horizontal axis shows
   * @param error what the vertical axis shows
   * @param lowest the smallest error of the axis; smaller ones stand there, 0 among them
   * @param highest the largest error of the axis; larger ones stand there, infinite ones among them
   */
  public ErrorChart(String title, String over, String error, double lowest, double highest) {
    this.title = title;
    this.lowest = lowest;
    this.highest = highest;
    PowersAxis errors = new PowersAxis(error);
    errors.setRange(lowest, highest);
    PowersAxis overs = new PowersAxis(over);
    plot = new XYPlot(data, overs, errors, renderer);
    // long enough to show dashes
    renderer.setLegendLine(new Line2D.Double(-16, 0, 16, 0));
    plot.setBackgroundPaint(null);
    plot.setOutlinePaint(null);
    plot.setDomainGridlinePaint(Ink.RULE.light());
    plot.setDomainGridlineStroke(RULE);
    plot.setRangeGridlinePaint(Ink.RULE.light());
    plot.setRangeGridlineStroke(RULE);
    plot.setInsets(new RectangleInsets(2, 4, 2, 16));
  }

  /** Powers of ten alone, as many as there is room for. */
  private static final class PowersAxis extends LogAxis {
    private static final long serialVersionUID = 1;

    PowersAxis(String label) {
      super(label);
      Drawing.style(this);
      setMinorTickMarksVisible(false);
    }

    @Override
    public List<NumberTick> refreshTicks(
        Graphics2D graphics, AxisState state, Rectangle2D area, RectangleEdge edge) {
      int first = (int) Math.ceil(Math.log10(getLowerBound()) - 1e-9);
      int last = (int) Math.floor(Math.log10(getUpperBound()) + 1e-9);
      int step = (last - first) / MOST_TICKS + 1;
      boolean below = RectangleEdge.isTopOrBottom(edge);
      List<NumberTick> ticks = new ArrayList<>();
      for (int power = first; power <= last; power += step) {
        ticks.add(
            new NumberTick(
                Math.pow(10, power),
                power == 0 ? "1" : "1e" + power,
                below ? TextAnchor.TOP_CENTER : TextAnchor.CENTER_RIGHT,
                TextAnchor.CENTER,
                0));
      }
      return ticks;
    }
  }

  /**
   * Adds a line, behind those that are there.
   *
   * @param name in the legend
   * @param ink of the line
   * @param dashed whether it is the second of its colour
   * @param at where it was measured, ascending
   * @param errors there; a NaN is the worst
   */
  public void line(String name, Ink ink, boolean dashed, double[] at, double[] errors) {
    int index = data.getSeriesCount();
    XYSeries series = new XYSeries(name);
    for (int i = 0; i < at.length; i++) {
      double error = Double.isNaN(errors[i]) ? highest : errors[i];
      series.add(at[i], Math.min(Math.max(error, lowest), highest));
    }
    data.addSeries(series);
    renderer.setSeriesPaint(index, ink.light());
    renderer.setSeriesStroke(index, SOLID);
    renderer.setSeriesShape(index, DOT);
    if (dashed) {
      // where two of them lie on each other, one fills the gaps of the other
      renderer.setSeriesStroke(index, dashed(dashedLines * DASH));
      renderer.setSeriesShape(index, SQUARES.get(dashedLines % SQUARES.size()));
      renderer.setSeriesShapesFilled(index, false);
      dashedLines++;
    }
  }

  private static BasicStroke dashed(float phase) {
    return new BasicStroke(
        1.8f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 1, new float[] {DASH, DASH}, phase);
  }

  /** Adds a level above which nothing is left; its name stands on it, at the left. */
  public void ceiling(String name, double error) {
    level(name, error, RectangleAnchor.TOP_LEFT, TextAnchor.BOTTOM_LEFT);
  }

  /** Adds a level that is promised; its name stands under it, at the right. */
  public void promise(String name, double error) {
    level(name, error, RectangleAnchor.BOTTOM_RIGHT, TextAnchor.TOP_RIGHT);
  }

  private void level(String name, double error, RectangleAnchor at, TextAnchor by) {
    ValueMarker marker = new ValueMarker(error, Ink.FLOOR.light(), LEVEL);
    marker.setLabel(name);
    marker.setLabelFont(Drawing.SMALL);
    marker.setLabelPaint(Ink.FAINT.light());
    marker.setLabelAnchor(at);
    marker.setLabelTextAnchor(by);
    marker.setLabelBackgroundColor(new Color(0, true));
    plot.addRangeMarker(marker, Layer.BACKGROUND);
  }

  /** A picture, on white. */
  public byte[] png() {
    Drawing drawing = Drawing.of("errors", title, plot, WIDTH, HEIGHT);
    LegendTitle legend = new LegendTitle(plot);
    legend.setPosition(RectangleEdge.BOTTOM);
    legend.setFrame(BlockBorder.NONE);
    legend.setItemFont(Drawing.SMALL);
    legend.setItemPaint(Ink.TEXT.light());
    legend.setBackgroundPaint(null);
    drawing.chart().addLegend(legend);
    return drawing.png();
  }
}
