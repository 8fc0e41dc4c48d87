package org.lanenorm.kernel;

import java.util.concurrent.Executor;

/** Stub. */
public final class Team {
  /** The caller alone. */
  public static final Team SEQUENTIAL = new Team(null, 1);

  private final int limit;

  /** Stub. */
  public Team(Executor executor, int limit) {
    this.limit = limit;
  }

  /** Threads. */
  public int limit() {
    return limit;
  }
}
