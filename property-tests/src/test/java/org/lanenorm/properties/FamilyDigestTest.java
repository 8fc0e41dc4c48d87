package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Example;
import org.lanenorm.Layout;
import org.lanenorm.properties.Family.Member;
import org.lanenorm.properties.Family.Results;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Shapes;

/**
 * The bits of the family on a fixed corpus: on every back end and width, in compiled code and in
 * the interpreter.
 */
class FamilyDigestTest {
  static final Map<Member, String> COMMITTED =
      Map.of(
          Member.GROUP, "830b6319faedaf95",
          Member.INSTANCE, "63c59bab343a90bc",
          Member.LAYER, "1180a0dfeb2f013f",
          Member.RMS, "ef4b94ffbb2047e1");

  private static final List<Shapes.Size> SIZES =
      List.of(
          new Shapes.Size(1, 1, 1),
          new Shapes.Size(17, 33, 1),
          new Shapes.Size(95, 384, 1),
          new Shapes.Size(7, 18, 2),
          new Shapes.Size(3, 30, 16),
          new Shapes.Size(4, 65, 49),
          new Shapes.Size(40, 12, 81),
          new Shapes.Size(2, 16, 1025),
          new Shapes.Size(1, 6, 1537));

  @Example
  void everyBackEndGivesTheCommittedBits() {
    assertThat(Bits.FAMILY).isEqualTo(COMMITTED);
  }

  /** The first digits of a SHA-256 per member. */
  static Map<Member, String> digests(int threads) throws NoSuchAlgorithmException {
    Map<Member, String> digests = new EnumMap<>(Member.class);
    for (Member member : Member.values()) {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (int i = 0; i < SIZES.size(); i++) {
        HardData kind = HardData.values()[5 * i % HardData.values().length];
        Family family = new Family(new Case(SIZES.get(i), kind, true, i), member);
        Results results = family.results(Layout.NCHW, threads);
        put(sha, results.y());
        put(sha, results.dInput());
        put(sha, results.dGamma());
        put(sha, results.dBeta());
      }
      digests.put(member, HexFormat.of().formatHex(sha.digest()).substring(0, 16));
    }
    return digests;
  }

  private static void put(MessageDigest sha, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length);
    for (float value : values) {
      bytes.putInt(Float.floatToIntBits(value));
    }
    sha.update(bytes.flip());
  }
}
