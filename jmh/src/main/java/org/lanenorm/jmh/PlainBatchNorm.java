package org.lanenorm.jmh;

import org.lanenorm.Layout;
import org.lanenorm.TensorShape;

/** The formulas typed in as they stand, one loop for each and one for both layouts. */
final class PlainBatchNorm {
  private PlainBatchNorm() {}

  static void forwardTraining(
      float[] x, float[] y, TensorShape shape, float[] gamma, float[] beta, float epsilon) {
    int channelStride = shape.layout() == Layout.NCHW ? shape.spatial() : 1;
    int step = shape.layout() == Layout.NCHW ? 1 : shape.channels();
    int imageStride = shape.channels() * shape.spatial();
    for (int c = 0; c < shape.channels(); c++) {
      float mean = 0;
      for (int n = 0; n < shape.batch(); n++) {
        for (int s = 0; s < shape.spatial(); s++) {
          mean += x[n * imageStride + c * channelStride + s * step];
        }
      }
      mean /= shape.count();
      float variance = 0;
      for (int n = 0; n < shape.batch(); n++) {
        for (int s = 0; s < shape.spatial(); s++) {
          float d = x[n * imageStride + c * channelStride + s * step] - mean;
          variance += d * d;
        }
      }
      variance /= shape.count();
      float invStd = (float) (1 / Math.sqrt(variance + epsilon));
      for (int n = 0; n < shape.batch(); n++) {
        for (int s = 0; s < shape.spatial(); s++) {
          int i = n * imageStride + c * channelStride + s * step;
          y[i] = (x[i] - mean) * invStd * gamma[c] + beta[c];
        }
      }
    }
  }
}
