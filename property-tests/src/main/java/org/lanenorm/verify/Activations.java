package org.lanenorm.verify;

import java.util.List;

/**
 * Activations from their definitions, in double. SiLU's exponential is {@link StrictMath}'s, right
 * to an ulp of double.
 *
 * @param name relu, relu6, leakyRelu, hardSwish, silu or identity
 * @param slope of leakyRelu below 0
 */
public record Activations(String name, float slope) {
  /** Each of them once. */
  public static final List<Activations> ALL =
      List.of(
          new Activations("identity", 0),
          new Activations("relu", 0),
          new Activations("relu6", 0),
          new Activations("leakyRelu", 0.01f),
          new Activations("leakyRelu", 2.5f),
          new Activations("hardSwish", 0),
          new Activations("silu", 0));

  /** act(v). */
  public double of(double v) {
    return switch (name) {
      case "identity" -> v;
      case "relu" -> Double.isNaN(v) ? v : Math.max(v, 0.0);
      case "relu6" -> Double.isNaN(v) ? v : Math.min(Math.max(v, 0.0), 6);
      case "leakyRelu" -> v > 0 ? v : slope * v;
      case "hardSwish" -> v <= -3 ? 0 : v >= 3 ? v : v * (v + 3) / 6;
      case "silu" -> v == Double.NEGATIVE_INFINITY ? -0.0 : v * sigmoid(v);
      default -> throw new IllegalStateException(name);
    };
  }

  /** act'(v), at a corner that of the side where act is flatter (hard swish's at 3: 1). */
  public double derivative(double v) {
    return switch (name) {
      case "identity" -> 1;
      case "relu" -> v <= 0 ? 0 : 1;
      case "relu6" -> v <= 0 || v >= 6 ? 0 : 1;
      case "leakyRelu" -> v <= 0 ? slope : 1;
      case "hardSwish" -> v <= -3 ? 0 : v >= 3 ? 1 : v / 3 + 0.5;
      case "silu" -> Double.isInfinite(v) ? (v > 0 ? 1 : 0) : sigmoid(v) * (1 + v * sigmoid(-v));
      default -> throw new IllegalStateException(name);
    };
  }

  /** How far off a float result may be, in its ulps. */
  public double ulps() {
    return switch (name) {
      case "leakyRelu" -> 0.5;
      case "hardSwish", "silu" -> 2.5;
      default -> 0;
    };
  }

  /** How far off a float derivative may be, in units of u = 2^-24 (it may be next to 0). */
  public double derivativeUnits() {
    return switch (name) {
      case "hardSwish" -> 2;
      case "silu" -> 5;
      default -> 0;
    };
  }

  private static double sigmoid(double v) {
    return v >= 0 ? 1 / (1 + StrictMath.exp(-v)) : StrictMath.exp(v) / (1 + StrictMath.exp(v));
  }
}
