package org.lanenorm.files;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class OnnxFuzzTest {
  @TempDir static Path folder;

  @FuzzTest
  void anyBytesGiveAnswersOrAFileFormatException(byte[] bytes) throws IOException {
    Everything.of(Files.write(folder.resolve("x.onnx"), bytes), Onnx::open);
  }
}
