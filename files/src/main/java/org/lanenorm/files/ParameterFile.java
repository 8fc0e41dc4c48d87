package org.lanenorm.files;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SequencedSet;

/**
 * A file of named arrays in which batch normalization layers are found by name.
 *
 * <p>Opening reads what the file says about itself and no values: those are read when they are
 * asked for, so that a file much larger than the memory can be listed. Used by one thread at a
 * time; the file must not change while it is open.
 *
 * <p>Every method that reads throws {@link FileFormatException} where the file is not what it
 * should be or does not hold what is asked for, and another {@link IOException} where it cannot be
 * read at all.
 */
public sealed interface ParameterFile extends Closeable permits Npz, Safetensors, Onnx {
  /**
   * Opens an .npz, safetensors or ONNX file. Its bytes say which; the name does only where they
   * leave it open.
   *
   * @throws FileFormatException if it is none of them, or damaged
   */
  static ParameterFile open(Path file) throws IOException {
    byte[] start;
    long size;
    try (var in = Files.newInputStream(file)) {
      start = in.readNBytes(9);
      size = Files.size(file);
    }
    if (start.length >= 2 && start[0] == 'P' && start[1] == 'K') {
      return Npz.open(file);
    }
    if (Safetensors.isLikely(start, size)) {
      return Safetensors.open(file);
    }
    if (Onnx.isLikely(start, file)) {
      return Onnx.open(file);
    }
    throw new FileFormatException(
        file.toString(), "must be an .npz, .safetensors or .onnx file, but is none of them");
  }

  /** The format and its version where it has one, for example {@code safetensors}. */
  String format();

  /** The arrays' names in the file's order; unmodifiable. */
  SequencedSet<String> names();

  /**
   * What the file says of an array.
   *
   * @param name as in {@link #names}
   */
  TensorInfo info(String name) throws IOException;

  /**
   * Reads an array.
   *
   * @param name as in {@link #names}
   */
  Tensor read(String name) throws IOException;

  /**
   * The names of the layers that {@link #layer} may be asked for, in the file's order;
   * unmodifiable.
   */
  SequencedSet<String> layers();

  /**
   * Reads a layer. Its values are as the file has them: a variance may be negative or NaN.
   *
   * @param name as in {@link #layers}
   */
  LayerParameters layer(String name) throws IOException;
}
