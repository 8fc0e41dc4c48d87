package org.lanenorm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the compiler cannot check: which file may use what. */
class SourceRulesTest {
  private static final Path SOURCES = Path.of("main", "java", "org", "lanenorm");

  @Test
  void onlyTheVectorFilesUseTheIncubatorModule() {
    assertThat(filesWith(line -> line.startsWith("import jdk.incubator")))
        .containsExactlyInAnyOrder(
            "VectorWidth.java",
            "ChannelVectorKernels.java",
            "FusedGradientVectorKernels.java",
            "FusedVectorKernels.java",
            "HalfVectorKernels.java",
            "ElementVectorKernels.java",
            "MarkedVectorKernels.java",
            "NchwVectorKernels.java",
            "NhwcVectorKernels.java",
            "ReferenceVectorKernels.java",
            "RowVectorKernels.java",
            "SiluVectorKernels.java",
            "StoredRowVectorKernels.java",
            "StoredVectorKernels.java");
  }

  @Test
  void scalarFmaGoesThroughTheGate() {
    assertThat(filesWith(line -> line.contains("Math.fma("))).containsExactly("Fma.java");
  }

  @Test
  void noReductionLeavesItsOrderToTheJvm() {
    assertThat(filesWith(line -> line.contains("reduceLanes"))).isEmpty();
  }

  /**
   * C2 inlines no method of more than 325 bytecodes (FreqInlineSize). A loop that it could inline
   * into a caller beside another one would pass the limit of a compiled method there, and its
   * vectors would be boxed: 5 MB per call were seen.
   */
  @ParameterizedTest
  @CsvSource({
    "NchwVectorKernels,squares",
    "NchwVectorKernels,products",
    "NchwVectorKernels,quads",
    "NchwVectorKernels,plane",
    "NchwVectorKernels,quadSquares",
    "NchwVectorKernels,halfSquares",
    "NchwVectorKernels,quadProducts",
    "RowVectorKernels,row",
    "RowVectorKernels,narrowRows",
    "RowVectorKernels,twoRows",
    "FusedVectorKernels,planes",
    "FusedVectorKernels,smallPlanes",
    "FusedVectorKernels,fourVectors",
    "FusedVectorKernels,fourRows",
    "SiluVectorKernels,siluPlanes",
    "SiluVectorKernels,siluRows",
    "MarkedVectorKernels,markedPlanes",
    "MarkedVectorKernels,markedFourVectors",
    "MarkedVectorKernels,markedTwoRows",
    "MarkedVectorKernels,mark",
    "MarkedVectorKernels,gate",
    "FusedGradientVectorKernels,simpleGradientRows",
    "FusedGradientVectorKernels,fourVectors",
    "FusedGradientVectorKernels,twoRows",
    "SiluVectorKernels,siluGradientRows",
    "ElementVectorKernels,along",
    "ElementVectorKernels,across",
    "ElementVectorKernels,scaleAlong",
    "ElementVectorKernels,scaleAcross",
    "NhwcVectorKernels,squares",
    "NhwcVectorKernels,products",
    "ChannelVectorKernels,coefficients",
    "NhwcVectorKernels,partialHalf",
    "NhwcVectorKernels,partialQuad",
    "NhwcVectorKernels,partial4",
    "ReferenceVectorKernels,images",
    "ReferenceVectorKernels,wide"
  })
  void aHotLoopIsTooLongToBeInlined(String file, String method) throws IOException {
    List<Integer> lengths =
        methods(file).stream()
            .filter(m -> m.methodName().equalsString(method))
            .map(m -> ((CodeAttribute) m.code().orElseThrow()).codeLength())
            .toList();
    assertThat(lengths).isNotEmpty().allMatch(length -> length > 325);
  }

  /**
   * A method of ours that C2 has compiled by itself it may refuse to inline, and what is passed to
   * it is then boxed: 1.5 to 400 KB per call were seen, in one JVM of thirty.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ChannelVectorKernels",
        "ElementVectorKernels",
        "FusedGradientVectorKernels",
        "FusedVectorKernels",
        "HalfVectorKernels",
        "MarkedVectorKernels",
        "NchwVectorKernels",
        "NhwcVectorKernels",
        "ReferenceVectorKernels",
        "RowVectorKernels",
        "SiluVectorKernels"
      })
  void noMethodTakesOrReturnsAVector(String file) throws IOException {
    assertThat(methods(file))
        .isNotEmpty()
        .allSatisfy(m -> assertThat(m.methodType().stringValue()).doesNotContain("incubator"));
  }

  private static List<MethodModel> methods(String file) throws IOException {
    return ClassFile.of()
        .parse(Path.of("..", "target", "classes", "org", "lanenorm", "kernel", file + ".class"))
        .methods();
  }

  private static List<String> filesWith(Predicate<String> line) {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> lines(file).stream().anyMatch(line))
          .map(file -> file.getFileName().toString())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
