package org.lanenorm.jmh.numerics;

import java.util.List;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.MissingOperation;
import org.lanenorm.verify.Tolerance;
import org.lanenorm.verify.WorstErrors;

/**
 * What came of one law for one column.
 *
 * @param law what was asked
 * @param cases how many were tried, 0 where the kernel has no such operation
 * @param failures how many failed at our own bounds
 * @param failuresAt100 how many failed at 100 times our bounds
 * @param errors of the law's quantity, however large
 */
record Verdict(Law law, int cases, int failures, int failuresAt100, WorstErrors errors) {
  private static final double GENEROUS = 100;

  static Verdict of(Column column, Law law, List<Case> inputs) {
    WorstErrors errors = new WorstErrors();
    Measured exact = contract(column, law.times(1), new WorstErrors());
    Measured generous = contract(column, law.times(GENEROUS), new WorstErrors());
    Measured any = contract(column, Tolerance.times(Double.POSITIVE_INFINITY), errors);
    int failures = 0;
    int failuresAt100 = 0;
    for (int i = 0; i < inputs.size(); i++) {
      Case input = inputs.get(i);
      try {
        if (law.quantity() != null) {
          law.check(any, input, column.layout(i));
        }
        if (fails(exact, law, input, column, i)) {
          failures++;
          if (fails(generous, law, input, column, i)) {
            failuresAt100++;
          }
        }
      } catch (MissingOperation e) {
        return new Verdict(law, 0, 0, 0, errors);
      }
    }
    return new Verdict(law, inputs.size(), failures, failuresAt100, errors);
  }

  private static Measured contract(Column column, Tolerance tolerance, WorstErrors errors) {
    return new Measured(column.kernel(), tolerance, errors);
  }

  private static boolean fails(Measured contract, Law law, Case input, Column column, int i) {
    try {
      law.check(contract, input, column.layout(i));
      return false;
    } catch (AssertionError e) {
      return true;
    }
  }

  boolean missing() {
    return cases == 0;
  }

  /** Over all kinds of data, in the quantity's unit. */
  double worst() {
    double worst = 0;
    for (HardData kind : HardData.values()) {
      // keeps a NaN
      worst = Math.max(worst, errors.worst(kind, law.quantity()));
    }
    return worst;
  }
}
