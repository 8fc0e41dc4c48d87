package org.lanenorm.jmh;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Splits a range between the calling thread and helpers that spin while they wait. The hand-off
 * takes a fraction of a microsecond, so that a baseline on several threads is bound by memory and
 * by nothing else.
 */
final class SpinningTeam {
  /** Work on a part of the range. */
  interface Part {
    /** Does {@code from} to {@code to - 1}; {@code member} is 0 for the caller. */
    void run(int member, int from, int to);
  }

  private final int members;
  private final int length;
  private final AtomicInteger done = new AtomicInteger();

  /** Of this round; published by {@link #round}. */
  private Part part;

  private volatile int round;
  private volatile boolean closed;

  SpinningTeam(int members, int length) {
    this.members = members;
    this.length = length;
    for (int member = 1; member < members; member++) {
      int number = member;
      Thread helper = new Thread(() -> help(number), "spinning-helper");
      helper.setDaemon(true);
      helper.start();
    }
  }

  /** Returns when all parts are done; none of them may throw. */
  void run(Part work) {
    part = work;
    int thisRound = round + 1;
    round = thisRound;
    runPart(0);
    while (done.get() != thisRound * (members - 1)) {
      Thread.onSpinWait();
    }
  }

  private void help(int member) {
    for (int next = 1; !closed; ) {
      if (round == next) {
        runPart(member);
        done.incrementAndGet();
        next++;
      } else {
        Thread.onSpinWait();
      }
    }
  }

  private void runPart(int member) {
    part.run(member, start(member), start(member + 1));
  }

  /** Parts begin at multiples of 64 elements, where vectors do. */
  private int start(int member) {
    return member == members ? length : (int) ((long) length * member / members) & -64;
  }

  /** Ends the helpers. */
  void close() {
    closed = true;
  }
}
