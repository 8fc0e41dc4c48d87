package org.lanenorm.jmh.report;

import java.awt.Color;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.lanenorm.Layout;

/**
 * The colours of page and charts, on a light and on a dark ground. Charts are drawn in the light
 * ones; inside the page each becomes a CSS variable, so that charts turn dark with the page.
 */
public enum Ink {
  PAPER(0xfffffe, 0x15191e),
  TEXT(0x1c2530, 0xe4e8ec),
  FAINT(0x5d6875, 0x9ba6b1),
  RULE(0xd9dee3, 0x343c45),
  PANEL(0xf3f5f7, 0x1e242b),
  FLOOR(0x98a3ae, 0x6d7985),
  NCHW(0x1f6fb5, 0x5ba7e6),
  NHWC(0xd9731a, 0xf29b4b),
  ONE_DNN(0x3f9480, 0x5fb8a3),
  PYTORCH(0xa0569c, 0xc987c5),
  ONNX_RUNTIME(0x87812d, 0xb9b35c),
  NAIVE(0xb8323a, 0xe0686f);

  private final Color light;
  private final Color dark;

  Ink(int light, int dark) {
    this.light = new Color(light);
    this.dark = new Color(dark);
  }

  static Ink of(Layout layout) {
    return layout == Layout.NCHW ? NCHW : NHWC;
  }

  Color light() {
    return light;
  }

  private String variable() {
    return "--" + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String css(Color color) {
    return "rgb(" + color.getRed() + "," + color.getGreen() + "," + color.getBlue() + ")";
  }

  /** Declarations of all variables. */
  static String lightVariables() {
    return variables(ink -> ink.light);
  }

  /** The same for a dark ground. */
  static String darkVariables() {
    return variables(ink -> ink.dark);
  }

  private static String variables(Function<Ink, Color> color) {
    return Arrays.stream(values())
        .map(ink -> ink.variable() + ":" + css(color.apply(ink)) + ";")
        .collect(Collectors.joining());
  }

  /** Replaces the colours of an SVG by the variables. */
  static String byVariable(String svg) {
    String named = svg;
    for (Ink ink : values()) {
      named = named.replace(css(ink.light), "var(" + ink.variable() + ")");
    }
    return named;
  }
}
