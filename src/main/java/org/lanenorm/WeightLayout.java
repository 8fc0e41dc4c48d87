package org.lanenorm;

/**
 * How the weights of a convolution or a dense layer lie in memory: the dimensions in order, slowest
 * first. O are the output channels, I the input channels (of one group, where a convolution has
 * groups), and HW stands for the one to three spatial dimensions of the kernel.
 */
public enum WeightLayout {
  /** Convolutions of PyTorch and ONNX. */
  OIHW(0),
  /** Convolutions of TensorFlow Lite. */
  OHWI(0),
  /** Convolutions of Keras and TensorFlow. */
  HWIO(-1),
  /** Dense layers of PyTorch (out, in). */
  OI(0),
  /** Dense layers of Keras and TensorFlow (in, out). */
  IO(-1),
  /**
   * Transposed convolutions of PyTorch and ONNX. I counts all groups here, and O is that of one
   * group.
   */
  IOHW(1),
  /** Transposed convolutions of Keras and TensorFlow. */
  HWOI(-2);

  private final int output;

  /** Where O is: from the front, or from the back if negative. */
  WeightLayout(int output) {
    this.output = output;
  }

  /** Which of a number of dimensions are the output channels. */
  int outputDimension(int rank) {
    return output < 0 ? rank + output : output;
  }

  /** Whether weights of a number of dimensions can lie like this. */
  boolean allows(int rank) {
    return name().length() == 2 ? rank == 2 : rank >= 3 && rank <= 5;
  }
}
