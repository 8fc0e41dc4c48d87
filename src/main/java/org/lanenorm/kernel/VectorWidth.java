package org.lanenorm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The one vector width of this JVM: the machine's preferred one, up to the cap asked for. */
final class VectorWidth {
  /** Constant, as it must be: a species that the compiler cannot see through is 12 times slower. */
  static final VectorSpecies<Float> SPECIES =
      species(Math.min(preferredBits(), Backend.Asked.vectorBits()));

  private VectorWidth() {}

  static int preferredBits() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
  }

  private static VectorSpecies<Float> species(int bits) {
    return bits >= 512
        ? FloatVector.SPECIES_512
        : bits >= 256 ? FloatVector.SPECIES_256 : FloatVector.SPECIES_128;
  }
}
