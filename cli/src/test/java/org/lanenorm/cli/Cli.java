package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.lanenorm.files.Npy;
import org.lanenorm.files.Npz;
import org.lanenorm.files.Tensor;

/** Runs the command line inside the test's JVM, and makes and reads its files. */
record Cli(int status, String out, String err) {
  static Cli run(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] words = Stream.of(args).map(Object::toString).toArray(String[]::new);
    int status = Main.run(new PrintWriter(out), new PrintWriter(err), words);
    return new Cli(status, out.toString(), err.toString());
  }

  /** Without spending time on timing. */
  static Cli normalize(Object... args) {
    return run(
        Stream.concat(Stream.of("normalize", "--timing-seconds=0.01"), Stream.of(args)).toArray());
  }

  Cli succeeds() {
    assertThat(status).as(err).isZero();
    return this;
  }

  /** Exit status 2, nothing on standard output, one line that says why. */
  Cli isRefused(String... because) {
    assertThat(status).as(out + err).isEqualTo(2);
    assertThat(out).isEmpty();
    List<String> lines = err.lines().filter(line -> !line.startsWith("note: ")).toList();
    assertThat(lines).singleElement().asString().startsWith("lanenorm: ").contains(because);
    assertThat(err).doesNotContain("\tat ", "Exception");
    return this;
  }

  /** A bundled file of the module that reads such files. */
  static Path example(String name) {
    return Path.of("../files/src/test/resources/org/lanenorm/files", name);
  }

  static Path npy(Path file, Tensor array) {
    return write(file, out -> Npy.write(out, array));
  }

  /** Names and arrays in turn. */
  static Path npz(Path file, Object... namesAndArrays) {
    Map<String, Tensor> arrays = new LinkedHashMap<>();
    for (int i = 0; i < namesAndArrays.length; i += 2) {
      arrays.put((String) namesAndArrays[i], (Tensor) namesAndArrays[i + 1]);
    }
    return write(file, out -> Npz.write(out, arrays));
  }

  private static Path write(Path file, Outputs.Content content) {
    try (OutputStream out = Files.newOutputStream(file)) {
      content.writeTo(out);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Tensor member(Path file, String name) {
    try (Npz npz = Npz.open(file)) {
      return npz.read(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Tensor array(Path file) {
    try {
      return Npy.read(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<String> files(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** About normal, the same in every run. */
  static float[] values(int length, int seed) {
    java.util.SplittableRandom random = new java.util.SplittableRandom(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) (3 + 2 * random.nextGaussian());
    }
    return values;
  }
}
