package org.lanenorm.examples;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.AxisState;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTick;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.ui.HorizontalAlignment;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/** Lines over epochs as a PNG picture. */
final class LineChart {
  static final Color BLUE = new Color(0x1f6fb5);
  static final Color ORANGE = new Color(0xd9731a);

  /** Of what stands behind something else. */
  static final Color PALE = new Color(0xb9c4cf);

  private static final Color TEXT = new Color(0x1c2530);
  private static final Color RULE = new Color(0xd9dee3);
  private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
  private static final Shape DOT = new Ellipse2D.Double(-3, -3, 6, 6);
  private static final int WIDTH = 600;
  private static final int HEIGHT = 340;

  /** Pixels per unit of the above. */
  private static final double SCALE = 1.25;

  /** How a line is drawn. */
  enum Style {
    THIN,
    DOTS,
    DASHED_RINGS
  }

  private final String title;
  private final XYSeriesCollection data = new XYSeriesCollection();
  private final XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, false);
  private final XYPlot plot;

  /**
   * An empty one, with logarithms of y.
   *
   * @param title above it
   * @param y what the vertical axis shows, with its unit
   */
  LineChart(String title, String y) {
    this.title = title;
    NumberAxis epochs = new NumberAxis("epoch");
    epochs.setStandardTickUnits(NumberAxis.createIntegerTickUnits());
    ValueAxis values = new OneTwoFiveAxis(y);
    plot = new XYPlot(data, style(epochs), style(values), renderer);
    // long enough to show dashes
    renderer.setLegendLine(new Line2D.Double(-14, 0, 14, 0));
    plot.setBackgroundPaint(null);
    plot.setOutlinePaint(null);
    plot.setDomainGridlinesVisible(false);
    plot.setRangeGridlinePaint(RULE);
    plot.setRangeGridlineStroke(new BasicStroke(1));
    plot.setInsets(new RectangleInsets(4, 6, 4, 14));
  }

  /** A logarithmic axis with ticks at 1, 2 and 5 of every power of ten. */
  private static final class OneTwoFiveAxis extends LogAxis {
    private static final long serialVersionUID = 1;

    OneTwoFiveAxis(String label) {
      super(label);
    }

    @Override
    public List<NumberTick> refreshTicks(
        Graphics2D graphics, AxisState state, Rectangle2D area, RectangleEdge edge) {
      List<NumberTick> ticks = new ArrayList<>();
      int power = (int) Math.floor(Math.log10(getLowerBound()));
      for (; Math.pow(10, power) < getUpperBound(); power++) {
        for (int digit : new int[] {1, 2, 5}) {
          BigDecimal value = BigDecimal.valueOf(digit).scaleByPowerOfTen(power);
          if (getRange().contains(value.doubleValue())) {
            ticks.add(
                new NumberTick(
                    value.doubleValue(),
                    value.toPlainString(),
                    TextAnchor.CENTER_RIGHT,
                    TextAnchor.CENTER,
                    0));
          }
        }
      }
      return ticks;
    }
  }

  private static ValueAxis style(ValueAxis axis) {
    axis.setLabelFont(FONT);
    axis.setLabelPaint(TEXT);
    axis.setTickLabelFont(FONT);
    axis.setTickLabelPaint(TEXT);
    axis.setAxisLinePaint(RULE);
    axis.setTickMarkPaint(RULE);
    return axis;
  }

  /**
   * Adds a line.
   *
   * @param name in the legend
   * @param color of the line
   * @param style of the line
   * @param step between two values, in epochs; the last value of the first epoch stands at 1
   * @param values above 0; others are left out, having no logarithm
   */
  LineChart line(String name, Color color, Style style, double step, double... values) {
    int index = data.getSeriesCount();
    XYSeries series = new XYSeries(name);
    for (int i = 0; i < values.length; i++) {
      if (values[i] > 0) {
        series.add((i + 1) * step, values[i]);
      }
    }
    data.addSeries(series);
    renderer.setSeriesPaint(index, color);
    renderer.setSeriesShape(index, DOT);
    renderer.setSeriesShapesVisible(index, style != Style.THIN);
    renderer.setSeriesShapesFilled(index, style == Style.DOTS);
    renderer.setSeriesStroke(
        index,
        switch (style) {
          case THIN -> new BasicStroke(1);
          case DOTS -> new BasicStroke(1.8f);
          case DASHED_RINGS ->
              new BasicStroke(
                  1.8f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 1, new float[] {5, 3}, 0);
        });
    return this;
  }

  byte[] png() {
    JFreeChart chart = new JFreeChart(title, FONT.deriveFont(Font.BOLD, 13f), plot, false);
    chart.getTitle().setPaint(TEXT);
    chart.getTitle().setHorizontalAlignment(HorizontalAlignment.LEFT);
    chart.getTitle().setPadding(8, 8, 6, 8);
    chart.setBackgroundPaint(Color.WHITE);
    LegendTitle legend = new LegendTitle(plot);
    legend.setFrame(BlockBorder.NONE);
    legend.setItemFont(FONT);
    legend.setItemPaint(TEXT);
    chart.addLegend(legend);
    BufferedImage image =
        new BufferedImage(
            (int) (WIDTH * SCALE), (int) (HEIGHT * SCALE), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.transform(AffineTransform.getScaleInstance(SCALE, SCALE));
    chart.draw(graphics, new Rectangle2D.Double(0, 0, WIDTH, HEIGHT));
    graphics.dispose();
    return Pictures.png(image);
  }
}
