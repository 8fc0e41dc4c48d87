package org.lanenorm;

import org.lanenorm.kernel.Curve;

/**
 * An activation, computed where a batch is normalized: {@code y = act((x - mean)*k + beta + z)}. A
 * value for any thread.
 *
 * <pre>
 * identity           v
 * relu               v &lt;= 0 ? 0 : v
 * relu6              v &lt;= 0 ? 0 : v &gt;= 6 ? 6 : v
 * leakyRelu(slope)   v &lt;= 0 ? slope*v : v
 * hardSwish          v &lt;= -3 ? 0 : v*min(v + 3, 6)/6
 * silu               v/(1 + exp(-v))
 * </pre>
 *
 * <p>NaN stays NaN. ReLU and ReLU6 make 0.0 of -0.0; the others keep the sign of a zero. Infinity
 * gives the limit (SiLU and hard swish of negative infinity are zeros, never NaN). The same bits in
 * every layout, vector width and back end: no exponential of the JVM's is used.
 *
 * <p>Errors, in ulps of the exact act(v), subnormal results included: none for identity, ReLU and
 * ReLU6; 0.5 for leaky ReLU; under 2.5 for hard swish (2.483 measured over all floats) and SiLU
 * (2.394).
 *
 * <p>The derivative at a corner is that of its left side for ReLU and leaky ReLU at 0 and 0 for
 * ReLU6 at 0 and 6; hard swish has 0 up to -3, 1 from 3 on and v/3 + 1/2 between. Where the
 * derivative is 0 the gradient is 0.0, whatever dOutput is.
 */
public final class Activation {
  private static final Activation IDENTITY = new Activation("identity", Curve.IDENTITY);
  private static final Activation RELU = new Activation("relu", Curve.RELU);
  private static final Activation RELU6 = new Activation("relu6", Curve.RELU6);
  private static final Activation HARD_SWISH = new Activation("hardSwish", Curve.HARD_SWISH);
  private static final Activation SILU = new Activation("silu", Curve.SILU);

  private final String name;
  private final Curve curve;

  private Activation(String name, Curve curve) {
    this.name = name;
    this.curve = curve;
  }

  /** None: y = v. */
  public static Activation identity() {
    return IDENTITY;
  }

  /** Rectified linear unit, max(v, 0). */
  public static Activation relu() {
    return RELU;
  }

  /** ReLU capped at 6. */
  public static Activation relu6() {
    return RELU6;
  }

  /**
   * ReLU with a slope below 0.
   *
   * @param slope finite and above 0 (0 is {@link #relu})
   * @return the activation
   * @throws IllegalArgumentException if the slope is not
   */
  public static Activation leakyRelu(float slope) {
    if (!(slope > 0 && slope < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "slope must be finite and above 0 (relu() has slope 0), but was " + slope);
    }
    return new Activation("leakyRelu(" + slope + ")", Curve.leaky(slope));
  }

  /**
   * v*relu6(v + 3)/6 (Howard et al., Searching for MobileNetV3, 2019, section 5.2; ONNX HardSwish).
   */
  public static Activation hardSwish() {
    return HARD_SWISH;
  }

  /** v*sigmoid(v), also called swish (Elfwing, Uchibe and Doya, 2017, arXiv:1702.03118). */
  public static Activation silu() {
    return SILU;
  }

  /** act(v): the bits that the fused calls give. */
  public float apply(float v) {
    return curve.of(v);
  }

  Curve curve() {
    return curve;
  }

  /** For example {@code leakyRelu(0.01)}. */
  @Override
  public String toString() {
    return name;
  }
}
