package org.lanenorm.jmh.peers;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.lanenorm.Layout;
import org.lanenorm.jmh.numerics.Kernel;
import org.lanenorm.jmh.numerics.Peers;
import org.lanenorm.jmh.report.Ink;

/** All three, as they come: nothing is set but the number of threads. */
public final class PeerKernels implements Peers {
  @Override
  public List<Kernel> kernels() throws Exception {
    Set<Layout> both = EnumSet.allOf(Layout.class);
    return List.of(
        new PeerKernel("oneDNN", Ink.ONE_DNN, both, true, new OneDnn()),
        new PeerKernel("PyTorch", Ink.PYTORCH, both, true, new PyTorch()),
        new PeerKernel(
            "ONNX Runtime", Ink.ONNX_RUNTIME, EnumSet.of(Layout.NCHW), false, new OnnxRuntime()));
  }
}
