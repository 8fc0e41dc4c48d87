package org.lanenorm.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** The folder that receives an example's pictures; those of an earlier run are replaced. */
final class OutputFolder {
  private final Path folder;

  /**
   * Makes the folder where it is not there yet.
   *
   * @param name as the user gave it
   * @throws UserError if it cannot be written to
   */
  OutputFolder(String name) {
    try {
      folder = Path.of(name);
      if (Files.exists(folder) && !Files.isDirectory(folder)) {
        throw new UserError("--output " + name + ": must be a folder, but is a file");
      }
      Files.createDirectories(folder);
    } catch (InvalidPathException e) {
      throw new UserError("--output '" + name + "': cannot be a path: " + e.getReason());
    } catch (IOException e) {
      throw new UserError("--output " + name + ": cannot be made: " + UserError.reason(e));
    }
    if (!Files.isWritable(folder)) {
      throw new UserError("--output " + name + ": must be a folder that can be written");
    }
  }

  /** Writes a file and returns its path. */
  Path write(String name, byte... content) {
    Path file = folder.resolve(name);
    try {
      return Files.write(file, content);
    } catch (IOException e) {
      throw new UserError("--output: " + file + " cannot be written: " + UserError.reason(e));
    }
  }
}
