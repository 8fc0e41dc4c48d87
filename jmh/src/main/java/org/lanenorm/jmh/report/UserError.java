package org.lanenorm.jmh.report;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/**
 * Something that the user can put right. Its message is one line that names the argument, what it
 * was and what is allowed; it ends the command with exit status 2.
 */
final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1;

  UserError(String message) {
    super(message);
  }

  /** Words for a failed file operation; Java's own messages repeat the path or consist of it. */
  static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file or folder";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileSystemException failed && failed.getReason() != null) {
      return failed.getReason();
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
