package org.lanenorm.verify;

import java.util.Arrays;
import java.util.function.Supplier;
import org.lanenorm.Layout;
import org.lanenorm.verify.WorstErrors.Quantity;

/**
 * Holds results of one channel against the exact ones.
 *
 * @param contract has the tolerance and keeps the errors
 * @param input of the kernel
 * @param layout it was given in
 * @param channel which
 * @param parameters what else mattered, for the text of a failure
 */
record Near(
    Contract contract, Case input, Layout layout, int channel, Supplier<String> parameters) {
  /** A channel of at most so many values is shown whole. */
  private static final int SHOWN = 8;

  /** Both are doubles, and the bound is relative. */
  void check(Quantity quantity, String what, double actual, double exact, double bound) {
    double error = Math.abs(actual - exact);
    record(quantity, error == 0 ? 0 : error / bound);
    double allowed = allowed(quantity, bound);
    if (!(error <= allowed) && allowed != Double.POSITIVE_INFINITY) {
      throw tooFar(what, actual, exact, error, allowed);
    }
  }

  /** The result is a float: it may be infinite where the exact one may be beyond all floats. */
  void check(Quantity quantity, String what, float actual, double exact, double bound) {
    double error = Math.abs(actual - exact);
    boolean asGoodAsExact =
        error <= 4 * Float.MIN_VALUE
            || Float.isInfinite(actual) && Bounds.within(actual, exact, bound);
    record(quantity, asGoodAsExact ? 0 : error / bound);
    double allowed = allowed(quantity, bound);
    if (!Bounds.within(actual, exact, allowed) && allowed != Double.POSITIVE_INFINITY) {
      throw tooFar(what, actual, exact, error, allowed);
    }
  }

  private void record(Quantity quantity, double shareOfBound) {
    contract.errors().record(input.kindOf(channel), quantity, shareOfBound);
  }

  private double allowed(Quantity quantity, double bound) {
    return Tolerance.of(quantity.of(contract.tolerance()), bound);
  }

  private AssertionError tooFar(
      String what, double actual, double exact, double error, double allowed) {
    Shapes.Size size = input.size();
    HardData kind = input.kindOf(channel);
    StringBuilder text = new StringBuilder();
    line(text, "%s of channel %d is too far from the exact one", what, channel);
    line(text, "  actual   %s", actual);
    line(text, "  exact    %s", exact);
    line(text, "  off by   %s", error);
    line(text, "  allowed  %s", allowed);
    line(text, "  shape    N %d, C %d, S %d in %s", size.n(), size.c(), size.s(), layout);
    line(text, "  channel  %s, seed %d: %s", kind, input.seed(), kind.description());
    if (size.count() <= SHOWN) {
      float[] values = Tensors.channel(input.x(Layout.NCHW), 0, false, size, channel);
      line(text, "  x        %s", Arrays.toString(values));
    }
    text.append(parameters.get());
    return new AssertionError(text.toString().stripTrailing());
  }

  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(format, arguments)).append('\n');
  }

  /** The parameters of a layer that matter to this channel. */
  static String text(Layer layer, int c, double mean, double variance) {
    return String.format(
        "  layer    mean %s, variance %s, epsilon %s %s, gamma %s, beta %s",
        mean, variance, layer.epsilon(), layer.placement(), layer.gamma(c), layer.beta(c));
  }
}
