package org.lanenorm.jmh.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import java.lang.foreign.Arena;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.lanenorm.Layout;
import org.openjdk.jmh.annotations.Param;

/**
 * ONNX Runtime's node BatchNormalization, alone in a model, with its outputs pinned. ONNX knows
 * channels first and forwards only.
 */
public class OnnxRuntime extends Peer {
  private static final int CACHE_LINE = 64;

  /** Order in memory. */
  @Param("NCHW")
  public Layout layout;

  private OrtEnvironment environment;

  @Override
  Layout layout() {
    if (layout != Layout.NCHW) {
      throw new IllegalStateException(
          "ONNX Runtime normalizes NCHW only: leave it out (-e onnxRuntime)");
    }
    return layout;
  }

  @Override
  String load() {
    environment = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
    return "ONNX Runtime " + environment.getVersion();
  }

  @Override
  Operation moments(Batch batch) {
    throw new UnsupportedOperationException("ONNX Runtime has no such node");
  }

  @Override
  Operation forward(Batch batch, boolean training) throws OrtException {
    Map<String, float[]> constants = new LinkedHashMap<>();
    constants.put("scale", batch.gamma());
    constants.put("bias", batch.beta());
    constants.put("mean", batch.means());
    constants.put("variance", batch.variances());
    byte[] model =
        OnnxModel.batchNormalization(batch.sizes(), training, (float) batch.epsilon(), constants);
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(threads);
    OrtSession session = environment.createSession(model, options);

    FloatBuffer y = floats(batch.x().length);
    Map<String, OnnxTensor> inputs =
        Map.of("x", tensor(floats(batch.x().length).put(batch.x()).flip(), batch.sizes()));
    Map<String, OnnxTensor> outputs = new LinkedHashMap<>();
    outputs.put("y", tensor(y, batch.sizes()));
    if (training) {
      long[] channels = {batch.channels()};
      outputs.put("running_mean", tensor(floats(batch.channels()), channels));
      outputs.put("running_var", tensor(floats(batch.channels()), channels));
    }
    return new Operation() {
      @Override
      public void run() throws OrtException {
        session.run(inputs, Set.of(), outputs).close();
      }

      @Override
      public float[][] results() {
        float[] values = new float[y.capacity()];
        y.get(0, values);
        return new float[][] {values};
      }

      @Override
      public String kernel() {
        return training ? "BatchNormalization, training_mode 1" : "BatchNormalization";
      }
    };
  }

  @Override
  Operation backward(Batch batch) {
    throw new UnsupportedOperationException("ONNX Runtime has no such node");
  }

  private OnnxTensor tensor(FloatBuffer values, long[] shape) throws OrtException {
    return OnnxTensor.createTensor(environment, values, shape);
  }

  /** Outside of the heap, which spares ONNX Runtime a copy. */
  private static FloatBuffer floats(int count) {
    return Arena.ofAuto()
        .allocate((long) count * Float.BYTES, CACHE_LINE)
        .asByteBuffer()
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
