package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.offset;
import static org.lanenorm.Tensors.assertClose;
import static org.lanenorm.Tensors.normal;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Parameters that move between conventions. */
class ConversionTest {
  private static final TensorShape SHAPE = TensorShape.nchw(2, 3, 4, 4);

  static List<Convention> conventions() {
    List<Convention> conventions = new ArrayList<>();
    for (EpsilonPlacement placement : EpsilonPlacement.values()) {
      for (Spread spread : Spread.values()) {
        conventions.add(
            Conventions.pytorch()
                .withEpsilon(0.01)
                .withEpsilonPlacement(placement)
                .withSpread(spread));
      }
    }
    return conventions;
  }

  @ParameterizedTest
  @MethodSource("conventions")
  void inferenceStaysTheSameFunction(Convention from) {
    double[] mean = {0.5, -1, 2};
    double[] kept = {1, 0.5, 3};
    float[] x = normal(SHAPE.length(), 1);
    float[] expected = new float[x.length];
    FrozenBatchNorm.of(mean, kept, from, null, null).apply(x, expected, SHAPE);
    for (Convention to : conventions()) {
      Conversion there = Conversion.between(from, to.withEpsilon(5));
      assertThat(there.convention()).isEqualTo(to);
      float[] y = new float[x.length];
      double[] converted = there.spread(kept);
      FrozenBatchNorm.of(mean, converted, there.convention(), null, null).apply(x, y, SHAPE);
      double[] widened = new double[x.length];
      for (int i = 0; i < widened.length; i++) {
        widened[i] = expected[i];
      }
      // 1/divisor may round to the next float
      assertClose(y, 1e-6, widened);
      assertClose(Conversion.between(to, from).spread(converted), 1e-14, kept);
      if (from.equals(to)) {
        assertThat(converted).containsExactly(kept);
      }
    }
  }

  @Test
  void pytorchToKeras3FlipsMomentumAndDropsBesselsCorrection() {
    Conversion conversion = Conversion.between(Conventions.pytorch(), Conventions.keras3());
    assertThat(conversion.convention())
        .isEqualTo(Conventions.keras3().withEpsilon(1e-5).withMomentum(Momentum.decay(0.9)));
    assertThat(conversion.varianceFactor(32)).isCloseTo(31 / 32.0, offset(1e-15));
    assertThat(conversion.spread(new double[] {0, 2})).containsExactly(0, 2);
    assertThat(conversion.changes())
        .containsExactly(
            "epsilon stays 1e-5, which must be set: Keras 3 has 0.001",
            "momentum update(0.1) is written decay(0.9)",
            "further training takes M2/M of each batch where M2/(M - 1) was taken");
    assertThat(conversion.toString()).startsWith("PyTorch to Keras 3:\n  epsilon stays");
  }

  /** The thread's own numbers: 5 values, a factor of 5/(5 - 1.001). */
  @Test
  void keras3ToKeras2Legacy() {
    Conversion conversion = Conversion.between(Conventions.keras3(), Conventions.keras2Legacy());
    assertThat(conversion.varianceFactor(5)).isCloseTo(1.2503126, offset(5e-8));
    assertThat(conversion.changes()).hasSize(1);
  }

  /** A weight file of 1.0.5 in 1.0.6: what is called running_std must become a variance. */
  @Test
  void keras105To106TurnsStandardDeviationsIntoVariances() {
    Conversion conversion =
        Conversion.between(Conventions.keras1(0, "1.0.5"), Conventions.keras1(0, "1.0.6"));
    assertThat(conversion.changes())
        .containsExactly(
            "training divides by sqrt(variance + 1e-6) where it divided by"
                + " sqrt(variance + 1e-6) + 1e-6",
            "runningVariance is such that inference divides by the same:"
                + " sqrt(runningVariance + 1e-6) = runningStd + 1e-6");
    // (2 + 1e-6)^2 - 1e-6
    assertClose(conversion.spread(new double[] {2}), 1e-15, 4.000003000001);
    assertThat(conversion.varianceFactor(1)).isEqualTo(1);
  }

  @Test
  void nothingChangesBetweenTheSame() {
    for (Convention convention :
        new Convention[] {
          Conventions.pytorch().withMomentum(Momentum.cumulative()),
          Conventions.keras1(0, "1.0.0"),
          Conventions.keras1(1, "1.0.4"),
          Conventions.keras1(2, "1.2.2")
        }) {
      Conversion conversion = Conversion.between(convention, convention);
      assertThat(conversion.changes()).isEmpty();
      assertThat(conversion).asString().endsWith(": nothing changes");
      assertThat(conversion.convention()).isEqualTo(convention);
    }
  }

  @Test
  void whatDoesNotCarryOverIsRefused() {
    Convention pytorch = Conventions.pytorch();
    refused(pytorch, Conventions.keras1(2, "1.2.2"), "inference normalizes by", "RUNNING", "BATCH");
    refused(Conventions.keras1(1, "1.2.2"), pytorch, "SAMPLE", "RUNNING");
    refused(
        pytorch.withMomentum(Momentum.cumulative()),
        Conventions.keras3(),
        "momentum is cumulative() in the one and decay(0.99) in the other");
    refused(
        Conventions.keras3(),
        Conventions.keras3().withMomentum(Momentum.decay(0.9).zeroDebiased()),
        "momentum is");
    // no running statistics that could make up for it
    refused(Conventions.keras1(1, "1.0.4"), Conventions.keras1(1, "1.0.5"), "ON_STD", "BOTH");
    refused(Conventions.keras1(2, "1.0.5"), Conventions.keras1(2, "1.0.6"), "BOTH", "INSIDE");
  }

  private static void refused(Convention from, Convention to, String... words) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Conversion.between(from, to))
        .withMessageContaining(from.name() + " cannot be converted to " + to.name())
        .satisfies(thrown -> assertThat(thrown.getMessage()).contains(words));
  }

  /** A divisor of 0.1 is below sqrt(0 + 0.25). */
  @Test
  void aDivisorThatTheOtherCannotHaveIsRefused() {
    Convention from = Conventions.flax().withEpsilon(0.25).withSpread(Spread.STANDARD_DEVIATION);
    Conversion conversion = Conversion.between(from, from.withSpread(Spread.VARIANCE));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> conversion.spread(new double[] {1, 0.1}))
        .withMessage(
            "std[1] must be such that sqrt(runningVariance + 0.25) = runningStd has a solution of"
                + " at least 0, but was 0.1");
    Conversion outside =
        Conversion.between(from, from.withEpsilonPlacement(EpsilonPlacement.ON_STD));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> outside.spread(new double[] {0.1}))
        .withMessageContaining("runningStd + 0.25 = runningStd");
  }
}
