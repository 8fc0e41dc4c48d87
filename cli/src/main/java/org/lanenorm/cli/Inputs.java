package org.lanenorm.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.files.ElementType;
import org.lanenorm.files.Npy;
import org.lanenorm.files.Npz;
import org.lanenorm.files.ParameterFile;
import org.lanenorm.files.Tensor;

/**
 * Reads what a command is given as INPUT: an .npy file, a member of an .npz file as {@code
 * file.npz:name} (the name may be left out where there is one array) or a picture. What a file is
 * says its first bytes, not its name.
 */
final class Inputs {
  private static final int MAX_NAMES = 10;

  private final Layout layout;
  private final Consumer<String> notes;

  /**
   * A reader.
   *
   * @param layout in which the numbers lie, null for NCHW in arrays and NHWC in pictures
   * @param notes receives a line where the numbers were changed on the way
   */
  Inputs(Layout layout, Consumer<String> notes) {
    this.layout = layout;
    this.notes = notes;
  }

  /**
   * Reads one input.
   *
   * @param argument what messages call it, for example INPUT
   * @param input the user's word for it
   */
  Input read(String argument, String input) {
    String member = null;
    String file = input;
    int colon = input.lastIndexOf(':');
    if (colon > 0 && !exists(input) && exists(input.substring(0, colon))) {
      file = input.substring(0, colon);
      member = input.substring(colon + 1);
    }
    return read(argument, input, file(argument, file), member);
  }

  private Input read(String argument, String name, Path file, String member) {
    try {
      String start = start(file);
      if (member != null && !start.startsWith("PK")) {
        throw UserError.of(
            argument, name, "only an .npz file has members, and " + file + " is none");
      }
      if (start.startsWith("\u0093NUMPY")) {
        return tensor(argument, name, Npy.read(file));
      }
      if (start.startsWith("PK")) {
        return member(argument, name, file, member);
      }
      if (start.startsWith("\u0089PNG") || start.startsWith("\u00ff\u00d8\u00ff")) {
        return Picture.read(argument, name, file, layout == null ? Layout.NHWC : layout);
      }
    } catch (IOException e) {
      throw new UserError(argument + ": " + UserError.reason(e));
    }
    throw UserError.of(
        argument, name, "must be an .npy, .npz, .png or .jpg file, but is none of them");
  }

  private Input member(String argument, String name, Path file, String member) throws IOException {
    try (Npz npz = Npz.open(file)) {
      List<String> names = List.copyOf(npz.names());
      if (member != null && names.contains(member)) {
        return tensor(argument, name, npz.read(member));
      }
      if (member == null && names.size() == 1) {
        return tensor(argument, name + ":" + names.get(0), npz.read(names.get(0)));
      }
      throw UserError.of(argument, name, "must name one array of the file: " + list(file, names));
    }
  }

  private static String list(Path file, List<String> names) {
    if (names.isEmpty()) {
      return "it holds none";
    }
    return names.stream()
        .limit(MAX_NAMES)
        .map(name -> file + ":" + name)
        .collect(Collectors.joining(", ", "", names.size() > MAX_NAMES ? ", ..." : ""));
  }

  private Input tensor(String argument, String name, Tensor array) {
    int[] dimensions = array.shape();
    if (array.type() == ElementType.INT64) {
      throw UserError.of(
          argument, name, "must hold float32 (or float64, rounded), but holds int64");
    }
    if (dimensions.length < 2 || dimensions.length > 5) {
      throw UserError.of(
          argument,
          name,
          "must have 2 to 5 dimensions, but its shape is " + Tensor.describe(dimensions));
    }
    TensorShape shape;
    try {
      shape = shape(layout == null ? Layout.NCHW : layout, dimensions);
    } catch (IllegalArgumentException e) {
      throw UserError.of(argument, name, e.getMessage());
    }
    float[] values = array.floats();
    if (array.type() == ElementType.FLOAT64) {
      notes.accept(argument + " " + name + ": float64, rounded to float32" + lost(array, values));
    }
    return new Input(name, values, shape);
  }

  private static String lost(Tensor array, float[] values) {
    double[] exact = array.doubles();
    int lost = 0;
    for (int i = 0; i < values.length; i++) {
      lost += Float.isInfinite(values[i]) && !Double.isInfinite(exact[i]) ? 1 : 0;
    }
    return lost == 0 ? "" : " (" + lost + " values beyond its range became infinite)";
  }

  private static TensorShape shape(Layout layout, int[] dimensions) {
    int rank = dimensions.length;
    return layout == Layout.NCHW
        ? TensorShape.of(
            layout, dimensions[0], dimensions[1], Arrays.copyOfRange(dimensions, 2, rank))
        : TensorShape.of(
            layout,
            dimensions[0],
            dimensions[rank - 1],
            Arrays.copyOfRange(dimensions, 1, rank - 1));
  }

  /**
   * Reads an input that is shipped inside the program.
   *
   * @param name of the file, with a member behind a colon where it is an .npz
   */
  Input bundled(String name) {
    String[] parts = name.split(":", 2);
    try {
      // zip files and pictures are read from a file only
      Path copy = Files.createTempFile("lanenorm-", "-" + parts[0]);
      try (InputStream in = Inputs.class.getResourceAsStream(parts[0])) {
        Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
        return read("bundled", name, copy, parts.length > 1 ? parts[1] : null);
      } finally {
        Files.delete(copy);
      }
    } catch (IOException e) {
      throw new UserError(
          "the bundled " + parts[0] + " cannot be unpacked: " + UserError.reason(e));
    }
  }

  /** What is done with an open file. */
  interface Use<T> {
    T of(ParameterFile file) throws IOException;
  }

  /**
   * Opens a file of parameters for as long as it is used.
   *
   * @param argument what messages call it, for example --params
   * @param name the user's word for it
   */
  static <T> T open(String argument, String name, Use<T> use) {
    try (ParameterFile file = ParameterFile.open(file(argument, name))) {
      return use.of(file);
    } catch (IOException e) {
      throw new UserError(argument + ": " + UserError.reason(e));
    }
  }

  /** A path to a file that is there and is one. */
  static Path file(String argument, String name) {
    Path file;
    try {
      file = Path.of(name);
    } catch (InvalidPathException e) {
      throw new UserError(argument + ": '" + name + "' cannot be a path: " + e.getReason());
    }
    String problem =
        !Files.exists(file)
            ? "no such file"
            : Files.isDirectory(file)
                ? "must be a file, but is a folder"
                : !Files.isRegularFile(file)
                    ? "must be an ordinary file"
                    : !Files.isReadable(file) ? "must be readable, but permission is denied" : null;
    if (problem != null) {
      throw UserError.of(argument, name, problem);
    }
    return file;
  }

  static boolean exists(String name) {
    try {
      return Files.exists(Path.of(name));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static String start(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(6), StandardCharsets.ISO_8859_1);
    }
  }
}
