package org.lanenorm.properties;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.lanenorm.properties.Family.Member;
import org.lanenorm.verify.Digest;

/**
 * The bits of all results on the fixed corpora, computed once in a JVM, on as many threads as the
 * system property {@code lanenorm.test.threads} says.
 */
final class Bits {
  static final int THREADS = Integer.getInteger("lanenorm.test.threads", 1);

  /** Of batch normalization, as in digest.txt. */
  static final List<String> LINES = Digest.lines(Library.parallelism(THREADS));

  /** Of the rest of the family. */
  static final Map<Member, String> FAMILY = family();

  private Bits() {}

  /** What digest.txt holds. */
  static List<String> committedLines() throws IOException {
    try (InputStream file = Bits.class.getResourceAsStream("/digest.txt")) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  /** The digest of what is committed. */
  static String committed() throws IOException {
    return digest(committedLines(), FamilyDigestTest.COMMITTED);
  }

  /** The digest of what this JVM computes. */
  static String computed() {
    return digest(LINES, FAMILY);
  }

  /** All of it in 16 hexadecimal digits. */
  private static String digest(List<String> lines, Map<Member, String> family) {
    String text = String.join("\n", lines) + "\n" + new TreeMap<>(family);
    return HexFormat.of().formatHex(sha().digest(text.getBytes(StandardCharsets.UTF_8)), 0, 8);
  }

  private static Map<Member, String> family() {
    try {
      return FamilyDigestTest.digests(THREADS);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static MessageDigest sha() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-256", impossible);
    }
  }
}
