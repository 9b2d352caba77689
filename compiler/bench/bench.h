// linnet bench kernels: what each kernel costs on typical shapes, and whether it is right, counted in the emulator.
//
//   cases ──► one graph with all of them side by side ──► lower, plan, emit ──► image ──► emulator ──► counts by layer
//                  └──────────► oracle ──────────────────────────────────────────────────► the same bytes?
//
// A case is a layer of a generated network, so it is counted as `linnet profile` counts a layer: the call with its
// arguments and all that the kernel does. Cases are split over a few networks, which are built side by side.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/emit/emit.h"
#include "compiler/support/result.h"

namespace linnet {

struct BenchOptions {
  std::string filter;          // in a case's or its kernel's name; empty: all
  int optimization = 2;        // -O2, what generated code is built with, or -O3
  std::filesystem::path keep;  // a folder for the images; empty: they are not kept

  // For tests: changes the generated files before they are built.
  std::function<void(Files&)> alter;
};

struct KernelResult {
  std::string name, kernel;  // of the case, and what ran it
  std::string shapes;        // "1x24x24x64 -> 1x24x24x64"
  std::string dtype;         // of the output
  std::int64_t macs = 0;
  // What instructions and cycles are divided by: MACs; where nothing is multiplied and added, elements of the output, or of
  // a reduction's input.
  const char* unit = "output";
  std::int64_t units = 1;
  std::int64_t instructions = 0;
  double cycles = 0;
  std::int64_t unmodelled = 0;  // executed instructions that the cycles leave out
  std::string
      difference;  // "byte 17 of 36864 is 3, expected 4"; empty: bit for bit what the oracle gives
};

struct BenchReport {
  std::string machine;  // "qemu 7.2.19 mps2-an500 (Cortex-M7), arm-none-eabi-g++ 12.2.1 -O2"
  std::vector<KernelResult> results;  // in the order of the table

  bool bit_exact() const;
};

// E507 when the filter leaves nothing; E401 and E402 about external programs.
Result<BenchReport> bench_kernels(const BenchOptions& options,
                                  const std::function<void(std::string_view what)>& progress = {});

std::string to_text(const BenchReport& report);
std::string to_json(const BenchReport& report);

}  // namespace linnet
