// What linnet size makes of figures: verdicts, reasons, baselines as text, comments and annotations.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "compiler/size/baseline.h"
#include "compiler/size/compare.h"
#include "compiler/size/size_report.h"
#include "compiler/verify/temporary_folder.h"

namespace linnet {
namespace {

NetworkSize sample_size() {
  NetworkSize size;
  size.name = "net";
  size.target = "stm32h743";
  size.dtype = "int8";
  size.linnet = "0.1.0 00c0ffee";
  size.toolchain = "arm-none-eabi-g++ 12.2.1 -O2";
  size.model = "0123456789abcdef";
  size.text_bytes = 10000;
  size.rodata_bytes = 90000;
  size.stack_bytes = 500;
  size.arenas = {{"axi", 30000}, {"dtcm", 3000}};
  size.objects = {{"net.o text", 10000}, {"net_weights.o rodata", 90000}};
  size.functions = {{"call of layer '/a/Conv'", 60}, {"gemm", 4000}, {"run", 800}};
  size.constants = {{"t_a_Conv_multiplier", 256}, {"w_a_Conv", 80000}};
  size.layers = {{"/a/Conv", "conv2d_s8_1x1_paired"}, {"/b/Relu", "lut_s8"}};
  size.kernel_calls = 100;
  size.peak_layer = "/a/Conv";
  size.deepest_function = "gemm";
  return size;
}

NetworkComparison compared(const NetworkSize& now, const char* tolerance = "1%") {
  const Baseline baseline{{"net", sample_size()}};
  return compare_sizes({now}, &baseline, std::get<Tolerance>(parse_tolerance(tolerance)))
      .networks.front();
}

bool has_reason(const NetworkComparison& network, const std::string& reason) {
  INFO(fmt::format("{}", fmt::join(network.reasons, "\n")) << "\nwanted: " << reason);
  const bool found =
      std::find(network.reasons.begin(), network.reasons.end(), reason) != network.reasons.end();
  CHECK(found);
  return found;
}

Result<Baseline> read_text(const std::string& text) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "size.json", std::ios::binary) << text;
  return read_baseline(folder.path() / "size.json");
}

}  // namespace

TEST_CASE("size: text, flash and RAM are judged, each by itself") {
  CHECK(compared(sample_size()).verdict == SizeVerdict::unchanged);
  NetworkSize size = sample_size();
  size.text_bytes += 100;  // 1 % of the text, 0.1 % of the flash
  CHECK(compared(size).verdict == SizeVerdict::within);
  CHECK(compared(size, "0").verdict == SizeVerdict::too_large);
  CHECK(compared(size, "99").verdict == SizeVerdict::too_large);
  CHECK(compared(size, "100").verdict == SizeVerdict::within);
  size.text_bytes += 1;
  CHECK(compared(size).verdict == SizeVerdict::too_large);
  size = sample_size();
  size.rodata_bytes += 1001;
  CHECK(compared(size).verdict == SizeVerdict::too_large);
  size = sample_size();
  size.arenas["dtcm"] += 336;
  CHECK(compared(size).verdict == SizeVerdict::too_large);
  size = sample_size();
  size.arenas = {{"axi", 20000}, {"dtcm", 13000}};  // another bank, no more RAM
  CHECK(compared(size).verdict == SizeVerdict::within);
  size = sample_size();
  size.text_bytes -= 5000;
  CHECK(compared(size, "0").verdict == SizeVerdict::smaller);
  size = sample_size();
  size.name = "other";
  CHECK(compared(size).verdict == SizeVerdict::unknown);
}

TEST_CASE("size: tolerances as they are typed") {
  for (const char* text : {"1%", "0.5 %", "0%", "256", "1K", "0"}) {
    INFO(text);
    CHECK(std::holds_alternative<Tolerance>(parse_tolerance(text)));
  }
  for (const char* text : {"", "%", "-1%", "nan%", "inf%", "one", "1%%", "1.5"}) {
    INFO(text);
    CHECK(std::holds_alternative<std::string>(parse_tolerance(text)));
  }
}

TEST_CASE("size: what grew most is named") {
  NetworkSize size = sample_size();
  size.text_bytes += 600;
  size.functions["gemm"] += 500;
  size.functions["call of layer '/a/Conv'"] += 100;
  const NetworkComparison network = compared(size);
  REQUIRE(network.functions.size() == 2);
  CHECK(network.functions.front().name == "gemm");
  has_reason(network,
             "the code alone: layers, kernels, constants, schedule and plan are those of the "
             "baseline");
  CHECK(too_large(network, {}).message ==
        "'net' grew by more than 1 %: text 10,000 -> 10,600 bytes, +600 (+6.00 %), most in gemm, "
        "4,000 -> 4,500 bytes");
  CHECK(readable_function("call of layer '/b/Relu'", size) == "call_1 of layer '/b/Relu'");
}

TEST_CASE("size: reasons come from layers, kernels, constants, schedule, plan and compilers") {
  NetworkSize size = sample_size();
  size.text_bytes += 3000;
  size.rodata_bytes += 2000;
  size.layers = {{"/a/Conv", "conv2d_s8_any"}, {"/c/Conv", "lut_s8"}};
  size.constants = {{"t_a_Conv_multiplier", 512}, {"w_a_Conv", 81000}, {"w_c_Conv", 744}};
  size.functions["conv2d_s8_any"] = 3000;
  size.kernel_calls = 130;
  size.arenas["axi"] = 33000;
  size.peak_layer = "/c/Conv";
  size.stack_bytes = 700;
  size.deepest_function = "conv2d_s8_any";
  size.toolchain = "arm-none-eabi-g++ 13.2.1 -O2";
  size.linnet = "0.2.0 00c0ffee";
  size.target = "cortex-m7";
  size.model = "fedcba9876543210";
  const NetworkComparison network = compared(size);
  for (const char* reason :
       {"built by arm-none-eabi-g++ 13.2.1 -O2, the baseline by arm-none-eabi-g++ 12.2.1 -O2",
        "compiled by linnet 0.2.0 00c0ffee with its runtime, the baseline by 0.1.0 00c0ffee",
        "compiled for cortex-m7, the baseline for stm32h743", "the model file is another one",
        "other kernel conv2d_s8_1x1_paired -> conv2d_s8_any, new in this network, for layer "
        "'/a/Conv'",
        "new layer '/c/Conv': kernel lut_s8", "gone: layer '/b/Relu'",
        "no longer used: conv2d_s8_1x1_paired", "the schedule is longer: 100 -> 130 kernel calls",
        "the plan changed: arena axi 30,000 -> 33,000 bytes; its peak moved from layer '/a/Conv' "
        "to '/c/Conv'",
        "weights 80,000 -> 81,744 bytes: w_a_Conv +1,000 (+1.25 %), w_c_Conv +744 (new)",
        "tables 256 -> 512 bytes: t_a_Conv_multiplier +256 (+100.00 %)",
        "stack 500 -> 700 bytes: deepest in conv2d_s8_any, before in gemm"})
    has_reason(network, reason);
  CHECK(network.reasons.size() == 13);
}

TEST_CASE("size: a baseline reads back as it was written, sorted, one number a line") {
  const Baseline baseline{{"net", sample_size()}};
  const std::string text = baseline_text(baseline);
  const Result<Baseline> read = read_text(text);
  if (!read) FAIL(format(read.diagnostics()));
  CHECK(baseline_text(*read) == text);
  CHECK(text.find("        \"axi\": 30000,\n        \"dtcm\": 3000\n") != std::string::npos);
  CHECK(same_entry(sample_size(), read->at("net")));
  NetworkSize size = sample_size();
  size.linnet = "9.9.9";
  CHECK(same_entry(sample_size(), size));
  size.functions["run"] += 1;
  CHECK(!same_entry(sample_size(), size));
}

TEST_CASE("size: files that are no baseline") {
  const auto code = [](const std::string& text) {
    const Result<Baseline> read = read_text(text);
    REQUIRE(!read);
    return read.diagnostics().front().code;
  };
  const std::string good = baseline_text({{"net", sample_size()}});
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  CHECK(code("<<<<<<< HEAD\n" + good) == "E509");
  CHECK(code("[]") == "E509");
  CHECK(code("") == "E509");
  CHECK(code(with("\"text\": 10000", "\"text\": -1")) == "E509");
  CHECK(code(with("\"text\": 10000", "\"text\": 99999999999999")) == "E509");
  CHECK(code(with("\"text\": 10000", "\"text\": \"many\"")) == "E509");
  CHECK(code(with("\"stack\"", "\"heap\"")) == "E509");
  CHECK(code(with("\"linnet_size\": 1", "\"linnet_size\": 2")) == "E510");
  CHECK(code(with("\"linnet_size\": 1", "\"linnet_size\": 0")) == "E510");
  CHECK_THAT(read_text(with("\"stack\"", "\"heap\"")).diagnostics().front().message,
             Catch::EndsWith("is not a baseline of linnet size: of 'net' 'stack' is missing"));
}

TEST_CASE("size: a comment is short, and its names can neither break its table nor add to it") {
  NetworkSize size = sample_size();
  const Baseline baseline{{"net", sample_size()}};
  const std::string same = size_markdown(compare_sizes({size}, &baseline, {}));
  CHECK(same ==
        "<!-- linnet size -->\n**linnet size**: 1 network unchanged: flash 100,000 bytes, RAM "
        "33,500 bytes\n");
  size.functions["evil|<img src=x>`\n## @all"] = 4000;
  size.text_bytes += 4000;
  size.deepest_function = std::string(70, 'd');  // a reason of more than 160 characters
  size.stack_bytes += 8;
  NetworkSize before = sample_size();
  before.deepest_function = std::string(70, 'b');
  const Baseline other{{"net", before}};
  const SizeComparison changed = compare_sizes({size}, &other, {});
  const std::string text = size_markdown(changed);
  CHECK_THAT(text, Catch::Contains(", before in " + before.deepest_function + "\n"));
  CHECK_THAT(text, Catch::Contains("| :x: | net | 14,000 | +4,000 (+40.00 %) | 104,000 |"));
  CHECK_THAT(text, Catch::Contains("evil\\|&lt;img src=x&gt;\\`?&#35;&#35; &#64;all"));
  CHECK(text.find("<img") == std::string::npos);
  CHECK(text.find("\n##") == std::string::npos);
}

TEST_CASE("size: annotations are errors for what is judged, notices for the rest, one line each") {
  const Baseline baseline{{"net", sample_size()}};
  NetworkSize size = sample_size();
  CHECK(size_annotations(compare_sizes({size}, &baseline, {})).empty());
  size.text_bytes += 300;
  size.functions["run\n::warning::x"] = 300;
  const std::string error = size_annotations(compare_sizes({size}, &baseline, {}));
  CHECK_THAT(error,
             Catch::StartsWith("::error title=linnet size::'net' grew by more than 1 %25: "));
  CHECK(std::count(error.begin(), error.end(), '\n') == 1);
  size = sample_size();
  size.text_bytes -= 1000;
  CHECK(size_annotations(compare_sizes({size}, &baseline, {})) ==
        "::notice title=linnet size::'net' is smaller: flash 100,000 -> 99,000 bytes, RAM 33,500 "
        "-> 33,500 bytes; --update adopts it\n");
  size.name = "new";
  CHECK_THAT(size_annotations(compare_sizes({size}, &baseline, {})),
             Catch::StartsWith("::error title=linnet size::the baseline has no 'new'; "));
}

}  // namespace linnet
