package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;
import static org.lanenorm.verify.Checks.sameBits;

import java.util.Arrays;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.lanenorm.Layout;
import org.lanenorm.SyncedBatchNorm;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.AtMost;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Shapes;

/** Workers with shares of a batch against the batch. */
class SyncedProperties {
  @Property(tries = 150)
  void sharesOfWholeSegmentsGiveTheBitsOfTheBatch(@ForAll Case input, @ForAll Layout layout) {
    wholeSegments(input, layout);
  }

  /** Every way to fill blocks: packed images, one, two, four, eight and sixteen slots, several. */
  @Example
  void everyKindOfSegmentMayBeCut() {
    for (int spatial : new int[] {1, 3, 7, 8, 15, 16, 17, 32, 33, 49, 64, 65, 128, 129, 196, 256}) {
      for (int images : new int[] {2, 3, 5}) {
        int unit = SyncedBatchNorm.imagesPerCut(spatial);
        wholeSegments(spatial, images * unit + unit / 2, 3);
      }
    }
    for (int spatial : new int[] {257, 512, 513, 700, 768, 769, 1024, 1025, 1300, 3136}) {
      wholeSegments(spatial, 9, 2);
    }
  }

  private static void wholeSegments(int spatial, int images, int channels) {
    Shapes.Size size = new Shapes.Size(images, channels, spatial);
    for (int seed = 0; seed < 2; seed++) {
      wholeSegments(new Case(size, HardData.BENIGN, true, seed), Layout.values()[seed]);
    }
  }

  private static void wholeSegments(Case input, Layout layout) {
    Shapes.Size size = input.size();
    Workers workers = Workers.atSegments(size.n(), size.s(), input.seed());
    Workers.Step expected = alone(input, layout);
    same(together(workers, input, layout), expected, input + ", " + workers);
  }

  /** Their last bits depend on the cut, and on nothing else. */
  @Property(tries = 120)
  void whoComesFirstDoesNotMatter(@ForAll @AtMost(8192) Case input, @ForAll Layout layout) {
    Workers workers = Workers.anywhere(input.size().n(), input.seed());
    Workers.Step expected = together(workers, input, layout);
    Workers again = workers.withLatecomers(input.seed() + 1);
    same(together(again, input, layout), expected, input + ", " + again);
  }

  @Property(tries = 120)
  void anySharesAreWithinTheBounds(@ForAll @AtMost(8192) Case input, @ForAll Layout layout) {
    Workers workers = Workers.anywhere(input.size().n(), input.seed());
    AccuracyProperties accuracy = new AccuracyProperties();
    accuracy.kernel = workers;
    accuracy.momentsAreWithinTheirBounds(input, layout);
    accuracy.trainingOutputIsWithinItsBound(input, layout);
    GradientProperties gradients = new GradientProperties();
    gradients.kernel = workers;
    gradients.gradientsAreWithinTheirBounds(input, layout);
  }

  private static Workers.Step alone(Case input, Layout layout) {
    return Workers.alone(
        input.layer(), input.x(layout), input.dOutput(layout), input.shape(layout));
  }

  private static Workers.Step together(Workers workers, Case input, Layout layout) {
    TensorShape shape = input.shape(layout);
    return workers.together(input.layer(), input.x(layout), input.dOutput(layout), shape);
  }

  private static void same(Workers.Step step, Workers.Step expected, String input) {
    sameBits(step.moments(), expected.moments(), "moments", input);
    sameBits(step.y(), expected.y(), "y", input);
    sameBits(step.dInput(), expected.dInput(), "dInput", input);
    sameBits(step.dGamma(), expected.dGamma(), "dGamma", input);
    sameBits(step.dBeta(), expected.dBeta(), "dBeta", input);
    check(
        Arrays.equals(step.runningMean(), expected.runningMean())
            && Arrays.equals(step.runningSpread(), expected.runningSpread()),
        "%s: running statistics differ",
        input);
  }

  /**
   * Elsewhere the bits are others, somewhere at least: what {@code imagesPerCut} says is needed.
   */
  @Example
  void cutsElsewhereGiveOtherBits() {
    for (int spatial : new int[] {1, 7, 16, 49, 196, 257, 768}) {
      int unit = SyncedBatchNorm.imagesPerCut(spatial);
      Case input =
          new Case(new Shapes.Size(4 * unit, 8, spatial), HardData.LEVELS_PER_SEGMENT, false, 5);
      for (int cut : new int[] {unit - 1, unit / 2, 3 * unit - 1}) {
        if (cut % unit != 0) {
          Workers workers = new Workers(new int[] {0, cut, 4 * unit}, 0, false);
          Workers.Step step = together(workers, input, Layout.NCHW);
          check(
              !step.moments().equals(alone(input, Layout.NCHW).moments()),
              "%s, %s: the same moments",
              input,
              workers);
        }
      }
    }
  }
}
