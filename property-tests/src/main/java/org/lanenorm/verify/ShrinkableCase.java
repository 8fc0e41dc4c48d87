package org.lanenorm.verify;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import net.jqwik.api.Shrinkable;
import net.jqwik.api.ShrinkingDistance;

/**
 * Shrinks a case that fails: to the smallest of a ladder of single channels, of N(0, 1) or of its
 * own kind, that fails as well; and while none does, a step at a time. From the ladder on, most
 * failures of one fault end in the same case.
 */
record ShrinkableCase(Case value) implements Shrinkable<Case> {
  /** So many values are read at one look: N(0, 1) is then better than a harder kind of fewer. */
  private static final int FEW = 8;

  /** Seeds that the plainest cases have. */
  private static final int SEEDS = 4;

  @Override
  public ShrinkingDistance distance() {
    return ShrinkingDistance.of(
        value.size().length(),
        value.mixed() ? 1 : 0,
        value.kind().ordinal(),
        value.size().s(),
        value.seed());
  }

  @Override
  public Stream<Shrinkable<Case>> shrink() {
    ShrinkingDistance own = distance();
    return Stream.concat(ladder(), steps())
        .<Shrinkable<Case>>map(ShrinkableCase::new)
        .filter(plainer -> plainer.distance().compareTo(own) < 0);
  }

  private Stream<Case> ladder() {
    boolean plain = value.mixed() || value.kind() == HardData.BENIGN;
    List<HardData> kinds =
        plain ? List.of(HardData.BENIGN) : List.of(HardData.BENIGN, value.kind());
    Stream<Case> few = kinds.stream().flatMap(kind -> counts(1, FEW).flatMap(m -> cases(m, kind)));
    Stream<Case> more =
        counts(FEW + 1, value.size().length())
            .flatMap(m -> kinds.stream().flatMap(kind -> cases(m, kind)));
    return Stream.concat(few, more);
  }

  private static Stream<Integer> counts(int from, int to) {
    return Shapes.ELEMENTS.stream().filter(count -> count >= from && count <= to);
  }

  private static Stream<Case> cases(int count, HardData kind) {
    return Stream.of(new Shapes.Size(count, 1, 1), new Shapes.Size(1, 1, count))
        .distinct()
        .flatMap(size -> seeds(size, kind));
  }

  private static Stream<Case> seeds(Shapes.Size size, HardData kind) {
    return LongStream.range(0, SEEDS).mapToObj(seed -> new Case(size, kind, false, seed));
  }

  private Stream<Case> steps() {
    return Stream.concat(otherSizes(), otherData());
  }

  private Stream<Case> otherSizes() {
    int n = value.size().n();
    int c = value.size().c();
    int s = value.size().s();
    return Stream.of(
            new Shapes.Size(n, 1, s),
            new Shapes.Size(n, (c + 1) / 2, s),
            new Shapes.Size(n, c, (s + 1) / 2),
            new Shapes.Size((n + 1) / 2, c, s),
            new Shapes.Size(n, Math.max(1, c - 1), s),
            new Shapes.Size(n, c, Math.max(1, s - 1)),
            new Shapes.Size(Math.max(1, n - 1), c, s))
        .map(size -> new Case(size, value.kind(), value.mixed(), value.seed()));
  }

  private Stream<Case> otherData() {
    Shapes.Size size = value.size();
    Stream<HardData> kinds =
        value.mixed()
            ? IntStream.range(0, size.c()).mapToObj(value::kindOf).distinct()
            : Stream.of(HardData.values());
    return kinds.flatMap(
        kind ->
            Stream.concat(seeds(size, kind), Stream.of(new Case(size, kind, false, value.seed()))));
  }
}
