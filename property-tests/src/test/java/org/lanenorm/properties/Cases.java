package org.lanenorm.properties;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Provide;
import net.jqwik.api.domains.DomainContextBase;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Shapes;

/** Where the properties take their cases from; failing ones shrink in size, kind and seed. */
class Cases extends DomainContextBase {
  /** Elements of a tensor: enough for several segments of several channels. */
  private static final int LIMIT = 1 << 15;

  @Provide
  Arbitrary<Case> cases() {
    return cases(sizes(LIMIT));
  }

  static Arbitrary<Case> cases(Arbitrary<Shapes.Size> sizes) {
    return Combinators.combine(
            sizes,
            Arbitraries.of(HardData.class),
            Arbitraries.of(true, false),
            Arbitraries.longs().greaterOrEqual(0))
        .as(Case::new);
  }

  static Arbitrary<Shapes.Size> sizes(int limit) {
    Arbitrary<Integer> elements = Arbitraries.of(Shapes.ELEMENTS);
    Arbitrary<Integer> channels = Arbitraries.of(Shapes.CHANNELS);
    Arbitrary<Integer> images = Arbitraries.integers().between(1, Shapes.MOST_IMAGES);
    Arbitrary<Integer> few = Arbitraries.integers().between(2, 40);
    return Arbitraries.oneOf(
        Combinators.combine(elements, channels).as((m, c) -> Shapes.fit(m, c, 1, limit)),
        Combinators.combine(elements, channels, few)
            .as((m, c, s) -> Shapes.fit((m + s - 1) / s, c, s, limit)),
        Combinators.combine(images, channels, elements)
            .as((n, c, s) -> Shapes.fit(n, c, s, limit)));
  }
}
