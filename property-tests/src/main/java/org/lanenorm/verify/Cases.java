package org.lanenorm.verify;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.RandomGenerator;
import net.jqwik.api.Tuple;
import net.jqwik.api.providers.ArbitraryProvider;
import net.jqwik.api.providers.TypeUsage;

/** Where the properties take their cases from; failing ones shrink in size, kind and seed. */
public final class Cases implements ArbitraryProvider {
  /** Elements of a tensor: enough for several segments of several channels. */
  private static final int LIMIT = 3 << 13;

  /** A hint that a generator asks for; these do not depend on it. */
  private static final int TRIES = 1000;

  /** For M, and for S: {@link Shapes#ELEMENTS}, and more segments than one thread gets. */
  private static final List<Integer> COUNTS =
      Stream.concat(Shapes.ELEMENTS.stream(), Stream.of(6151, 10_007, 20_011)).toList();

  @Override
  public boolean canProvideFor(TypeUsage type) {
    return type.isOfType(Case.class);
  }

  @Override
  public Set<Arbitrary<?>> provideFor(TypeUsage type, SubtypeProvider subtypes) {
    int limit = type.findAnnotation(AtMost.class).map(AtMost::value).orElse(LIMIT);
    return Set.of(cases(sizes(limit)));
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
    Arbitrary<Case> cases =
        Combinators.combine(
                sizes,
                Arbitraries.of(HardData.class),
                Arbitraries.of(false, true),
                Arbitraries.longs().greaterOrEqual(0))
            .as(Case::new);
    RandomGenerator<Case> generator = cases.generator(TRIES);
    return Arbitraries.fromGenerator(random -> new ShrinkableCase(generator.next(random).value()));
  }

  /**
   * Each class of {@link Shapes.Size#run}, {@link Shapes.Size#channels} and {@link
   * Shapes.Size#segment} in an eighth of all cases: a property of 120 tries misses one in a run of
   * ten million.
   */
  private static Arbitrary<Shapes.Size> sizes(int limit) {
    Arbitrary<Integer> counts =
        Arbitraries.frequencyOf(
            Tuple.of(4, among(COUNTS, 1, Shapes.LANES - 1)),
            Tuple.of(6, among(COUNTS, Shapes.LANES, Shapes.SEGMENT - 1)),
            Tuple.of(4, Arbitraries.just(Shapes.SEGMENT)),
            Tuple.of(4, among(COUNTS, Shapes.SEGMENT + 1, Shapes.LONGEST_SEGMENT)),
            Tuple.of(5, among(COUNTS, Shapes.LONGEST_SEGMENT + 1, limit)));
    Arbitrary<Integer> positions =
        Arbitraries.frequencyOf(
            Tuple.of(1, Arbitraries.just(1)),
            Tuple.of(1, Arbitraries.integers().between(2, 40)),
            Tuple.of(1, among(COUNTS, Shapes.LANES, limit)));
    // small channel counts come by themselves, where there are many elements in each
    Arbitrary<Integer> channels =
        Arbitraries.frequencyOf(
            Tuple.of(1, among(Shapes.CHANNELS, 1, Shapes.LANES - 1)),
            Tuple.of(2, Arbitraries.of(16, 32, 64)),
            Tuple.of(2, Arbitraries.of(17, 31, 33, 65)));
    return Combinators.combine(counts, channels, positions)
        .as((count, c, s) -> size(count, c, s, limit));
  }

  private static Arbitrary<Integer> among(List<Integer> numbers, int from, int to) {
    return Arbitraries.of(numbers.stream().filter(n -> n >= from && n <= to).toList());
  }

  /** About {@code count} elements per channel in images of S positions, or fewer. */
  private static Shapes.Size size(int count, int c, int s, int limit) {
    // images of another size would miss a segment
    int spatial = Math.min(count, count == Shapes.SEGMENT ? Integer.highestOneBit(s) : s);
    int images = Math.min((count + spatial - 1) / spatial, limit / spatial);
    return new Shapes.Size(images, Math.clamp(limit / (images * spatial), 1, c), spatial);
  }
}
