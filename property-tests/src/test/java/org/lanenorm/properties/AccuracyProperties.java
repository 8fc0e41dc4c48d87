package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;

import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.Bounds;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.ForwardContract;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.MomentsContract;
import org.lanenorm.verify.Oracle;
import org.lanenorm.verify.Shapes;

/** Moments and outputs against exact arithmetic. */
class AccuracyProperties extends Properties implements MomentsContract, ForwardContract {
  /** Equal, as moments are doubles. */
  @Property(tries = 300)
  void dataExactByConstructionGivesEqualMoments(@ForAll Case input, @ForAll Layout layout) {
    exactDataGivesExactMoments(input.size(), layout, 0);
  }

  @Property
  void aConstantIsItsOwnMean(@ForAll Case input, @ForAll Layout layout) {
    Case constant = new Case(input.size(), HardData.CONSTANT, false, input.seed());
    float[] x = constant.x(layout);
    ChannelMoments moments = ChannelMoments.of(x, input.shape(layout));
    for (int c = 0; c < moments.channels(); c++) {
      float value = x[input.shape(layout).index(0, c, 0)];
      check(
          moments.mean(c) == value && moments.m2(c) == 0,
          "%s: %s everywhere in channel %d has mean %s and M2 %s",
          input,
          value,
          c,
          moments.mean(c),
          moments.m2(c));
    }
  }

  /** Shapes that benchdnn runs. */
  @Example
  void dataExactByConstructionGivesEqualMomentsInBenchdnnsShapes() {
    int[][] sizes = {
      {2, 23, 1},
      {2, 32, 32},
      {5, 33, 27},
      {2, 256, 28 * 28},
      {4, 200, 17 * 16},
      {2, 16, 12 * 12 * 12},
      {1, 19, 4 * 6 * 6},
      {32, 27, 7},
      {9, 128, 1},
      {1, 257, 28 * 28},
      {2, 128, 2 * 2},
      {1, 16, 40 * 40 * 40},
      {25, 4, 112 * 112}
    };
    for (int[] size : sizes) {
      for (Layout layout : Layout.values()) {
        exactDataGivesExactMoments(new Shapes.Size(size[0], size[1], size[2]), layout, 0);
      }
    }
  }

  /**
   * 4M elements, all but the first equal. A mean that is updated segment by segment and rounded to
   * double each time stops moving, as running averages in float do, long before it has arrived; the
   * variance then takes the rest of the way for a distance.
   */
  @Example
  void theMeanOfALongChannelDoesNotStall() {
    for (Layout layout : Layout.values()) {
      Shapes.Size size = new Shapes.Size(8, 2, 1 << 18);
      float[] x = new float[size.length()];
      Arrays.fill(x, 100);
      x[0] = Math.nextUp(x[0]);
      Oracle.Moments exact =
          Oracle.moments(x, 0, layout == Layout.NHWC, size.n(), size.c(), size.s());
      TensorShape shape = TensorShape.of(layout, size.n(), size.c(), size.s());
      ChannelMoments moments = ChannelMoments.of(x, shape);
      double std = Math.sqrt(exact.variance()[0]);
      check(
          Math.abs(moments.variance(0) - exact.variance()[0]) <= Bounds.variance(std * std)
              && Math.abs(moments.mean(0) - exact.mean()[0])
                  <= 4 * Bounds.U * std + Math.ulp(100.0),
          "%s: mean %s, variance %s, exactly %s and %s",
          shape,
          moments.mean(0),
          moments.variance(0),
          exact.mean()[0],
          exact.variance()[0]);
    }
  }
}
