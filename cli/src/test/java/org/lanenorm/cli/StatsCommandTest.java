package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanenorm.ChannelMoments;
import org.lanenorm.TensorShape;
import org.lanenorm.files.Tensor;

class StatsCommandTest {
  @TempDir Path folder;

  private Path file(String name) {
    return folder.resolve(name);
  }

  @Test
  void momentsAreMergedOverAllFiles() {
    float[] a = Cli.values(2 * 3 * 50, 1);
    float[] b = Cli.values(7 * 3, 2);
    Cli.npy(file("a.npy"), Tensor.of(a, 2, 3, 50));
    Cli.npz(file("b.npz"), "x", Tensor.of(b, 7, 3));
    Cli run = Cli.run("stats", file("a.npy"), file("b.npz"), "--output", file("s.npz")).succeeds();
    ChannelMoments expected =
        ChannelMoments.of(a, TensorShape.ncw(2, 3, 50))
            .merge(ChannelMoments.of(b, TensorShape.rows(7, 3)));
    assertThat(Cli.member(file("s.npz"), "count").longs()).containsExactly(107);
    assertThat(Cli.member(file("s.npz"), "mean").doubles())
        .containsExactly(expected.means(), within(1e-12));
    assertThat(Cli.member(file("s.npz"), "variance").doubles())
        .containsExactly(expected.variances(), within(1e-12));
    assertThat(run.out())
        .contains("channel", "unbiased", "107 elements per channel from 2 files")
        .contains(Table.number(expected.mean(1)), Table.number(expected.unbiasedVariance(1)));
  }

  @Test
  void filesThatDoNotFitTogetherAreRefusedAndNothingIsWritten() {
    Cli.npy(file("a.npy"), Tensor.of(new float[6], 2, 3));
    Cli.npy(file("b.npy"), Tensor.of(new float[8], 2, 4));
    Cli.run("stats", file("a.npy"), file("b.npy"), "--output", file("s.npz"))
        .isRefused("b.npy", "as many channels as the first INPUT, 3", "2x4");
    Cli.run("stats", file("a.npy"), file("c.npy"), "--output", file("s.npz"))
        .isRefused("c.npy: no such file");
    Cli.run("stats").isRefused("INPUT");
    assertThat(Cli.files(folder)).containsExactly("a.npy", "b.npy");
  }
}
