package org.lanenorm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher with a copy of itself in a folder of its own, a Java that prints its arguments and a
 * Maven that makes an empty jar.
 */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  private static final String MODULES = "java.base jdk.incubator.vector java.xml";

  @TempDir Path folder;
  private Path home;
  private Path jdk;

  @BeforeEach
  void makeHomeAndJdk() throws IOException {
    home = Files.createDirectory(folder.resolve("the home"));
    Files.writeString(
        script(home.resolve("lanenorm"), ""), Files.readString(Path.of("../lanenorm")));
    Files.createDirectories(home.resolve("cli/target/lib"));
    Files.createFile(home.resolve("cli/target/lanenorm-cli.jar"));
    Files.createDirectories(home.resolve("jmh/target"));
    Files.createFile(home.resolve("jmh/target/benchmarks.jar"));
    Files.createDirectories(home.resolve("examples/target/lib"));
    Files.createFile(home.resolve("examples/target/lanenorm-examples.jar"));
    jdk = jdk("jdk", "25.0.3", MODULES);
  }

  private Path jdk(String name, String version, String modules) throws IOException {
    Path jdk = Files.createDirectories(folder.resolve(name));
    Files.writeString(
        jdk.resolve("release"),
        "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\nMODULES=\"" + modules + "\"");
    Files.createDirectories(jdk.resolve("bin"));
    script(
        jdk.resolve("bin/java"),
        "#!/bin/sh\necho 'WARNING: Using incubator modules: jdk.incubator.vector' >&2\n"
            + "echo 'said by the JVM' >&2\necho "
            + name
            + "\nprintf '<%s>\\n' \"$@\"\nexit 7\n");
    return jdk;
  }

  private static Path script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  private record Run(int status, List<String> out, String err) {}

  private Run run(Path launcher, Map<String, String> environment, String... args) throws Exception {
    // The filter behind the JVM's standard error may outlive the JVM, and Java stops to read a
    // process's output when the process ends; cat reads to the filter's end.
    String all = "{ \"$@\" 2>&1 >&4 | cat >err; exit \"${PIPESTATUS[0]}\"; } 4>&1";
    List<String> command = new ArrayList<>(List.of("bash", "-c", all, "bash", launcher.toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("LANENORM"));
    builder.environment().put("JAVA_HOME", jdk.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    String err = Files.readString(folder.resolve("err"));
    return new Run(process.exitValue(), out.lines().toList(), err);
  }

  private Run run(String... args) throws Exception {
    return run(home.resolve("lanenorm"), Map.of(), args);
  }

  @Test
  void argumentsAndExitStatusPassUnchanged() throws Exception {
    Run run = run("normalize", "a file.npy", "", "$HOME * 'quoted' \"twice\"");
    assertThat(run.status).isEqualTo(7);
    List<String> args = run.out.subList(run.out.indexOf("<org.lanenorm.cli.Main>"), run.out.size());
    assertThat(args)
        .containsExactly(
            "<org.lanenorm.cli.Main>",
            "<normalize>",
            "<a file.npy>",
            "<>",
            "<$HOME * 'quoted' \"twice\">");
    assertThat(run.out)
        .contains("<--add-modules>", "<jdk.incubator.vector>", "<-Dlanenorm.terminal=false>")
        .contains(
            "<"
                + home.toRealPath()
                + "/cli/target/lanenorm-cli.jar:"
                + home.toRealPath()
                + "/cli/target/lib/*>");
  }

  @Test
  void profileIsAProgramOfItsOwn() throws Exception {
    Map<String, String> options = Map.of("LANENORM_JAVA_OPTS", "-Xmx2g -Da=*");
    Run run = run(home.resolve("lanenorm"), options, "profile", "--output", "a folder");
    assertThat(run.status).isEqualTo(7);
    String main = "<org.lanenorm.jmh.LayoutReport>";
    assertThat(run.out.subList(run.out.indexOf(main), run.out.size()))
        .containsExactly(main, "<--output>", "<a folder>");
    assertThat(run.out)
        .contains("<-Xmx2g>", "<-Da=*>", "<-Dlanenorm.terminal=false>")
        .contains("<" + home.toRealPath() + "/jmh/target/benchmarks.jar>");
  }

  @Test
  void exampleIsAProgramOfItsOwn() throws Exception {
    Run run = run("example", "digits", "--seed", "2");
    assertThat(run.status).isEqualTo(7);
    String main = "<org.lanenorm.examples.Main>";
    assertThat(run.out.subList(run.out.indexOf(main), run.out.size()))
        .containsExactly(main, "<digits>", "<--seed>", "<2>");
    String target = home.toRealPath() + "/examples/target/";
    assertThat(run.out)
        .contains("<--add-modules>", "<jdk.incubator.vector>")
        .contains("<" + target + "lanenorm-examples.jar:" + target + "lib/*>");
    assertThat(run.err).isEqualTo("said by the JVM\n");
    assertThat(run("help", "example", "digits").out).endsWith(main, "<digits>", "<--help>");
  }

  @Test
  void helpIsACommandAsWell() throws Exception {
    assertThat(run("help").out).endsWith("<org.lanenorm.cli.Main>", "<--help>");
    assertThat(run("help", "stats").out).endsWith("<org.lanenorm.cli.Main>", "<stats>", "<--help>");
    assertThat(run("help", "profile").out).endsWith("<org.lanenorm.jmh.LayoutReport>", "<--help>");
  }

  @Test
  void theIncubatorWarningAloneIsDropped() throws Exception {
    assertThat(run().err).isEqualTo("said by the JVM\n");
  }

  @Test
  void javaOptionsComeFromTheEnvironment() throws Exception {
    Run run = run(home.resolve("lanenorm"), Map.of("LANENORM_JAVA_OPTS", "-Xmx2g -Da=b"));
    assertThat(run.out).contains("<-Xmx2g>", "<-Da=b>");
  }

  @Test
  void itRunsThroughLinks() throws Exception {
    Path bin = Files.createDirectory(folder.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("direct"), Path.of("../the home/lanenorm"));
    Files.createSymbolicLink(bin.resolve("twice"), Path.of("direct"));
    Run run = run(bin.resolve("twice"), Map.of());
    assertThat(run.status).isEqualTo(7);
  }

  @Test
  void aJdkThatIsTooOldOrLacksTheModuleIsPassedOver() throws Exception {
    jdk("old", "24.0.1", MODULES);
    jdk("small", "26", "java.base");
    Path path = folder.resolve("jdk/bin");
    for (String unfit : new String[] {"old", "small", "none"}) {
      Map<String, String> environment =
          Map.of(
              "JAVA_HOME",
              folder.resolve(unfit).toString(),
              "PATH",
              path + ":" + System.getenv("PATH"));
      assertThat(run(home.resolve("lanenorm"), environment).out).startsWith("jdk");
    }
  }

  @Test
  void withoutAJdkItSaysWhatToInstall() throws Exception {
    Path launcher = home.resolve("lanenorm");
    Files.writeString(
        launcher, Files.readString(launcher).replace("readonly wanted=25", "readonly wanted=99"));
    Run run = run(launcher, Map.of(), "normalize");
    assertThat(run.status).isEqualTo(2);
    assertThat(run.err.lines()).singleElement().asString().contains("JDK 99 or newer", "JAVA_HOME");
  }

  @Test
  void aFreshCloneIsBuiltOnFirstUse() throws Exception {
    Path jar = home.resolve("cli/target/lanenorm-cli.jar");
    Files.delete(jar);
    Path bin = Files.createDirectory(folder.resolve("bin"));
    script(bin.resolve("mvn"), "#!/bin/sh\necho mvn \"$@\"\ntouch '" + jar + "'\n");
    Map<String, String> path = Map.of("PATH", bin + ":" + System.getenv("PATH"));
    Run first = run(home.resolve("lanenorm"), path);
    assertThat(first.status).isEqualTo(7);
    assertThat(first.out).startsWith("jdk");
    assertThat(first.err).contains("first use: building", "mvn -q -B", "-pl cli -am package");
    assertThat(run(home.resolve("lanenorm"), path).err).doesNotContain("mvn");
    Files.delete(jar);
    script(bin.resolve("mvn"), "#!/bin/sh\nexit 1\n");
    Run failed = run(home.resolve("lanenorm"), path);
    assertThat(failed.status).isEqualTo(2);
    assertThat(failed.err).contains("the build failed");
  }

  @Test
  void profileIsBuiltOnItsFirstUse() throws Exception {
    Path jar = home.resolve("jmh/target/benchmarks.jar");
    Files.delete(jar);
    Path bin = Files.createDirectory(folder.resolve("bin"));
    script(bin.resolve("mvn"), "#!/bin/sh\necho mvn \"$@\"\ntouch '" + jar + "'\n");
    Map<String, String> path = Map.of("PATH", bin + ":" + System.getenv("PATH"));
    Path launcher = home.resolve("lanenorm");
    assertThat(run(launcher, path, "stats").err).doesNotContain("mvn");
    Run first = run(launcher, path, "profile");
    assertThat(first.status).isEqualTo(7);
    assertThat(first.err).contains("first use: building", "-pl jmh -am package");
    assertThat(run(launcher, path, "profile").err).doesNotContain("mvn");
    Path source = Files.createDirectories(home.resolve("jmh/src/main")).resolve("X.java");
    Files.createFile(source);
    assertThat(source.toFile().setLastModified(System.currentTimeMillis() + 60_000)).isTrue();
    assertThat(run(launcher, path, "profile").err).contains("note: jmh/src/main/X.java is newer");
    assertThat(run(launcher, path, "stats").err).doesNotContain("note");
  }

  @Test
  void sourcesNewerThanTheProgramAreTold() throws Exception {
    Files.createDirectories(home.resolve("src/main"));
    assertThat(run().err).doesNotContain("note");
    Path source = Files.createFile(home.resolve("src/main/X.java"));
    assertThat(source.toFile().setLastModified(System.currentTimeMillis() + 60_000)).isTrue();
    assertThat(run().err).contains("note: src/main/X.java is newer than the program");
  }
}
