package org.lanenorm.files;

import java.io.IOException;

/** A file that is not what it should be: the message names the file and what is wrong with it. */
public final class FileFormatException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * A problem of one file.
   *
   * @param file as the user knows it, with the member's name inside an .npz
   * @param problem what is wrong, as the rest of a sentence that starts with the file
   */
  public FileFormatException(String file, String problem) {
    super(file + " " + problem);
  }
}
