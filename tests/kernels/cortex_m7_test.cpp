// The kernels on the emulated Cortex-M7, in plain C++ and with its instructions, against the host: the same digests.
#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "linnet/kernels/lists/conv.h"
#include "linnet/kernels/lists/other.h"
#include "tests/kernels/core/digests.h"

namespace {

namespace fs = std::filesystem;

struct Output {
  int status;
  std::string text;
};

Output run(const std::string& command) {
  Output output{-1, {}};
  std::FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    output.text.append(buffer, n);
  }
  output.status = pclose(pipe);
  return output;
}

const char* const kGcc =
    "arm-none-eabi-g++ -mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16";

// Clang with the headers of Debian's newlib and its libstdc++; enumerations as small as GCC's.
std::string clang() {
  const std::string headers = "/usr/lib/arm-none-eabi/include";
  std::string version = run("arm-none-eabi-g++ -dumpfullversion").text;
  version.resize(version.find('\n'));
  return fmt::format(
      "clang++ --target=thumbv7em-none-eabihf -mcpu=cortex-m7 -mfpu=fpv5-d16 -fshort-enums "
      "-isystem {0}/c++/{1} -isystem {0}/c++/{1}/arm-none-eabi/thumb/v7e-m+dp/hard -isystem {0}",
      headers, version);
}

// Builds the image in `folder`; `flags` are added for all files. `compiler` makes the kernels.
Output build_image(const fs::path& folder, const std::string& flags,
                   const std::string& compiler = kGcc) {
  const fs::path source = LINNET_SOURCE_DIR;
  const fs::path board = source / "runtime/boards/mps2_an500";
  const fs::path core = source / "tests/kernels/core";
  const fs::path build = fs::path(LINNET_BINARY).parent_path().parent_path();
  const std::string common = fmt::format(
      " -std=c++17 "
      "-fno-exceptions -fno-rtti -ffunction-sections -Wall -Wextra -Wconversion -Wshadow "
      "-Wpedantic -Werror {} -I{} -I{} -I{} -I{}",
      flags, source.string(), board.string(), (source / "runtime/include").string(),
      (build / "include").string());
  const auto object = [&](const char* name) { return (folder / name).string(); };
  return run(fmt::format(
      "{0} -DLINNET_DIGESTS=portable -DLINNET_PORTABLE_DSP -c {1} -o {2} && "
      "{0} -DLINNET_DIGESTS=instructions -c {1} -o {3} && "
      "{8} -nostartfiles --specs=nano.specs -Wl,--gc-sections "
      "-Wl,--enable-non-contiguous-regions -T {4} -x c++ {5} {6} -x none {2} {3} -o {7}",
      compiler + common, (core / "digests.cpp").string(), object("portable.o"),
      object("instructions.o"), (board / "open.ld").string(), (core / "image.cc").string(),
      (board / "startup.cpp").string(), object("image.elf"), kGcc + common));
}

// With `flags`, core and host agree on every digest.
void check_core(const std::string& flags, const std::string& compiler = kGcc) {
  const fs::path folder = fs::temp_directory_path() / fmt::format("linnet-core-{}", getpid());
  fs::create_directories(folder);
  const Output built = build_image(folder, flags, compiler);
  INFO(built.text);
  REQUIRE(built.status == 0);
  const std::string qemu = std::string(LINNET_SOURCE_DIR) + "/tools/qemu ";
  const Output printed = run(qemu + (folder / "image.elf").string());
  fs::remove_all(folder);
  INFO(printed.text.substr(0, 400));
  REQUIRE(printed.status == 0);

  std::vector<linnet_digests::Digest> host(linnet_digests::kMostDigests);
  host.resize(linnet_digests::portable(host.data()));
  CHECK(host.size() < linnet_digests::kMostDigests);
  std::string expected;
  for (const linnet_digests::Digest& digest : host) {
    expected += fmt::format("{0};{1};{2};{2}\n", digest.name, digest.index, digest.value);
  }
  if (printed.text == expected) return;
  // Say which ones differ.
  std::string differing;
  std::size_t at = 0;
  for (const linnet_digests::Digest& digest : host) {
    const std::size_t end = printed.text.find('\n', at);
    const std::string line = printed.text.substr(at, end - at);
    at = end == std::string::npos ? printed.text.size() : end + 1;
    if (line != fmt::format("{0};{1};{2};{2}", digest.name, digest.index, digest.value)) {
      differing += fmt::format("host {} core {}\n", digest.value, line);
    }
  }
  FAIL(differing);
}

template <class... Lists>
void require_digested(const std::set<std::string>& names) {
  const auto require = [&](auto kernel) {
    INFO(decltype(kernel)::name);
    CHECK(names.count(decltype(kernel)::name) == 1);
  };
  (Lists::for_each(require), ...);
}

}  // namespace

TEST_CASE("kernels compute the same on the emulated Cortex-M7 and on the host") {
  check_core("-O2 -ffp-contract=off");
}

TEST_CASE("kernels compute the same on the core at -Os, and when the build forgets -ffp-contract") {
  check_core("-Os");
}

TEST_CASE("kernels compute the same on the core when Clang builds them") {
  check_core("-O2 -ffp-contract=off", clang());
}

// Assembly has fewer registers then.
TEST_CASE("kernels build for the core without optimisation") {
  const fs::path folder = fs::temp_directory_path() / fmt::format("linnet-core-O0-{}", getpid());
  fs::create_directories(folder);
  const Output built = build_image(folder, "-O0 -fno-omit-frame-pointer");
  fs::remove_all(folder);
  INFO(built.text);
  CHECK(built.status == 0);
}

TEST_CASE("no kernel is left out of the digests") {
  std::vector<linnet_digests::Digest> digests(linnet_digests::kMostDigests);
  digests.resize(linnet_digests::portable(digests.data()));
  std::set<std::string> names;
  for (const linnet_digests::Digest& digest : digests) names.insert(digest.name);
  CHECK(names.count("too large") == 0);
  using namespace linnet;
  require_digested<Conv2dS8Kernels, ConvTranspose2dS8Kernels, MatMulS8Kernels, Conv2dF32Kernels,
                   ConvTranspose2dF32Kernels, MatMulF32Kernels>(names);
  require_digested<TableS8Kernels, BinaryS8Kernels, PreluS8Kernels, UnaryF32Kernels,
                   BinaryF32Kernels, QuantizeKernels, DequantizeKernels, SoftmaxS8Kernels,
                   SoftmaxF32Kernels, LayerNormS8Kernels, LayerNormF32Kernels>(names);
  require_digested<MaxPoolS8Kernels, MaxPoolF32Kernels, AveragePoolS8Kernels, AveragePoolF32Kernels,
                   ReduceSpatialS8Kernels, ReduceSpatialF32Kernels, ReduceNdS8Kernels,
                   ReduceNdF32Kernels>(names);
  require_digested<CopyX8Kernels, CopyX32Kernels, ConcatKernels, GatherKernels, PadX8Kernels,
                   PadX32Kernels, ResizeNearestKernels, ResizeLinearS8Kernels,
                   ResizeLinearF32Kernels>(names);
}
