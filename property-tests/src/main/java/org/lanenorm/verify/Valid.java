package org.lanenorm.verify;

/**
 * A tensor's valid positions by themselves, worked out element by element: what a masked operation
 * is to be compared with. Validity is per position (n, s), at n*S + s.
 */
public final class Valid {
  private Valid() {}

  /** How many positions are valid. */
  public static int count(boolean[] valid) {
    int count = 0;
    for (boolean one : valid) {
      count += one ? 1 : 0;
    }
    return count;
  }

  /** The size of the valid positions as one image. */
  public static Shapes.Size size(Shapes.Size size, boolean[] valid) {
    return new Shapes.Size(1, size.c(), count(valid));
  }

  /** The valid positions in order of (n, s), as one image in the same layout. */
  public static float[] compact(
      float[] tensor, boolean channelsLast, Shapes.Size size, boolean[] valid) {
    Shapes.Size compact = size(size, valid);
    float[] result = new float[compact.length()];
    for (int c = 0; c < size.c(); c++) {
      float[] all = Tensors.channel(tensor, 0, channelsLast, size, c);
      float[] some = new float[compact.count()];
      for (int m = 0, v = 0; m < all.length; m++) {
        if (valid[m]) {
          some[v++] = all[m];
        }
      }
      Tensors.putChannel(result, 0, channelsLast, compact, c, some);
    }
    return result;
  }

  /** The tensor that has these values at its valid positions, and {@code masked} at the others. */
  public static float[] spread(
      float[] compact, boolean channelsLast, Shapes.Size size, boolean[] valid, float masked) {
    float[] result = new float[size.length()];
    for (int c = 0; c < size.c(); c++) {
      float[] some = Tensors.channel(compact, 0, channelsLast, size(size, valid), c);
      float[] all = new float[size.count()];
      for (int m = 0, v = 0; m < all.length; m++) {
        all[m] = valid[m] ? some[v++] : masked;
      }
      Tensors.putChannel(result, 0, channelsLast, size, c, all);
    }
    return result;
  }
}
