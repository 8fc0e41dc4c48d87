/**
 * Benchmarks of the core, the floors that memory sets to them, and the textbook algorithms that it
 * does without. How to run and read them: {@code jmh/README.md}.
 */
package org.lanenorm.jmh;
