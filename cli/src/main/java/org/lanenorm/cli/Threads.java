package org.lanenorm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.lanenorm.Parallelism;

/** The threads that one command works with, the calling one included. */
final class Threads implements AutoCloseable {
  private final int count;
  private final ExecutorService executor;

  Threads(int count) {
    this.count = count;
    this.executor =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "lanenorm");
              thread.setDaemon(true);
              return thread;
            });
  }

  int count() {
    return count;
  }

  /** For the eye. */
  static String words(int count) {
    return count == 1 ? "1 thread" : count + " threads";
  }

  /** For the library's calls. */
  Parallelism parallelism() {
    return Parallelism.of(executor, count);
  }

  /** Does a task for each of 0 to n-1, each on one thread; an error of one is thrown. */
  void each(int n, IntConsumer task) {
    AtomicInteger next = new AtomicInteger();
    Runnable worker =
        () -> {
          for (int i = next.getAndIncrement(); i < n; i = next.getAndIncrement()) {
            task.accept(i);
          }
        };
    List<Future<?>> others = new ArrayList<>();
    for (int i = 1; i < Math.min(count, n); i++) {
      others.add(executor.submit(worker));
    }
    worker.run();
    for (Future<?> other : others) {
      try {
        other.get();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof Error error) {
          throw error; // OutOfMemoryError is told to the user
        }
        throw new IllegalStateException(e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
