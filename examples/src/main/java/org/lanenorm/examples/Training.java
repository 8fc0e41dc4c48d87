package org.lanenorm.examples;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.lanenorm.BatchNorm;
import org.lanenorm.ChannelMoments;
import org.lanenorm.RunningStatistics;

/** Trains a classifier epoch by epoch, and measures it after each. */
final class Training {
  private static final int BATCH = 64;
  private static final float FIRST_RATE = 0.05f;

  /** In the last epoch, after a slope that is straight. */
  private static final float LAST_RATE = 0.005f;

  private final Digits training;
  private final Digits heldOut;
  private final int epochs;
  private final Random random;
  private final Classifier classifier;
  private final GradientDescent descent;
  private final List<Epoch> done = new ArrayList<>();

  /**
   * What an epoch came to.
   *
   * @param batchLosses of its batches, in order
   * @param heldOutLoss by the running statistics
   * @param accuracy on held-out digits, by the running statistics
   * @param drifts of the normalizations, front to back
   */
  record Epoch(double[] batchLosses, double heldOutLoss, double accuracy, List<Drift> drifts) {
    /** The mean over the batches. */
    double loss() {
      return IntStream.range(0, batchLosses.length).mapToDouble(i -> batchLosses[i]).sum()
          / batchLosses.length;
    }
  }

  /**
   * How far running statistics are from those of the training set with the same weights: roots of
   * the mean square over the channels.
   *
   * @param mean distance of the means, in the population's standard deviations
   * @param variance distance of the variances, as a share of the population's
   */
  record Drift(double mean, double variance) {
    static Drift of(BatchNorm norm, ChannelMoments population) {
      RunningStatistics running = norm.runningStatistics();
      double mean = 0;
      double variance = 0;
      for (int c = 0; c < norm.channels(); c++) {
        double byMean = running.mean(c) - population.mean(c);
        mean += byMean * byMean / population.variance(c);
        double byVariance = running.variance(c) / population.variance(c) - 1;
        variance += byVariance * byVariance;
      }
      return new Drift(
          StrictMath.sqrt(mean / norm.channels()), StrictMath.sqrt(variance / norm.channels()));
    }
  }

  Training(Digits digits, int epochs, long seed) {
    training = digits.forTraining();
    heldOut = digits.heldOut();
    this.epochs = epochs;
    random = new Random(seed);
    classifier = new Classifier(random);
    descent = new GradientDescent(classifier.parameters());
  }

  Classifier classifier() {
    return classifier;
  }

  Digits heldOut() {
    return heldOut;
  }

  /** The epochs so far. */
  List<Epoch> done() {
    return done;
  }

  /** One more epoch. */
  Epoch epoch() {
    float progress = epochs == 1 ? 0 : (float) done.size() / (epochs - 1);
    float rate = FIRST_RATE + progress * (LAST_RATE - FIRST_RATE);
    double[] losses = new double[(training.count() + BATCH - 1) / BATCH];
    List<Digits> batches = batches(shuffled(training.count()));
    for (int b = 0; b < losses.length; b++) {
      losses[b] = classifier.gradients(batches.get(b));
      descent.step(rate);
    }
    float[] logits = Classifier.run(classifier.frozen(), heldOut.images(), heldOut.count());
    List<ChannelMoments> population = population();
    List<Normalization> norms = classifier.normalizations();
    Epoch epoch =
        new Epoch(
            losses,
            new Loss(logits, heldOut.labels()).value(),
            heldOut.accuracy(Classifier.predictions(logits)),
            IntStream.range(0, norms.size())
                .mapToObj(i -> Drift.of(norms.get(i).norm(), population.get(i)))
                .toList());
    done.add(epoch);
    return epoch;
  }

  /**
   * The moments of what the normalizations are given over the whole training set, with the weights
   * as they are now: exact merges of the batches' moments, not averages of averages. As in training
   * each batch is normalized by its own moments (PreciseBN of Wu and Johnson, Rethinking "Batch" in
   * BatchNorm, 2021, arXiv:2105.07576).
   */
  List<ChannelMoments> population() {
    List<Normalization.Observer> observers =
        classifier.normalizations().stream().map(Normalization::observer).toList();
    for (Digits batch : batches(IntStream.range(0, training.count()).toArray())) {
      Classifier.run(classifier.with(observers), batch.images(), batch.count());
    }
    return observers.stream().map(Normalization.Observer::seen).toList();
  }

  private List<Digits> batches(int... order) {
    List<Digits> batches = new ArrayList<>();
    for (int from = 0; from < order.length; from += BATCH) {
      int to = Math.min(from + BATCH, order.length);
      batches.add(training.of(java.util.Arrays.copyOfRange(order, from, to)));
    }
    return batches;
  }

  private int[] shuffled(int count) {
    int[] order = IntStream.range(0, count).toArray();
    for (int i = count - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int other = order[j];
      order[j] = order[i];
      order[i] = other;
    }
    return order;
  }
}
