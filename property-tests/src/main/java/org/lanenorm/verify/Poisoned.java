package org.lanenorm.verify;

import org.lanenorm.Layout;

/** A case, and the same with one element that is not finite; its seed says where. */
final class Poisoned {
  private final BatchNormUnderTest kernel;
  private final Operation.Inputs inputs;
  private final float poison;
  private final int channel;
  private final int element;
  private final float[] cleanTensor;
  private final float[] dirtyTensor;

  Poisoned(Contract contract, Case input, Layout layout, float poison) {
    kernel = contract.kernel();
    inputs = Operation.Inputs.of(contract, input, layout);
    this.poison = poison;
    Shapes.Size size = input.size();
    Rng rng = Rng.stream(input.seed(), -3);
    channel = rng.below(size.c());
    element = inputs.shape().index(rng.below(size.n()), channel, rng.below(size.s()));
    cleanTensor = new float[size.length()];
    dirtyTensor = new float[size.length()];
  }

  Operation.Inputs inputs() {
    return inputs;
  }

  int channel() {
    return channel;
  }

  int element() {
    return element;
  }

  float[] cleanTensor() {
    return cleanTensor;
  }

  float[] dirtyTensor() {
    return dirtyTensor;
  }

  Operation.Results clean(Operation operation) {
    return operation.run(kernel, inputs, cleanTensor);
  }

  Operation.Results dirty(Operation operation) {
    float[] x = inputs.x().clone();
    x[element] = poison;
    return operation.run(kernel, inputs, Slice.of(x), Slice.of(inputs.d()), Slice.of(dirtyTensor));
  }

  void putChannel(float[] tensor, float[] values) {
    boolean last = inputs.layout() == Layout.NHWC;
    Tensors.putChannel(tensor, 0, last, inputs.input().size(), channel, values);
  }

  void othersKeepTheirGradients(Operation operation) {
    Operation.Results clean = clean(operation);
    Operation.Results dirty = dirty(operation);
    dirty.dGamma[channel] = clean.dGamma[channel];
    dirty.dBeta[channel] = clean.dBeta[channel];
    dirty.sameBits(clean, this);
    float[] none = new float[inputs.input().size().count()];
    putChannel(cleanTensor, none);
    putChannel(dirtyTensor, none);
    Checks.sameBits(dirtyTensor, cleanTensor, "dInput", this);
  }

  @Override
  public String toString() {
    return inputs + " with " + poison + " in channel " + channel;
  }
}
