package org.lanenorm.jmh.report;

import java.time.Duration;
import java.util.Locale;
import org.lanenorm.jmh.report.Results.Setting;

/** Numbers for the eye. */
final class Words {
  private static final int SHORT = 60;

  private Words() {}

  /** To follow something. */
  static String threads(int count) {
    return ", " + count + (count == 1 ? " thread" : " threads");
  }

  /** A shape in words. */
  static String about(Setting setting) {
    String[] sizes = setting.shape().split("x", 3);
    return String.format(
        Locale.ROOT,
        "batch %s, channels %s%s; %,d elements, %s per tensor",
        sizes[0],
        sizes[1],
        sizes.length > 2 ? ", spatial " + sizes[2] : "",
        setting.elements(),
        bytes((double) Float.BYTES * setting.elements()));
  }

  /** A time with its error. */
  static String microseconds(Estimate time) {
    return number(time.score())
        + (time.bounded() ? " \u00b1 " + number(time.error()) : "")
        + " \u00b5s";
  }

  /** Three digits, or all before the point. */
  static String number(double value) {
    int digits = value < 0.0995 ? 3 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    return String.format(Locale.ROOT, "%,." + digits + "f", value);
  }

  /** As few digits as it takes: 0.5, 2, 64. */
  static String plain(double value) {
    return value == Math.rint(value)
        ? Long.toString((long) value)
        : String.format(Locale.ROOT, "%.3f", value).replaceFirst("0+$", "");
  }

  /** A share. */
  static String percent(double share) {
    return share > 10
        ? "over 1,000 %"
        : String.format(Locale.ROOT, share < 0.0995 ? "%.1f %%" : "%.0f %%", 100 * share);
  }

  /** A size of memory, in powers of 1024. */
  static String bytes(double bytes) {
    String[] units = {"B", "KB", "MB", "GB", "TB"};
    int unit = 0;
    double scaled = bytes;
    while (scaled >= 1024 && unit < units.length - 1) {
      scaled /= 1024;
      unit++;
    }
    String number = String.format(Locale.ROOT, scaled < 9.95 ? "%.1f" : "%.0f", scaled);
    return number.replaceFirst("\\.0$", "") + " " + units[unit];
  }

  /** About how long. */
  static String about(Duration time) {
    long seconds = time.toSeconds();
    return seconds < 100 ? seconds + " s" : Math.round(seconds / 60.0) + " min";
  }

  /** Of text from outside, as much as a message can take. */
  static String shortened(String text) {
    return text.length() <= SHORT ? text : text.substring(0, SHORT) + "...";
  }
}
