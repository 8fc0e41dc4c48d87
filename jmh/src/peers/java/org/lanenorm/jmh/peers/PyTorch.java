package org.lanenorm.jmh.peers;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.lanenorm.Layout;
import org.openjdk.jmh.annotations.Param;

/**
 * The operators of ATen that {@code torch.nn.BatchNorm2d} ends in, without autograd: NHWC is its
 * channels_last. Of the forms that each operator has, the one that was fastest: the {@code out=}
 * form of the forward, while that of the backward is the allocating one and a copy.
 *
 * <p>So the backward allocates, and glibc fetches what is large from the system anew for each call
 * and gives it back: at 100 MB, page faults take three times as long as the gradients. Nobody who
 * trains puts up with that, so the variables that end it are asked for.
 */
public class PyTorch extends Peer {
  private static final double MOMENTUM = 0.1;

  /** Whether glibc keeps what is freed. It reads its variables when a process starts. */
  private static final boolean KEEPS_MEMORY = "0".equals(System.getenv("MALLOC_MMAP_MAX_"));

  /** Order in memory. */
  @Param({"NCHW", "NHWC"})
  public Layout layout;

  private NoGradGuard noGradients;

  @Override
  Layout layout() {
    return layout;
  }

  @Override
  String load() {
    useThreads();
    noGradients = new NoGradGuard();
    Matcher version =
        Pattern.compile("TORCH_VERSION=([^,]*)").matcher(torch.show_config().getString());
    return "PyTorch "
        + (version.find() ? version.group(1) : "of unknown version")
        + " for "
        + torch.get_cpu_capability().getString();
  }

  @Override
  void useThreads() {
    torch.set_num_threads(threads);
  }

  @Override
  Operation moments(Batch batch) {
    Tensor x = tensor(batch, batch.x());
    TensorOptional means = optional(batch.means());
    TensorOptional variances = optional(batch.variances());
    return new Operation() {
      private T_TensorTensor_T call() {
        return torch.batch_norm_update_stats(x, means, variances, MOMENTUM);
      }

      @Override
      public void run() {
        call().close();
      }

      @Override
      public float[][] results() {
        T_TensorTensor_T moments = call();
        return new float[][] {values(moments.get0()), values(moments.get1())};
      }

      @Override
      public String kernel() {
        return "batch_norm_update_stats";
      }
    };
  }

  @Override
  Operation forward(Batch batch, boolean training) {
    Tensor x = tensor(batch, batch.x());
    Tensor y = tensor(batch, new float[batch.x().length]);
    Tensor mean = Tensor.create(new float[batch.channels()]);
    Tensor invStd = Tensor.create(new float[batch.channels()]);
    TensorOptional gamma = optional(batch.gamma());
    TensorOptional beta = optional(batch.beta());
    TensorOptional means = optional(batch.means());
    TensorOptional variances = optional(batch.variances());
    double epsilon = batch.epsilon();
    return new Operation() {
      @Override
      public void run() {
        torch
            .native_batch_norm_out(
                y, mean, invStd, x, gamma, beta, means, variances, training, MOMENTUM, epsilon)
            .close();
      }

      @Override
      public float[][] results() {
        return new float[][] {values(y)};
      }

      @Override
      public String kernel() {
        return "native_batch_norm_out";
      }
    };
  }

  @Override
  Operation backward(Batch batch, boolean training) {
    Tensor x = tensor(batch, batch.x());
    Tensor dy = tensor(batch, batch.dy());
    TensorOptional gamma = optional(batch.gamma());
    TensorOptional means = optional(batch.means());
    TensorOptional variances = optional(batch.variances());
    double epsilon = batch.epsilon();
    T_TensorTensorTensor_T forward =
        torch.native_batch_norm(
            x, gamma, optional(batch.beta()), means, variances, training, MOMENTUM, epsilon);
    TensorOptional mean = new TensorOptional(forward.get1());
    TensorOptional invStd = new TensorOptional(forward.get2());
    BoolPointer allThree = new BoolPointer(3).put(0, true).put(1, true).put(2, true);
    return new Operation() {
      private T_TensorTensorTensor_T call() {
        return torch.native_batch_norm_backward(
            dy, x, gamma, means, variances, mean, invStd, training, epsilon, allThree);
      }

      @Override
      public void run() {
        call().close();
      }

      @Override
      public float[][] results() {
        T_TensorTensorTensor_T gradients = call();
        return new float[][] {
          values(gradients.get0()), values(gradients.get1()), values(gradients.get2())
        };
      }

      @Override
      public String kernel() {
        return KEEPS_MEMORY
            ? "native_batch_norm_backward"
            : "native_batch_norm_backward into fresh memory, see jmh/README.md";
      }
    };
  }

  /** In memory that PyTorch has allocated, and so aligned, itself. */
  private static Tensor tensor(Batch batch, float[] values) {
    long[] sizes = batch.sizes();
    if (sizes.length == 3) {
      // channels_last exists for images and volumes only
      sizes = new long[] {sizes[0], sizes[1], 1, sizes[2]};
    }
    long[] strides = new long[sizes.length];
    long stride = batch.channelsLast() ? sizes[1] : 1;
    for (int i = sizes.length - 1; i > 1; i--) {
      strides[i] = stride;
      stride *= sizes[i];
    }
    strides[1] = batch.channelsLast() ? 1 : stride;
    strides[0] = values.length / sizes[0];
    Tensor tensor = torch.empty_strided(sizes, strides);
    tensor.data_ptr_float().put(values);
    return tensor;
  }

  private static TensorOptional optional(float[] perChannel) {
    return new TensorOptional(Tensor.create(perChannel));
  }

  /** All of them, in the order in which they lie. */
  private static float[] values(Tensor tensor) {
    float[] values = new float[(int) tensor.numel()];
    tensor.data_ptr_float().get(values);
    return values;
  }
}
