// Tests of the convolution tests: kernels with one fault each, which the comparison with the oracle must notice.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <map>

#include "tests/kernels/conv_cases.h"

using namespace linnet;
using namespace linnet::testing;

namespace {

enum class Fault {
  none,
  tap,          // one weight is off by one
  input_zero,   // the zero point that is folded in (or subtracted) is off by one
  rounding,     // results are truncated
  output_zero,  // the output's zero point is off by one
  column,       // the window is one pixel to the right
  row,          // the window is one row lower
  input_row,    // rows are taken from the next place of the ring
  output_row,   // rows go to the next place of the ring
};

template <class T>
Guarded guarded(const std::vector<T>& elements) {
  return Guarded(std::as_bytes(std::span(elements)));
}

// What a layer's constants become with the fault.
struct Constants {
  std::vector<std::int16_t> weights;
  std::vector<std::int32_t> bias, multiplier;
};

void spoil(Fault fault, Conv2dS8& layer, Constants& constants, Random& random) {
  switch (fault) {
    case Fault::tap: {
      auto& w = constants.weights[static_cast<std::size_t>(
          random.integer(0, static_cast<std::int64_t>(constants.weights.size()) - 1))];
      w = static_cast<std::int16_t>(w + (w > 0 ? -1 : 1));
      break;
    }
    case Fault::rounding: {
      // Half an output step less in every accumulator is truncation in place of rounding.
      for (std::size_t o = 0; o < constants.bias.size(); ++o) {
        const double step = std::ldexp(1.0, layer.shift) / constants.multiplier[o];
        constants.bias[o] -= static_cast<std::int32_t>(step / 2);
      }
      break;
    }
    case Fault::output_zero: layer.out_zero += layer.out_zero < 0 ? 1 : -1; break;
    case Fault::column: --layer.pad_left; break;
    case Fault::row: --layer.pad_top; break;
    default: break;
  }
}

// True when the comparison says that something is wrong.
template <class Kernel>
bool fails(const ConvCase& c, Fault fault, Random& random) {
  auto layer = layer_of<Conv2dS8>(c.call());
  layer.winograd = 1;
  Constants constants{plain_weights(c), plain_bias(c), multipliers(c)};
  spoil(fault, layer, constants, random);
  if (fault == Fault::input_zero) ++layer.in_zero;
  prepare_constants<Kernel>(layer, constants.weights.data(), constants.bias.data(),
                            constants.multiplier.data());
  if (fault == Fault::input_zero && Kernel::folds_input_zero) --layer.in_zero;
  std::vector<std::byte> packed(static_cast<std::size_t>(Kernel::packed_bytes(layer)));
  pack_layer<Kernel>(layer, constants.weights.data(), constants.bias.data(),
                     constants.multiplier.data(), packed.data());
  Guarded w(packed), b = guarded(constants.bias), m = guarded(constants.multiplier);
  layer.weights = w.data();
  layer.bias = b.data();
  layer.multiplier = m.data();
  Job job = conv_job(c, layer.out_pixel_bytes);
  job.inputs[0].needs = nullptr;  // faulty windows must not leave the memory
  const auto run = [&](const Io& io, std::int32_t first_row, std::int32_t row_count) {
    RowsIn in = io.in[0];
    RowsOut out = io.out;
    if (fault == Fault::input_row) {
      // Only inside one ring: row r is read where r + 1 belongs.
      for (std::int32_t r = first_row; r < first_row + row_count; ++r) {
        std::vector<std::byte> moved(static_cast<std::size_t>(in.pitch_bytes * in.capacity_rows));
        const auto row_bytes = static_cast<std::size_t>(layer.in_w * layer.in_c);
        for (std::int32_t i = 0; i < in.capacity_rows; ++i) {
          std::memcpy(moved.data() + i * in.pitch_bytes, in.row<std::byte>(i + 1), row_bytes);
        }
        const RowsIn shifted{moved.data(), in.pitch_bytes, in.capacity_rows};
        Kernel::run(layer, {&shifted, out, io.scratch}, r, 1);
      }
      return;
    }
    Kernel::run(layer, {&in, out, io.scratch}, first_row, row_count);
    if (fault == Fault::output_row && out.capacity_rows > 1) {
      const auto row_bytes = static_cast<std::size_t>(layer.out_w * layer.out_pixel_bytes);
      std::memcpy(out.row<std::byte>(first_row + 1), out.row<std::byte>(first_row), row_bytes);
    }
  };
  return !run_job(job, Kernel::scratch_bytes(layer), random, run).empty();
}

template <class List>
void check_faults(const ConvOptions& options, const std::vector<Fault>& faults,
                  std::uint64_t seed) {
  Random random(seed);
  std::map<std::pair<std::string, Fault>, int> noticed, tried;
  for (int i = 0; i < 60; ++i) {
    const ConvCase c = random_conv(options, random);
    if (c.program.calls.empty()) continue;
    List::for_each([&](auto kernel) {
      using Kernel = decltype(kernel);
      auto layer = layer_of<Conv2dS8>(c.call());
      layer.winograd = 1;
      if (!Kernel::supports(layer)) return;
      for (const Fault fault : faults) {
        ++tried[{Kernel::name, fault}];
        noticed[{Kernel::name, fault}] += fails<Kernel>(c, fault, random) ? 1 : 0;
      }
    });
  }
  List::for_each([&](auto kernel) {
    for (const Fault fault : faults) {
      const std::pair<std::string, Fault> key{decltype(kernel)::name, fault};
      INFO(key.first << ", fault " << static_cast<int>(fault) << ": noticed " << noticed[key]
                     << " of " << tried[key]);
      if (tried[key] < 10) continue;  // too few to say
      if (fault == Fault::none) {
        CHECK(noticed[key] == 0);
      } else {
        CHECK(noticed[key] * 4 > tried[key]);  // some faults leave some shapes as they are
      }
    }
  });
}

const std::vector<Fault> kFaults{Fault::none,      Fault::tap,         Fault::input_zero,
                                 Fault::rounding,  Fault::output_zero, Fault::input_row,
                                 Fault::output_row};
const std::vector<Fault> kWindowFaults{Fault::column, Fault::row};

}  // namespace

TEST_CASE("faulty convolution kernels are noticed") {
  check_faults<Conv2dS8Kernels>({}, kFaults, 304);
  check_faults<Conv2dS8Kernels>({.pointwise = true}, kFaults, 302);
  check_faults<Conv2dS8Kernels>({.int4 = true}, kFaults, 305);
  check_faults<Conv2dS8Kernels>({.depthwise = true, .three_by_three = true}, kFaults, 303);
}

TEST_CASE("convolution windows in the wrong place are noticed") {
  check_faults<Conv2dS8Kernels>({.three_by_three = true}, kWindowFaults, 311);
  check_faults<Conv2dS8Kernels>({.depthwise = true, .three_by_three = true}, kWindowFaults, 312);
}

TEST_CASE("faulty transposed convolution kernels are noticed") {
  check_faults<ConvTranspose2dS8Kernels>({.transposed = true}, kFaults, 321);
  check_faults<ConvTranspose2dS8Kernels>({.transposed = true, .three_by_three = true},
                                         kWindowFaults, 322);
}
