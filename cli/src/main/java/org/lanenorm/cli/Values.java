package org.lanenorm.cli;

import java.util.Locale;
import org.lanenorm.Layout;
import org.lanenorm.WeightLayout;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The kinds of option values; their errors say what was given and what is allowed. */
final class Values {
  private Values() {}

  private static TypeConversionException mustBe(String allowed, String value) {
    return new TypeConversionException("must be " + allowed + ", but was '" + value + "'");
  }

  private static double number(String value) {
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      return Double.NaN; // outside every range below
    }
  }

  private static <E extends Enum<E>> E word(Class<E> type, String value, String allowed) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().equalsIgnoreCase(value)) {
        return constant;
      }
    }
    throw mustBe(allowed, value);
  }

  static final class LayoutName implements ITypeConverter<Layout> {
    @Override
    public Layout convert(String value) {
      return word(Layout.class, value, "nchw or nhwc");
    }
  }

  /** Which statistics normalize a batch. */
  enum Mode {
    TRAINING,
    INFERENCE;

    static final class Name implements ITypeConverter<Mode> {
      @Override
      public Mode convert(String value) {
        return word(Mode.class, value, "training or inference");
      }
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Whether gradients flow through the statistics. */
  enum BackwardMode {
    TRAINING,
    FROZEN;

    static final class Name implements ITypeConverter<BackwardMode> {
      @Override
      public BackwardMode convert(String value) {
        return word(BackwardMode.class, value, "training or frozen");
      }
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static final class Epsilon implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      double number = number(value);
      if (!(number >= 0 && number < Double.POSITIVE_INFINITY)) {
        throw mustBe("a finite number, 0 or more", value);
      }
      return number;
    }
  }

  static final class Share implements ITypeConverter<Double> {
    @Override
    public Double convert(String value) {
      double number = number(value);
      if (!(number >= 0 && number <= 1)) {
        throw mustBe("a number from 0 to 1", value);
      }
      return number;
    }
  }

  static final class WeightLayoutName implements ITypeConverter<WeightLayout> {
    @Override
    public WeightLayout convert(String value) {
      return word(WeightLayout.class, value, "oihw, ohwi, hwio, oi, io, iohw or hwoi");
    }
  }

  static final class Groups implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      double number = number(value);
      if (!(number >= 1 && number <= Integer.MAX_VALUE && number == Math.rint(number))) {
        throw mustBe("a whole number, 1 or more", value);
      }
      return (int) number;
    }
  }

  static final class ThreadCount implements ITypeConverter<Integer> {
    private static final int MOST = 1024;

    @Override
    public Integer convert(String value) {
      double number = number(value);
      if (!(number >= 1 && number <= MOST && number == Math.rint(number))) {
        throw mustBe("a whole number from 1 to " + MOST, value);
      }
      return (int) number;
    }
  }
}
