// int8 kernels on slices of a wider tensor's channels: pixels further apart than their channels, in guarded memory, give the
// bytes that they give side by side (which other tests compare with the oracle), and touch nothing between them.
#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "linnet/kernels/lists/other.h"
#include "tests/kernels/kernel_harness.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

std::vector<std::byte> random_bytes(std::int32_t count, Random& random) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(count));
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.integer(0, 255));
  return bytes;
}

std::int32_t number(Random& random, std::int32_t lo, std::int32_t hi) {
  return static_cast<std::int32_t>(random.integer(lo, hi));
}

// A dense tensor of rows of pixels, and the same with its pixels `pitch` apart; nothing is behind a row's last pixel.
struct Pixels {
  std::int32_t rows, pixels, channels, pitch;
  std::vector<std::byte> dense, spread;

  Pixels(std::int32_t rows_, std::int32_t pixels_, std::int32_t channels_, Random& random)
      : rows(rows_),
        pixels(pixels_),
        channels(channels_),
        pitch(channels_ + (random.chance(70) ? number(random, 1, 9) : 0)),
        dense(random_bytes(rows * pixels * channels, random)),
        spread(random_bytes(rows * spread_row(), random)) {
    for (std::int32_t r = 0; r < rows; ++r) {
      for (std::int32_t x = 0; x < pixels; ++x) {
        std::memcpy(spread.data() + r * spread_row() + x * pitch,
                    dense.data() + (r * pixels + x) * channels, static_cast<std::size_t>(channels));
      }
    }
  }
  std::int32_t spread_row() const { return (pixels - 1) * pitch + channels; }
  RowsIn dense_rows() const { return {dense.data(), pixels * channels, rows}; }
  JobInput input() const { return {spread, rows, spread_row(), {}}; }
};

// What the kernel makes of dense tensors.
template <class Kernel>
std::vector<std::byte> dense_result(const typename Kernel::Layer& layer,
                                    const std::vector<RowsIn>& in, std::int32_t rows,
                                    std::int32_t row_bytes) {
  std::vector<std::byte> out(static_cast<std::size_t>(rows * row_bytes));
  std::vector<std::uint64_t> scratch(
      static_cast<std::size_t>(Kernel::scratch_bytes(layer) / 8 + 1));
  const Io io{in.data(),
              {out.data(), row_bytes, rows},
              static_cast<std::byte*>(static_cast<void*>(scratch.data()))};
  Kernel::run(layer, io, 0, rows);
  return out;
}

Pool2dLayer random_pool(Random& random) {
  Pool2dLayer layer;
  layer.kernel_h = number(random, 1, 5);
  layer.kernel_w = number(random, 1, 5);
  layer.stride_h = number(random, 1, 3);
  layer.stride_w = number(random, 1, 3);
  layer.dilation_h = number(random, 1, 2);
  layer.dilation_w = number(random, 1, 2);
  layer.pad_top = number(random, 0, layer.kernel_h);
  layer.pad_left = number(random, 0, layer.kernel_w);
  layer.in_h = number(random, 9, 12);
  layer.in_w = number(random, 9, 17);
  layer.out_h = (layer.in_h - 1) / layer.stride_h + 1;
  layer.out_w = (layer.in_w - 1) / layer.stride_w + 1;
  layer.in_zero = number(random, -128, 127);
  layer.out_zero = number(random, -128, 127);
  layer.shift = number(random, 16, 40);
  layer.lo = random.chance(70) ? -128 : number(random, -128, 0);
  return layer;
}

template <class Kernel>
void check_pool(Pool2dLayer layer, const std::vector<std::int32_t>& multipliers, Random& random) {
  const Pixels x(2 * layer.in_h, layer.in_w, number(random, 1, 40), random);
  layer.channels = layer.in_pixel_step = layer.out_pixel_step = x.channels;
  layer.multipliers = multipliers.data();
  const std::vector<std::byte> expected =
      dense_result<Kernel>(layer, {x.dense_rows()}, 2 * layer.out_h, layer.out_w * layer.channels);
  layer.in_pixel_step = x.pitch;
  layer.out_pixel_step += number(random, 0, 7);
  Job job;
  job.inputs = {x.input()};
  job.output = {expected, 2 * layer.out_h, layer.out_w, layer.channels, layer.out_pixel_step};
  CHECK(run_kernel<Kernel>(layer, job, random).empty());
}

}  // namespace

TEST_CASE("pixel pitches: pools") {
  Random random(201);
  for (int i = 0; i < 300; ++i) {
    std::vector<std::int32_t> multipliers;
    for (int m = 0; m < 26; ++m) multipliers.push_back(number(random, 1 << 30, 2147483647));
    const Pool2dLayer layer = random_pool(random);
    check_pool<maxpool2d_s8_any>(layer, multipliers, random);
    check_pool<avgpool2d_s8_any>(layer, multipliers, random);
  }
}

TEST_CASE("pixel pitches: tables and nearest resize") {
  Random random(202);
  for (int i = 0; i < 100; ++i) {
    const Pixels x(number(random, 1, 5), number(random, 1, 6), number(random, 1, 40), random);
    const std::vector<std::byte> table = random_bytes(256, random);
    TableS8 layer;
    layer.runs = x.pixels;
    layer.run_elements = layer.in_run_step = layer.out_run_step = x.channels;
    layer.table = table.data();
    std::vector<std::byte> expected =
        dense_result<lut_s8>(layer, {x.dense_rows()}, x.rows, x.pixels * x.channels);
    layer.in_run_step = x.pitch;
    layer.out_run_step += number(random, 0, 7);
    Job job;
    job.inputs = {x.input()};
    job.output = {expected, x.rows, x.pixels, x.channels, layer.out_run_step};
    CHECK(run_kernel<lut_s8>(layer, job, random).empty());

    ResizeLayer resize;
    resize.in_h = x.rows;
    resize.in_w = x.pixels;
    resize.channels = resize.in_pixel_bytes = resize.out_pixel_bytes = x.channels;
    resize.out_h = number(random, 1, 7);
    resize.out_w = number(random, 1, 9);
    std::vector<std::int32_t> rows, columns;
    for (int r = 0; r < resize.out_h; ++r) rows.push_back(number(random, -1, x.rows - 1));
    for (int c = 0; c < resize.out_w; ++c) columns.push_back(number(random, -1, x.pixels - 1));
    resize.rows = rows.data();
    resize.columns = columns.data();
    expected = dense_result<resize_nearest_x8>(resize, {x.dense_rows()}, resize.out_h,
                                               resize.out_w * x.channels);
    resize.in_pixel_bytes = x.pitch;
    resize.out_pixel_bytes += number(random, 0, 7);
    job.output = {expected, resize.out_h, resize.out_w, x.channels, resize.out_pixel_bytes};
    CHECK(run_kernel<resize_nearest_x8>(resize, job, random).empty());
  }
}

namespace {

template <class Kernel>
void check_binary(BinaryS8 layer, Random& random) {
  if (!Kernel::supports(layer)) return;
  const std::int32_t rows = 3, width = number(random, 1, 6), channels = number(random, 1, 40);
  Pixels a(rows, width, channels, random);
  // Of its own shape, a vector of channels, or one code for all channels of a pixel.
  const int form = number(random, 0, 2);
  Pixels b(form == 1 ? 1 : rows, form == 1 ? 1 : width, form == 2 ? 1 : channels, random);
  layer.width = width;
  layer.channels = layer.out_pixel_step = channels;
  layer.a_row_modulus = rows;
  layer.a_pixel_step = channels;
  layer.a_channel_step = 1;
  layer.b_row_modulus = b.rows;
  layer.b_pixel_step = form == 1 ? 0 : b.channels;
  layer.b_channel_step = form == 2 ? 0 : 1;
  const bool swap = random.chance(30);
  const auto swap_operands = [&] {
    std::swap(layer.a_row_modulus, layer.b_row_modulus);
    std::swap(layer.a_pixel_step, layer.b_pixel_step);
    std::swap(layer.a_channel_step, layer.b_channel_step);
  };
  std::vector<RowsIn> in{a.dense_rows(), b.dense_rows()};
  if (swap) std::swap(in[0], in[1]), swap_operands();
  const std::vector<std::byte> expected = dense_result<Kernel>(layer, in, rows, width * channels);
  if (swap) swap_operands();
  layer.a_pixel_step = a.pitch;
  if (form != 1) layer.b_pixel_step = b.pitch;
  layer.out_pixel_step += number(random, 0, 7);
  Job job;
  job.inputs = {a.input(), b.input()};
  if (swap) std::swap(job.inputs[0], job.inputs[1]), swap_operands();
  job.output = {expected, rows, width, channels, layer.out_pixel_step};
  CHECK(run_kernel<Kernel>(layer, job, random).empty());
}

}  // namespace

TEST_CASE("pixel pitches: two operands") {
  Random random(203);
  for (int i = 0; i < 300; ++i) {
    BinaryS8 layer;
    layer.function = number(random, 0, 3);
    layer.a_zero = number(random, -128, 127);
    layer.b_zero = number(random, -128, 127);
    layer.out_zero = number(random, -128, 127);
    const bool add = layer.function == 0;
    layer.multiplier_a = add ? number(random, 1, 32767) : number(random, 1 << 30, 2147483647);
    layer.multiplier_b = number(random, -32767, 32767);
    layer.shift = add ? number(random, 0, 22) : number(random, 30, 45);
    layer.lo = random.chance(70) ? -128 : number(random, -128, 0);
    BinaryS8Kernels::for_each([&](auto kernel) { check_binary<decltype(kernel)>(layer, random); });
  }
}

TEST_CASE("pixel pitches: global mean and extremes") {
  Random random(204);
  for (int i = 0; i < 60; ++i) {
    ReduceSpatial layer;
    layer.height = number(random, 1, 5);
    layer.width = i % 10 == 0 ? number(random, 250, 520) : number(random, 1, 20);
    const Pixels x(2 * layer.height, layer.width, number(random, 1, 20), random);
    layer.channels = layer.in_pixel_step = x.channels;
    layer.kind = number(random, 0, 3);
    layer.in_zero = number(random, -128, 127);
    layer.multiplier = number(random, 1 << 30, 2147483647);
    layer.shift = number(random, 36, 42);
    const auto reduce = [&](const std::vector<std::byte>& bytes, std::int32_t row_bytes) {
      Guarded memory(bytes), scratch(static_cast<std::size_t>((layer.channels + 1) / 2 * 8), true);
      const RowsIn in{memory.data(), row_bytes, x.rows};
      std::vector<std::byte> out(static_cast<std::size_t>(2 * layer.channels));
      const Io io{&in, {out.data(), layer.channels, 2}, scratch.data()};
      for (std::int32_t row = 0; row < x.rows; ++row) reduce_spatial_s8::run(layer, io, row, 1);
      return out;
    };
    const std::vector<std::byte> expected = reduce(x.dense, x.pixels * x.channels);
    layer.in_pixel_step = x.pitch;
    CHECK(reduce(x.spread, x.spread_row()) == expected);
  }
}
