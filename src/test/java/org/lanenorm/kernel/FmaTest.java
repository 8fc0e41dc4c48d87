package org.lanenorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class FmaTest {
  /** Sums that cancel, that do not meet, and that meet in a tie. */
  @Test
  void theEmulatedDoubleHasTheBitsOfMathFma() {
    Random random = new Random(1);
    for (int i = 0; i < 200_000; i++) {
      double x = Math.scalb(random.nextGaussian(), random.nextInt(200) - 100);
      double y = random.nextBoolean() ? x : Math.scalb(random.nextGaussian(), random.nextInt(40));
      double z =
          switch (random.nextInt(4)) {
            case 0 -> -x * y;
            case 1 -> Math.scalb(-x * y, random.nextInt(120) - 60);
            case 2 -> Math.ulp(x * y) * (random.nextInt(64) - 32) / 4;
            default -> random.nextGaussian();
          };
      assertThat(Fma.emulated(x, y, z)).as("fma(%s, %s, %s)", x, y, z).isEqualTo(Math.fma(x, y, z));
    }
  }
}
