package org.lanenorm.kernel;

import java.util.Arrays;

/**
 * Cuts a batch that is normalized image by image into parts of a few images, the same whatever
 * threads there are, lets a team do the parts, and adds up what each of them contributes to the
 * gradients of parameters: inside a part, then part after part in order, in double.
 */
final class Images {
  /** Elements of a part, 128 KB, that its second pass finds in a cache; one image at least. */
  private static final int PART = 1 << 15;

  /** Picoseconds of one thread per element, roughly: a forward's, which is the shorter one. */
  private static final int PICOS = 240;

  private final Team team;

  /** For the call at hand. */
  private int threads;

  /** The parameter gradients of some parts, at (part - first)*length + index. */
  double[] dGamma = new double[0];

  double[] dBeta = new double[0];

  /** Those of all parts before. */
  private double[] totalGamma = new double[0];

  private double[] totalBeta = new double[0];

  /** For the threads of a team. */
  Images(Team team) {
    this.team = team;
  }

  /** Does the images [first, end), the {@code index}-th part of those of one call. */
  interface Part {
    void run(int first, int end, int index, int member);
  }

  /** Images of so many elements in one part. */
  static int perPart(int size) {
    return Math.max(1, PART / size);
  }

  static int parts(int batch, int size) {
    int images = perPart(size);
    return (batch + images - 1) / images;
  }

  /**
   * Whether threads share the parts. Else they share each pass over an image, if anything: so it is
   * where there are few images.
   */
  boolean shared(int batch, int size) {
    threads = Passes.threads(team, (long) batch * size, PICOS, 0);
    return threads > 1 && parts(batch, size) >= threads;
  }

  /** Lets the team do the parts [firstPart, endPart). */
  void share(int batch, int size, int firstPart, int endPart, Part part) {
    int images = perPart(size);
    team.run(
        threads,
        endPart - firstPart,
        (index, member) -> {
          int first = (firstPart + index) * images;
          part.run(first, Math.min(batch, first + images), index, member);
        });
  }

  /** Parts after which a call adds up: so that there is one sum per thread or so to keep. */
  int together(boolean shared) {
    return shared ? 4 * team.limit() : 1;
  }

  /** Before the first part of a call: no sums of {@code length} parameters. */
  void start(int length, boolean shared) {
    if (totalGamma.length < length) {
      totalGamma = new double[length];
      totalBeta = new double[length];
    }
    Arrays.fill(totalGamma, 0, length, 0);
    Arrays.fill(totalBeta, 0, length, 0);
    int room = Math.multiplyExact(length, together(shared));
    if (dGamma.length < room) {
      dGamma = new double[room];
      dBeta = new double[room];
    }
    Arrays.fill(dGamma, 0, room, 0);
    Arrays.fill(dBeta, 0, room, 0);
  }

  /** Adds the sums of {@code parts} parts to the total, in order, and clears them. */
  void add(int length, int parts) {
    for (int part = 0, at = 0; part < parts; part++) {
      for (int i = 0; i < length; i++, at++) {
        totalGamma[i] += dGamma[at];
        totalBeta[i] += dBeta[at];
      }
    }
    Arrays.fill(dGamma, 0, length * parts, 0);
    Arrays.fill(dBeta, 0, length * parts, 0);
  }

  /** The totals, rounded once; null leaves one out. */
  void finish(float[] dGamma, float[] dBeta) {
    for (int i = 0; dGamma != null && i < dGamma.length; i++) {
      dGamma[i] = (float) totalGamma[i];
    }
    for (int i = 0; dBeta != null && i < dBeta.length; i++) {
      dBeta[i] = (float) totalBeta[i];
    }
  }
}
