package org.lanenorm.jmh.peers;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.batch_normalization_backward;
import org.bytedeco.dnnl.batch_normalization_forward;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.lanenorm.Layout;
import org.openjdk.jmh.annotations.Param;

/**
 * oneDNN's batch normalization primitives, in the plain formats that are the two layouts. A
 * training forward gives mean and variance too, and keeps no running statistics.
 */
public class OneDnn extends Peer {
  private static final int SCALE_AND_SHIFT = dnnl.dnnl_use_scale | dnnl.dnnl_use_shift;

  /** Order in memory. */
  @Param({"NCHW", "NHWC"})
  public Layout layout;

  private engine cpu;
  private stream queue;

  @Override
  Layout layout() {
    return layout;
  }

  @Override
  String load() {
    Loader.load(dnnl.class);
    useThreads();
    cpu = new engine(engine.kind.cpu, 0);
    queue = new stream(cpu);
    dnnl_version_t version = dnnl.version();
    return "oneDNN %d.%d.%d".formatted(version.major(), version.minor(), version.patch());
  }

  @Override
  void useThreads() {
    OpenMp.setThreads(threads);
  }

  @Override
  Operation moments(Batch batch) {
    // it has them as a part of its forward only
    Execution forward = forward(batch, true);
    return new Execution(forward, dnnl.DNNL_ARG_MEAN, dnnl.DNNL_ARG_VARIANCE);
  }

  @Override
  Execution forward(Batch batch, boolean training) {
    memory.desc tensor = tensor(batch);
    memory.desc channels = channels(batch);
    batch_normalization_forward.primitive_desc chosen = chosenForward(batch, training);
    Map<Integer, memory> arguments = new LinkedHashMap<>();
    arguments.put(dnnl.DNNL_ARG_DST, new memory(tensor, cpu));
    arguments.put(dnnl.DNNL_ARG_SRC, filled(tensor, batch.x()));
    arguments.put(dnnl.DNNL_ARG_SCALE, filled(channels, batch.gamma()));
    arguments.put(dnnl.DNNL_ARG_SHIFT, filled(channels, batch.beta()));
    arguments.put(dnnl.DNNL_ARG_MEAN, filled(channels, batch.means()));
    arguments.put(dnnl.DNNL_ARG_VARIANCE, filled(channels, batch.variances()));
    return new Execution(
        new batch_normalization_forward(chosen),
        chosen.impl_info_str().getString(),
        arguments,
        dnnl.DNNL_ARG_DST);
  }

  private batch_normalization_forward.primitive_desc chosenForward(Batch batch, boolean training) {
    memory.desc tensor = tensor(batch);
    return new batch_normalization_forward.primitive_desc(
        cpu,
        training ? dnnl.dnnl_forward_training : dnnl.dnnl_forward_inference,
        tensor,
        tensor,
        (float) batch.epsilon(),
        flags(training));
  }

  private static int flags(boolean training) {
    return training ? SCALE_AND_SHIFT : SCALE_AND_SHIFT | dnnl.dnnl_use_global_stats;
  }

  @Override
  Execution backward(Batch batch, boolean training) {
    memory.desc tensor = tensor(batch);
    memory.desc channels = channels(batch);
    Execution forward = forward(batch, training);
    forward.run();
    batch_normalization_backward.primitive_desc chosen =
        new batch_normalization_backward.primitive_desc(
            cpu,
            dnnl.dnnl_backward,
            tensor,
            tensor,
            tensor,
            (float) batch.epsilon(),
            flags(training),
            chosenForward(batch, training));
    Map<Integer, memory> arguments = new LinkedHashMap<>();
    arguments.put(dnnl.DNNL_ARG_DIFF_SRC, new memory(tensor, cpu));
    arguments.put(dnnl.DNNL_ARG_DIFF_SCALE, new memory(channels, cpu));
    arguments.put(dnnl.DNNL_ARG_DIFF_SHIFT, new memory(channels, cpu));
    arguments.put(dnnl.DNNL_ARG_DIFF_DST, filled(tensor, batch.dy()));
    for (int same :
        new int[] {
          dnnl.DNNL_ARG_SRC, dnnl.DNNL_ARG_SCALE, dnnl.DNNL_ARG_MEAN, dnnl.DNNL_ARG_VARIANCE
        }) {
      arguments.put(same, forward.arguments.get(same));
    }
    return new Execution(
        new batch_normalization_backward(chosen),
        chosen.impl_info_str().getString(),
        arguments,
        dnnl.DNNL_ARG_DIFF_SRC,
        dnnl.DNNL_ARG_DIFF_SCALE,
        dnnl.DNNL_ARG_DIFF_SHIFT);
  }

  private static memory.desc tensor(Batch batch) {
    boolean last = batch.channelsLast();
    memory.format_tag format =
        switch (batch.shape().rank()) {
          case 2 -> memory.format_tag.nc;
          case 3 -> last ? memory.format_tag.nwc : memory.format_tag.ncw;
          case 4 -> last ? memory.format_tag.nhwc : memory.format_tag.nchw;
          default -> last ? memory.format_tag.ndhwc : memory.format_tag.ncdhw;
        };
    return new memory.desc(batch.sizes(), memory.data_type.f32, format);
  }

  private static memory.desc channels(Batch batch) {
    return new memory.desc(
        new long[] {batch.channels()}, memory.data_type.f32, memory.format_tag.x);
  }

  /** In memory that oneDNN has allocated, and so aligned, itself. */
  private memory filled(memory.desc format, float[] values) {
    memory filled = new memory(format, cpu);
    data(filled).put(values);
    return filled;
  }

  private static FloatPointer data(memory memory) {
    return new FloatPointer(memory.get_data_handle());
  }

  /** A primitive and its arguments. */
  private final class Execution implements Operation {
    private final primitive primitive;
    private final String kernel;
    private final Map<Integer, memory> arguments;
    private final int[] outputs;
    private final IntMemoryMap map = new IntMemoryMap();

    Execution(primitive primitive, String kernel, Map<Integer, memory> arguments, int... outputs) {
      this.primitive = primitive;
      this.kernel = kernel;
      this.arguments = arguments;
      this.outputs = outputs;
      arguments.forEach(map::put);
    }

    /** The same with other outputs. */
    Execution(Execution same, int... outputs) {
      this(same.primitive, same.kernel, same.arguments, outputs);
    }

    @Override
    public void run() {
      primitive.execute(queue, map);
      // on a CPU, execute has done the work before it returns; to wait is the interface's rule
      dnnl.dnnl_stream_wait(queue.get());
    }

    @Override
    public float[][] results() {
      return IntStream.of(outputs).mapToObj(this::values).toArray(float[][]::new);
    }

    private float[] values(int output) {
      memory memory = arguments.get(output);
      float[] values = new float[(int) (memory.get_desc().get_size() / Float.BYTES)];
      data(memory).get(values);
      return values;
    }

    @Override
    public String kernel() {
      return kernel;
    }
  }
}
