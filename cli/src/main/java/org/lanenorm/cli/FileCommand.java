package org.lanenorm.cli;

import picocli.CommandLine.Option;

/** What the commands that compute on files have in common. */
abstract class FileCommand extends PlainCommand {
  @Option(
      names = "--threads",
      paramLabel = "T",
      converter = Values.ThreadCount.class,
      description = "Threads to work with; results do not depend on it. Default: all cores.")
  private Integer threads;

  Threads startThreads() {
    return new Threads(threads == null ? Runtime.getRuntime().availableProcessors() : threads);
  }
}
