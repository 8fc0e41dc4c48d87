package org.lanenorm.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lanenorm.Tensors.assertClose;
import static org.lanenorm.Tensors.floats;
import static org.lanenorm.Tensors.permuted;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lanenorm.GroupNorm;
import org.lanenorm.LayerNorm;
import org.lanenorm.Layout;
import org.lanenorm.RmsNorm;
import org.lanenorm.SampleStatistics;
import org.lanenorm.TensorShape;

/** Group, instance, layer and RMS norm against numbers of the frameworks that have them. */
class FamilyLiteralsTest {
  private static final TensorShape IMAGES = TensorShape.ncw(2, 4, 3);
  private static final TensorShape ROWS = TensorShape.rows(6, 4);
  private static final float[] X =
      floats(
          -0.5, 3.125, 1.25, -0.625, 3, 0.5, -1.375, 2.25, 0.375, -1.5, 1.5, -0.375, 3.25, 1.375,
          -0.5, 2.5, 0.625, -1.25, 2.375, 0.5, -2, 1.625, -0.25, 3.375);
  private static final float[] D_OUTPUT =
      floats(
          -0.25, 1, 0, 1.25, 0.25, -0.75, 0.5, -0.5, 0.75, -0.25, 1, 0, 1.25, 0.25, -0.75, 0.5,
          -0.5, 0.75, -0.25, 1, 0, 1.25, 0.25, -0.75);
  private static final float[] GAMMA = {0.5f, -1, 1.5f, 2};
  private static final float[] BETA = {0.25f, 0, -0.5f, 1};

  private final float[] y = new float[24];
  private final float[] dInput = new float[24];
  private final float[] dGamma = new float[4];
  private final float[] dBeta = new float[4];

  /** What PyTorch 2.10 gives in double: native_group_norm and its backward, 2 groups of 4. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void groupNormOfPyTorch(Layout layout) {
    TensorShape shape = IMAGES.withLayout(layout);
    GroupNorm norm = GroupNorm.builder(2, 4).gamma(GAMMA).beta(BETA).build();
    float[] x = permuted(X, IMAGES, shape);
    SampleStatistics saved = norm.forward(x, y, shape);
    norm.backward(x, permuted(D_OUTPUT, IMAGES, shape), saved, dInput, dGamma, dBeta, shape);
    assertThat(saved.size()).isEqualTo(4);
    for (int i = 0; i < 4; i++) {
      assertClose(
          new double[] {saved.mean(i), saved.invStd(i)}, 1e-6, GROUP_MEAN[i], GROUP_INV_STD[i]);
    }
    assertClose(
        permuted(y, shape, IMAGES),
        2e-6,
        -0.289175044845994,
        0.9136000551950695,
        0.29147500344969185,
        1.1613000965913716,
        -1.2442501034907552,
        0.41475003449691844,
        -2.140180633406184,
        1.7692910133428021,
        -0.2528494935963286,
        -1.366653334047279,
        2.947246414089533,
        0.2510590715040255,
        0.9637449906798694,
        0.36895749844664494,
        -0.22582999378657953,
        -0.9516599875731593,
        0.23791499689328965,
        1.4274899813597386,
        0.7210298110576372,
        -0.8716177685827591,
        -2.995147874769954,
        1.7786277056019717,
        -0.34490240058522337,
        3.7605891380433536);
    assertClose(
        permuted(dInput, shape, IMAGES),
        1e-6,
        0.15267662331566967,
        0.13431918272062782,
        0.02654026292927944,
        -0.5789386982583711,
        -0.3484461181552619,
        0.6138487474480561,
        0.32551404215423557,
        -0.9932996190902021,
        0.479107185414742,
        -0.5649275298267875,
        1.033629685424046,
        -0.28002376407603413,
        0.1713297902315239,
        0.07481621443450474,
        -0.021697361362514378,
        -0.45413263242406526,
        0.4010137793520748,
        -0.1713297902315239,
        -0.2979745008194462,
        0.5523248711596566,
        -0.5790414128012145,
        1.2454789748116053,
        -0.09853609626939341,
        -0.8222518360812074);
    assertClose(
        dGamma,
        2e-6,
        4.154373849416001,
        -1.3053300627804163,
        -1.6308321099459384,
        0.5527634629624982);
    assertClose(dBeta, 0, 1.5, 1.5, 1.5, 1.5);
  }

  private static final double[] GROUP_MEAN = {
    1.125, 0.14583333333333343, 0.9999999999999999, 0.9374999999999999
  };
  private static final double[] GROUP_INV_STD = {
    0.6636000551950695, 0.7189832913561354, 0.6344399917154394, 0.566274694983252
  };

  /** As torch.nn.InstanceNorm1d with affine=True computes it: a group for each channel. */
  @ParameterizedTest
  @EnumSource(Layout.class)
  void instanceNormOfPyTorch(Layout layout) {
    TensorShape shape = IMAGES.withLayout(layout);
    GroupNorm norm = GroupNorm.instanceNorm(4).gamma(GAMMA).beta(BETA).build();
    float[] x = permuted(X, IMAGES, shape);
    SampleStatistics saved = norm.forward(x, y, shape);
    norm.backward(x, permuted(D_OUTPUT, IMAGES, shape), saved, dInput, dGamma, dBeta, shape);
    assertClose(
        permuted(y, shape, IMAGES),
        2e-6,
        -0.3552123634933766,
        0.8692870696211296,
        0.23592529387224703,
        1.045121839044946,
        -1.347657108242167,
        0.30253526919722123,
        -2.31563709048013,
        1.3578612088633883,
        -0.5422241183832589,
        -1.2223283414443717,
        3.626388039888803,
        0.5959403015555689,
        0.8623711293054456,
        0.25,
        -0.36237112930544557,
        -1.2247422586108911,
        0.0,
        1.2247422586108911,
        1.243711866624172,
        -0.32562881333758287,
        -2.4180830532865896,
        1.0562988245110116,
        -1.4771482784845182,
        3.4208494539735064);
    assertClose(
        permuted(dInput, shape, IMAGES),
        1e-6,
        0.041152500577906134,
        0.038410876325566404,
        -0.0795633769034725,
        -0.48931648679010115,
        -0.22019112487097497,
        0.7095076116610761,
        -0.25595211733930495,
        -0.23889319098912987,
        0.4948453083284349,
        0.14430081527162564,
        0.08659157187089883,
        -0.23089238714252425,
        1.3934785798308535E-6,
        0.0,
        -1.3934785798308535E-6,
        -0.2449481033525333,
        0.48989690344435644,
        -0.24494880009182318,
        -0.36193820677129485,
        0.6333915361065526,
        -0.27145332933525773,
        1.3661609472960925,
        -0.6595229973996299,
        -0.7066379498964624);
    assertClose(
        dGamma,
        2e-6,
        3.9906648382107295,
        -1.0487721345004475,
        -1.4199826789685528,
        0.4087097478937007);
    assertClose(dBeta, 0, 1.5, 1.5, 1.5, 1.5);
  }

  /** PyTorch 2.10's native_layer_norm and its backward, in double; normalized_shape (4). */
  @Test
  void layerNormOfPyTorch() {
    LayerNorm norm = LayerNorm.builder(4).gamma(GAMMA).beta(BETA).build();
    SampleStatistics saved = norm.forward(X, y, ROWS);
    norm.backward(X, D_OUTPUT, saved, dInput, dGamma, dBeta, ROWS);
    assertThat(saved.size()).isEqualTo(6);
    assertClose(
        y,
        2e-6,
        -0.17973547088688424,
        -1.5143059450299732,
        -0.07026452911311573,
        -0.8826506343615881,
        0.8141371120465053,
        0.35142967635683936,
        -2.69181140254134,
        2.3687261079161113,
        0.42149786776730747,
        1.3719829421384595,
        1.5579744132076891,
        0.31400852893077025,
        0.8141634010014378,
        0.1991164944710957,
        -2.7898396864176007,
        2.194698966826574,
        0.2743684348522385,
        1.4133692214298321,
        1.6200538321447482,
        0.902526260591046,
        -0.4176495269986803,
        -0.4658019955804746,
        -1.1987029933707118,
        3.670598107994721);
    assertClose(
        dInput,
        1e-6,
        -0.8360229474499112,
        0.05223472475170898,
        -0.048743185811465306,
        0.8325314085096671,
        0.2991795252019925,
        0.25248146889463124,
        -0.05998655467023656,
        -0.4916744394263871,
        -0.2875099215730307,
        0.3211333254168034,
        0.3076921897299906,
        -0.3413155935737633,
        -0.21480493211257112,
        -0.11305738687325284,
        -0.011309841633934337,
        0.3391721606197584,
        -0.32078350528941574,
        -0.5908628966157685,
        -0.5300851065872019,
        1.4417315084923863,
        -0.16275257267608848,
        -0.1663775004375919,
        0.32164483229775004,
        0.0074852408159303);
    assertClose(
        dGamma,
        2e-6,
        2.140223160769012,
        1.5933203926176627,
        1.3165061802475697,
        -2.2703745919508744);
    assertClose(dBeta, 0, 1.5, 2.25, 0.75, 1.5);
  }

  /** The same lines over the channels of images in NCHW, as Keras has them with axis=1. */
  @Test
  void layerNormOverTheChannelsOfNchwIsThatOfNhwc() {
    TensorShape nhwc = TensorShape.nwc(2, 3, 4);
    TensorShape nchw = nhwc.withLayout(Layout.NCHW);
    LayerNorm norm = LayerNorm.builder(4).gamma(GAMMA).beta(BETA).build();
    norm.forward(X, y, ROWS);
    float[] channelsFirst = new float[24];
    norm.forward(permuted(X, nhwc, nchw), channelsFirst, nchw);
    assertThat(permuted(channelsFirst, nchw, nhwc)).containsExactly(y);
  }

  /** PyTorch 2.10's rms_norm and what autograd makes of it, in double. */
  @Test
  void rmsNormOfPyTorch() {
    RmsNorm norm = RmsNorm.builder(4).gamma(GAMMA).epsilon(1e-5).build();
    SampleStatistics saved = norm.forward(X, y, ROWS);
    norm.backward(X, D_OUTPUT, saved, dInput, dGamma, ROWS);
    assertClose(
        y,
        2e-6,
        -0.14452563320121206,
        -1.8065704150151507,
        1.0839422490090904,
        -0.7226281660060603,
        0.7452831929287593,
        -0.24842773097625312,
        -1.0247643902770442,
        2.235849578786278,
        0.17149786776730744,
        1.3719829421384595,
        2.057974413207689,
        -0.6859914710692298,
        0.7465217908908062,
        -0.6316722845999129,
        -0.3445485188726798,
        2.296990125817865,
        0.22316035232500714,
        0.8926414093000286,
        2.5440280165050817,
        0.7141131274400229,
        -0.4701811597910206,
        -0.7640443846604085,
        -0.17631793492163272,
        3.173722828589389);
    assertClose(
        dInput,
        1e-6,
        -0.1839584940342657,
        0.11999545115552468,
        0.27923919358414917,
        1.305636735220046,
        0.29496243746809986,
        0.4114508472517191,
        0.2659161567991962,
        -0.3222138334094788,
        0.19840070376767374,
        0.8070439507575078,
        0.793602815070695,
        0.14459503176694113,
        -0.08705949144710484,
        -0.2731578074031132,
        -0.4592561233591215,
        0.1715647504140823,
        -0.2292058723588486,
        -0.43422966458233136,
        -0.46036726668561156,
        1.3876841824809714,
        -0.373545518766158,
        -0.2842207157412724,
        0.12962474507586297,
        -0.07491367676863925);
    assertClose(
        dGamma, 2e-6, 2.345295339617955, 2.406737847318043, 0.749278079577999, -1.2694469639969);
  }

  /** Keras 3, group_normalization_test.py: test_correctness_1d; its tolerance is 1e-3. */
  @Test
  void groupNormalizationOfKeras1d() {
    float[] x = floats(-1, -1, 1, 1, 2, 2, 0, -2);
    float[] out = new float[8];
    keras(1, 8).forward(x, out, TensorShape.rows(1, 8));
    assertClose(out, 1e-3, -0.898, -0.898, 0.539, 0.539, 1.257, 1.257, -0.180, -1.616);
    keras(2, 8).forward(x, out, TensorShape.rows(1, 8));
    assertClose(out, 1e-3, -1, -1, 1, 1, 0.904, 0.904, -0.301, -1.507);
  }

  /** test_correctness_2d and test_correctness_instance_norm there: channels last. */
  @Test
  void groupNormalizationOfKeras2d() {
    float[] out = new float[8];
    keras(2, 4).forward(floats(-1, -1, 2, 2, 1, 1, 0, -2), out, TensorShape.nwc(1, 2, 4));
    assertClose(out, 1e-3, -1, -1, 0.904, 0.904, 1, 1, -0.301, -1.507);
    keras(4, 4).forward(floats(-1, 1, 0, 2, 1, 3, -4, -2), out, TensorShape.nwc(1, 2, 4));
    assertClose(out, 1e-3, -1, -1, 1, 1, 1, 1, -1, -1);
  }

  /** test_broadcasting_2d_channels_first there. */
  @Test
  void groupNormalizationOfKerasChannelsFirst() {
    float[] x = floats(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    float[] out = new float[16];
    keras(2, 4).forward(x, out, TensorShape.nchw(1, 4, 2, 2));
    assertClose(
        out, 1e-3, -1.5274, -1.0910, -0.6546, -0.2182, 0.2182, 0.6546, 1.0910, 1.5274, -1.5274,
        -1.0910, -0.6546, -0.2182, 0.2182, 0.6546, 1.0910, 1.5274);
  }

  private static GroupNorm keras(int groups, int channels) {
    return GroupNorm.builder(groups, channels).epsilon(1e-3).gamma(null).beta(null).build();
  }

  /** Keras 3, rms_normalization_test.py: test_output, of arange(10) at its epsilon 1e-6. */
  @Test
  void rmsNormalizationOfKeras() {
    float[] out = new float[10];
    RmsNorm.builder(10)
        .epsilon(1e-6)
        .build()
        .forward(floats(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), out, TensorShape.rows(1, 10));
    assertClose(
        out,
        5e-7,
        0,
        0.18731716,
        0.37463433,
        0.5619515,
        0.74926865,
        0.9365858,
        1.123903,
        1.3112202,
        1.4985373,
        1.6858544);
  }

  /**
   * ONNX InstanceNormalization-6 in ONNX Runtime, instance_norm_op_test.cc: InstanceNormBatch1,
   * epsilon 0.3, and InstanceNormNCHW, whose second channel is constant.
   */
  @Test
  void instanceNormalizationOfOnnx() {
    float[] x =
        floats(
            3.1513367, 9.283596, 1.4546119, 5.4617004, 8.519701, 1.2382338, 1.7930176, 5.1099434,
            7.9195533, 7.638727, 8.065445, 3.8082376);
    float[] out = new float[12];
    GroupNorm.instanceNorm(3).epsilon(0.3).build().forward(x, out, TensorShape.ncw(1, 3, 4));
    assertClose(
        out,
        1e-6,
        -0.56495477,
        1.48930046,
        -1.13334329,
        0.20899761,
        1.46688162,
        -0.98600774,
        -0.79911913,
        0.31824524,
        0.57370438,
        0.42193634,
        0.6525492,
        -1.64818992);
    out = new float[6];
    GroupNorm.instanceNorm(2)
        .epsilon(0.01)
        .beta(floats(0, 2))
        .build()
        .forward(floats(1, 2, 3, 2, 2, 2), out, TensorShape.nchw(1, 2, 1, 3));
    assertClose(out, 1e-5, -1.21566, 0, 1.21566, 2, 2, 2);
  }
}
