package org.lanenorm.jmh.report;

import java.util.List;
import java.util.stream.Stream;
import org.lanenorm.Layout;

/** Whose implementation. */
enum Maker {
  /** Ours. */
  LANENORM("Lanenorm", null, null),
  /** The peers of the Maven profile of that name. */
  ONE_DNN("oneDNN", "oneDnn", Ink.ONE_DNN),
  /** PyTorch. */
  PYTORCH("PyTorch", "pyTorch", Ink.PYTORCH),
  /** ONNX Runtime. */
  ONNX_RUNTIME("ONNX Runtime", "onnxRuntime", Ink.ONNX_RUNTIME);

  /** All but ours. */
  static final List<Maker> PEERS = Stream.of(values()).filter(Maker::peer).toList();

  private final String title;
  private final String method;
  private final Ink ink;

  Maker(String title, String method, Ink ink) {
    this.title = title;
    this.method = method;
    this.ink = ink;
  }

  /** For the eye. */
  String title() {
    return title;
  }

  /** Of the peers' benchmark classes. */
  String method() {
    return method;
  }

  /** Peers have a colour each; ours are told apart by layout. */
  Ink ink(Layout layout) {
    return peer() ? ink : Ink.of(layout);
  }

  boolean peer() {
    return this != LANENORM;
  }
}
