package org.lanenorm.files;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;

/**
 * A safetensors file: the length of a header in 8 bytes (little-endian), the header in JSON,
 *
 * <pre>
 * {"bn1.weight": {"dtype": "F32", "shape": [64], "data_offsets": [0, 256]}, ...}
 * </pre>
 *
 * and the arrays' bytes, little-endian, in C order, without holes or overlaps (the <a
 * href="https://github.com/huggingface/safetensors#format">format</a>). A layer is a prefix under
 * which PyTorch's names are found: {@code weight} and {@code bias} (or {@code gamma} and {@code
 * beta}; may be missing), {@code running_mean}, {@code running_var}, and {@code
 * num_batches_tracked} (may be missing).
 */
public final class Safetensors implements ParameterFile {
  /** The format allows 100 MB; 25 MB describe some 200,000 arrays. */
  private static final int MAX_HEADER = 25_000_000;

  private static final String METADATA = "__metadata__";

  private static final Map<String, ElementType> TYPES =
      Map.of(
          "F16", ElementType.FLOAT16,
          "BF16", ElementType.BFLOAT16,
          "F32", ElementType.FLOAT32,
          "F64", ElementType.FLOAT64,
          "I64", ElementType.INT64);

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(3)
                  .maxNameLength(10_000)
                  .maxStringLength(MAX_HEADER)
                  .maxNumberLength(30)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // names are seen once
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  private record Entry(String dtype, long[] shape, long begin, long end) {}

  private final String title;
  private final FileChannel channel;
  private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>();
  private SequencedSet<String> layers;

  /** Of the first array's first byte. */
  private long dataStart;

  private Safetensors(String title, FileChannel channel) {
    this.title = title;
    this.channel = channel;
  }

  /** Whether the first 9 bytes of a file of a size start a safetensors file. */
  static boolean isLikely(byte[] start, long size) {
    if (start.length < 9 || start[8] != '{') {
      return false;
    }
    long header = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return header >= 0 && header <= size - 8;
  }

  /**
   * Opens a file and reads its header.
   *
   * @throws FileFormatException if that is not whole and correct
   * @throws IOException if it cannot be read at all
   */
  public static Safetensors open(Path file) throws IOException {
    Safetensors opened = new Safetensors(file.toString(), FileChannel.open(file));
    try {
      opened.readHeader();
      return opened;
    } catch (JsonProcessingException e) {
      opened.close();
      // a parser that has reached one of its limits does not always say where
      String where =
          e.getLocation() == null ? "" : " at character " + e.getLocation().getCharOffset();
      throw opened.problem(
          "has a header that cannot be read%s: %s"
              .formatted(where, e.getOriginalMessage().replaceFirst(" \\(start marker at .*", "")));
    } catch (CharacterCodingException e) {
      opened.close();
      throw opened.problem("has a header that is not UTF-8");
    } catch (IOException e) {
      opened.close();
      throw e;
    }
  }

  private void readHeader() throws IOException {
    long size = channel.size();
    ByteBuffer start = ByteBuffer.allocate(9).order(ByteOrder.LITTLE_ENDIAN);
    if (channel.read(start, 0) < 9) {
      throw problem("is no safetensors file: it is too short for a header");
    }
    long length = start.getLong(0);
    if (length < 2 || length > MAX_HEADER || length > size - 8) {
      throw problem(
          "must have a header of 2 to %d bytes, but claims one of %s"
              .formatted(Math.min(MAX_HEADER, size - 8), Long.toUnsignedString(length)));
    }
    if (start.get(8) != '{') {
      throw problem("is no safetensors file: its header must start with '{'");
    }
    dataStart = 8 + length;
    byte[] header = stream(8).readNBytes((int) length);
    if (header.length < length) {
      throw problem("is truncated: it ends inside its header");
    }
    // a decoder of our own: it is UTF-8 whatever it looks like, and bytes that are not are an error
    try (JsonParser json =
        JSON.createParser(
            new InputStreamReader(
                new ByteArrayInputStream(header), StandardCharsets.UTF_8.newDecoder()))) {
      readEntries(json);
    }
    checkOffsets(size - dataStart);
    layers = Layers.named(entries.keySet());
  }

  private void readEntries(JsonParser json) throws IOException {
    expect(json, json.nextToken(), JsonToken.START_OBJECT, "an object");
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName();
      expect(json, json.nextToken(), JsonToken.START_OBJECT, "an object");
      if (name.equals(METADATA)) {
        while (json.nextToken() != JsonToken.END_OBJECT) {
          expect(json, json.nextToken(), JsonToken.VALUE_STRING, "a string");
        }
      } else {
        entries.put(name, entry(json, name));
      }
    }
    if (json.nextToken() != null) {
      throw problem("has a header that goes on after its object");
    }
  }

  private Entry entry(JsonParser json, String name) throws IOException {
    String dtype = null;
    long[] shape = null;
    long[] offsets = null;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      switch (json.currentName()) {
        case "dtype" -> {
          expect(json, json.nextToken(), JsonToken.VALUE_STRING, "a string");
          dtype = json.getText();
        }
        case "shape" -> shape = numbers(json, Dimensions.MAX_RANK);
        case "data_offsets" -> offsets = numbers(json, 2);
        default ->
            throw problem(
                "has the unknown entry '%s' for array '%s'".formatted(json.currentName(), name));
      }
    }
    if (dtype == null || shape == null || offsets == null || offsets.length != 2) {
      throw problem(
          "must have a dtype, a shape and two data_offsets for array '%s'".formatted(name));
    }
    Entry entry = new Entry(dtype, shape, offsets[0], offsets[1]);
    ElementType type = TYPES.get(dtype);
    long bytes = entry.end - entry.begin;
    // of a type that cannot be read the size is not known either
    if (type != null
        && (bytes % type.bytes != 0 || bytes / type.bytes != Dimensions.product(shape))) {
      throw problem(
          "must have the bytes of array '%s', %s %s, at its data_offsets, but those are %s"
              .formatted(name, dtype, Dimensions.describe(shape), Arrays.toString(offsets)));
    }
    return entry;
  }

  private long[] numbers(JsonParser json, int most) throws IOException {
    expect(json, json.nextToken(), JsonToken.START_ARRAY, "an array");
    long[] numbers = new long[most];
    int n = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      boolean fits =
          json.currentToken() == JsonToken.VALUE_NUMBER_INT
              && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER
              && json.getLongValue() >= 0;
      if (!fits || n == most) {
        throw unexpected(json, "at most " + most + " whole numbers, 0 or more");
      }
      numbers[n++] = json.getLongValue();
    }
    return Arrays.copyOf(numbers, n);
  }

  private void expect(JsonParser json, JsonToken found, JsonToken wanted, String words)
      throws IOException {
    if (found != wanted) {
      throw unexpected(json, words);
    }
  }

  private FileFormatException unexpected(JsonParser json, String wanted) {
    return problem(
        "has a header that cannot be read at character %d: expected %s"
            .formatted(json.currentTokenLocation().getCharOffset(), wanted));
  }

  /** Sorted, the arrays must follow one another from the first byte to the last. */
  private void checkOffsets(long length) throws FileFormatException {
    long end = 0;
    List<Map.Entry<String, Entry>> sorted =
        entries.entrySet().stream()
            .sorted(
                Map.Entry.comparingByValue(
                    Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end)))
            .toList();
    for (Map.Entry<String, Entry> next : sorted) {
      Entry entry = next.getValue();
      if (entry.begin != end || entry.end < end) {
        throw problem(
            "must have its arrays one behind the other, but '%s' is at %d to %d where %d is due"
                .formatted(next.getKey(), entry.begin, entry.end, end));
      }
      end = entry.end;
    }
    if (end != length) {
      throw problem(
          "%s: its header promises %d bytes of data, but %d follow"
              .formatted(end > length ? "is truncated" : "has bytes after its data", end, length));
    }
  }

  @Override
  public String format() {
    return "safetensors";
  }

  @Override
  public SequencedSet<String> names() {
    return Collections.unmodifiableSequencedSet(entries.sequencedKeySet());
  }

  @Override
  public TensorInfo info(String name) throws FileFormatException {
    Entry entry = find(name);
    ElementType type = TYPES.get(entry.dtype);
    return new TensorInfo(
        type == null ? entry.dtype : type.toString(), Arrays.stream(entry.shape).boxed().toList());
  }

  @Override
  public Tensor read(String name) throws IOException {
    Entry entry = find(name);
    ElementType type = TYPES.get(entry.dtype);
    if (type == null) {
      throw problem(
          "holds elements of type %s as '%s', but only F16, BF16, F32, F64 and I64 can be read"
              .formatted(entry.dtype, name));
    }
    int[] shape = Dimensions.ints(title, name, entry.shape);
    int size = (int) Dimensions.product(entry.shape);
    InputStream in = stream(dataStart + entry.begin);
    return new Tensor(type, shape, Elements.read(in, title, type, size, ByteOrder.LITTLE_ENDIAN));
  }

  private Entry find(String name) throws FileFormatException {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw Layers.missing(title, "array", name, entries.keySet());
    }
    return entry;
  }

  @Override
  public SequencedSet<String> layers() {
    return layers;
  }

  @Override
  public LayerParameters layer(String name) throws IOException {
    return Layers.named(this, title, name);
  }

  private InputStream stream(long position) throws IOException {
    return Channels.newInputStream(channel.position(position));
  }

  private FileFormatException problem(String problem) {
    return new FileFormatException(title, problem);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
