package org.lanenorm.files;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedSet;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * An .npz file: a zip of .npy files, stored or deflated. Members are read in place by name and
 * never extracted, so that a path in a name means nothing. A layer is a prefix under which the
 * names of {@link Safetensors} are found, or the empty one for members named by those words alone.
 */
public final class Npz implements ParameterFile {
  private static final String SUFFIX = ".npy";

  /** Deflate spends at least two bits on 258 bytes: no honest member grows by more. */
  private static final long MAX_RATIO = 1032;

  private final Path file;
  private final ZipFile zip;
  private final LinkedHashMap<String, ZipEntry> members = new LinkedHashMap<>();
  private SequencedSet<String> layers;

  private Npz(Path file, ZipFile zip) {
    this.file = file;
    this.zip = zip;
  }

  /**
   * Opens a file and reads its directory.
   *
   * @throws FileFormatException if it is no zip file or holds two arrays of one name
   * @throws IOException if it cannot be read at all
   */
  public static Npz open(Path file) throws IOException {
    Npz npz;
    try {
      npz = new Npz(file, new ZipFile(file.toFile()));
    } catch (ZipException | EOFException e) {
      String why = e.getMessage() == null ? "it ends early" : e.getMessage();
      throw new FileFormatException(file.toString(), "is not a readable .npz (zip) file: " + why);
    }
    try {
      npz.readDirectory();
      return npz;
    } catch (IOException e) {
      npz.close();
      throw e;
    }
  }

  private void readDirectory() throws FileFormatException {
    for (ZipEntry entry : Collections.list(zip.entries())) {
      String name = entry.getName();
      if (!name.endsWith(SUFFIX)) {
        continue;
      }
      name = name.substring(0, name.length() - SUFFIX.length());
      if (members.put(name, entry) != null) {
        throw new FileFormatException(file.toString(), "holds two arrays named '" + name + "'");
      }
    }
    layers = Layers.named(members.keySet());
  }

  @Override
  public String format() {
    return "npz";
  }

  /** The arrays' names, without .npy, in the file's order. */
  @Override
  public SequencedSet<String> names() {
    return Collections.unmodifiableSequencedSet(members.sequencedKeySet());
  }

  @Override
  public TensorInfo info(String name) throws IOException {
    return unpack(
        name,
        (in, title, size) -> {
          NpyHeader header = Npy.header(in, title, size);
          return new TensorInfo(header.type(), header.shape());
        });
  }

  /**
   * Reads one array.
   *
   * @param name as in {@link #names}
   * @throws FileFormatException if there is none of that name, or it is not whole and correct
   */
  @Override
  public Tensor read(String name) throws IOException {
    CRC32 crc = new CRC32();
    Tensor array =
        unpack(name, (in, title, size) -> Npy.read(new CheckedInputStream(in, crc), title, size));
    if (crc.getValue() != members.get(name).getCrc()) {
      throw new FileFormatException(title(name), "is damaged: its checksum differs from the zip's");
    }
    return array;
  }

  private String title(String name) {
    return file + ":" + name;
  }

  private interface Content<T> {
    T read(InputStream in, String title, long size) throws IOException;
  }

  private <T> T unpack(String name, Content<T> content) throws IOException {
    ZipEntry entry = members.get(name);
    if (entry == null) {
      throw Layers.missing(file.toString(), "array", name, members.keySet());
    }
    String title = title(name);
    long size = entry.getSize();
    long packed = Math.min(entry.getCompressedSize(), Files.size(file));
    if (size < 0 || size > packed * MAX_RATIO) {
      throw new FileFormatException(
          title, "claims " + size + " bytes, which " + packed + " compressed ones cannot hold");
    }
    try (InputStream in = zip.getInputStream(entry)) {
      return content.read(in, title, size);
    } catch (FileFormatException e) {
      throw e;
    } catch (IOException e) {
      // damaged deflate streams come as ZipException or as an EOFException that says nothing
      throw new FileFormatException(title, "is damaged: its compressed data cannot be unpacked");
    }
  }

  @Override
  public SequencedSet<String> layers() {
    return layers;
  }

  @Override
  public LayerParameters layer(String name) throws IOException {
    return Layers.named(this, file.toString(), name);
  }

  /**
   * Writes arrays under their names, in the map's order; the same arrays give the same bytes.
   *
   * @param out receives the file; not closed
   * @param arrays by name, without .npy
   */
  public static void write(OutputStream out, Map<String, Tensor> arrays) throws IOException {
    ZipOutputStream zip = new ZipOutputStream(out);
    for (Map.Entry<String, Tensor> array : arrays.entrySet()) {
      ZipEntry entry = new ZipEntry(array.getKey() + SUFFIX);
      // the earliest a zip can say; the hour of writing would make equal results differ
      entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
      zip.putNextEntry(entry);
      Npy.write(zip, array.getValue());
      zip.closeEntry();
    }
    zip.finish();
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }
}
