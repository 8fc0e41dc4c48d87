package org.lanenorm.jmh.numerics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.lanenorm.EpsilonPlacement;
import org.lanenorm.Layout;
import org.lanenorm.Spread;
import org.lanenorm.TensorShape;
import org.lanenorm.jmh.report.ErrorChart;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes.Size;
import org.lanenorm.verify.Slice;
import org.lanenorm.verify.Tensors;

/** Errors over one property of otherwise harmless data, of a few channels the worst. */
final class Sweep {
  /** Enough that kernels for whole vectors of channels are chosen. */
  private static final int CHANNELS = 16;

  /** Of which so many are compared with the oracle, which takes much longer than any kernel. */
  private static final int COMPARED = 4;

  /** Smaller errors are drawn there. */
  private static final double LOWEST_VARIANCE = 1e-9;

  /** No float next to 1 is nearer to anything. */
  private static final double LOWEST_OUTPUT = 1e-8;

  /** A tensor whose mean is so many standard deviations; its exact moments where compared. */
  private static final class Tensor {
    final Size size;
    final double at;
    final float[] nchw;
    final double[] mean = new double[COMPARED];
    final double[] variance = new double[COMPARED];

    Tensor(Size size, double offset, double at) {
      this.size = size;
      this.at = at;
      nchw = new float[size.length()];
      float[] channel = new float[size.count()];
      for (int c = 0; c < CHANNELS; c++) {
        Rng rng = Rng.stream(size.count(), c);
        for (int m = 0; m < channel.length; m++) {
          channel[m] = (float) (offset + rng.normal());
        }
        Tensors.putChannel(nchw, 0, false, size, c, channel);
        if (c < COMPARED) {
          Oracle.Moments exact = Oracle.moments(channel, 0, false, 1, 1, channel.length);
          mean[c] = exact.mean()[0];
          variance[c] = exact.variance()[0];
        }
      }
    }

    float[] in(Layout layout) {
      return layout == Layout.NHWC ? Tensors.permuted(nchw, false, size) : nchw;
    }

    float[] channel(float[] tensor, Layout layout, int c) {
      return Tensors.channel(tensor, 0, layout == Layout.NHWC, size, c);
    }
  }

  private static final class Line {
    final Column column;
    final List<Double> at = new ArrayList<>();
    final List<Double> variance = new ArrayList<>();
    final List<Double> output = new ArrayList<>();

    Line(Column column) {
      this.column = column;
    }

    void add(Tensor tensor) {
      Layout layout = column.layout(0);
      TensorShape shape = TensorShape.of(layout, tensor.size.n(), CHANNELS, tensor.size.s());
      Slice x = Slice.of(tensor.in(layout));
      double[] mean = new double[CHANNELS];
      double[] computed = new double[CHANNELS];
      column.kernel().moments(x, shape, mean, computed);
      float[] y = new float[tensor.nchw.length];
      column.kernel().training(layer(), x, Slice.of(y), shape);
      double worstVariance = 0;
      double worstOutput = 0;
      for (int c = 0; c < COMPARED; c++) {
        double exact = tensor.variance[c];
        worstVariance = Math.max(worstVariance, Math.abs(computed[c] - exact) / exact);
        double invStd = 1 / Math.sqrt(exact + Measured.EPSILON);
        float[] xs = tensor.channel(x.array(), layout, c);
        float[] ys = tensor.channel(y, layout, c);
        for (int m = 0; m < xs.length; m++) {
          double error = Math.abs(ys[m] - (xs[m] - tensor.mean[c]) * invStd);
          // keeps a NaN
          worstOutput = Math.max(worstOutput, error);
        }
      }
      at.add(tensor.at);
      variance.add(worstVariance);
      output.add(worstOutput);
    }

    private static Layer layer() {
      float[] ones = new float[CHANNELS];
      Arrays.fill(ones, 1);
      return new Layer(
          ones,
          new float[CHANNELS],
          Measured.EPSILON,
          EpsilonPlacement.INSIDE_SQRT,
          Spread.VARIANCE,
          new double[CHANNELS],
          DoubleStream.generate(() -> 1).limit(CHANNELS).toArray());
    }
  }

  private final String over;
  private final String what;
  private final double highest;
  private final List<Line> lines;

  private Sweep(String over, String what, double highest, List<Column> columns) {
    this.over = over;
    this.what = what;
    this.highest = highest;
    lines = columns.stream().map(Line::new).toList();
  }

  /**
   * N(0, 1) + 1 .. 10^7, two steps to a power of ten.
   *
   * @param images of 28x28 positions
   */
  static Sweep overOffset(List<Column> columns, int images) {
    Size size = new Size(images, CHANNELS, 28 * 28);
    Sweep sweep =
        new Sweep(
            "mean / standard deviation",
            "%,d elements per channel".formatted(size.count()),
            1e6,
            columns);
    for (double offset : powers(0, 7)) {
      sweep.add(new Tensor(size, offset, offset));
    }
    return sweep;
  }

  /**
   * N(0, 1) + 1 of 10^2 .. 10^most elements, two steps to a power of ten.
   *
   * @param most a power of ten
   */
  static Sweep overCount(List<Column> columns, int most) {
    Sweep sweep =
        new Sweep("elements per channel", "x of mean 1 and standard deviation 1", 10, columns);
    for (double count : powers(2, most)) {
      // images of 10x10 positions
      Size size = new Size((int) Math.round(count / 100), CHANNELS, 100);
      sweep.add(new Tensor(size, 1, size.count()));
    }
    return sweep;
  }

  private static double[] powers(int from, int to) {
    return IntStream.rangeClosed(2 * from, 2 * to)
        .mapToDouble(i -> Math.pow(10, i / 2.0))
        .toArray();
  }

  private void add(Tensor tensor) {
    lines.forEach(line -> line.add(tensor));
  }

  /** Of the variance, relative to it. */
  byte[] varianceChart() {
    ErrorChart chart =
        new ErrorChart(
            "Error of the variance: " + what, over, "error / variance", LOWEST_VARIANCE, highest);
    chart.promise("Lanenorm's promise: 8u", 8 * Bounds.U);
    chart.ceiling("the variance itself", 1);
    lines.forEach(line -> draw(chart, line, line.variance));
    return chart.png();
  }

  /** Of y, the worst element's. */
  byte[] outputChart() {
    ErrorChart chart =
        new ErrorChart(
            "Error of y: " + what,
            over,
            "error; the standard deviation of y is 1",
            LOWEST_OUTPUT,
            highest);
    chart.ceiling("y itself", 1);
    lines.forEach(line -> draw(chart, line, line.output));
    return chart.png();
  }

  private static void draw(ErrorChart chart, Line line, List<Double> errors) {
    Column column = line.column;
    chart.line(
        column.title(), column.kernel().ink(), column.second(), array(line.at), array(errors));
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
