package org.lanenorm.verify;

import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.providers.ArbitraryProvider;
import net.jqwik.api.providers.TypeUsage;

/** Where the properties take their cases from; failing ones shrink in size, kind and seed. */
public final class Cases implements ArbitraryProvider {
  /** Elements of a tensor: enough for several segments of several channels. */
  private static final int LIMIT = 1 << 15;

  @Override
  public boolean canProvideFor(TypeUsage type) {
    return type.isOfType(Case.class);
  }

  @Override
  public Set<Arbitrary<?>> provideFor(TypeUsage type, SubtypeProvider subtypes) {
    return Set.of(cases(sizes(LIMIT)));
  }

  /** A million elements or so in the shapes that threads may split each in another way. */
  public static Arbitrary<Case> large() {
    return cases(
        Arbitraries.of(
            new Shapes.Size(1, 1, 1_000_003),
            new Shapes.Size(500_009, 2, 1),
            new Shapes.Size(2, 3, 150_001),
            new Shapes.Size(8, 64, 1536),
            new Shapes.Size(31, 33, 1025),
            new Shapes.Size(20_001, 17, 3),
            new Shapes.Size(64, 257, 49)));
  }

  /** Just enough that threads share them: many images, few large ones, and rows long and short. */
  public static Arbitrary<Case> shared() {
    return cases(
        Arbitraries.of(
            new Shapes.Size(9, 12, 1537),
            new Shapes.Size(2, 16, 4999),
            new Shapes.Size(700, 24, 9),
            new Shapes.Size(20_003, 7, 1),
            new Shapes.Size(401, 384, 1)));
  }

  private static Arbitrary<Case> cases(Arbitrary<Shapes.Size> sizes) {
    return Combinators.combine(
            sizes,
            Arbitraries.of(HardData.class),
            Arbitraries.of(false, true),
            Arbitraries.longs().greaterOrEqual(0))
        .as(Case::new);
  }

  private static Arbitrary<Shapes.Size> sizes(int limit) {
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
