package org.lanenorm.jmh.peers;

import org.lanenorm.jmh.Timed;
import org.openjdk.jmh.annotations.Fork;

/**
 * Measured as everything else, and allowed to call native code. JavaCPP need not watch for garbage:
 * what a call returns is closed, what lives longer lives as long as the JVM.
 */
@Fork(
    value = 3,
    jvmArgsPrepend = {
      "--add-modules",
      "jdk.incubator.vector",
      "--sun-misc-unsafe-memory-access=allow",
      "--enable-native-access=ALL-UNNAMED",
      "-Dorg.bytedeco.javacpp.nopointergc=true"
    })
public abstract class PeerBenchmark extends Timed {}
