package org.lanenorm.jmh.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lanenorm.Layout;
import org.lanenorm.jmh.report.Results.Key;
import org.lanenorm.jmh.report.Results.Setting;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class PageTest {
  private static final Results RESULTS = Bundled.results();
  private static final Machine MACHINE =
      new Machine(
          "<script>alert('cpu')</script>",
          2,
          List.of(new Machine.Cache("L2", 1 << 20)),
          "\"quoted\" & more",
          "Temurin-25",
          0.25,
          "2026-11-21 10:00 +00:00",
          "./lanenorm profile --shapes 8x64x28x28");

  private static Page page;

  @BeforeAll
  static void headless() {
    System.setProperty("java.awt.headless", "true");
    page = new Page(RESULTS, MACHINE);
  }

  private static String text() {
    return page.html().replaceAll("(?s)<svg.*?</svg>", "").replaceAll("<[^>]*>", "");
  }

  @Test
  void everyShapeAndOperationHasItsSentence() {
    for (Setting setting : RESULTS.settings()) {
      assertThat(text()).contains(setting.title());
      for (Operation operation : RESULTS.operations(setting)) {
        assertThat(text()).contains(Sentences.layout(RESULTS, setting, operation).text());
        for (Layout layout : Layout.values()) {
          String peers = Sentences.peers(RESULTS, setting, operation, layout);
          assertThat(text()).contains(peers == null ? "" : peers);
        }
      }
    }
    assertThat(text()).contains(Sentences.noise(RESULTS));
  }

  @Test
  void itNamesMachineAndCommand() {
    assertThat(text())
        .contains("L2 1 MB", "Temurin-25", "--add-modules jdk.incubator.vector", "0.25")
        .contains("2026-11-21 10:00", "./lanenorm profile --shapes 8x64x28x28")
        .contains("3 JVMs, each 4 x 500 ms of warm-up, then 5 x 200 ms");
  }

  @Test
  void textFromOutsideIsEscaped() {
    assertThat(page.html())
        .contains("&lt;script&gt;alert(&#39;cpu&#39;)&lt;/script&gt;")
        .contains("&quot;quoted&quot; &amp; more")
        .doesNotContain("<script");
  }

  @Test
  void itNeedsNoOtherFile() {
    String html = page.html().replace("http://www.w3.org/", "");
    assertThat(html).doesNotContain("http:", "https:", "src=", "@import", "<link", "{{");
    Matcher links = Pattern.compile("href=\"([^\"]*)\"").matcher(html);
    while (links.find()) {
      assertThat(links.group(1)).matches("#.*|charts/[-0-9a-z]*\\.(svg|png)");
    }
    assertThat(Pattern.compile("url\\((?!#)").matcher(html).find()).isFalse();
  }

  @Test
  void idsAreUniqueInThePage() {
    Set<String> seen = new HashSet<>();
    Matcher ids = Pattern.compile(" id=\"([^\"]*)\"").matcher(page.html());
    while (ids.find()) {
      assertThat(seen.add(ids.group(1))).as(ids.group(1)).isTrue();
    }
    assertThat(seen).contains("8x64x28x28", "8x64x28x28-2-threads", "256x512");
  }

  @Test
  void chartsSayWhatTheyShow() throws Exception {
    assertThat(page.drawings())
        .extracting(Drawing::name)
        .contains("times-8x64x28x28-2-threads", "times-256x512", "roofline-backward-2-threads")
        .hasSize(3 + 2 * 4)
        .doesNotHaveDuplicates();
    Drawing times = drawing("times-8x64x28x28");
    Document svg =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(times.svg())));
    List<String> texts =
        Stream.iterate(0, i -> i + 1)
            .limit(svg.getElementsByTagName("text").getLength())
            .map(i -> svg.getElementsByTagName("text").item(i).getTextContent().strip())
            .toList();
    assertThat(texts)
        .contains("Moments", "floor (copy2)", "NCHW", "ONNX Runtime NCHW", "160", "20.4")
        .doesNotContain("...");
    assertThat(drawing("roofline-training").svg())
        .contains("L2 ends", "copy (the roof)", "oneDNN NHWC", "GB/s");
  }

  @Test
  void barsAreAsLongAsTheirTimes() throws Exception {
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(drawing("times-8x64x28x28").png()));
    assertThat(image.getWidth()).isEqualTo(2 * drawing("times-8x64x28x28").width());
    double nchw = longestRun(image, Ink.NCHW);
    double nhwc = longestRun(image, Ink.NHWC);
    double peer = longestRun(image, Ink.PYTORCH);
    assertThat(nhwc).isGreaterThan(20);
    // the longest are backward's
    assertThat(nchw / nhwc).isBetween(0.75, 0.85);
    assertThat(peer / nhwc).isBetween(3.3, 3.8);
  }

  private static int longestRun(BufferedImage image, Ink ink) {
    int longest = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      int run = 0;
      for (int x = 0; x < image.getWidth(); x++) {
        run = image.getRGB(x, y) == ink.light().getRGB() ? run + 1 : 0;
        longest = Math.max(longest, run);
      }
    }
    return longest;
  }

  @Test
  void anOperationMayBeMeasuredOnSomeThreadsOnly() {
    Map<Key, Estimate> some = new LinkedHashMap<>(RESULTS.times());
    some.keySet().removeIf(key -> key.threads() == 2 && key.benchmark().contains("Inference"));
    Page part = new Page(new Results(some, "", "", "", ""), Machine.UNKNOWN);
    assertThat(part.drawings())
        .extracting(Drawing::name)
        .contains("roofline-inference", "roofline-moments-2-threads")
        .doesNotContain("roofline-inference-2-threads");
  }

  @Test
  void insideThePageColoursFollowTheReadersMode() {
    Drawing times = drawing("times-8x64x28x28");
    assertThat(times.svg()).contains("rgb(31,111,181)").doesNotContain("var(");
    assertThat(times.inlineSvg()).contains("var(--nchw)").doesNotContain("rgb(31,111,181)");
    assertThat(page.html())
        .contains("prefers-color-scheme: dark", "--nchw:rgb(31,111,181)", times.inlineSvg());
  }

  private static Drawing drawing(String name) {
    return page.drawings().stream()
        .filter(drawing -> drawing.name().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
