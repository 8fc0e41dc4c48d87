package org.lanenorm.properties;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Provide;
import net.jqwik.api.domains.DomainContextBase;
import org.lanenorm.verify.Shapes;

/** A million elements or so in the shapes that threads may split each in another way. */
class LargeCases extends DomainContextBase {
  @Provide
  Arbitrary<Case> cases() {
    return Cases.cases(
        Arbitraries.of(
            new Shapes.Size(1, 1, 1_000_003),
            new Shapes.Size(500_009, 2, 1),
            new Shapes.Size(2, 3, 150_001),
            new Shapes.Size(8, 64, 1536),
            new Shapes.Size(31, 33, 1025),
            new Shapes.Size(20_001, 17, 3),
            new Shapes.Size(64, 257, 49)));
  }
}
