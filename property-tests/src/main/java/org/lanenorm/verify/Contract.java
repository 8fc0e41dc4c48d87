package org.lanenorm.verify;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import net.jqwik.api.lifecycle.PropagationMode;
import org.lanenorm.Layout;

/**
 * What all parts of the contract share. A test class implements the parts it wants, {@link
 * BatchNormContract} most of them, and says which kernel they are about.
 */
@AddLifecycleHook(value = SkipMissing.class, propagateTo = PropagationMode.ALL_DESCENDANTS)
public interface Contract {
  /** What is checked; asked for in every case. */
  BatchNormUnderTest kernel();

  /** How far off it may be. */
  default Tolerance tolerance() {
    return Tolerance.LANENORM;
  }

  /** Where measured errors are written to; by default nobody reads them. */
  default WorstErrors errors() {
    return WorstErrors.IGNORED;
  }

  /** The layouts that the kernel takes. */
  @Provide
  default Arbitrary<Layout> layouts() {
    return Arbitraries.of(kernel().layouts());
  }

  /** The case's layer, as far as the kernel takes it. */
  default Layer layerOf(Case input) {
    Layer layer = input.layer();
    return kernel().takesEveryLayer() ? layer : layer.plain();
  }
}
