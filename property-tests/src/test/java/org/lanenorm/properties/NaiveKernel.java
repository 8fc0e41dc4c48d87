package org.lanenorm.properties;

import org.lanenorm.TensorShape;
import org.lanenorm.verify.BatchNormContract;
import org.lanenorm.verify.BatchNormUnderTest;
import org.lanenorm.verify.Slice;

/** The README's example. It fails, so that no build runs it by itself; NaiveKernelTest does. */
class NaiveKernel extends BatchNormContract {
  @Override
  public BatchNormUnderTest kernel() {
    return new BatchNormUnderTest() {
      @Override
      public void moments(Slice x, TensorShape shape, double[] mean, double[] variance) {
        for (int c = 0; c < shape.channels(); c++) {
          float sum = 0;
          float squares = 0;
          for (int m = 0; m < shape.count(); m++) {
            float value = x.get(shape.index(m / shape.spatial(), c, m % shape.spatial()));
            sum += value;
            squares += value * value;
          }
          float average = sum / shape.count();
          mean[c] = average;
          variance[c] = squares / shape.count() - average * average;
        }
      }
    };
  }
}
