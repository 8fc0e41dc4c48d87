package org.lanenorm.jmh.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * The folder of a report: all of it or what was there before. Files are written into a folder of
 * their own inside it; when all are complete, {@link #commit} moves them to their places, the page
 * last.
 */
final class OutputFolder implements AutoCloseable {
  static final String PAGE = "report.html";
  static final String RESULTS = "results.json";
  static final String MACHINE = "machine.json";
  static final String CHARTS = "charts";
  static final String LOG = "jmh.log";

  /** What it may hold; a commit may replace all of it. */
  private static final Set<String> OWN = Set.of(PAGE, RESULTS, MACHINE, CHARTS, LOG);

  private static final String STAGING = ".lanenorm-";

  private final Path folder;
  private final boolean fresh;
  private Path staging;

  /**
   * Looks whether a report may be written there, and writes nothing.
   *
   * @param name as the user gave it
   * @throws UserError if it may not
   */
  OutputFolder(String name) {
    try {
      folder = Path.of(name).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw new UserError("--output '" + name + "': cannot be a path: " + e.getReason());
    }
    fresh = !Files.exists(folder);
    if (fresh) {
      Path parent = folder.getParent();
      if (parent == null || !Files.isDirectory(parent)) {
        throw problem("must be in an existing folder, but there is no " + parent);
      }
      if (!Files.isWritable(parent)) {
        throw problem("must be in a folder that can be written, but " + parent + " cannot");
      }
      return;
    }
    if (!Files.isDirectory(folder)) {
      throw problem("must be a folder, but is a file");
    }
    if (!Files.isWritable(folder)) {
      throw problem("must be a folder that can be written");
    }
    try (Stream<Path> files = Files.list(folder)) {
      String other =
          files
              .map(file -> file.getFileName().toString())
              .filter(file -> !OWN.contains(file) && !file.startsWith(STAGING))
              .sorted()
              .findFirst()
              .orElse(null);
      if (other != null) {
        throw problem("must be new, empty, or an earlier report, but holds " + other);
      }
      if (Files.exists(folder.resolve(CHARTS)) && !Files.exists(folder.resolve(PAGE))) {
        throw problem("must be an earlier report, but holds " + CHARTS + " and no " + PAGE);
      }
    } catch (IOException e) {
      throw problem(UserError.reason(e));
    }
  }

  private UserError problem(String problem) {
    return new UserError("--output " + folder + ": " + problem);
  }

  Path path() {
    return folder;
  }

  /** Where JMH's output goes while it runs: not part of the report, and there after a failure. */
  Path log() {
    return folder.resolve(LOG);
  }

  /** Makes the folder. */
  void create() {
    try {
      Files.createDirectories(folder);
      Path unique =
          folder.resolve(STAGING + Long.toHexString(ThreadLocalRandom.current().nextLong()));
      Files.createDirectory(unique);
      staging = unique;
      Files.createDirectory(staging.resolve(CHARTS));
    } catch (IOException e) {
      throw problem("cannot be made: " + UserError.reason(e));
    }
  }

  /**
   * Writes a file for the commit.
   *
   * @param file its name, relative to the folder
   */
  void write(String file, byte[] content) {
    try {
      Files.write(staging.resolve(file), content);
    } catch (IOException e) {
      throw problem(file + " cannot be written: " + UserError.reason(e));
    }
  }

  /** Moves everything to its place. */
  void commit() {
    try {
      Path charts = folder.resolve(CHARTS);
      if (Files.exists(charts)) {
        Files.move(charts, staging.resolve("old"));
      }
      for (String file : List.of(CHARTS, RESULTS, MACHINE, PAGE)) {
        if (Files.exists(staging.resolve(file))) {
          Files.move(staging.resolve(file), folder.resolve(file), StandardCopyOption.ATOMIC_MOVE);
        }
      }
    } catch (IOException e) {
      throw problem("cannot be written: " + UserError.reason(e));
    }
  }

  /** Deletes what was not committed, and the folder if it is new and nothing is in it. */
  @Override
  public void close() {
    if (staging == null) {
      return;
    }
    try (Stream<Path> files = Files.walk(staging)) {
      files.sorted(Comparator.reverseOrder()).forEach(OutputFolder::delete);
    } catch (IOException | UncheckedIOException e) {
      // an interrupt from the keyboard, and the other thread deletes as well
    }
    if (fresh) {
      delete(folder);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // a folder that is not empty stays; all else has been told
    }
  }
}
