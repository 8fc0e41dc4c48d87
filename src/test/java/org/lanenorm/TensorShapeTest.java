package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Shapes as values: their numbers, where elements lie, and the largest that there are. */
class TensorShapeTest {
  private static final TensorShape NCHW = TensorShape.nchw(2, 3, 4, 5);
  private static final TensorShape NHWC = TensorShape.nhwc(2, 4, 5, 3);

  @Test
  void bothLayoutsHaveTheSameNumbers() {
    for (TensorShape shape : new TensorShape[] {NCHW, NHWC}) {
      assertThat(shape.batch()).isEqualTo(2);
      assertThat(shape.channels()).isEqualTo(3);
      assertThat(shape.spatial()).isEqualTo(20);
      assertThat(shape.count()).isEqualTo(40);
      assertThat(shape.length()).isEqualTo(120);
      assertThat(shape.rank()).isEqualTo(4);
    }
    assertThat(NCHW.layout()).isEqualTo(Layout.NCHW);
    assertThat(NHWC.layout()).isEqualTo(Layout.NHWC);
    assertThat(NCHW.dimensions()).containsExactly(2, 3, 4, 5);
    assertThat(NHWC.dimensions()).containsExactly(2, 4, 5, 3);
  }

  @Test
  void everyRankHasAFactoryPerLayout() {
    assertThat(TensorShape.rows(2, 3)).hasToString("NCHW 2x3");
    assertThat(TensorShape.ncw(2, 3, 4)).hasToString("NCHW 2x3x4");
    assertThat(TensorShape.nwc(2, 4, 3)).hasToString("NHWC 2x4x3");
    assertThat(NCHW).hasToString("NCHW 2x3x4x5");
    assertThat(NHWC).hasToString("NHWC 2x4x5x3");
    assertThat(TensorShape.ncdhw(2, 3, 4, 5, 6)).hasToString("NCHW 2x3x4x5x6");
    assertThat(TensorShape.ndhwc(2, 4, 5, 6, 3)).hasToString("NHWC 2x4x5x6x3");
    assertThat(TensorShape.rows(2, 3).spatial()).isEqualTo(1);
    assertThat(TensorShape.ndhwc(2, 4, 5, 6, 3).channels()).isEqualTo(3);
  }

  /** Counting through memory in its own order meets every element once. */
  @Test
  void elementsFollowOneAnotherInTheOrderOfTheLayout() {
    int at = 0;
    for (int n = 0; n < 2; n++) {
      for (int c = 0; c < 3; c++) {
        for (int s = 0; s < 20; s++, at++) {
          assertThat(NCHW.index(n, c, s)).isEqualTo(at);
        }
      }
    }
    at = 0;
    for (int n = 0; n < 2; n++) {
      for (int s = 0; s < 20; s++) {
        for (int c = 0; c < 3; c++, at++) {
          assertThat(NHWC.index(n, c, s)).isEqualTo(at);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"-1,0,0", "2,0,0", "0,-1,0", "0,3,0", "0,0,-1", "0,0,20"})
  void elementsOutsideHaveNoIndex(int n, int c, int s) {
    assertThatThrownBy(() -> NCHW.index(n, c, s))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("element (%d, %d, %d) is outside NCHW 2x3x4x5", n, c, s);
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void anIntIsTheLimitOfEveryProduct(Layout layout) {
    int max = Integer.MAX_VALUE;
    assertThat(TensorShape.of(layout, max, 1, 1).length()).isEqualTo(max);
    assertThat(TensorShape.of(layout, 1, max).count()).isEqualTo(1);
    // M alone, where there are no channels
    assertThat(TensorShape.of(layout, 1, 0, max).length()).isZero();
    String message = "at most 2147483647 elements";
    assertThatThrownBy(() -> TensorShape.of(layout, 1 << 16, 1 << 15))
        .hasMessageContaining(message);
    assertThatThrownBy(() -> TensorShape.of(layout, 2, 0, max)).hasMessageContaining(message);
    assertThatThrownBy(() -> TensorShape.of(layout, 0, 0, max, 2)).hasMessageContaining(message);
    // an empty tensor fits, whatever its dimensions
    assertThat(TensorShape.of(layout, max, max, max, max, 0).spatial()).isZero();
    assertThat(TensorShape.of(layout, 0, 1, 3, 0, 0).count()).isZero();
  }

  @Test
  void equalShapesHaveTheSameLayoutAndDimensions() {
    assertThat(TensorShape.of(Layout.NCHW, 2, 3, 4, 5)).isEqualTo(NCHW).hasSameHashCodeAs(NCHW);
    TensorShape[] others = {
      TensorShape.of(Layout.NHWC, 2, 3, 4, 5),
      TensorShape.nchw(1, 3, 4, 5),
      TensorShape.nchw(2, 1, 4, 5),
      TensorShape.nchw(2, 3, 5, 4),
      TensorShape.ncw(2, 3, 20)
    };
    for (TensorShape other : others) {
      assertThat(other).isNotEqualTo(NCHW);
    }
    assertThat(others[1].hashCode()).isNotEqualTo(NCHW.hashCode());
    assertThat(NCHW).isNotEqualTo("NCHW 2x3x4x5");
  }

  @Test
  void aShapeCanBeLaidOutAndCutAnew() {
    assertThat(NCHW.withLayout(Layout.NHWC)).isEqualTo(NHWC);
    assertThat(NCHW.withLayout(Layout.NCHW)).isSameAs(NCHW);
    assertThat(NHWC.withBatch(7)).isEqualTo(TensorShape.nhwc(7, 4, 5, 3));
    int[] spatial = {4, 5};
    TensorShape shape = TensorShape.of(Layout.NCHW, 2, 3, spatial);
    spatial[0] = 9;
    shape.dimensions()[0] = 9;
    assertThat(shape).isEqualTo(NCHW);
  }
}
