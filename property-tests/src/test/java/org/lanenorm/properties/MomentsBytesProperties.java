package org.lanenorm.properties;

import static org.lanenorm.verify.Checks.check;
import static org.lanenorm.verify.Checks.sameBits;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.lanenorm.ChannelMoments;
import org.lanenorm.verify.Rng;

/** The byte form of moments: what it is, that nothing is lost, and what hostile bytes do. */
class MomentsBytesProperties {
  /** Written by hand: count 2^32 + 3; means 1.5, -0.0, NaN; M2 2.25, 0.0, NaN. */
  private static final String GOLDEN =
      "4c4e434d 01000000 0300000001000000 03000000"
          + "000000000000f83f 0000000000000080 000000000000f87f"
          + "0000000000000240 0000000000000000 000000000000f87f";

  private static final HexFormat HEX = HexFormat.of();

  private static byte[] golden() {
    return HEX.parseHex(GOLDEN.replace(" ", ""));
  }

  @Example
  void theFormDoesNotDrift() {
    ChannelMoments moments =
        ChannelMoments.of(
            (1L << 32) + 3,
            new double[] {1.5, -0.0, Double.longBitsToDouble(0xFFF8_0000_0000_5EEDL)},
            new double[] {2.25, 0, Double.NaN});
    check(
        Arrays.equals(moments.toBytes(), golden()),
        "bytes are %s",
        HEX.formatHex(moments.toBytes()));
    sameBits(ChannelMoments.fromBytes(golden()), moments, "moments read", GOLDEN);
  }

  /** Any doubles and counts, no channels and no elements among them. */
  @Property
  void writingAndReadingLosesNothing(
      @ForAll @IntRange(max = 70) int channels, @ForAll long count, @ForAll long seed) {
    ChannelMoments moments = any(channels, count, seed);
    byte[] bytes = moments.toBytes();
    check(Arrays.equals(bytes, expected(moments)), "%s, seed %d: %s", moments, seed, hex(bytes));
    ChannelMoments read = ChannelMoments.fromBytes(bytes);
    sameBits(read, moments, "moments read", moments + ", seed " + seed);
    check(read.count() == moments.count(), "count is %d", read.count());
    check(Arrays.equals(read.toBytes(), bytes), "%s, seed %d: written again", moments, seed);
  }

  /** Bytes changed, cut off or added: refused, or moments that their own bytes give again. */
  @Property(tries = 3000)
  void hostileBytesAreRefusedOrAreMoments(
      @ForAll @IntRange(max = 5) int channels, @ForAll long seed) {
    Rng rng = new Rng(seed);
    byte[] bytes = any(channels, rng.below(3) * rng.nextLong() >>> 1, seed).toBytes();
    if (rng.oneIn(3)) {
      bytes = Arrays.copyOf(bytes, rng.below(bytes.length + 20));
    }
    for (int changes = rng.below(4); changes > 0 && bytes.length > 0; changes--) {
      int at = rng.below(Math.min(bytes.length, rng.oneIn(2) ? 20 : bytes.length));
      bytes[at] = (byte) (rng.oneIn(2) ? rng.nextLong() : rng.pick(0, 1, 127, -128, -1));
    }
    ChannelMoments moments;
    try {
      moments = ChannelMoments.fromBytes(bytes);
    } catch (IllegalArgumentException e) {
      check(e.getMessage().startsWith("bytes "), "seed %d: %s", seed, e.getMessage());
      return;
    }
    sameBits(
        ChannelMoments.fromBytes(moments.toBytes()), moments, "moments of bytes", "seed " + seed);
    check(moments.toBytes().length == bytes.length, "seed %d: %s", seed, hex(bytes));
    for (int c = 0; c < moments.channels(); c++) {
      check(!(moments.m2(c) < 0), "seed %d: M2 is %s", seed, moments.m2(c));
      boolean nothing = moments.mean(c) == 0 && moments.m2(c) == 0;
      check(moments.count() > 0 || nothing, "seed %d: moments of nothing are %s", seed, moments);
    }
  }

  private static String hex(byte[] bytes) {
    return HEX.formatHex(bytes);
  }

  private static ChannelMoments any(int channels, long count, long seed) {
    Rng rng = new Rng(seed);
    double[] mean = new double[channels];
    double[] m2 = new double[channels];
    for (int c = 0; c < channels; c++) {
      mean[c] = rng.oneIn(4) ? rng.pick(0, -0.0f, Float.NaN, -1e38f) : anyDouble(rng);
      double size = Math.abs(anyDouble(rng));
      m2[c] = rng.oneIn(4) ? rng.pick(0, Float.NaN) : size;
    }
    return ChannelMoments.of(rng.oneIn(8) ? 0 : count & Long.MAX_VALUE, mean, m2);
  }

  private static double anyDouble(Rng rng) {
    return Double.longBitsToDouble(rng.nextLong());
  }

  /** As the documentation has it, byte by byte. */
  private static byte[] expected(ChannelMoments moments) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(new byte[] {'L', 'N', 'C', 'M'});
    put(bytes, 1, 4);
    put(bytes, moments.count(), 8);
    put(bytes, moments.channels(), 4);
    for (int c = 0; c < moments.channels(); c++) {
      put(bytes, Double.doubleToLongBits(moments.mean(c)), 8);
    }
    for (int c = 0; c < moments.channels(); c++) {
      put(bytes, Double.doubleToLongBits(moments.m2(c)), 8);
    }
    return bytes.toByteArray();
  }

  private static void put(ByteArrayOutputStream bytes, long value, int size) {
    for (int i = 0; i < size; i++) {
      bytes.write((int) (value >>> 8 * i));
    }
  }
}
