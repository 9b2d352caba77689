// Digests of kernels on seeded data; see digests.h. No heap and no library: this runs on the emulated core.
//
// LINNET_DIGESTS names the function that this compilation makes (portable by default); each compilation puts the
// runtime into a namespace of its own, so that two of them go into one image.
#include "tests/kernels/core/digests.h"

#include "linnet/version.h"
#ifdef LINNET_DIGESTS
#undef LINNET_VERSION_NAMESPACE
#define LINNET_VERSION_NAMESPACE LINNET_DIGESTS
#else
#define LINNET_DIGESTS portable
#endif

#include "linnet/dsp/float_math.h"
#include "linnet/kernels/conv_constants.h"
#include "linnet/kernels/lists/conv.h"
#include "linnet/labels.h"
#include "tests/kernels/core/letterbox_digests.h"
#include "tests/kernels/core/log_mel_digests.h"
#include "tests/kernels/core/other_digests.h"
#include "tests/kernels/core/seeded.h"

namespace {

namespace dsp = linnet::dsp;

alignas(8) std::byte packed[4 * kMemoryBytes];
constexpr std::int32_t kMostWeights = 16384;
std::int16_t weights[kMostWeights], prepared[kMostWeights];
float float_weights[16384], float_bias[64];
std::int32_t bias[64], multiplier[64];

// ---- primitives and requantization

void digest_primitives(Digests& digests) {
  Numbers numbers{1};
  Fnv fnv;
  for (int i = 0; i < 20000; ++i) {
    const std::uint32_t a = numbers.word(), b = numbers.word();
    const auto c = static_cast<std::int32_t>(numbers.word());
    fnv.add(dsp::sxtb16(a));
    fnv.add(dsp::sxtb16_ror8(a));
    fnv.add(dsp::pkhbt(a, b));
    fnv.add(dsp::pkhtb(a, b));
    fnv.add(dsp::ssub16(a, b));
    fnv.add(dsp::max_s8x4(a, b));
    fnv.add(dsp::min_s8x4(a, b));
    fnv.add(dsp::sadd16(a, b));
    fnv.add(dsp::sxtab16(a, b));
    fnv.add(dsp::sxtab16_ror8(a, b));
    fnv.add(static_cast<std::uint32_t>(dsp::smulbb(a, b)));
    fnv.add(static_cast<std::uint32_t>(dsp::smultt(a, b)));
    fnv.add(static_cast<std::uint32_t>(dsp::smlawb(c, a, c >> 1)));
    fnv.add(static_cast<std::uint32_t>(dsp::smlawt(c, a, c >> 1)));
    fnv.add(static_cast<std::uint32_t>(dsp::smlad(a, b, c)));
    fnv.add(static_cast<std::uint32_t>(dsp::smlatb(a, b, c)));
    fnv.add(static_cast<std::uint32_t>(dsp::smlabt(a, b, c)));
    fnv.add(static_cast<std::uint32_t>(dsp::smmla(c, static_cast<std::int32_t>(a), c >> 2)));
    fnv.add(static_cast<std::uint32_t>(dsp::ssat8(c >> (a % 32))));
  }
  digests.add("primitives", 0, fnv.value);
  for (std::int32_t shift = 1; shift <= 54; ++shift) {
    Fnv codes;
    for (int i = 0; i < 500; ++i) {
      const auto acc = static_cast<std::int32_t>(numbers.word()) >> numbers.integer(0, 31);
      const std::int32_t m = numbers.integer(1, 127) * 0x01000000 + 0x00345678;
      const std::int32_t lo = numbers.integer(-128, 0), hi = numbers.integer(0, 127);
      const std::int32_t zero = numbers.integer(-128, 127);
      codes.add(static_cast<std::uint32_t>(dsp::requantize(acc, m, shift, zero, lo, hi)));
      codes.add(static_cast<std::uint32_t>(dsp::requantize(acc, m, shift, zero, -128, 127)));
    }
    digests.add("requantize", static_cast<std::uint32_t>(shift), codes.value);
  }
}

// ---- float functions, over bit patterns of all exponents

template <class Function>
void digest_function(Digests& digests, const char* name, const Function& function) {
  Fnv fnv;
  Numbers numbers{3};
  const auto add = [&](float x) {
    const float y = function(x);
    fnv.add(y);
  };
  for (std::uint32_t exponent = 0; exponent < 256; ++exponent) {
    for (int i = 0; i < 24; ++i) {
      add(dsp::float_of(exponent << 23 | (numbers.word() & 0x807fffffu)));
    }
  }
  for (int i = 0; i < 4000; ++i) add(static_cast<float>(numbers.integer(-900000, 900000)) / 1e4f);
  digests.add(name, 0, fnv.value);
}

void digest_functions(Digests& digests) {
  digest_function(digests, "exp", [](float x) { return dsp::exp_f32(x); });
  digest_function(digests, "log", [](float x) { return dsp::log_f32(x); });
  digest_function(digests, "tanh", [](float x) { return dsp::tanh_f32(x); });
  digest_function(digests, "erf", [](float x) { return dsp::erf_f32(x); });
  digest_function(digests, "sigmoid", [](float x) { return dsp::sigmoid_f32(x); });
  digest_function(digests, "silu", [](float x) { return dsp::silu_f32(x); });
  digest_function(digests, "hard_sigmoid",
                  [](float x) { return dsp::hard_sigmoid_f32(x, 0.2f, 0.5f); });
  digest_function(digests, "hard_swish", [](float x) { return dsp::hard_swish_f32(x); });
  digest_function(digests, "elu", [](float x) { return dsp::elu_f32(x, 0.7f); });
  digest_function(digests, "gelu", [](float x) { return dsp::gelu_f32(x); });
  digest_function(digests, "gelu_tanh", [](float x) { return dsp::gelu_tanh_f32(x); });
  digest_function(digests, "sqrt", [](float x) { return dsp::sqrt_f32(x); });
  digest_function(digests, "pow 1.7", [](float x) { return dsp::pow_f32(x, 1.7f); });
  digest_function(digests, "pow -5", [](float x) { return dsp::pow_f32(x, -5.0f); });
  digest_function(digests, "quantize",
                  [](float x) { return static_cast<float>(dsp::quantize_f32(x, 0.37f, 11)); });
}

// ---- convolutions

template <class Layer>
Layer random_geometry(Numbers& numbers, bool transposed, std::uint32_t index) {
  Layer layer;
  const std::uint32_t kind = index % 5;  // any, 1x1, depthwise, depthwise 3x3, 5x5
  const bool one = index % 15 == 1;      // a fully connected layer
  layer.in_h = one ? 1 : numbers.integer(1, 7);
  layer.in_w = one ? 1 : numbers.integer(1, kind >= 3 ? 23 : 9);
  layer.in_c =
      numbers.integer(kind >= 3 && index % 3 == 0 ? 2 : 4, kind >= 3 && index % 3 == 0 ? 3 : 13);
  layer.out_c = kind >= 2 ? layer.in_c : numbers.integer(1, 11);
  layer.groups = kind >= 2 ? layer.in_c : 1;
  layer.kernel_h = kind == 1 ? 1 : kind == 3 ? 3 : kind == 4 ? 5 : numbers.integer(1, 4);
  layer.kernel_w = kind == 1 ? 1 : kind == 3 ? 3 : kind == 4 ? 5 : numbers.integer(1, 4);
  layer.stride_h = numbers.integer(1, 2);
  layer.stride_w = numbers.integer(1, 2);
  layer.dilation_h = kind >= 3 ? 1 : numbers.integer(1, 2);
  layer.dilation_w = kind >= 3 ? 1 : numbers.integer(1, 2);
  layer.pad_top = kind == 1 ? 0 : numbers.integer(0, 2);
  layer.pad_left = kind == 1 ? 0 : numbers.integer(0, 2);
  if (kind == 2 && !transposed) {  // windows of many taps, steps that do not divide each other
    layer.in_w = numbers.integer(1, 23);
    layer.kernel_h = numbers.integer(1, 7);
    layer.kernel_w = numbers.integer(1, 11);
    layer.stride_w = numbers.integer(1, 3);
    layer.dilation_w = numbers.integer(1, 3);
    layer.pad_left = numbers.integer(0, 6);
  }
  const auto out = [&](std::int32_t in, std::int32_t stride) {
    return transposed ? in * stride + 1 : (in - 1) / stride + 1;
  };
  layer.out_h = out(layer.in_h, layer.stride_h);
  layer.out_w = out(layer.in_w, layer.stride_w);
  return layer;
}

// The first row alone, then the rest: kernels may not depend on how they are asked.
template <class Layer>
std::uint32_t run(void (*kernel)(const Layer&, const linnet::Io&, std::int32_t, std::int32_t),
                  const Layer& layer, std::int32_t in_pixel_bytes, std::int32_t out_pixel_bytes) {
  const std::int32_t out_row = layer.out_w * out_pixel_bytes;
  for (std::byte& byte : output) byte = std::byte{0};
  const linnet::RowsIn in{input, layer.in_w * in_pixel_bytes, layer.in_h};
  const linnet::Io io{&in, {output, out_row, layer.out_h}, scratch};
  kernel(layer, io, 0, 1);
  if (layer.out_h > 1) kernel(layer, io, 1, layer.out_h - 1);
  Fnv fnv;
  fnv.add(output, out_row * layer.out_h);
  return fnv.value;
}

// Makes weights of 4 bits of those of a dense layer: seven or less times a scale of the group.
void round_to_four_bits(const linnet::Conv2dS8& layer, Numbers& numbers) {
  const linnet::paired::Runs runs = linnet::paired::runs(layer);
  for (std::int32_t o = 0; o < layer.out_c; ++o) {
    std::int32_t scale = 1, group = -1;
    for (std::int32_t step = 0; step < runs.steps(); ++step) {
      if (linnet::w4::group_of(step, runs.steps()) != group) {
        ++group;
        scale = numbers.integer(1, 18);
      }
      for (std::int32_t half = 0; half < 2; ++half) {
        const std::int32_t k = linnet::paired::weight_of(runs, step, half);
        if (k >= 0)
          weights[o * runs.count * runs.bytes + k] =
              static_cast<std::int16_t>(scale * numbers.integer(-7, 7));
      }
    }
  }
}

template <class List>
void digest_int8(Digests& digests, bool transposed, std::uint32_t count) {
  for (std::uint32_t index = 0; index < count; ++index) {
    Numbers numbers{index * 77 + 5};
    auto layer = random_geometry<linnet::Conv2dS8>(numbers, transposed, index);
    layer.wide_weights = index % 7 == 0 ? 1 : 0;
    layer.in_zero = numbers.integer(-128, 127);
    layer.out_zero = numbers.integer(-128, 127);
    layer.shift = index % 8 == 0   ? numbers.integer(28, 32)
                  : index % 8 == 5 ? numbers.integer(47, 54)
                                   : numbers.integer(34, 44);
    layer.lo = index % 3 == 0 ? layer.out_zero : -128;
    layer.in_pixel_bytes = layer.in_c + (index % 6 == 1 ? 3 : 0);
    layer.out_pixel_bytes = layer.out_c + (index % 6 == 2 ? 5 : 0);
    layer.weights = packed;
    layer.bias = bias;
    layer.multiplier = multiplier;
    fill(input, numbers);
    layer.paired =
        !transposed && layer.groups == 1 && layer.wide_weights == 0 ? numbers.integer(1, 2) : 0;
    const std::int32_t most = layer.wide_weights != 0 ? 255 : 127;
    for (std::int16_t& w : weights) w = static_cast<std::int16_t>(numbers.integer(-most, most));
    layer.four_bit = layer.paired != 0 && index % 3 == 0 ? 1 : 0;
    if (layer.four_bit != 0) round_to_four_bits(layer, numbers);
    List::for_each([&](auto kernel) {
      using Kernel = decltype(kernel);
      if (!Kernel::supports(layer)) return;
      for (std::int32_t o = 0; o < layer.out_c; ++o) {
        bias[o] = numbers.integer(-9000, 9000);
        multiplier[o] = numbers.multiplier();
      }
      for (std::int32_t i = 0; i < kMostWeights; ++i) prepared[i] = weights[i];
      linnet::prepare_constants<Kernel>(layer, prepared, bias, multiplier);
      linnet::pack_layer<Kernel>(layer, prepared, bias, multiplier, packed);
      digests.add(Kernel::name, index,
                  run(&Kernel::run, layer, layer.in_pixel_bytes, layer.out_pixel_bytes));
    });
  }
}

void digest_winograd(Digests& digests) {
  for (std::uint32_t index = 0; index < 24; ++index) {
    Numbers numbers{index * 33 + 4};
    linnet::Conv2dS8 layer;
    layer.kernel_h = layer.kernel_w = 3;
    layer.in_h = numbers.integer(1, 6);
    layer.in_w = numbers.integer(1, 21);
    layer.pad_top = layer.pad_left = 1;
    layer.out_h = layer.in_h;
    layer.out_w = layer.in_w + numbers.integer(0, 1) * (layer.in_w > 2 ? -2 : 0);
    layer.in_c = layer.in_pixel_bytes = numbers.integer(1, 13);
    layer.out_c = layer.out_pixel_bytes = numbers.integer(1, 9);
    layer.in_zero = numbers.integer(-128, 127);
    layer.out_zero = numbers.integer(-128, 127);
    layer.shift = index % 7 == 0 ? numbers.integer(30, 34) : numbers.integer(38, 42);
    layer.lo = index % 3 == 0 ? layer.out_zero : -128;
    layer.winograd = 1;
    layer.weights = packed;
    fill(input, numbers);
    for (std::int16_t& w : weights) w = static_cast<std::int16_t>(numbers.integer(-128, 127));
    for (std::int32_t o = 0; o < layer.out_c; ++o) {
      bias[o] = numbers.integer(-9000, 9000);
      multiplier[o] = numbers.multiplier();
    }
    using Kernel = linnet::conv2d_s8_3x3_winograd;
    linnet::prepare_constants<Kernel>(layer, weights, bias, multiplier);
    linnet::pack_layer<Kernel>(layer, weights, bias, multiplier, packed);
    digests.add(Kernel::name, index,
                run(&Kernel::run, layer, layer.in_pixel_bytes, layer.out_pixel_bytes));
  }
}

template <class List>
void digest_float(Digests& digests, bool transposed, std::uint32_t count) {
  for (std::uint32_t index = 0; index < count; ++index) {
    Numbers numbers{index * 99 + 8};
    auto layer = random_geometry<linnet::Conv2dF32>(numbers, transposed, index);
    layer.out_pixel_elements = layer.out_c;
    layer.weights = float_weights;
    layer.bias = index % 3 == 0 ? nullptr : float_bias;
    fill_floats(float_weights, 4000, numbers);
    fill_floats(float_bias, 64, numbers);
    fill_floats(floats_of(input), kMemoryBytes / 4, numbers);
    List::for_each([&](auto kernel) {
      using Kernel = decltype(kernel);
      if (!Kernel::supports(layer)) return;
      digests.add(Kernel::name, index, run(&Kernel::run, layer, 4 * layer.in_c, 4 * layer.out_c));
    });
  }
}

// ---- matrix products

template <class List>
void digest_matmul(Digests& digests, std::int32_t element_bytes) {
  for (std::uint32_t index = 0; index < 12; ++index) {
    Numbers numbers{index * 55 + 2};
    linnet::MatMulLayer layer;
    layer.m = numbers.integer(1, 5);
    layer.k = numbers.integer(1, 21);
    layer.n = numbers.integer(1, 13);
    layer.batch_2 = numbers.integer(1, 3);
    layer.a_step_2 = numbers.integer(0, 1);
    layer.b_step_2 = 1;
    layer.a_zero = numbers.integer(-128, 127);
    layer.b_zero = numbers.integer(-128, 127);
    layer.out_zero = numbers.integer(-20, 20);
    layer.multiplier = numbers.multiplier();
    layer.shift = 41;
    fill(input, numbers);
    fill(second, numbers);
    if (element_bytes == 4) {
      fill_floats(floats_of(input), kMemoryBytes / 4, numbers);
      fill_floats(floats_of(second), kMemoryBytes / 4, numbers);
    }
    const linnet::RowsIn in[2] = {{input, layer.k * element_bytes, layer.batch_2 * layer.m},
                                  {second, layer.n * element_bytes, layer.batch_2 * layer.k}};
    const std::int32_t rows = layer.batch_2 * layer.m;
    List::for_each([&](auto kernel) {
      using Kernel = decltype(kernel);
      Kernel::run(layer, {in, {output, layer.n * element_bytes, rows}, scratch}, 0, rows);
      Fnv fnv;
      fnv.add(output, rows * layer.n * element_bytes);
      digests.add(Kernel::name, index, fnv.value);
    });
  }
}

// ---- labels of a zero-shot classifier

struct LabelTable {
  const char* const* names;
  const std::int8_t* codes;
  const float* scales;
  std::size_t count, dimension;
  float logit_scale;
};
struct RankedLabel {
  std::size_t index;
  const char* name;
  float similarity, probability;
};

void digest_labels(Digests& digests) {
  const char* const names[] = {"a", "b", "c", "d", "e"};
  const float scales[] = {0.011f, 0.0073f, 0.009f, 0.0081f, 0.01f};
  const auto* codes = static_cast<const std::int8_t*>(static_cast<const void*>(input));
  for (std::uint32_t index = 0; index < 8; ++index) {
    Numbers numbers{index * 77 + 5};
    fill(input, numbers);
    fill_floats(floats_of(second), kMemoryBytes / 4, numbers);
    const LabelTable labels{names, codes, scales, 5, 40 + index, 12.5f};
    RankedLabel top[3];
    const auto add = [&](std::size_t found) {
      Fnv fnv;
      for (std::size_t i = 0; i < found; ++i) {
        fnv.add(static_cast<std::uint32_t>(top[i].index));
        fnv.add(top[i].similarity);
        fnv.add(top[i].probability);
      }
      digests.add("classify", index, fnv.value);
    };
    add(linnet::classify(labels, floats_of(second), 0, labels.dimension, top, 3));
    add(linnet::classify(labels, codes + 1000, -9, labels.dimension, top, 3));
  }
}

}  // namespace

std::size_t linnet_digests::LINNET_DIGESTS(Digest* to) {
  Digests digests{to};
  digest_primitives(digests);
  digest_functions(digests);
  digest_int8<linnet::Conv2dS8Kernels>(digests, false, 90);
  digest_winograd(digests);
  digest_int8<linnet::ConvTranspose2dS8Kernels>(digests, true, 24);
  digest_float<linnet::Conv2dF32Kernels>(digests, false, 24);
  digest_float<linnet::ConvTranspose2dF32Kernels>(digests, true, 12);
  digest_matmul<linnet::MatMulS8Kernels>(digests, 1);
  digest_matmul<linnet::MatMulF32Kernels>(digests, 4);
  digest_other_kernels(digests);
  digest_log_mels(digests);
  digest_letterboxes(digests);
  digest_labels(digests);
  return digests.count;
}
