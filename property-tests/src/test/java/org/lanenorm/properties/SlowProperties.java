package org.lanenorm.properties;

import net.jqwik.api.ForAll;
import net.jqwik.api.GenerationMode;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import org.lanenorm.Layout;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Shapes;

/** 16M elements of every kind; {@code mvn verify -Pslow} runs them. */
@Tag("slow")
class SlowProperties {
  @Property(generation = GenerationMode.EXHAUSTIVE)
  void momentsOfOneLongChannelAreWithinTheirBounds(@ForAll HardData kind) {
    within(new Case(new Shapes.Size(1, 1, 1 << 24), kind, false, 1), Layout.NCHW);
  }

  @Property(generation = GenerationMode.EXHAUSTIVE)
  void momentsOfManyRowsAreWithinTheirBounds(@ForAll HardData kind) {
    within(new Case(new Shapes.Size((1 << 23) + 1, 2, 1), kind, true, 2), Layout.NHWC);
  }

  @Property(generation = GenerationMode.EXHAUSTIVE)
  void momentsOfManyImagesAreWithinTheirBounds(@ForAll HardData kind, @ForAll Layout layout) {
    within(new Case(new Shapes.Size(331, 16, 56 * 56), kind, true, 3), layout);
  }

  @Property(generation = GenerationMode.EXHAUSTIVE)
  void outputOfALargeTensorIsWithinItsBound(@ForAll HardData kind, @ForAll Layout layout) {
    Case input = new Case(new Shapes.Size(64, 5, 52_429), kind, true, 4);
    new AccuracyProperties().trainingOutputIsWithinItsBound(input, layout);
  }

  @Property(generation = GenerationMode.EXHAUSTIVE)
  void gradientsOfALargeTensorAreWithinTheirBounds(@ForAll HardData kind, @ForAll Layout layout) {
    Case input = new Case(new Shapes.Size(64, 5, 52_429), kind, true, 5);
    new GradientProperties().gradientsAreWithinTheirBounds(input, layout);
  }

  private static void within(Case input, Layout layout) {
    AccuracyProperties accuracy = new AccuracyProperties();
    accuracy.kernel = new Library(2);
    accuracy.momentsAreWithinTheirBounds(input, layout);
  }
}
