package org.lanenorm;

import java.util.concurrent.Executor;
import org.lanenorm.kernel.Team;

/**
 * How many threads a call may use and where they come from. Results never depend on it, not by a
 * bit. The calling thread always takes part, so that a call makes progress on an executor that is
 * busy, and finishes alone on one that refuses.
 */
public final class Parallelism {
  private static final Parallelism SEQUENTIAL = new Parallelism(Team.SEQUENTIAL);

  private final Team team;

  private Parallelism(Team team) {
    this.team = team;
  }

  /** The calling thread alone: the default everywhere. */
  public static Parallelism sequential() {
    return SEQUENTIAL;
  }

  /**
   * The calling thread and up to {@code limit - 1} tasks on {@code executor}.
   *
   * @param executor runs the tasks; never shut down here
   * @param limit threads at most, the caller included, at least 1; more than 256 are not used
   * @return the parallelism
   * @throws IllegalArgumentException if the limit is below 1
   */
  public static Parallelism of(Executor executor, int limit) {
    Checks.notNull("executor", executor);
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1 thread, but was " + limit);
    }
    return limit == 1 ? SEQUENTIAL : new Parallelism(new Team(executor, Math.min(limit, 256)));
  }

  /** Threads at most, the caller included. */
  public int limit() {
    return team.limit();
  }

  Team team() {
    return team;
  }

  @Override
  public String toString() {
    return limit() == 1 ? "sequential" : "at most " + limit() + " threads";
  }
}
