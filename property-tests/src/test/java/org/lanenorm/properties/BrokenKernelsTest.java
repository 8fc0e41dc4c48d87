package org.lanenorm.properties;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import net.jqwik.api.Example;
import org.lanenorm.ChannelMoments;
import org.lanenorm.Layout;
import org.lanenorm.TensorShape;
import org.lanenorm.verify.BatchNormUnderTest;
import org.lanenorm.verify.Case;
import org.lanenorm.verify.HardData;
import org.lanenorm.verify.Layer;
import org.lanenorm.verify.Rng;
import org.lanenorm.verify.Shapes;
import org.lanenorm.verify.Slice;
import org.lanenorm.verify.WorstErrors;

/**
 * A property that has never failed has proved nothing: each is shown something broken that it must
 * catch, and a plain implementation in double that it must let pass.
 */
class BrokenKernelsTest {
  private static final int CASES = 60;

  private interface Law<P> {
    void holds(P properties, Case input, Layout layout);
  }

  // What each property is, as the properties' classes call it.
  private static final Law<AccuracyProperties> MOMENTS =
      AccuracyProperties::momentsAreWithinTheirBounds;
  private static final Law<AccuracyProperties> OUTPUT =
      AccuracyProperties::trainingOutputIsWithinItsBound;
  private static final Law<AccuracyProperties> INFERENCE =
      AccuracyProperties::inferenceOutputIsWithinItsBound;
  private static final Law<AccuracyProperties> CONSTANT =
      AccuracyProperties::constantChannelGivesExactlyBeta;
  private static final Law<AccuracyProperties> EXACT =
      AccuracyProperties::dataExactByConstructionGivesExactMoments;
  private static final Law<AccuracyProperties> SHIFT =
      (p, input, layout) -> p.aShiftMovesTheMeanAlone(input, layout, 4096);
  private static final Law<AccuracyProperties> SCALE =
      (p, input, layout) -> p.scalingByAPowerOfTwoScalesExactly(input, layout, 7);
  private static final Law<SameBitsProperties> LAYOUTS =
      (p, input, layout) -> p.nchwAndNhwcGiveTheSameBits(input);
  private static final Law<SameBitsProperties> THREADS =
      (p, input, layout) -> p.resultDoesNotDependOnThreads(input, layout, 3);
  private static final Law<MergeProperties> MERGE =
      (p, input, layout) ->
          p.neitherOrderNorGroupingOfPartsMatters(input.kind(), 100, input.seed());
  private static final Law<MergeProperties> SPLITS =
      (p, input, layout) ->
          p.mergingTheTwoPartsOfAnySplitIsWithinTheBounds(input.kind(), 20, input.seed());
  private static final Law<GradientProperties> BACKWARD =
      GradientProperties::gradientsAreWithinTheirBounds;
  private static final Law<GradientProperties> BACKWARD_FROZEN =
      GradientProperties::frozenGradientsAreWithinTheirBounds;
  private static final Law<GradientProperties> SUMS =
      GradientProperties::dInputIsOrthogonalToShiftAndScale;
  private static final Law<GradientProperties> DIFFERENCES =
      (p, input, layout) ->
          p.finiteDifferencesOfTheOracleAgreeWithBackward(3, 2, 2, layout, input.seed());
  private static final Law<GradientProperties> OWN_DIFFERENCES =
      (p, input, layout) ->
          p.finiteDifferencesOfTrainingAgreeWithBackward(3, 2, 2, layout, input.seed());
  private static final Law<MemoryProperties> GUARDS =
      (p, input, layout) -> p.guardZonesStayUntouchedAndDoNotLeakIn(input, layout, 5, 3, 1);
  private static final Law<MemoryProperties> IN_PLACE =
      (p, input, layout) -> p.inPlaceEqualsOutOfPlace(input, layout, 1);
  private static final Law<NonFiniteProperties> NON_FINITE =
      (p, input, layout) -> p.trainingKeepsANonFiniteChannelToItself(input, layout, Float.NaN);
  private static final Law<NonFiniteProperties> NON_FINITE_GRADIENTS =
      (p, input, layout) -> p.backwardKeepsANonFiniteChannelToItself(input, layout, Float.NaN);
  private static final Law<NonFiniteProperties> NON_FINITE_MOMENTS =
      (p, input, layout) -> p.momentsKeepANonFiniteChannelToItself(input, layout, Float.NaN);

  @Example
  void theTextbookInDoublePassesEveryProperty() {
    BatchNormUnderTest plain = new Plain();
    passes(plain, AccuracyProperties::new, MOMENTS, OUTPUT, INFERENCE, CONSTANT, EXACT);
    passes(plain, AccuracyProperties::new, SHIFT, SCALE);
    passes(plain, SameBitsProperties::new, LAYOUTS, THREADS);
    passes(new MergeProperties(), List.of(MERGE, SPLITS));
    passes(plain, GradientProperties::new, BACKWARD, BACKWARD_FROZEN, SUMS);
    passes(plain, GradientProperties::new, DIFFERENCES, OWN_DIFFERENCES);
    passes(plain, MemoryProperties::new, GUARDS, IN_PLACE);
    passes(plain, NonFiniteProperties::new, NON_FINITE, NON_FINITE_GRADIENTS, NON_FINITE_MOMENTS);
  }

  /** E[x^2] - E[x]^2 in float: Flax's default, Keras 3 on most back ends. */
  @Example
  void squaresLessSquareOfMeanIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected double[] meanAndM2(float[] x, Layout layout, int threads) {
            float sum = 0;
            float squares = 0;
            for (float value : x) {
              sum += value;
              squares += value * value;
            }
            float mean = sum / x.length;
            float variance = Math.max(0, squares / x.length - mean * mean);
            return new double[] {mean, (double) variance * x.length};
          }
        };
    caught(broken, AccuracyProperties::new, MOMENTS, OUTPUT, CONSTANT, SHIFT);
  }

  /** Two passes, but one running sum in float, as in oneDNN and PyTorch's channels-last path. */
  @Example
  void oneLongFloatSumIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected double[] meanAndM2(float[] x, Layout layout, int threads) {
            float sum = 0;
            for (float value : x) {
              sum += value;
            }
            float mean = sum / x.length;
            float m2 = 0;
            for (float value : x) {
              m2 += (value - mean) * (value - mean);
            }
            return new double[] {mean, m2};
          }
        };
    caught(broken, AccuracyProperties::new, MOMENTS, OUTPUT, CONSTANT);
  }

  /** x*a + b, as PyTorch's contiguous path and ONNX Runtime have it. */
  @Example
  void foldedNormalizeIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected float normalize(float x, double mean, double k, float beta) {
            return Math.fma(x, (float) k, (float) (beta - mean * k));
          }
        };
    caught(broken, AccuracyProperties::new, OUTPUT, INFERENCE, CONSTANT);
  }

  /** (x - mean)*k with the mean rounded to float. */
  @Example
  void meanRoundedToFloatIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected float normalize(float x, double mean, double k, float beta) {
            return Math.fma(x - (float) mean, (float) k, beta);
          }
        };
    caught(broken, AccuracyProperties::new, OUTPUT, INFERENCE);
  }

  @Example
  void forgottenTailIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected double[] meanAndM2(float[] x, Layout layout, int threads) {
            int whole = x.length < 16 ? x.length : x.length - x.length % 16;
            double[] both = super.meanAndM2(Arrays.copyOf(x, whole), layout, threads);
            both[1] *= x.length / (double) whole;
            return both;
          }
        };
    caught(broken, AccuracyProperties::new, MOMENTS, EXACT);
  }

  /** Right to the last double, in another order in each layout. */
  @Example
  void anOrderOfItsOwnPerLayoutIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected double[] meanAndM2(float[] x, Layout layout, int threads) {
            return layout == Layout.NCHW
                ? super.meanAndM2(x, layout, threads)
                : super.meanAndM2(reversed(x), layout, threads);
          }
        };
    passes(broken, AccuracyProperties::new, MOMENTS);
    caught(broken, SameBitsProperties::new, LAYOUTS);
  }

  /** As oneDNN: each thread sums a share, and shares depend on how many there are. */
  @Example
  void sumsCutByThreadsAreCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected double[] meanAndM2(float[] x, Layout layout, int threads) {
            double[] sums = new double[threads];
            for (int m = 0; m < x.length; m++) {
              sums[(int) ((long) m * threads / x.length)] += x[m];
            }
            double mean = Arrays.stream(sums).sum() / x.length;
            double m2 = 0;
            for (float value : x) {
              m2 += (value - mean) * (value - mean);
            }
            return new double[] {mean, m2};
          }
        };
    passes(broken, SameBitsProperties::new, LAYOUTS);
    caught(broken, SameBitsProperties::new, THREADS);
  }

  @Example
  void mergeWithoutTheDistanceOfMeansIsCaught() {
    MergeProperties broken = new MergeProperties();
    broken.merge =
        (a, b) -> {
          ChannelMoments right = a.merge(b);
          double[] m2 = new double[right.channels()];
          Arrays.setAll(m2, c -> a.m2(c) + b.m2(c));
          return ChannelMoments.of(right.count(), right.means(), m2);
        };
    caught(broken, List.of(MERGE, SPLITS));
  }

  /** Epsilon inside the root wherever it belongs: half an epsilon is a lot where std is small. */
  @Example
  void epsilonInAnotherPlaceIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected double invStd(Layer layer, double variance) {
            return 1 / Math.sqrt(variance + layer.epsilon());
          }
        };
    caught(broken, AccuracyProperties::new, OUTPUT, INFERENCE);
    caught(broken, GradientProperties::new, BACKWARD, BACKWARD_FROZEN);
  }

  /** The frozen gradient where training's is due. */
  @Example
  void constantMeanInBackwardIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected float gradient(
              float d, double k, double meanOfD, double xHat, double meanOfDx) {
            return (float) (k * d);
          }
        };
    caught(broken, GradientProperties::new, BACKWARD, SUMS, DIFFERENCES, OWN_DIFFERENCES);
  }

  @Example
  void constantVarianceInBackwardIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected float gradient(
              float d, double k, double meanOfD, double xHat, double meanOfDx) {
            return (float) (k * (d - meanOfD));
          }
        };
    caught(broken, GradientProperties::new, BACKWARD, SUMS, DIFFERENCES, OWN_DIFFERENCES);
  }

  /** As if epsilon were always inside: right for most layers. */
  @Example
  void theDerivativeOfTheWholeDivisorForThatOfTheRootIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected double ratio(Layer layer, double variance) {
            return 1;
          }
        };
    caught(broken, GradientProperties::new, BACKWARD, SUMS, DIFFERENCES, OWN_DIFFERENCES);
  }

  /** Long float sums of the gradients. */
  @Example
  void floatSumsInBackwardAreCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected double[] sums(float[] x, float[] d, double mean) {
            float sum = 0;
            float products = 0;
            for (int m = 0; m < x.length; m++) {
              sum += d[m];
              products += d[m] * (float) (x[m] - mean);
            }
            return new double[] {sum, products};
          }
        };
    caught(broken, GradientProperties::new, BACKWARD, BACKWARD_FROZEN);
  }

  /** A whole vector is read where the tensor ends within it. */
  @Example
  void readingBeyondTheSliceIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected float[] channel(Slice tensor, TensorShape shape, int c) {
            float[] values = super.channel(tensor, shape, c);
            int beyond = tensor.offset() + shape.length();
            if (c == shape.channels() - 1 && beyond < tensor.array().length) {
              values[values.length - 1] += 0 * tensor.array()[beyond];
            }
            return values;
          }
        };
    caught(broken, MemoryProperties::new, GUARDS);
  }

  @Example
  void writingBeyondTheSliceIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected void putChannel(Slice tensor, TensorShape shape, int c, float[] values) {
            super.putChannel(tensor, shape, c, values);
            int beyond = tensor.offset() + shape.length();
            if (beyond < tensor.array().length) {
              tensor.array()[beyond] = 0;
            }
          }
        };
    caught(broken, MemoryProperties::new, GUARDS);
  }

  /** y is cleared before x was read for the last time. */
  @Example
  void clearingTheOutputFirstIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          public void training(Layer layer, Slice x, Slice y, TensorShape shape) {
            clear(y, shape);
            super.training(layer, x, y, shape);
          }

          @Override
          public void backward(
              Layer layer,
              Slice x,
              Slice dOutput,
              Slice dInput,
              float[] dGamma,
              float[] dBeta,
              TensorShape shape) {
            clear(dInput, shape);
            super.backward(layer, x, dOutput, dInput, dGamma, dBeta, shape);
          }

          private void clear(Slice slice, TensorShape shape) {
            Arrays.fill(slice.array(), slice.offset(), slice.offset() + shape.length(), 0);
          }
        };
    caught(broken, MemoryProperties::new, IN_PLACE);
  }

  /** One channel's NaN reaches its neighbour through a shared vector. */
  @Example
  void aNaNThatReachesTheNextChannelIsCaught() {
    BatchNormUnderTest broken =
        new Plain() {
          @Override
          protected float[] channel(Slice tensor, TensorShape shape, int c) {
            float[] values = super.channel(tensor, shape, c);
            float[] neighbour = super.channel(tensor, shape, (c + 1) % shape.channels());
            for (int m = 0; m < values.length; m++) {
              values[m] += Float.isNaN(neighbour[m]) ? neighbour[m] : 0;
            }
            return values;
          }
        };
    caught(broken, NonFiniteProperties::new, NON_FINITE, NON_FINITE_GRADIENTS, NON_FINITE_MOMENTS);
  }

  @SafeVarargs
  @SuppressWarnings("varargs")
  private static <P extends Properties> void passes(
      BatchNormUnderTest kernel, Supplier<P> properties, Law<P>... laws) {
    passes(of(kernel, properties), List.of(laws));
  }

  private static <P> void passes(P properties, List<Law<P>> laws) {
    for (Law<P> law : laws) {
      for (int i = 0; i < CASES; i++) {
        law.holds(properties, input(i), layout(i));
      }
    }
  }

  @SafeVarargs
  @SuppressWarnings("varargs")
  private static <P extends Properties> void caught(
      BatchNormUnderTest kernel, Supplier<P> properties, Law<P>... laws) {
    caught(of(kernel, properties), List.of(laws));
  }

  private static <P> void caught(P properties, List<Law<P>> laws) {
    for (int law = 0; law < laws.size(); law++) {
      int caught = 0;
      for (int i = 0; i < CASES; i++) {
        try {
          laws.get(law).holds(properties, input(i), layout(i));
        } catch (AssertionError expected) {
          caught++;
        }
      }
      assertThat(caught).as("cases in which property %d failed", law).isPositive();
    }
  }

  private static <P extends Properties> P of(BatchNormUnderTest kernel, Supplier<P> properties) {
    P broken = properties.get();
    broken.kernel = kernel;
    // what broken kernels do has no place in the table of the library's errors
    broken.errors = new WorstErrors();
    return broken;
  }

  /** Several channels of every kind, as the properties draw them. */
  private static Case input(int i) {
    HardData[] kinds = HardData.values();
    return new Case(Shapes.random(new Rng(i), 1 << 13), kinds[i % kinds.length], i % 3 > 0, i);
  }

  private static Layout layout(int i) {
    return Layout.values()[i / 2 % 2];
  }

  private static float[] reversed(float[] x) {
    float[] reversed = new float[x.length];
    for (int m = 0; m < x.length; m++) {
      reversed[m] = x[x.length - 1 - m];
    }
    return reversed;
  }
}
