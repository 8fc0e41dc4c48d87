package org.lanenorm.properties;

import org.lanenorm.verify.BatchNormUnderTest;
import org.lanenorm.verify.WorstErrors;

/** What the properties of the library's own share with the contract that it is held to. */
abstract class Properties {
  /** The library, unless a test puts something else here to see a property fail. */
  BatchNormUnderTest kernel = new Library();

  WorstErrors errors = Accuracy.OF_THE_LIBRARY;

  /** As a contract asks. */
  public BatchNormUnderTest kernel() {
    return kernel;
  }

  /** As a contract asks. */
  public WorstErrors errors() {
    return errors;
  }
}
