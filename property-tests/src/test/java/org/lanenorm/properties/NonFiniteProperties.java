package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.lanenorm.BatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.NonFinitePolicy;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.NonFiniteContract;

/** NaN and infinity stay in their channel. */
class NonFiniteProperties extends Properties implements NonFiniteContract {
  @Property
  void runningStatisticsFollowThePolicy(
      @ForAll Case input,
      @ForAll Layout layout,
      @ForAll("poisons") float poison,
      @ForAll NonFinitePolicy policy) {
    TensorShape shape = input.shape(layout);
    Layer layer = input.layer();
    int channel = (int) (input.seed() % shape.channels());
    float[] x = input.x(layout);
    x[shape.index(0, channel, shape.spatial() - 1)] = poison;
    BatchNorm clean = Library.builder(layer, 1).nonFinitePolicy(policy).build();
    BatchNorm norm = Library.builder(layer, 1).nonFinitePolicy(policy).build();
    clean.forwardTraining(input.x(layout), new float[shape.length()], shape);
    float[] y = new float[shape.length()];
    SavedStatistics saved = new SavedStatistics(shape.channels());
    double[] means = norm.runningStatistics().means();
    double[] variances = norm.runningStatistics().variances();

    if (policy == NonFinitePolicy.ERROR) {
      assertThatThrownBy(() -> norm.forwardTraining(x, 0, y, 0, shape, saved))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(y).as("y").containsOnly(0);
      assertThat(saved.count()).as("saved count").isZero();
      assertThat(norm.runningStatistics().means()).isEqualTo(means);
      assertThat(norm.runningStatistics().variances()).isEqualTo(variances);
      return;
    }
    norm.forwardTraining(x, 0, y, 0, shape, saved);
    for (int c = 0; c < shape.channels(); c++) {
      double mean = norm.runningStatistics().mean(c);
      double variance = norm.runningStatistics().variance(c);
      boolean here = c == channel;
      boolean skip = here && policy == NonFinitePolicy.SKIP_UPDATE;
      assertThat(saved.skipped(c)).as("skipped, channel %d of %s", c, input).isEqualTo(skip);
      if (skip) {
        assertThat(mean).isEqualTo(means[c]);
        assertThat(variance).isEqualTo(variances[c]);
      } else if (here) {
        assertThat(Double.isFinite(mean)).as("running mean %s, %s", mean, input).isFalse();
        assertThat(variance).as("running variance, %s", input).isNaN();
      } else {
        assertThat(mean).isEqualTo(clean.runningStatistics().mean(c));
        assertThat(variance).isEqualTo(clean.runningStatistics().variance(c));
      }
    }
  }
}
