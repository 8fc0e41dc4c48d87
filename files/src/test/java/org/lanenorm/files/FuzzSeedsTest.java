package org.lanenorm.files;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What fuzzing starts from, and what it once found, without the fuzzer. */
class FuzzSeedsTest {
  @TempDir Path folder;

  static List<Path> seeds() throws IOException, URISyntaxException {
    List<Path> seeds = new ArrayList<>();
    for (String reader : new String[] {"Npy", "Npz", "Safetensors", "Onnx"}) {
      URL folder = FuzzSeedsTest.class.getResource(reader + "FuzzTestInputs");
      try (Stream<Path> files = Files.list(Path.of(folder.toURI()))) {
        seeds.addAll(files.sorted().toList());
      }
    }
    return seeds;
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
