package org.lanenorm.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What fuzzing starts from, and what it once found, without the fuzzer. */
class FuzzSeedsTest {
  @TempDir Path folder;

  static List<Path> seeds() throws IOException {
    Path resources = Path.of("src", "test", "resources", "org", "lanenorm", "files");
    try (Stream<Path> files = Files.walk(resources)) {
      return files
          .filter(file -> file.getParent().toString().endsWith("FuzzTestInputs"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void everySeedGivesAnswersOrAFileFormatException(Path seed) throws IOException {
    byte[] bytes = Files.readAllBytes(seed);
    Path file = Files.write(folder.resolve("x"), bytes);
    Everything.of(file, Onnx::open);
    Everything.of(file, Safetensors::open);
    Everything.of(file, Npz::open);
    Everything.ofNpy(bytes);
  }
}
