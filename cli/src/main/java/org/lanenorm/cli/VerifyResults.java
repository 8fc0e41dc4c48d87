package org.lanenorm.cli;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.Momentum;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;

/**
 * What the library computes for one case, tensors in NCHW whatever the layout it ran in.
 *
 * @param inference y by the running statistics after one training step
 * @param frozen gradients by the same constants
 */
record VerifyResults(
    ChannelMoments moments,
    float[] y,
    double[] runningMean,
    double[] runningVariance,
    float[] inference,
    Gradients training,
    Gradients frozen) {

  /** Gradients of one backward pass. */
  record Gradients(float[] dInput, float[] dGamma, float[] dBeta) {}

  static VerifyResults of(VerifyCase verifyCase, Layout layout, double epsilon, Threads threads) {
    TensorShape nchw = verifyCase.shape();
    TensorShape shape = nchw.withLayout(layout);
    float[] x = Layouts.convert(verifyCase.x(), nchw, layout);
    float[] dOutput = Layouts.convert(verifyCase.dOutput(), nchw, layout);
    Params params =
        Params.fresh(
            nchw.channels(), verifyCase.gamma(), verifyCase.beta(), epsilon, Momentum.decay(0.9));
    BatchNorm layer = new Setup(true, params, threads.parallelism()).layer(nchw.channels());
    float[] y = new float[x.length];
    float[] inference = new float[x.length];
    SavedStatistics saved = layer.forwardTraining(x, y, shape);
    layer.forwardInference(x, inference, shape);
    Gradients training = gradients(nchw);
    layer.backward(x, dOutput, saved, training.dInput, training.dGamma, training.dBeta, shape);
    Gradients frozen = gradients(nchw);
    layer.backwardFrozen(x, dOutput, frozen.dInput, frozen.dGamma, frozen.dBeta, shape);
    return new VerifyResults(
        saved.moments(),
        Layouts.convert(y, shape, Layout.NCHW),
        layer.runningStatistics().means(),
        layer.runningStatistics().variances(),
        Layouts.convert(inference, shape, Layout.NCHW),
        toNchw(training, shape),
        toNchw(frozen, shape));
  }

  private static Gradients gradients(TensorShape shape) {
    return new Gradients(
        new float[shape.length()], new float[shape.channels()], new float[shape.channels()]);
  }

  private static Gradients toNchw(Gradients gradients, TensorShape shape) {
    return new Gradients(
        Layouts.convert(gradients.dInput, shape, Layout.NCHW), gradients.dGamma, gradients.dBeta);
  }

  /** Of each result's bits. */
  Map<String, String> digests() {
    double[] m2 = new double[moments.channels()];
    Arrays.setAll(m2, moments::m2);
    Map<String, String> digests = new LinkedHashMap<>();
    digests.put("mean", digest(moments.means()));
    digests.put("variance", digest(m2));
    digests.put("y", digest(y));
    digests.put("running mean", digest(runningMean));
    digests.put("running variance", digest(runningVariance));
    digests.put("inference", digest(inference));
    digests.put("dInput", digest(training.dInput));
    digests.put("dGamma", digest(training.dGamma));
    digests.put("dBeta", digest(training.dBeta));
    digests.put("frozen dInput", digest(frozen.dInput));
    digests.put("frozen dGamma", digest(frozen.dGamma));
    digests.put("frozen dBeta", digest(frozen.dBeta));
    return digests;
  }

  /** All NaN are one: Java does not promise which of them an operation gives. */
  private static String digest(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    for (float value : values) {
      bytes.putInt(Float.floatToIntBits(value));
    }
    return digest(bytes);
  }

  private static String digest(double[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES);
    for (double value : values) {
      bytes.putLong(Double.doubleToLongBits(value));
    }
    return digest(bytes);
  }

  private static String digest(ByteBuffer bytes) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes.array());
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has SHA-256
    }
  }
}
