package org.lanenorm.jmh;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * How many tensors a benchmark must move between memory and processor at the very least: one for
 * each that it reads and one for each that it writes, however often it does so. Times 4 bytes per
 * element (2 in storages of 16 bits), over the measured time, this is the GB/s that {@link Metrics}
 * shows.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Streams {
  /** Reads and writes. */
  int value();
}
