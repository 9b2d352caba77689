// Digests of the kernels of lists/other.h: elementwise, pools, reductions, shape, softmax, normalization. Included by
// digests.cpp, once, after it has named the runtime's namespace.
#pragma once

#include <type_traits>

#include "linnet/kernels/lists/other.h"
#include "tests/kernels/core/seeded.h"

namespace {

enum class Element { int8, float32 };
constexpr std::int32_t bytes_of(Element element) { return element == Element::int8 ? 1 : 4; }

// A tensor that a kernel reads or writes: `rows` rows of `elements`.
struct Rows {
  std::int32_t rows, elements;
  Element element;

  std::int32_t pitch() const { return elements * bytes_of(element); }
};

// Bytes for int8. For float small numbers, and now and then one of any exponent, a zero, an infinity or a NaN.
void fill_rows(std::byte* memory, Element element, Numbers& numbers, bool wild = false) {
  if (element == Element::int8) return fill(memory, numbers);
  float* const values = floats_of(memory);
  fill_floats(values, kMemoryBytes / 4, numbers);
  for (std::int32_t i = 0; wild && i < kMemoryBytes / 4; i += 3) {
    values[i] = linnet::dsp::float_of(numbers.word());
  }
}

// Kernels that are asked for rows of their input: see linnet/rows.h.
template <class Kernel, class = void>
constexpr bool consumes_rows = false;
template <class Kernel>
constexpr bool consumes_rows<Kernel, decltype(void(Kernel::consumes))> = Kernel::consumes;

// The first row alone, then the rest: kernels may not depend on how they are asked.
template <class Kernel>
void digest_run(Digests& digests, std::uint32_t index, const typename Kernel::Layer& layer,
                const linnet::RowsIn* in, const Rows& out) {
  if (Kernel::scratch_bytes(layer) > kMemoryBytes || out.rows * out.pitch() > kMemoryBytes) {
    return digests.add("too large", index, 0);
  }
  for (std::byte& byte : output) byte = std::byte{0};
  const linnet::Io io{in, {output, out.pitch(), out.rows}, scratch};
  const std::int32_t rows = consumes_rows<Kernel> ? in[0].capacity_rows : out.rows;
  Kernel::run(layer, io, 0, 1);
  if (rows > 1) Kernel::run(layer, io, 1, rows - 1);
  Fnv fnv;
  if (out.element == Element::int8) {
    fnv.add(output, out.rows * out.pitch());
  } else {
    for (std::int32_t i = 0; i < out.rows * out.elements; ++i) fnv.add(floats_of(output)[i]);
  }
  digests.add(Kernel::name, index, fnv.value);
}

// Every kernel of the list that supports the layer.
template <class List, class Layer>
void digest_layer(Digests& digests, std::uint32_t index, const Layer& layer,
                  const linnet::RowsIn* in, const Rows& out) {
  List::for_each([&](auto kernel) {
    using Kernel = decltype(kernel);
    if (Kernel::supports(layer)) digest_run<Kernel>(digests, index, layer, in, out);
  });
}

linnet::RowsIn rows_in(const std::byte* memory, const Rows& rows) {
  return {memory, rows.pitch(), rows.rows};
}

std::int32_t table[512];
float float_table[512], second_float_table[512];

// ---- elementwise

// An operand's form against an output of `rows` rows of width * channels: its own shape, a vector of channels, a gate for
// each of two images, a scalar, one element for all channels of a pixel. Gives the operand's rows.
template <class Layer>
Rows broadcast(std::uint32_t form, std::int32_t rows, const Layer& layer, Element element,
               std::int32_t& divisor, std::int32_t& modulus, std::int32_t& pixel_step,
               std::int32_t& channel_step) {
  divisor = form == 2 ? rows / 2 : 1;
  modulus = form == 0 || form == 4 ? rows : form == 2 ? 2 : 1;
  pixel_step = form == 0 ? layer.channels : form == 4 ? 1 : 0;
  channel_step = form >= 3 ? 0 : 1;
  const std::int32_t elements = form == 0   ? layer.width * layer.channels
                                : form == 3 ? 1
                                : form == 4 ? layer.width
                                            : layer.channels;
  return {modulus, elements, element};
}

template <class List, class Layer>
void digest_binary(Digests& digests, std::uint32_t index, Layer& layer, Element element,
                   std::int32_t gap, Numbers& numbers) {
  const std::int32_t rows = 6;
  layer.width = numbers.integer(1, 5);
  layer.channels = numbers.integer(1, 21);
  if constexpr (std::is_same_v<Layer, linnet::BinaryS8>)
    layer.out_pixel_step = layer.channels + gap;
  const std::uint32_t a_form = index % 5 == 4 ? 2 : index % 7 == 6 ? 4 : 0;
  const std::uint32_t b_form = index % 9 == 8 ? 4 : index % 4;
  const Rows a = broadcast(a_form, rows, layer, element, layer.a_row_divisor, layer.a_row_modulus,
                           layer.a_pixel_step, layer.a_channel_step);
  const Rows b = broadcast(b_form, rows, layer, element, layer.b_row_divisor, layer.b_row_modulus,
                           layer.b_pixel_step, layer.b_channel_step);
  fill_rows(input, element, numbers, index % 2 == 1);
  fill_rows(second, element, numbers, index % 2 == 1);
  const linnet::RowsIn in[2] = {rows_in(input, a), rows_in(second, b)};
  digest_layer<List>(digests, index, layer, in,
                     {rows, layer.width * (layer.channels + gap), element});
}

void digest_binaries(Digests& digests) {
  for (std::uint32_t index = 0; index < 96; ++index) {
    Numbers numbers{index * 31 + 7};
    linnet::BinaryS8 layer;
    layer.function = static_cast<std::int32_t>(index / 4) % 4;
    layer.a_zero = numbers.integer(-128, 127);
    layer.b_zero = numbers.integer(-128, 127);
    layer.out_zero = numbers.integer(-128, 127);
    if (layer.function == 0) {
      layer.multiplier_a = numbers.integer(1 << 12, (1 << 15) - 1);
      layer.multiplier_b = numbers.integer(-(1 << 14), 1 << 14);
      layer.shift = numbers.integer(11, 16);
    } else {
      layer.multiplier_a = numbers.multiplier();
      layer.shift = numbers.integer(32, 41);
    }
    if (index % 3 == 0) {
      layer.lo = numbers.integer(-100, 0);
      layer.hi = numbers.integer(0, 100);
    }
    digest_binary<linnet::BinaryS8Kernels>(digests, index, layer, Element::int8,
                                           index % 6 == 5 ? 3 : 0, numbers);
  }
  for (std::uint32_t index = 0; index < 64; ++index) {
    Numbers numbers{index * 37 + 9};
    linnet::BinaryF32 layer;
    layer.function = static_cast<std::int32_t>(index / 4) % 8;
    layer.clamped = index % 3 == 0 ? 1 : 0;
    layer.lo = -0.5f;
    layer.hi = 1.25f;
    digest_binary<linnet::BinaryF32Kernels>(digests, index, layer, Element::float32, 0, numbers);
  }
}

void digest_unaries(Digests& digests) {
  for (std::uint32_t index = 0; index < 19 * 3; ++index) {
    Numbers numbers{index * 41 + 1};
    linnet::UnaryF32 layer;
    layer.row_elements = numbers.integer(30, 90);
    layer.function = static_cast<std::int32_t>(index) % 19;
    layer.alpha = index < 19 ? 0.25f : index < 38 ? -1.5f : 3.0f;
    layer.beta = 0.6f;
    fill_rows(input, Element::float32, numbers, true);
    const Rows rows{4, layer.row_elements, Element::float32};
    const linnet::RowsIn in = rows_in(input, rows);
    digest_layer<linnet::UnaryF32Kernels>(digests, index, layer, &in, rows);
  }
}

void digest_tables(Digests& digests) {
  for (std::uint32_t index = 0; index < 3; ++index) {
    Numbers numbers{index * 43 + 2};
    const Rows rows{4, numbers.integer(60, 90), Element::int8};
    linnet::TableS8 layer;
    layer.run_elements = layer.in_run_step = layer.out_run_step = rows.elements;
    if (index == 2)
      layer.runs = 3, layer.run_elements = 17, layer.in_run_step = layer.out_run_step = 20;
    for (std::int32_t& word : table) word = static_cast<std::int32_t>(numbers.word());
    layer.table = table;
    fill(input, numbers);
    const linnet::RowsIn in = rows_in(input, rows);
    digest_layer<linnet::TableS8Kernels>(digests, index, layer, &in, rows);
  }
  for (std::uint32_t index = 0; index < 6; ++index) {
    Numbers numbers{index * 47 + 4};
    linnet::PreluS8 layer;
    layer.width = numbers.integer(1, 5);
    layer.channels = numbers.integer(1, 21);
    const Rows slopes = broadcast(1 + index % 3, 6, layer, Element::float32, layer.s_row_divisor,
                                  layer.s_row_modulus, layer.s_pixel_step, layer.s_channel_step);
    layer.s_row_elements = slopes.elements;
    layer.in_zero = numbers.integer(-128, 127);
    layer.out_zero = numbers.integer(-128, 127);
    layer.multiplier = numbers.multiplier();
    layer.shift = numbers.integer(30, 34);
    for (std::int32_t& slope : table) slope = static_cast<std::int32_t>(numbers.word());
    layer.slopes = table;
    fill(input, numbers);
    const Rows rows{6, layer.width * layer.channels, Element::int8};
    const linnet::RowsIn in = rows_in(input, rows);
    digest_layer<linnet::PreluS8Kernels>(digests, index, layer, &in, rows);
  }
}

void digest_conversions(Digests& digests) {
  for (std::uint32_t index = 0; index < 4; ++index) {
    Numbers numbers{index * 53 + 3};
    linnet::QuantizeLayer layer;
    layer.width = numbers.integer(1, 6);
    layer.channels = numbers.integer(1, 20);
    layer.per_channel = static_cast<std::int32_t>(index % 2);
    for (float& scale : float_table) scale = static_cast<float>(numbers.integer(1, 9000)) / 9e4f;
    for (std::int32_t& zero : table) zero = numbers.integer(-128, 127);
    layer.scales = float_table;
    layer.zeros = table;
    const Rows reals{5, layer.width * layer.channels, Element::float32};
    const Rows codes{5, layer.width * layer.channels, Element::int8};
    fill_rows(input, Element::float32, numbers, index >= 2);
    fill(second, numbers);
    const linnet::RowsIn from_reals = rows_in(input, reals), from_codes = rows_in(second, codes);
    digest_layer<linnet::QuantizeKernels>(digests, index, layer, &from_reals, codes);
    digest_layer<linnet::DequantizeKernels>(digests, index, layer, &from_codes, reals);
  }
}

// ---- softmax and normalization

void digest_softmax(Digests& digests) {
  for (std::uint32_t index = 0; index < 5; ++index) {
    Numbers numbers{index * 59 + 6};
    linnet::SoftmaxS8 layer;
    layer.pixels = numbers.integer(1, 4);
    layer.count = numbers.integer(2, 60);
    layer.inverse_scale = numbers.integer(20000, 65536);
    layer.out_zero = numbers.integer(-128, 0);
    // Falls by a part of itself from step to step; the largest one also needs the 64-bit division.
    std::uint32_t exponential = index == 4 ? 0xf0000000u : 1u << (12 + 2 * index);
    for (std::int32_t i = 0; i < 256; ++i, exponential -= exponential / (4u + 20u * index)) {
      table[i] = static_cast<std::int32_t>(exponential);
    }
    layer.exponentials = table;
    fill(input, numbers);
    const Rows rows{3, layer.pixels * layer.count, Element::int8};
    const linnet::RowsIn in = rows_in(input, rows);
    digest_layer<linnet::SoftmaxS8Kernels>(digests, index, layer, &in, rows);
  }
  for (std::uint32_t index = 0; index < 4; ++index) {
    Numbers numbers{index * 61 + 6};
    linnet::SoftmaxF32 layer;
    layer.outer = numbers.integer(1, 4);
    layer.count = numbers.integer(2, 30);
    layer.inner = index % 2 == 0 ? 1 : numbers.integer(2, 6);
    fill_rows(input, Element::float32, numbers);
    const Rows rows{1, layer.outer * layer.count * layer.inner, Element::float32};
    const linnet::RowsIn in = rows_in(input, rows);
    digest_layer<linnet::SoftmaxF32Kernels>(digests, index, layer, &in, rows);
  }
}

void digest_normalization(Digests& digests) {
  for (std::uint32_t index = 0; index < 4; ++index) {
    Numbers numbers{index * 67 + 6};
    fill_floats(float_table, 512, numbers);
    fill_floats(second_float_table, 512, numbers);
    const float* const gamma = index % 2 == 0 ? float_table : nullptr;
    const float* const beta = index >= 2 ? second_float_table : nullptr;
    const std::int32_t vectors = numbers.integer(1, 4), count = numbers.integer(2, 70);

    linnet::LayerNormS8 int8;
    int8.vectors = vectors;
    int8.count = count;
    int8.in_zero = numbers.integer(-128, 127);
    int8.out_zero = numbers.integer(-30, 30);
    int8.variance_scale = 0.0009f / static_cast<float>(count * count);
    int8.epsilon = 1e-5f;
    int8.element_scale = 0.03f / static_cast<float>(count);
    int8.out_scale = 0.023f;
    int8.gamma = gamma;
    int8.beta = beta;
    fill(input, numbers);
    const Rows codes{3, vectors * count, Element::int8};
    const linnet::RowsIn from_codes = rows_in(input, codes);
    digest_layer<linnet::LayerNormS8Kernels>(digests, index, int8, &from_codes, codes);

    linnet::LayerNormF32 reals;
    reals.vectors = vectors;
    reals.count = count;
    reals.epsilon = 1e-5f;
    reals.gamma = gamma;
    reals.beta = beta;
    fill_rows(second, Element::float32, numbers);
    const Rows rows{3, vectors * count, Element::float32};
    const linnet::RowsIn in = rows_in(second, rows);
    digest_layer<linnet::LayerNormF32Kernels>(digests, index, reals, &in, rows);
  }
}

// ---- pools and reductions

linnet::Pool2dLayer random_pool(Numbers& numbers, std::uint32_t index) {
  linnet::Pool2dLayer layer;
  layer.kernel_h = numbers.integer(1, 4);
  layer.kernel_w = numbers.integer(1, 4);
  layer.stride_h = numbers.integer(1, 2);
  layer.stride_w = numbers.integer(1, 2);
  // Every window has a tap inside: pads smaller than the kernel, and dilation without pads.
  const bool dilated = index % 3 == 2;
  layer.dilation_h = layer.dilation_w = dilated ? 2 : 1;
  layer.pad_top = dilated ? 0 : numbers.integer(0, layer.kernel_h - 1);
  layer.pad_left = dilated ? 0 : numbers.integer(0, layer.kernel_w - 1);
  layer.in_h = numbers.integer(7, 9);
  layer.in_w = numbers.integer(7, 11);
  layer.channels = numbers.integer(1, index < 12 ? 13 : 50);
  layer.in_pixel_step = layer.channels + (index % 5 == 4 ? 3 : 0);
  layer.out_pixel_step = layer.channels + (index % 4 == 3 ? 2 : 0);
  const auto out = [](std::int32_t in, std::int32_t kernel, std::int32_t dilation,
                      std::int32_t pads, std::int32_t stride) {
    return (in + pads - (kernel - 1) * dilation - 1) / stride + 1;
  };
  layer.out_h =
      out(layer.in_h, layer.kernel_h, layer.dilation_h, 2 * layer.pad_top, layer.stride_h);
  layer.out_w =
      out(layer.in_w, layer.kernel_w, layer.dilation_w, 2 * layer.pad_left, layer.stride_w);
  if (index % 2 == 1) {
    layer.include_top = layer.include_bottom = layer.pad_top;
    layer.include_left = layer.include_right = layer.pad_left;
  }
  layer.in_zero = numbers.integer(-128, 127);
  layer.out_zero = numbers.integer(-128, 127);
  layer.shift = numbers.integer(index < 12 ? 31 : 26, index < 12 ? 40 : 38);
  if (index % 3 == 0) layer.lo = layer.out_zero < 0 ? layer.out_zero : 0;
  layer.multipliers = table;
  return layer;
}

void digest_pools(Digests& digests) {
  for (std::uint32_t index = 0; index < 40; ++index) {
    Numbers numbers{index * 71 + 6};
    linnet::Pool2dLayer layer = random_pool(numbers, index);
    for (std::int32_t& multiplier : table) multiplier = numbers.multiplier();
    fill(input, numbers);
    Rows from{2 * layer.in_h, layer.in_w * layer.in_pixel_step, Element::int8};
    Rows to{2 * layer.out_h, layer.out_w * layer.out_pixel_step, Element::int8};
    const linnet::RowsIn codes = rows_in(input, from);
    digest_layer<linnet::MaxPoolS8Kernels>(digests, index, layer, &codes, to);
    digest_layer<linnet::AveragePoolS8Kernels>(digests, index, layer, &codes, to);
    fill_rows(second, Element::float32, numbers);
    if (index >= 12) continue;  // float kernels know no pixel pitch
    from = {from.rows, layer.in_w * layer.channels, Element::float32};
    to = {to.rows, layer.out_w * layer.channels, Element::float32};
    const linnet::RowsIn reals = rows_in(second, from);
    digest_layer<linnet::MaxPoolF32Kernels>(digests, index, layer, &reals, to);
    digest_layer<linnet::AveragePoolF32Kernels>(digests, index, layer, &reals, to);
  }
}

void digest_reductions(Digests& digests) {
  for (std::uint32_t index = 0; index < 15; ++index) {
    Numbers numbers{index * 73 + 6};
    linnet::ReduceSpatial layer;
    layer.height = numbers.integer(1, 6);
    layer.width = numbers.integer(1, 6);
    layer.channels = layer.in_pixel_step = numbers.integer(1, 30);
    const std::int32_t gap = index >= 10 ? 5 : 0;
    layer.kind = static_cast<std::int32_t>(index % 5);
    layer.in_zero = numbers.integer(-128, 127);
    layer.out_zero = numbers.integer(-128, 127);
    layer.multiplier = numbers.multiplier();
    layer.shift = numbers.integer(32, 37);
    fill(input, numbers);
    fill_rows(second, Element::float32, numbers);
    Rows from{2 * layer.height, layer.width * (layer.channels + gap), Element::int8};
    Rows to{2, layer.channels, Element::int8};
    layer.in_pixel_step += gap;
    const linnet::RowsIn codes = rows_in(input, from);
    digest_layer<linnet::ReduceSpatialS8Kernels>(digests, index, layer, &codes, to);
    if (gap > 0) continue;
    from.element = to.element = Element::float32;
    const linnet::RowsIn reals = rows_in(second, from);
    digest_layer<linnet::ReduceSpatialF32Kernels>(digests, index, layer, &reals, to);

    // [5, 4, 3, 6] over its axes 1 and 3, or 0 and 2.
    constexpr std::int32_t kGeometry[2][8] = {{5, 72, 3, 6, 4, 18, 6, 1},
                                              {4, 18, 6, 1, 5, 72, 3, 6}};
    linnet::ReduceNd any;
    any.kept_rank = any.reduced_rank = 2;
    any.count = index % 2 == 0 ? 24 : 15;
    any.kind = layer.kind;
    any.in_zero = layer.in_zero;
    any.out_zero = layer.out_zero;
    any.multiplier = layer.multiplier;
    any.shift = layer.shift;
    any.geometry = kGeometry[index % 2];
    from = {1, 360, Element::int8};
    to = {1, 360 / any.count, Element::int8};
    const linnet::RowsIn all_codes = rows_in(input, from);
    digest_layer<linnet::ReduceNdS8Kernels>(digests, index, any, &all_codes, to);
    from.element = to.element = Element::float32;
    const linnet::RowsIn all_reals = rows_in(second, from);
    digest_layer<linnet::ReduceNdF32Kernels>(digests, index, any, &all_reals, to);
  }
}

// ---- shape

// A layer on bytes and on words. In floats nothing is computed here: words are compared as bytes.
template <class Bytes, class Words, class Layer>
void digest_moves(Digests& digests, std::uint32_t index, const Layer& layer,
                  std::int32_t in_elements, std::int32_t out_elements) {
  const linnet::RowsIn bytes{input, in_elements, 1}, words{input, 4 * in_elements, 1};
  digest_layer<Bytes>(digests, index, layer, &bytes, {1, out_elements, Element::int8});
  digest_layer<Words>(digests, index, layer, &words, {1, 4 * out_elements, Element::int8});
}

void digest_copies(Digests& digests) {
  Numbers numbers{79};
  fill(input, numbers);
  // Of [5, 4, 6]: transposed to [6, 5, 4]; every second from (1, 1, 1) on; one plane three times.
  constexpr std::int32_t kCopies[3][6] = {
      {6, 1, 5, 24, 4, 6}, {2, 48, 2, 12, 3, 2}, {3, 0, 4, 6, 6, 1}};
  for (std::uint32_t index = 0; index < 3; ++index) {
    linnet::CopyNd layer;
    layer.rank = 3;
    layer.offset = index == 1 ? 31 : 0;
    layer.geometry = kCopies[index];
    const std::int32_t* const g = kCopies[index];
    digest_moves<linnet::CopyX8Kernels, linnet::CopyX32Kernels>(digests, index, layer, 120,
                                                                g[0] * g[2] * g[4]);
  }
  // [3, 4, 5] with 1 + 2, 2 + 0 and 3 + 1 more.
  constexpr std::int32_t kPads[] = {3, 6, 1, 4, 6, 2, 5, 9, 3};
  for (std::uint32_t mode = 0; mode < 3; ++mode) {
    linnet::PadNd layer;
    layer.rank = 3;
    layer.mode = static_cast<std::int32_t>(mode);
    layer.value_bits = static_cast<std::int32_t>(numbers.word());
    layer.geometry = kPads;
    digest_moves<linnet::PadX8Kernels, linnet::PadX32Kernels>(digests, mode, layer, 60, 324);
  }
  constexpr std::int32_t kIndices[] = {3, 0, 3, 4, 1};
  for (std::uint32_t index = 0; index < 3; ++index) {
    linnet::GatherLayer layer;
    layer.outer = 3;
    layer.axis = layer.count = 5;
    layer.inner_bytes = index == 0 ? 1 : index == 1 ? 4 : 13;
    layer.indices = kIndices;
    const std::int32_t elements = layer.outer * layer.axis * layer.inner_bytes;
    const linnet::RowsIn in{input, elements, 1};
    digest_layer<linnet::GatherKernels>(digests, index, layer, &in, {1, elements, Element::int8});
  }
  constexpr std::int32_t kChunks[] = {7, 4, 1};
  fill(second, numbers);
  for (std::uint32_t index = 0; index < 2; ++index) {
    linnet::ConcatLayer layer;
    layer.outer = index == 0 ? 1 : 5;
    layer.inputs = 3;
    layer.chunk_bytes = kChunks;
    const linnet::RowsIn in[3] = {
        {input, 7 * layer.outer, 4}, {second, 4 * layer.outer, 4}, {input + 999, layer.outer, 4}};
    digest_layer<linnet::ConcatKernels>(digests, index, layer, in,
                                        {4, 12 * layer.outer, Element::int8});
  }
}

void digest_resizes(Digests& digests) {
  for (std::uint32_t index = 0; index < 12; ++index) {
    Numbers numbers{index * 83 + 6};
    linnet::ResizeLayer layer;
    layer.in_h = numbers.integer(2, 6);
    layer.in_w = numbers.integer(2, 6);
    layer.channels = numbers.integer(1, index < 6 ? 9 : 40);
    layer.out_h = numbers.integer(2, 9);
    layer.out_w = numbers.integer(2, 9);
    layer.outside_bits = numbers.integer(-128, 127);
    const Element element = index % 2 == 0 ? Element::int8 : Element::float32;
    layer.element_bytes = bytes_of(element);
    layer.in_pixel_bytes = layer.out_pixel_bytes = layer.channels * layer.element_bytes;
    const Rows from{2 * layer.in_h, layer.in_w * layer.channels, element};
    const Rows to{2 * layer.out_h, layer.out_w * layer.channels, element};
    fill_rows(input, element, numbers);
    const linnet::RowsIn in = rows_in(input, from);

    std::int32_t* const columns = table + 256;
    for (std::int32_t i = 0; i < layer.out_h; ++i) table[i] = numbers.integer(-1, layer.in_h - 1);
    for (std::int32_t i = 0; i < layer.out_w; ++i) columns[i] = numbers.integer(-1, layer.in_w - 1);
    layer.rows = table;
    layer.columns = columns;
    digest_layer<linnet::ResizeNearestKernels>(digests, index, layer, &in, to);

    const auto taps = [&](std::int32_t* to_table, std::int32_t count, std::int32_t size) {
      for (std::int32_t i = 0; i < count; ++i, to_table += 3) {
        const std::int32_t weight = numbers.integer(0, 1024);
        to_table[0] = i == 1 && index % 3 == 0 ? -1 : numbers.integer(0, size - 2);
        to_table[1] = to_table[0] + 1;
        to_table[2] = element == Element::int8 ? weight
                                               : static_cast<std::int32_t>(linnet::dsp::bits_of(
                                                     static_cast<float>(weight) / 1000.0f));
      }
    };
    taps(table, layer.out_h, layer.in_h);
    taps(columns, layer.out_w, layer.in_w);
    digest_layer<linnet::ResizeLinearS8Kernels>(digests, index, layer, &in, to);
    digest_layer<linnet::ResizeLinearF32Kernels>(digests, index, layer, &in, to);
  }
}

void digest_other_kernels(Digests& digests) {
  digest_binaries(digests);
  digest_unaries(digests);
  digest_tables(digests);
  digest_conversions(digests);
  digest_softmax(digests);
  digest_normalization(digests);
  digest_pools(digests);
  digest_reductions(digests);
  digest_copies(digests);
  digest_resizes(digests);
}

}  // namespace
