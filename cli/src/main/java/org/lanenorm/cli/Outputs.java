package org.lanenorm.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The files that a command writes: all of them or none. Each is written under a temporary name in
 * its own folder; when all are complete, {@link #commit} moves them to their names, each in one
 * step. A command that fails leaves what was there before.
 */
final class Outputs implements AutoCloseable {
  /** Writes a file's bytes. */
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  private record Target(String argument, String name, Path path) {
    UserError problem(String problem) {
      return UserError.of(argument, name, problem);
    }
  }

  private final Map<String, Target> targets = new LinkedHashMap<>();
  private final Map<Target, Path> written = new LinkedHashMap<>();

  /**
   * Announces a file before the work is done, so that a wrong name is told at once.
   *
   * @param argument the option that names it
   * @param name null if the option was not given
   */
  void announce(String argument, String name) {
    if (name == null) {
      return;
    }
    Target target = new Target(argument, name, path(argument, name));
    Path folder = target.path.getParent();
    if (Files.isDirectory(target.path)) {
      throw target.problem("must be a file, but is a folder");
    }
    if (Files.exists(target.path) && !Files.isRegularFile(target.path)) {
      throw target.problem("must be an ordinary file"); // a device would be replaced, not written
    }
    if (!Files.isDirectory(folder)) {
      throw target.problem("must be in an existing folder, but there is no " + folder);
    }
    if (!Files.isWritable(folder)) {
      throw target.problem("must be in a folder that can be written, but " + folder + " cannot");
    }
    for (Target other : targets.values()) {
      if (other.path.equals(target.path)) {
        throw target.problem("must be another file than " + other.argument);
      }
    }
    targets.put(argument, target);
  }

  private static Path path(String argument, String name) {
    try {
      Path path = Path.of(name).toAbsolutePath().normalize();
      // a link stays a link, and what it points at is replaced
      return Files.exists(path) ? path.toRealPath() : path;
    } catch (InvalidPathException e) {
      throw new UserError(argument + ": '" + name + "' cannot be a path: " + e.getReason());
    } catch (IOException e) {
      throw new UserError(argument + " " + name + ": " + UserError.reason(e));
    }
  }

  /** Writes an announced file under its temporary name; nothing if it was not announced. */
  void write(String argument, Content content) {
    Target target = targets.get(argument);
    if (target == null) {
      return;
    }
    // not Files.createTempFile: it would make a file that nobody else may read
    String suffix = "." + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".tmp";
    Path temporary = target.path.resolveSibling("." + target.path.getFileName() + suffix);
    written.put(target, temporary);
    temporary.toFile().deleteOnExit(); // an interrupt from the keyboard
    try (OutputStream out =
        new BufferedOutputStream(
            Files.newOutputStream(
                temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            1 << 16)) {
      content.writeTo(out);
    } catch (IOException e) {
      throw target.problem("cannot be written: " + UserError.reason(e));
    }
  }

  /** Moves everything written to its name. */
  void commit() {
    Map<Target, Path> created = new LinkedHashMap<>();
    for (Map.Entry<Target, Path> file : written.entrySet()) {
      Target target = file.getKey();
      boolean fresh = !Files.exists(target.path);
      try {
        Files.move(file.getValue(), target.path, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        created.values().forEach(Outputs::delete);
        throw target.problem("cannot be written: " + UserError.reason(e));
      }
      if (fresh) {
        created.put(target, target.path);
      }
    }
    written.clear();
  }

  /** Deletes what was written and not committed. */
  @Override
  public void close() {
    written.values().forEach(Outputs::delete);
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // the command has failed already and says why
    }
  }
}
