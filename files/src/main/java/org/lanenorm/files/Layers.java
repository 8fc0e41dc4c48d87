package org.lanenorm.files;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.Set;

/**
 * Finds layers in arrays that are named {@code prefix.running_mean} and so on, as PyTorch names
 * them, and makes {@link LayerParameters} of arrays.
 */
final class Layers {
  /** More are no layer, and would only be memory spent for nobody. */
  private static final int MOST_CHANNELS = 1 << 20;

  private static final int MOST_NAMES = 10;

  private static final String[] GAMMA = {"weight", "gamma"};
  private static final String[] BETA = {"bias", "beta"};
  private static final String[] MEAN = {"running_mean"};
  private static final String[] VARIANCE = {"running_var"};
  private static final String[] BATCHES = {"num_batches_tracked"};

  private Layers() {}

  /** The prefixes under which there is a running mean or variance. */
  static SequencedSet<String> named(Collection<String> names) {
    SequencedSet<String> prefixes = new LinkedHashSet<>();
    for (String name : names) {
      String word = name.substring(name.lastIndexOf('.') + 1);
      if (word.equals(MEAN[0]) || word.equals(VARIANCE[0])) {
        prefixes.add(name.substring(0, Math.max(0, name.length() - word.length() - 1)));
      }
    }
    return Collections.unmodifiableSequencedSet(prefixes);
  }

  /** The layer of a prefix, without its dot; the empty one for arrays named by the words alone. */
  static LayerParameters named(ParameterFile file, String title, String prefix) throws IOException {
    if (!file.layers().contains(prefix)) {
      throw missing(title, "layer", prefix, file.layers());
    }
    String mean = find(file, title, prefix, MEAN);
    String variance = find(file, title, prefix, VARIANCE);
    if (mean == null || variance == null) {
      throw new FileFormatException(
          title,
          "has a running_mean or a running_var for layer '%s', but not both".formatted(prefix));
    }
    String batches = find(file, title, prefix, BATCHES);
    return of(
        file,
        title,
        prefix,
        find(file, title, prefix, GAMMA),
        find(file, title, prefix, BETA),
        mean,
        variance,
        batches == null ? null : batches(file, title, batches),
        null);
  }

  private static String find(ParameterFile file, String title, String prefix, String[] words)
      throws FileFormatException {
    String found = null;
    for (String word : words) {
      String name = prefix.isEmpty() ? word : prefix + "." + word;
      if (file.names().contains(name)) {
        if (found != null) {
          throw new FileFormatException(
              title, "holds both '%s' and '%s', which mean the same".formatted(found, name));
        }
        found = name;
      }
    }
    return found;
  }

  private static long batches(ParameterFile file, String title, String name) throws IOException {
    TensorInfo info = file.info(name);
    boolean single = info.shape().isEmpty() || info.shape().equals(List.of(1L));
    if (!single || !info.type().equals(ElementType.INT64.toString())) {
      throw new FileFormatException(
          title, "must hold one int64 as '%s', but holds %s".formatted(name, info));
    }
    long batches = file.read(name).longs()[0];
    if (batches < 0) {
      throw new FileFormatException(
          title, "must hold a count of at least 0 as '%s', but holds %d".formatted(name, batches));
    }
    return batches;
  }

  /** The layer of four arrays by their names; gamma and beta may be null for none. */
  static LayerParameters of(
      ParameterFile file,
      String title,
      String layer,
      String gamma,
      String beta,
      String mean,
      String variance,
      Long batches,
      LayerParameters.OnnxNode node)
      throws IOException {
    long channels = channels(file, title, mean);
    Set<ElementType> types = new LinkedHashSet<>();
    Tensor[] tensors = new Tensor[4];
    String[] names = {gamma, beta, mean, variance};
    for (String name : names) {
      if (name != null && channels(file, title, name) != channels) {
        throw new FileFormatException(
            title,
            "must hold as many values as '%s', %d, as '%s', but holds %s"
                .formatted(mean, channels, name, file.info(name)));
      }
    }
    for (int i = 0; i < names.length; i++) {
      if (names[i] != null) {
        tensors[i] = file.read(names[i]);
        types.add(tensors[i].type());
      }
    }
    return new LayerParameters(
        layer,
        new ArrayList<>(types),
        gamma == null ? null : tensors[0].floats(),
        beta == null ? null : tensors[1].floats(),
        tensors[2].doubles(),
        tensors[3].doubles(),
        batches,
        node);
  }

  private static long channels(ParameterFile file, String title, String name) throws IOException {
    TensorInfo info = file.info(name);
    boolean floats =
        Arrays.stream(ElementType.values())
            .anyMatch(type -> type != ElementType.INT64 && info.type().equals(type.toString()));
    if (!floats || info.shape().size() != 1 || info.shape().get(0) > MOST_CHANNELS) {
      throw new FileFormatException(
          title,
          "must hold floats of 16, 32 or 64 bits as '%s', one per channel and at most %d, but holds %s"
              .formatted(name, MOST_CHANNELS, info));
    }
    return info.shape().get(0);
  }

  /** An error that tells what there is, as far as that is of use. */
  static FileFormatException missing(
      String title, String what, String name, Collection<String> names) {
    String there =
        String.join(", ", names.stream().limit(MOST_NAMES).map(n -> "'" + n + "'").toList());
    int more = names.size() - MOST_NAMES;
    return new FileFormatException(
        title,
        "has no %s '%s'; it has %s%s"
            .formatted(
                what,
                name,
                names.isEmpty() ? "none at all" : there,
                more > 0 ? " and " + more + " more" : ""));
  }
}
