package org.lanenorm.examples;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.zip.ZipFile;
import org.lanenorm.files.Npz;

/**
 * Handwritten digits ("Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, UCI
 * Machine Learning Repository, CC BY 4.0).
 *
 * @param images 8x8 pixels of each, from 0 to 1
 * @param labels 0 to 9
 */
record Digits(float[] images, int[] labels) {
  static final int PIXELS = 64;
  static final int CLASSES = 10;

  private static final float WHITE = 16;
  private static final int HELD_OUT = 5;

  /** All 1,797 of them. */
  static Digits bundled() {
    return Bundled.use(
        "digits.npz",
        file -> {
          try (Npz npz = Npz.open(file)) {
            float[] images = npz.read("images").floats();
            for (int i = 0; i < images.length; i++) {
              images[i] /= WHITE;
            }
            return new Digits(images, labels(file, images.length / PIXELS));
          }
        });
  }

  /** They are int32, which lanenorm-files, a reader of parameters, does not take. */
  private static int[] labels(Path file, int count) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile());
        InputStream in = zip.getInputStream(zip.getEntry("labels.npy"))) {
      ByteBuffer array = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
      int[] labels = new int[count];
      array.position(array.capacity() - count * Integer.BYTES).asIntBuffer().get(labels);
      return labels;
    }
  }

  int count() {
    return labels.length;
  }

  /** Every fifth, which training never sees. */
  Digits heldOut() {
    return those(i -> i % HELD_OUT == HELD_OUT - 1);
  }

  /** All others. */
  Digits forTraining() {
    return those(i -> i % HELD_OUT != HELD_OUT - 1);
  }

  private Digits those(IntPredicate chosen) {
    return of(IntStream.range(0, count()).filter(chosen).toArray());
  }

  /** The digits at these places, in this order. */
  Digits of(int... places) {
    Digits some = new Digits(new float[places.length * PIXELS], new int[places.length]);
    for (int i = 0; i < places.length; i++) {
      System.arraycopy(images, places[i] * PIXELS, some.images, i * PIXELS, PIXELS);
      some.labels[i] = labels[places[i]];
    }
    return some;
  }

  /** Which share of them is predicted right. */
  double accuracy(int... predictions) {
    long right = IntStream.range(0, count()).filter(i -> predictions[i] == labels[i]).count();
    return (double) right / count();
  }
}
