package org.lanenorm.jmh.report;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where, when and how results came about: what JMH's own file does not say.
 *
 * @param processor its name
 * @param processors that Java may use
 * @param caches that one core's data passes through, as far as the system tells
 * @param system operating system
 * @param java vendor and build
 * @param load average of the minute before, negative where the system does not tell
 * @param date and time of the start
 * @param command that does the same again
 */
record Machine(
    String processor,
    int processors,
    List<Cache> caches,
    String system,
    String java,
    double load,
    String date,
    String command) {

  /** Of results that stand alone. */
  static final Machine UNKNOWN = new Machine(null, 0, null, null, null, -1, null, null);

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path LINUX_CACHES = Path.of("/sys/devices/system/cpu/cpu0/cache");
  private static final List<String> MAC_CACHES =
      List.of("hw.l1dcachesize", "hw.l2cachesize", "hw.l3cachesize");

  /**
   * A cache.
   *
   * @param name such as L2
   * @param bytes its size
   */
  record Cache(String name, long bytes) {}

  Machine {
    // from outside: no machine has more
    caches = caches == null ? List.of() : List.copyOf(caches.stream().limit(8).toList());
  }

  /** This machine, now. */
  static Machine here(String command) {
    return new Machine(
        processorName().orElse(System.getProperty("os.arch")),
        Runtime.getRuntime().availableProcessors(),
        foundCaches(),
        Stream.of("os.name", "os.version", "os.arch")
            .map(System::getProperty)
            .reduce((a, b) -> a + " " + b)
            .orElseThrow(),
        System.getProperty("java.vendor.version", System.getProperty("java.vendor"))
            + ", build "
            + System.getProperty("java.runtime.version"),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
        ZonedDateTime.now().format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm xxx")),
        command);
  }

  private static Optional<String> processorName() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.replaceFirst(".*: *", ""))
          .findFirst();
    } catch (IOException | UncheckedIOException e) {
      return sysctl("machdep.cpu.brand_string")
          .or(() -> Optional.ofNullable(System.getenv("PROCESSOR_IDENTIFIER")));
    }
  }

  private static List<Cache> foundCaches() {
    List<Cache> caches = new ArrayList<>();
    for (int i = 0; Files.isDirectory(LINUX_CACHES.resolve("index" + i)); i++) {
      Path folder = LINUX_CACHES.resolve("index" + i);
      try {
        String size = Files.readString(folder.resolve("size")).strip();
        if (!Files.readString(folder.resolve("type")).startsWith("Instruction")) {
          String level = Files.readString(folder.resolve("level")).strip();
          caches.add(new Cache("L" + level, Long.parseLong(size.replace("K", "")) << 10));
        }
      } catch (IOException | NumberFormatException e) {
        // a system that does not tell
      }
    }
    for (String name : caches.isEmpty() ? MAC_CACHES : List.<String>of()) {
      sysctl(name)
          .filter(size -> size.matches("[1-9][0-9]*"))
          .ifPresent(size -> caches.add(new Cache("L" + name.charAt(4), Long.parseLong(size))));
    }
    return caches;
  }

  /** What macOS knows. */
  private static Optional<String> sysctl(String name) {
    try {
      Process process = new ProcessBuilder("sysctl", "-n", name).start();
      try (BufferedReader lines = process.inputReader()) {
        return Optional.ofNullable(lines.readLine());
      }
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** For {@link #read}. */
  byte[] write() {
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(this);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @param name of the file, for messages
   * @throws UserError if it is something else
   */
  static Machine read(String name, byte[] json) {
    try {
      Machine machine = JSON.readValue(json, Machine.class);
      if (machine == null) {
        throw new UserError(name + ": is not what profile writes: null");
      }
      return machine;
    } catch (JacksonException e) {
      throw new UserError(
          name + ": is not what profile writes: " + Words.shortened(e.getOriginalMessage()));
    } catch (IOException e) {
      throw new UserError(name + ": " + UserError.reason(e));
    }
  }
}
