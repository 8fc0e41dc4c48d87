package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lanenorm.TensorShape;
import org.lanenorm.files.Tensor;

class BackwardCommandTest {
  private static final TensorShape SHAPE = TensorShape.nhwc(2, 3, 4, 2);
  private static final float[] X = Cli.values(SHAPE.length(), 1);
  private static final float[] DY = Cli.values(SHAPE.length(), 2);

  @TempDir Path folder;

  @BeforeEach
  void writeInputs() {
    Cli.npy(file("x.npy"), Tensor.of(X, SHAPE.dimensions()));
    Cli.npy(file("dy.npy"), Tensor.of(DY, SHAPE.dimensions()));
    Cli.npz(
        file("p.npz"),
        "gamma",
        Tensor.of(new float[] {1, 2}, 2),
        "running_mean",
        Tensor.of(new double[] {3, 3}, 2),
        "running_var",
        Tensor.of(new double[] {4, 4}, 2));
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  private Cli backward(Object... more) {
    Object[] common = {
      "backward", file("x.npy"), file("dy.npy"), "--layout=nhwc", "--params", file("p.npz")
    };
    return Cli.run(
        java.util.stream.Stream.of(common, more).flatMap(java.util.stream.Stream::of).toArray());
  }

  private Object[] outputs() {
    return new Object[] {"--output", file("dx.npy"), "--gradients", file("g.npz")};
  }

  @Test
  void trainingGradientsSumToZero() {
    Cli run = backward(outputs()).succeeds();
    Tensor dx = Cli.array(file("dx.npy"));
    assertThat(dx.shape()).containsExactly(SHAPE.dimensions());
    float[] dBeta = Cli.member(file("g.npz"), "dbeta").floats();
    float[] dGamma = Cli.member(file("g.npz"), "dgamma").floats();
    for (int c = 0; c < 2; c++) {
      double sum = 0;
      double sumDy = 0;
      for (float value : Layouts.channel(dx.floats(), SHAPE, c)) {
        sum += value;
      }
      for (float value : Layouts.channel(DY, SHAPE, c)) {
        sumDy += value;
      }
      assertThat(sum).isCloseTo(0, within(1e-4));
      assertThat((double) dBeta[c]).isCloseTo(sumDy, within(1e-4));
    }
    assertThat(run.out())
        .contains("NHWC 2x3x4x2, training", Table.number(dGamma[1]), "dx.npy", "g.npz");
  }

  @Test
  void frozenStatisticsAreConstants() {
    Object[] frozen = {"--mode=frozen", "--epsilon=0"};
    backward(
            java.util.stream.Stream.of(outputs(), frozen)
                .flatMap(java.util.stream.Stream::of)
                .toArray())
        .succeeds();
    float[] dx = Cli.array(file("dx.npy")).floats();
    int i = SHAPE.index(1, 1, 5);
    assertThat(dx[i]).isCloseTo(DY[i] * 2 / 2, within(1e-6f));
  }

  @Test
  void whatDoesNotFitIsRefusedAndNothingIsWritten() {
    backward("--output", file("dx.npy")).isRefused("--gradients");
    backward("--output", file("dx.npy"), "--gradients", file("no/g.npz")).isRefused("--gradients");
    backward("--output", file("d"), "--gradients", file("d")).isRefused("another file");
    Cli.npy(file("dy.npy"), Tensor.of(new float[16], 2, 2, 2, 2));
    backward(outputs()).isRefused("DY", "NHWC 2x3x4x2", "NHWC 2x2x2x2");
    Cli.run("backward", file("x.npy")).isRefused("--output", "DY");
    assertThat(Cli.files(folder)).containsExactly("dy.npy", "p.npz", "x.npy");
  }
}
