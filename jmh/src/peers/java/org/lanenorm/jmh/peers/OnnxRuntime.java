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
import java.util.stream.Stream;
import org.lanenorm.Layout;
import org.openjdk.jmh.annotations.Param;

/**
 * ONNX Runtime's node BatchNormalization, alone in a model, with its outputs pinned. ONNX knows
 * channels first and forwards only.
 */
public class OnnxRuntime extends Peer {
  private static final int CACHE_LINE = 64;

  /** The share that running statistics keep, ONNX's default. */
  private static final float MOMENTUM = 0.9f;

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

  /** Each session is told by itself. */
  @Override
  void useThreads() {}

  @Override
  Operation moments(Batch batch) throws OrtException {
    // running statistics that keep no share of what they were
    return node(batch, true, 0, "running_mean", "running_var");
  }

  @Override
  Operation forward(Batch batch, boolean training) throws OrtException {
    return node(batch, training, MOMENTUM, "y");
  }

  private Operation node(Batch batch, boolean training, float momentum, String... results)
      throws OrtException {
    Map<String, float[]> constants = new LinkedHashMap<>();
    constants.put("scale", batch.gamma());
    constants.put("bias", batch.beta());
    constants.put("mean", batch.means());
    constants.put("variance", batch.variances());
    byte[] model =
        OnnxModel.batchNormalization(
            batch.sizes(), training, (float) batch.epsilon(), momentum, constants);
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(threads);
    OrtSession session = environment.createSession(model, options);

    Map<String, OnnxTensor> inputs =
        Map.of("x", tensor(floats(batch.x().length).put(batch.x()).flip(), batch.sizes()));
    Map<String, OnnxTensor> outputs = new LinkedHashMap<>();
    outputs.put("y", tensor(floats(batch.x().length), batch.sizes()));
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
        return Stream.of(results)
            .map(name -> outputs.get(name).getFloatBuffer().array())
            .toArray(float[][]::new);
      }

      @Override
      public String kernel() {
        return training ? "BatchNormalization, training_mode 1" : "BatchNormalization";
      }

      @Override
      public void close() {
        inputs.values().forEach(OnnxTensor::close);
        outputs.values().forEach(OnnxTensor::close);
        options.close();
        try {
          session.close();
        } catch (OrtException e) {
          throw new IllegalStateException(e);
        }
      }
    };
  }

  @Override
  Operation backward(Batch batch, boolean training) {
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
