package org.lanenorm.verify;

/** What a {@link BatchNormUnderTest} does not implement: its properties are skipped. */
public final class MissingOperation extends UnsupportedOperationException {
  private static final long serialVersionUID = 1;

  /**
   * Of this name.
   *
   * @param operation a method of {@link BatchNormUnderTest}
   */
  public MissingOperation(String operation) {
    super(operation + " is not implemented");
  }
}
