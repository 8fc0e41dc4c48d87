package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Example;

/** A change of any committed bit is a change of results, and is declared where users look. */
class ChangelogTest {
  private static final Path CHANGELOG = Path.of("..", "CHANGELOG.md");
  private static final Pattern DIGEST = Pattern.compile("Digest of results: `([0-9a-f]{16})`");

  @Example
  void theLatestResultsSectionNamesTheDigestOfTheCommittedBits() throws IOException {
    String text = Files.readString(CHANGELOG);
    int results = text.indexOf("### Results");
    Matcher latest = DIGEST.matcher(text);
    assertThat(results >= 0 && latest.find(results))
        .as("a line \"Digest of results: `...`\" under Results")
        .isTrue();
    assertThat(latest.group(1))
        .as(
            "digest.txt or FamilyDigestTest is not what CHANGELOG.md declares: say there, under"
                + " Results of Unreleased, which results have changed and why, with the new digest")
        .isEqualTo(Bits.committed());
  }
}
