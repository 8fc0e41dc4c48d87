package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;

/** Tensors without elements. */
class EmptyTest {
  @Property(tries = 200)
  void anEmptyTensorChangesNothingAndIsNoError(
      @ForAll Layout layout,
      @ForAll @IntRange(min = 0, max = 2) int n,
      @ForAll @IntRange(min = 0, max = 2) int c,
      @ForAll @IntRange(min = 0, max = 2) int s) {
    TensorShape shape = TensorShape.of(layout, n, c, s);
    if (shape.length() > 0 || shape.count() == 1) {
      return;
    }
    float[] none = {};
    float[] dGamma = new float[c];
    float[] dBeta = new float[c];
    Arrays.fill(dGamma, 7);
    Arrays.fill(dBeta, 7);
    ChannelMoments moments = ChannelMoments.of(none, shape);
    BatchNorm norm = BatchNorm.builder(c).build();
    SavedStatistics saved = norm.forwardTraining(none, none, shape);
    norm.forwardInference(none, none, shape);
    norm.freeze().apply(none, none, shape);
    norm.backward(none, none, saved, none, dGamma, dBeta, shape);
    for (int channel = 0; channel < c; channel++) {
      boolean untouched =
          norm.runningStatistics().mean(channel) == 0
              && norm.runningStatistics().variance(channel) == 1
              && norm.runningStatistics().updates(channel) == 0;
      check(untouched, "%s: running statistics moved", shape);
      boolean empty = moments.mean(channel) == 0 && moments.m2(channel) == 0;
      check(empty, "%s: moments are %s", shape, moments);
      // the sum over no elements
      check(
          dGamma[channel] == 0 && dBeta[channel] == 0,
          "%s: dGamma %s, dBeta %s",
          shape,
          dGamma[channel],
          dBeta[channel]);
    }
    check(moments.count() == shape.count(), "%s: count %d", shape, moments.count());
    check(saved.count() == shape.count(), "%s: count %d", shape, saved.count());
  }
}
