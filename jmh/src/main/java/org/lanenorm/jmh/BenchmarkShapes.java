package org.lanenorm.jmh;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

/**
 * Shapes as the benchmarks' parameter names them, {@code N x C x spatial...} in any layout: {@code
 * 32x64x56x56}, rows {@code 256x512}. And names for lists of them.
 */
public final class BenchmarkShapes {
  /** The nine shapes that ResNet-50 normalizes, without N. */
  private static final List<String> RESNET50 =
      List.of(
          "64x112x112",
          "64x56x56",
          "256x56x56",
          "128x28x28",
          "512x28x28",
          "256x14x14",
          "1024x14x14",
          "512x7x7",
          "2048x7x7");

  private static final Map<String, List<String>> LISTS = new LinkedHashMap<>();

  static {
    LISTS.put("resnet50", batches(32));
    LISTS.put("resnet50-single", batches(1));
    LISTS.put("rows", List.of("256x512", "128x1024"));
    LISTS.put("odd", List.of("3x17x13x11"));
    LISTS.put("tiny", List.of("4x16x8x8"));
    LISTS.put("few-channels", List.of("8x3x224x224", "8x17x224x224"));
    LISTS.put("all", LISTS.values().stream().flatMap(List::stream).toList());
  }

  private BenchmarkShapes() {}

  /** Prints the shapes that names stand for, one in a line, for scripts. */
  public static void main(String[] names) {
    try {
      expand(List.of(names)).forEach(System.out::println);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static List<String> batches(int n) {
    return RESNET50.stream().map(shape -> n + "x" + shape).toList();
  }

  /**
   * Replaces names by the shapes they stand for.
   *
   * @param names shapes, or names of lists
   * @return the shapes, each once
   * @throws IllegalArgumentException if one is neither
   */
  public static Set<String> expand(List<String> names) {
    Set<String> shapes = new LinkedHashSet<>();
    for (String name : names) {
      List<String> list = LISTS.getOrDefault(name, List.of(name));
      list.forEach(shape -> parse(Layout.NCHW, shape));
      shapes.addAll(list);
    }
    return shapes;
  }

  /**
   * Reads one shape.
   *
   * @param layout of the tensor
   * @param shape N x C x spatial..., whatever the layout
   * @throws IllegalArgumentException if it is not 2 to 5 numbers that make a tensor
   */
  public static TensorShape parse(Layout layout, String shape) {
    int[] sizes;
    try {
      sizes = Stream.of(shape.split("x")).mapToInt(Integer::parseInt).toArray();
    } catch (NumberFormatException e) {
      throw unreadable(shape);
    }
    if (sizes.length < 2) {
      throw unreadable(shape);
    }
    return TensorShape.of(layout, sizes[0], sizes[1], Arrays.copyOfRange(sizes, 2, sizes.length));
  }

  private static IllegalArgumentException unreadable(String shape) {
    return new IllegalArgumentException(
        "shape must be N x C x spatial, such as 32x64x56x56, or one of "
            + LISTS.keySet()
            + ", but was "
            + shape);
  }
}
