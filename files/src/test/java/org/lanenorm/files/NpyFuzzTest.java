package org.lanenorm.files;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;

class NpyFuzzTest {
  @FuzzTest
  void anyBytesGiveAnArrayOrAFileFormatException(byte[] bytes) throws IOException {
    Everything.ofNpy(bytes);
  }
}
