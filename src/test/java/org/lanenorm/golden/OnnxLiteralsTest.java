package org.lanenorm.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;
import static org.lanenorm.Tensors.U;
import static org.lanenorm.Tensors.assertClose;
import static org.lanenorm.Tensors.permuted;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanenorm.BatchNorm;
import org.lanenorm.Convention;
import org.lanenorm.Conventions;
import org.lanenorm.FrozenBatchNorm;
import org.lanenorm.Layout;
import org.lanenorm.Momentum;
import org.lanenorm.RunningStatistics;
import org.lanenorm.SavedStatistics;
import org.lanenorm.TensorShape;

/**
 * The ONNX operator BatchNormalization (opset 15): momentum is a decay, the running variance takes
 * the biased one. The operator's example cases come from ONNX,
 * onnx/backend/test/case/node/batchnorm.py; ONNX Runtime's from
 * onnxruntime/test/providers/cpu/nn/batch_norm_op_test.cc.
 */
class OnnxLiteralsTest {

  /** ONNX: test_batchnorm_example; expected values by its formula in double. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void exampleInInference(Layout layout) {
    float[] y = new float[6];
    example()
        .forwardInference(
            permuted(EXAMPLE_X, EXAMPLE, shape(EXAMPLE, layout)), y, shape(EXAMPLE, layout));
    assertClose(
        permuted(y, shape(EXAMPLE, layout), EXAMPLE),
        8 * U * 3,
        -0.999995,
        0,
        0.999995,
        -0.22474079,
        1,
        2.22474079);
  }

  /** ONNX: test_batchnorm_example_training_mode. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void exampleInTraining(Layout layout) {
    float[] y = new float[6];
    BatchNorm norm = example();
    norm.forwardTraining(
        permuted(EXAMPLE_X, EXAMPLE, shape(EXAMPLE, layout)), y, shape(EXAMPLE, layout));
    assertClose(
        permuted(y, shape(EXAMPLE, layout), EXAMPLE),
        8 * U * 3,
        -1.22473569,
        0,
        1.22473569,
        -0.83710353,
        1,
        2.83710353);
    assertClose(norm.runningStatistics().means(), 1e-15, 0, 3);
    assertClose(norm.runningStatistics().variances(), 1e-8, 0.96666667, 1.41666667);
  }

  /** ONNX: test_batchnorm_epsilon; the data by numpy.random.seed(0), as its generator does. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void epsilonOfOneHundredthInInference(Layout layout) {
    TensorShape shape = shape(SEED_ZERO, layout);
    float[] y = new float[120];
    seedZero().forwardInference(permuted(SEED_ZERO_X, SEED_ZERO, shape), y, shape);
    assertClose(firstRows(permuted(y, shape, SEED_ZERO)), 8 * U * 6, EPSILON_INFERENCE_ROWS);
  }

  /** ONNX: test_batchnorm_epsilon_training_mode. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void epsilonOfOneHundredthInTraining(Layout layout) {
    TensorShape shape = shape(SEED_ZERO, layout);
    float[] y = new float[120];
    BatchNorm norm = seedZero();
    SavedStatistics saved = norm.forwardTraining(permuted(SEED_ZERO_X, SEED_ZERO, shape), y, shape);
    assertClose(firstRows(permuted(y, shape, SEED_ZERO)), 8 * U * 3, EPSILON_TRAINING_ROWS);
    // 4u(|mean| + std) and 8u*variance
    assertClose(saved.moments().means(), 4 * U * 1.4, 0.10858179, 0.23847979, 0.05077367);
    assertClose(saved.moments().variances(), 8 * U * 1.25, 0.84440901, 1.17221608, 1.24197439);
    assertClose(norm.runningStatistics().means(), 1e-7, -0.38078001, 1.68818538, 0.61014259);
    assertClose(norm.runningStatistics().variances(), 1e-7, 0.96241023, 0.88744463, 0.13474011);
  }

  /** ONNX Runtime: PositiveTestCase, printed with 6 digits. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void onnxRuntimePositiveTestCase(Layout layout) {
    TensorShape shape = TensorShape.of(layout, 1, 1, 7, 7, 1);
    float[] y = new float[49];
    FrozenBatchNorm.of(
            new double[] {-2.45673},
            new double[] {1.37998},
            Conventions.onnx(7),
            new float[] {0.589433f},
            new float[] {-0.384622f})
        .apply(POSITIVE_X, y, shape);
    assertClose(y, 1e-5, POSITIVE_Y);
  }

  /** ONNX Runtime: BatchNorm1d_3d_Pytorch, printed with 6 digits. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void onnxRuntimeRankThree(Layout layout) {
    TensorShape ncw = TensorShape.ncw(4, 5, 3);
    TensorShape shape = ncw.withLayout(layout);
    BatchNorm norm =
        BatchNorm.builder(5)
            .gamma(new float[] {0.36102f, 0.592982f, 0.808513f, 0.0531484f, 0.0960613f})
            .build(); // running mean 0 and variance 1, epsilon 1e-5
    float[] y = new float[60];
    norm.forwardInference(permuted(RANK_THREE_X, ncw, shape), y, shape);
    assertClose(permuted(y, shape, ncw), 1e-5, RANK_THREE_Y);
  }

  /** ONNX Runtime: ForwardTrainingTestOpset14, momentum 0.1 (a decay). */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void onnxRuntimeForwardTraining(Layout layout) {
    TensorShape nchw = TensorShape.nchw(2, 2, 2, 2);
    TensorShape shape = nchw.withLayout(layout);
    BatchNorm norm =
        forwardTraining(
            Conventions.onnx(14).withMomentum(Momentum.decay(0.1)), new double[] {1, 2});
    float[] y = new float[16];
    SavedStatistics saved =
        norm.forwardTraining(permuted(FORWARD_TRAINING_X, nchw, shape), y, shape);
    // x is printed with 4 decimals too, and the slope is 1.23 at most
    assertClose(permuted(y, shape, nchw), FOUR_DECIMALS + 1.23e-4, FORWARD_TRAINING_Y);
    RunningStatistics running = norm.runningStatistics();
    assertClose(running.means(), FOUR_DECIMALS, -0.1754, 0.303106);
    assertClose(running.variances(), FOUR_DECIMALS, 0.696052, 1.41316);
    assertClose(saved.moments().means(), FOUR_DECIMALS, -0.306, 0.114562);
    assertThat(saved.invStd(0)).isCloseTo(1.2288, offset(FOUR_DECIMALS));
    assertThat(saved.invStd(1)).isCloseTo(0.861317, offset(FOUR_DECIMALS));
  }

  /**
   * ONNX Runtime: the earlier ForwardTrainingTest, whose running statistics are PyTorch's with
   * momentum 0.1 from 0 and 0: update instead of decay, unbiased instead of biased.
   */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void theSameBatchUnderPyTorchsConventions(Layout layout) {
    TensorShape nchw = TensorShape.nchw(2, 2, 2, 2);
    TensorShape shape = nchw.withLayout(layout);
    BatchNorm norm = forwardTraining(Conventions.pytorch(), new double[2]);
    norm.forwardTraining(permuted(FORWARD_TRAINING_X, nchw, shape), new float[16], shape);
    assertClose(norm.runningStatistics().means(), FOUR_DECIMALS, -0.0306, 0.0115);
    assertClose(norm.runningStatistics().variances(), FOUR_DECIMALS, 0.0757, 0.1541);
  }

  private static BatchNorm forwardTraining(Convention convention, double[] start) {
    return BatchNorm.builder(2).convention(convention).runningStatistics(start, start).build();
  }

  private static BatchNorm example() {
    return BatchNorm.builder(2)
        .gamma(new float[] {1, 1.5f})
        .beta(new float[] {0, 1})
        .convention(Conventions.onnx(15))
        .runningStatistics(new double[] {0, 3}, new double[] {1, 1.5})
        .build();
  }

  private static BatchNorm seedZero() {
    return BatchNorm.builder(3)
        .gamma(new float[] {0.37642553f, -1.0994008f, 0.2982382f})
        .beta(new float[] {1.3263859f, -0.69456786f, -0.14963454f})
        .convention(Conventions.onnx(15).withEpsilon(1e-2))
        .runningStatistics(
            new double[] {-0.43515354f, 1.8492638f, 0.67229474f},
            new double[] {0.9755215f, 0.8558034f, 0.011714084f})
        .build();
  }

  private static TensorShape shape(TensorShape shape, Layout layout) {
    return shape.withLayout(layout);
  }

  /** Of each of the 2 x 3 planes of 4 x 5 the first row. */
  private static float[] firstRows(float[] nchw) {
    float[] rows = new float[30];
    for (int plane = 0; plane < 6; plane++) {
      System.arraycopy(nchw, plane * 20, rows, plane * 5, 5);
    }
    return rows;
  }

  private static final double FOUR_DECIMALS = 6e-5;

  private static final TensorShape EXAMPLE = TensorShape.nchw(1, 2, 1, 3);
  private static final float[] EXAMPLE_X = {-1, 0, 1, 2, 3, 4};

  private static final TensorShape SEED_ZERO = TensorShape.nchw(2, 3, 4, 5);
  private static final float[] SEED_ZERO_X = {
    1.7640524f, 0.4001572f, 0.978738f, 2.2408931f, 1.867558f, -0.9772779f,
    0.95008844f, -0.1513572f, -0.10321885f, 0.41059852f, 0.14404356f, 1.4542735f,
    0.7610377f, 0.121675014f, 0.44386324f, 0.33367434f, 1.4940791f, -0.20515826f,
    0.3130677f, -0.85409576f, -2.5529897f, 0.6536186f, 0.8644362f, -0.742165f,
    2.2697546f, -1.4543657f, 0.045758516f, -0.18718386f, 1.5327792f, 1.4693588f,
    0.15494743f, 0.37816253f, -0.88778573f, -1.9807965f, -0.34791216f, 0.15634897f,
    1.2302907f, 1.2023798f, -0.3873268f, -0.30230275f, -1.048553f, -1.420018f,
    -1.7062702f, 1.9507754f, -0.5096522f, -0.4380743f, -1.2527953f, 0.7774904f,
    -1.6138978f, -0.21274029f, -0.89546657f, 0.3869025f, -0.51080513f, -1.1806322f,
    -0.028182229f, 0.42833188f, 0.06651722f, 0.3024719f, -0.6343221f, -0.36274117f,
    -0.67246044f, -0.35955316f, -0.8131463f, -1.7262826f, 0.17742614f, -0.40178093f,
    -1.6301984f, 0.46278226f, -0.9072984f, 0.051945396f, 0.7290906f, 0.12898292f,
    1.1394007f, -1.2348258f, 0.40234163f, -0.6848101f, -0.87079716f, -0.5788497f,
    -0.31155252f, 0.05616534f, -1.1651498f, 0.9008265f, 0.46566245f, -1.5362437f,
    1.4882522f, 1.8958892f, 1.1787796f, -0.17992483f, -1.0707526f, 1.0544517f,
    -0.40317693f, 1.222445f, 0.20827498f, 0.97663903f, 0.3563664f, 0.7065732f,
    0.01050002f, 1.7858706f, 0.12691209f, 0.40198937f, 1.8831507f, -1.347759f,
    -1.270485f, 0.9693967f, -1.1731234f, 1.9436212f, -0.41361898f, -0.7474548f,
    1.922942f, 1.4805148f, 1.867559f, 0.90604466f, -0.86122566f, 1.9100649f,
    -0.26800337f, 0.8024564f, 0.947252f, -0.15501009f, 0.61407936f, 0.9222067f
  };
  private static final double[] EPSILON_INFERENCE_ROWS = {
    2.160282, 1.6431195, 1.862506, 2.3410907, 2.1995292,
    4.5068464, 0.71812814, 0.46903986, 2.3672945, -1.1913923,
    -3.6324859, -4.3842998, -4.96365, 2.437903, -2.541796,
    1.2364037, 1.355052, 1.1830584, 0.8368149, 1.5586642,
    2.8670657, 0.42604348, 0.9402048, 3.305526, -0.26802018,
    2.3010364, -4.238054, -4.081658, 0.4516749, -3.884606
  };
  private static final double[] EPSILON_TRAINING_ROWS = {
    2.0005531, 1.4451258, 1.6807448, 2.1947398, 2.0427043,
    2.1279747, -1.1143277, -1.327492, 0.29699293, -2.7484536,
    -0.44265118, -0.54166216, -0.6179604, 0.35679558, -0.29901153,
    1.0083174, 1.1357445, 0.951025, 0.579163, 1.3544217,
    0.7246861, -1.3642875, -0.9242794, 1.0999107, -1.958252,
    0.33877075, -0.5224021, -0.50180537, 0.09521701, -0.4758544
  };

  private static final float[] FORWARD_TRAINING_X = {
    -0.2953f, 0.1180f, 1.0973f, -0.1931f, -0.1999f, -0.0237f, 1.5181f, 0.0076f,
    -1.0830f, -1.5433f, 0.4327f, -0.9813f, 0.7875f, -0.4080f, -2.3144f, 1.5493f
  };
  private static final double[] FORWARD_TRAINING_Y = {
    0.0131, 0.5210, 1.7244, 0.1387, -0.2708, -0.1191, 1.2089, -0.0922,
    -0.9548, -1.5203, 0.9077, -0.8298, 0.5796, -0.4501, -2.0921, 1.2358
  };

  private static final float[] POSITIVE_X = {
    0.329876f, -0.287158f, -0.411425f, 0.473621f, 0.18156f, -0.170596f, -0.329516f,
    -0.170733f, -0.121664f, 0.4372f, -0.485668f, 0.218049f, -0.360263f, 0.107016f,
    0.45358f, 0.325056f, 0.15995f, 0.098852f, -0.283453f, -0.373051f, 0.257542f,
    0.0614853f, -0.0592363f, 0.434488f, -0.0179583f, 0.398374f, -0.451602f, -0.132009f,
    -0.174468f, -0.0247169f, 0.418897f, -0.47159f, -0.131925f, 0.470943f, 0.118357f,
    0.155664f, 0.370062f, -0.279229f, 0.240311f, -0.451034f, 0.249178f, -0.294496f,
    0.13683f, -0.0806475f, -0.309849f, -0.450604f, -0.28048f, -0.420197f, -0.433369f
  };
  private static final double[] POSITIVE_Y = {
    1.01359, 0.703983, 0.641631, 1.08571, 0.939167, 0.762469, 0.682729,
    0.762401, 0.787021, 1.06744, 0.604378, 0.957476, 0.667302, 0.901764,
    1.07566, 1.01117, 0.928324, 0.897667, 0.705842, 0.660885, 0.977291,
    0.878918, 0.818345, 1.06608, 0.839057, 1.04796, 0.621471, 0.781831,
    0.760527, 0.835665, 1.05825, 0.611442, 0.781873, 1.08437, 0.907454,
    0.926173, 1.03375, 0.707961, 0.968646, 0.621757, 0.973095, 0.700301,
    0.916723, 0.807602, 0.692598, 0.621972, 0.707334, 0.63723, 0.63062
  };

  private static final float[] RANK_THREE_X = {
    0.948241f, 1.23591f, -0.39321f, 1.4254f, -0.730771f, 0.439872f,
    0.0265089f, 0.8748f, -0.197505f, 0.962646f, 0.421469f, 1.94512f,
    0.234179f, -0.931897f, -0.214905f, -0.982965f, -0.495436f, 0.81949f,
    -0.796605f, -0.758605f, 0.665557f, 0.0909539f, 1.10448f, 1.91214f,
    -1.97433f, -2.26429f, -0.384419f, -0.226564f, 0.230568f, 0.533968f,
    -1.31382f, -0.156257f, 0.532323f, -0.16714f, 0.971087f, 0.600249f,
    0.858778f, 0.423108f, -0.414433f, -1.17608f, 0.673753f, 0.278517f,
    -2.19044f, -0.161453f, 1.17092f, -0.155138f, -0.094729f, 0.19479f,
    -1.17344f, -0.213813f, 0.118659f, -2.39525f, 0.257687f, 0.784609f,
    0.297942f, 1.10277f, -1.58026f, 0.197625f, 0.0432784f, 1.12924f
  };
  private static final double[] RANK_THREE_Y = {
    0.342332, 0.446184, -0.141956, 0.845231, -0.433332, 0.260835,
    0.0214327, 0.707284, -0.159685, 0.0511628, 0.0224003, 0.10338,
    0.0224955, -0.0895188, -0.020644, -0.354868, -0.178861, 0.295851,
    -0.47237, -0.449836, 0.394661, 0.073537, 0.892985, 1.54598,
    -0.104932, -0.120343, -0.0204312, -0.021764, 0.0221486, 0.0512934,
    -0.474312, -0.0564117, 0.192178, -0.0991106, 0.575834, 0.355935,
    0.69433, 0.342087, -0.335073, -0.0625065, 0.0358087, 0.0148027,
    -0.210415, -0.0155093, 0.11248, -0.0560077, -0.0341989, 0.0703226,
    -0.695826, -0.126787, 0.0703623, -1.93658, 0.208342, 0.634363,
    0.0158351, 0.0586101, -0.0839879, 0.018984, 0.00415736, 0.108476
  };
}
