/**
 * Examples that run: {@code ./lanenorm example digits} trains a classifier, {@code ./lanenorm
 * example parameters} normalizes with layers from files, {@code ./lanenorm example epilogue} inside
 * a convolution. Everything round the normalization is written here in plain Java, to be read: it
 * is correct and not fast.
 */
package org.lanenorm.examples;
