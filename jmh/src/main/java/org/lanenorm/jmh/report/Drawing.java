package org.lanenorm.jmh.report;

import java.awt.Dimension;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.apache.batik.svggen.SVGIDGenerator;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.Axis;
import org.jfree.chart.plot.Plot;
import org.jfree.chart.ui.HorizontalAlignment;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * A chart, as SVG and as PNG.
 *
 * @param name of its files
 * @param title that says it to those who do not see it
 * @param chart what to draw
 * @param width in units of the SVG; a PNG has twice as many pixels
 * @param height likewise
 */
record Drawing(String name, String title, JFreeChart chart, int width, int height) {
  static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
  static final Font BOLD = FONT.deriveFont(Font.BOLD);
  static final Font SMALL = FONT.deriveFont(11f);

  private static final String NAMESPACE = "http://www.w3.org/2000/svg";
  private static final int PNG_SCALE = 2;

  /** What all axes have in common. */
  static void style(Axis axis) {
    axis.setLabelFont(SMALL);
    axis.setLabelPaint(Ink.FAINT.light());
    axis.setTickLabelFont(SMALL);
    axis.setTickLabelPaint(Ink.TEXT.light());
    axis.setAxisLinePaint(Ink.RULE.light());
    axis.setTickMarkPaint(Ink.RULE.light());
  }

  /** A plot under its title. */
  static Drawing of(String name, String title, Plot plot, int width, int height) {
    JFreeChart chart = new JFreeChart(title, BOLD, plot, false);
    chart.getTitle().setPaint(Ink.TEXT.light());
    chart.getTitle().setHorizontalAlignment(HorizontalAlignment.LEFT);
    chart.getTitle().setPadding(6, 4, 8, 4);
    chart.setBackgroundPaint(Ink.PAPER.light());
    return new Drawing(name, title, chart, width, height);
  }

  /** A document of its own, on white. */
  String svg() {
    SVGGeneratorContext context = SVGGeneratorContext.createDefault(newDocument());
    context.setPrecision(2);
    context.setComment(null);
    // several of them stand in one page, where names are shared
    context.setIDGenerator(
        new SVGIDGenerator() {
          @Override
          public String generateID(String prefix) {
            return name + "-" + super.generateID(prefix);
          }
        });
    SVGGraphics2D graphics = new SVGGraphics2D(context, false);
    graphics.setSVGCanvasSize(new Dimension(width, height));
    draw(graphics);
    Element root = graphics.getRoot();
    ((Element) root.getElementsByTagName("defs").item(0)).setAttribute("id", name + "-defs");
    root.setAttribute("viewBox", "0 0 " + width + " " + height);
    root.setAttribute("role", "img");
    root.setAttribute("aria-label", title);
    return text(root);
  }

  private static Document newDocument() {
    try {
      return DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .getDOMImplementation()
          .createDocument(NAMESPACE, "svg", null);
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String text(Element root) {
    try {
      Transformer transformer = TransformerFactory.newInstance().newTransformer();
      transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
      StringWriter text = new StringWriter();
      transformer.transform(new DOMSource(root), new StreamResult(text));
      return text.toString();
    } catch (TransformerException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The same, to stand inside the page: in the page's colours. */
  String inlineSvg() {
    return Ink.byVariable(svg());
  }

  byte[] png() {
    BufferedImage image =
        new BufferedImage(width * PNG_SCALE, height * PNG_SCALE, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.transform(AffineTransform.getScaleInstance(PNG_SCALE, PNG_SCALE));
    draw(graphics);
    graphics.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private void draw(Graphics2D graphics) {
    chart.draw(graphics, new Rectangle2D.Double(0, 0, width, height));
  }
}
