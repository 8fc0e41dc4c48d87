package org.lanenorm.kernel;

/**
 * An activation act(v), one order of arithmetic for the scalar and the vector kernels. NaN stays
 * NaN: every choice below is a comparison that NaN does not meet.
 *
 * <pre>
 * clamp       v &lt;= floor ? floor : v &gt;= cap ? cap : v         a bound that is not there is NaN
 * leaky       v &lt;= 0 ? slope*v : v
 * hard swish  v &lt;= -3 ? 0 : min(v + 3, 6)*(1/6)*v            6 times the float 1/6 rounds to 1
 * SiLU        v &lt; 20 ? v/(2^-32*(1 + exp(-v)))*2^-32 : v
 * </pre>
 *
 * <p>SiLU's exponential is {@code 2^n*p(r)} with {@code n = round(-v*log2(e))}, {@code r = -v -
 * n*ln(2)} in two fmas, and p of degree 6. p - exp is at most 2^-27.7 of exp over |r| &lt;=
 * ln(2)/2: a minimax fit whose first two coefficients are 1. It is computed 2^32 times too small,
 * so that it is finite down to v = -110, where y is 0 as a float, and the last product alone rounds
 * a subnormal y. Below -110 v is taken for -110; from 20 on 1 + exp(-v) rounds to 1.
 *
 * <p>SiLU's derivative s + v*s*(1 - s), s = 1/(1 + exp(-v)), is made of exp(-|v|), with v no
 * further from 0 than 128.
 */
public final class Curve {
  enum Kind {
    CLAMP,
    LEAKY,
    HARD_SWISH,
    SILU
  }

  public static final Curve IDENTITY = new Curve(Kind.CLAMP, Float.NaN, Float.NaN, 1);
  public static final Curve RELU = new Curve(Kind.CLAMP, 0, Float.NaN, 0);
  public static final Curve RELU6 = new Curve(Kind.CLAMP, 0, 6, 0);
  public static final Curve HARD_SWISH = new Curve(Kind.HARD_SWISH, -3, 6, 0);
  public static final Curve SILU = new Curve(Kind.SILU, Float.NaN, Float.NaN, 0);

  static final float SIXTH = 0x1.555556p-3f;
  static final float THIRD = 0x1.555556p-2f;

  /** What lies further down has the result of it, and the other way round. */
  static final float LEAST = -110;

  static final float MOST = 20;

  /** What SiLU's divisor is multiplied by: 2^-32. */
  static final float SCALE = 0x1p-32f;

  static final float LOWEST = -128;
  static final float LOG2_E = 0x1.715476p0f;
  static final float MINUS_LN2_HIGH = -0x1.62e43p-1f;
  static final float MINUS_LN2_LOW = 0x1.05c61p-29f;

  /** Plus an integer n, it holds n in its last bits. */
  static final float ROUND = 0x1.8p23f;

  /** The same with n - 32, the exponent of what is scaled. */
  static final float ROUND_SCALED = ROUND - 32;

  /** The same for the smallest n for which 2^n*p is a normal number. */
  static final float ROUND_LOWEST = ROUND - 125;

  static final float P2 = 0x1.fffffcp-2f;
  static final float P3 = 0x1.55549p-3f;
  static final float P4 = 0x1.5558f4p-5f;
  static final float P5 = 0x1.123a6cp-7f;
  static final float P6 = 0x1.6a2352p-10f;

  /** Where a float's exponent begins. */
  static final int EXPONENT = 23;

  final Kind kind;

  /** Where the lower branch ends, and where the upper one begins; NaN for none. */
  final float floor;

  final float cap;

  /** Derivative below 0, where it is constant. */
  final float slope;

  private Curve(Kind kind, float floor, float cap, float slope) {
    this.kind = kind;
    this.floor = floor;
    this.cap = cap;
    this.slope = slope;
  }

  /** Leaky ReLU. */
  public static Curve leaky(float slope) {
    return new Curve(Kind.LEAKY, 0, Float.NaN, slope);
  }

  /** Whether it does nothing. */
  public boolean isIdentity() {
    return this == IDENTITY;
  }

  /** act(v). */
  public float of(float v) {
    return switch (kind) {
      case CLAMP -> v <= floor ? floor : v >= cap ? cap : v;
      case LEAKY -> v <= floor ? v * slope : v;
      case HARD_SWISH -> {
        float t = v + 3;
        yield v <= floor ? 0 : (t >= cap ? cap : t) * SIXTH * v;
      }
      case SILU -> silu(v);
    };
  }

  /** act'(v)*dy; dy itself or 0 where that is what the derivative makes of it. */
  float gradient(float v, float dy) {
    return switch (kind) {
      case CLAMP -> v <= floor || v >= cap ? 0 : dy;
      case LEAKY -> v <= floor ? dy * slope : dy;
      case HARD_SWISH -> v <= floor ? 0 : v >= 3 ? dy : Fma.fma(v, THIRD, 0.5f) * dy;
      case SILU -> siluSlope(v) * dy;
    };
  }

  /** Whether the derivative takes one of two values, which y tells apart as well as v. */
  public boolean hasBits() {
    return !isIdentity() && (kind == Kind.CLAMP || kind == Kind.LEAKY);
  }

  /** That bit, from y = act(v): act'(v) is 1. */
  boolean bit(float y) {
    return !(y <= floor || y >= cap);
  }

  /** act'(v)*dy of an element whose bit is not set. */
  float without(float dy) {
    return kind == Kind.LEAKY ? dy * slope : 0;
  }

  private static float silu(float v) {
    float a = v <= LEAST ? LEAST : v >= MOST ? MOST : v;
    float t = Fma.fma(a, -LOG2_E, ROUND_SCALED);
    float e = power(t, exponential(t - ROUND_SCALED, -a));
    float y = a / (e + SCALE) * SCALE;
    return v < MOST ? y : v;
  }

  private static float siluSlope(float v) {
    boolean positive = v >= 0;
    float a = positive ? -v : v;
    a = a <= LOWEST ? LOWEST : a;
    float t = Fma.fma(a, LOG2_E, ROUND);
    float e = power(t <= ROUND_LOWEST ? ROUND_LOWEST : t, exponential(t - ROUND, a));
    // sigmoid(v) and 1 - sigmoid(v), or the other way round
    float one = 1 / (1 + e);
    float other = e * one;
    float sigmoid = positive ? one : other;
    return Fma.fma((positive ? -a : a) * sigmoid, positive ? other : one, sigmoid);
  }

  /** p(a - n*ln(2)). */
  private static float exponential(float n, float a) {
    float r = Fma.fma(n, MINUS_LN2_LOW, Fma.fma(n, MINUS_LN2_HIGH, a));
    float p = Fma.fma(P6, r, P5);
    p = Fma.fma(p, r, P4);
    p = Fma.fma(p, r, P3);
    p = Fma.fma(p, r, P2);
    p = Fma.fma(p, r, 1);
    return Fma.fma(p, r, 1);
  }

  /** 2^n*p of a normal p, with n in the last bits of t. */
  private static float power(float t, float p) {
    return Float.intBitsToFloat(
        Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(t) << EXPONENT));
  }
}
