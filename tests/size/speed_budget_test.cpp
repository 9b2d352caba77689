// Speed budgets: no kernel and no network may take more than one percent more instructions than tests/size/speed_budgets.json
// says. Counted in the emulator, so the same on every machine with the same compiler.
#include <catch2/catch.hpp>
#include <iostream>
#include <set>

#include "compiler/bench/bench.h"
#include "compiler/profile/profile.h"
#include "linnet/kernels/lists/conv.h"
#include "linnet/kernels/lists/other.h"
#include "tests/size/speed_budgets.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

using namespace testing;

void check_speed(const std::string& section, const Instructions& measured) {
  if (adopting_speed_budgets()) {
    write_speed_budgets(section, measured);
    return;
  }
  const BudgetFindings findings = compare_speed(read_speed_budgets(section), measured);
  for (const std::string& note : findings.notes) std::cout << note << '\n';
  for (const std::string& failure : findings.failures) FAIL_CHECK(failure);
}

template <class... Lists>
void require_benched(const std::set<std::string>& kernels) {
  const auto require = [&](auto kernel) {
    INFO(decltype(kernel)::name << " needs a case in compiler/bench/cases.cpp");
    CHECK(kernels.count(decltype(kernel)::name) == 1);
  };
  (Lists::for_each(require), ...);
}

// The options of tests/end_to_end/verify_models.cpp and docs/profiling.md.
std::int64_t instructions_of(const std::string& network) {
  CompileOptions options;
  options.model = models_folder() / network / (network + ".onnx");
  options.target = "stm32h743";
  options.samples = feeding(models_folder() / network / "model.json");
  options.calibrate = {models_folder() / "images/calibration"};
  const Result<ProfileReport> report = profile(options, {});
  if (!report) FAIL(format(report.diagnostics()));
  return report->instructions;
}

}  // namespace

TEST_CASE("speed budget of the kernels, all of them measured and bit for bit right") {
  const Result<BenchReport> report = bench_kernels({});
  if (!report) FAIL(format(report.diagnostics()));
  Instructions measured;
  std::set<std::string> kernels;
  for (const KernelResult& result : report->results) {
    INFO(result.kernel << " on " << result.name);
    CHECK(result.difference.empty());
    CHECK(result.instructions > 0);
    CHECK(2 * result.cycles > static_cast<double>(result.instructions - result.unmodelled));
    CHECK(measured.count(result.name) == 0);
    measured[result.name] = result.instructions;
    kernels.insert(result.kernel);
  }
  check_speed("kernels", measured);
  require_benched<Conv2dS8Kernels, ConvTranspose2dS8Kernels, MatMulS8Kernels, Conv2dF32Kernels,
                  ConvTranspose2dF32Kernels, MatMulF32Kernels>(kernels);
  require_benched<TableS8Kernels, BinaryS8Kernels, PreluS8Kernels, UnaryF32Kernels,
                  BinaryF32Kernels, QuantizeKernels, DequantizeKernels, SoftmaxS8Kernels,
                  SoftmaxF32Kernels, LayerNormS8Kernels, LayerNormF32Kernels>(kernels);
  require_benched<MaxPoolS8Kernels, MaxPoolF32Kernels, AveragePoolS8Kernels, AveragePoolF32Kernels,
                  ReduceSpatialS8Kernels, ReduceSpatialF32Kernels, ReduceNdS8Kernels,
                  ReduceNdF32Kernels>(kernels);
  require_benched<CopyX8Kernels, CopyX32Kernels, ConcatKernels, GatherKernels, PadX8Kernels,
                  PadX32Kernels, ResizeNearestKernels, ResizeLinearS8Kernels,
                  ResizeLinearF32Kernels>(kernels);
}

TEST_CASE("speed budget of the networks") {
  Instructions measured;
  for (const char* network : {"phinet_96", "phinet_96_a1", "phinet_96_a1_compat", "xinet_96"})
    measured[network] = instructions_of(network);
  check_speed("networks", measured);
}

TEST_CASE("a speed budget notices a regression, and says what to do") {
  const Instructions budgets = read_speed_budgets("kernels");
  REQUIRE(budgets.size() > 50);
  CHECK(compare_speed(budgets, budgets).failures.empty());
  CHECK(compare_speed(budgets, budgets).notes.empty());
  for (const auto& [name, budget] : budgets) {
    INFO(name);
    Instructions mutated = budgets;
    mutated[name] = budget * 98 / 100;
    const BudgetFindings slower = compare_speed(mutated, budgets);
    REQUIRE(slower.failures.size() == 1);
    CHECK_THAT(slower.failures.front(), Catch::StartsWith(name + " takes "));
    CHECK_THAT(slower.failures.front(), Catch::Contains("tools/adopt-speed-budgets"));
    mutated[name] = budget * 102 / 100 + 1;
    const BudgetFindings faster = compare_speed(mutated, budgets);
    CHECK(faster.failures.empty());
    CHECK(faster.notes.size() == 1);
    mutated.erase(name);
    CHECK(compare_speed(mutated, budgets).failures.size() == 1);  // a case without a budget
    CHECK(compare_speed(budgets, mutated).failures.size() == 1);  // a budget without a case
  }
  const Instructions one{{"1x1", 1000}};
  CHECK(compare_speed(one, {{"1x1", 1010}}).failures.empty());
  CHECK(compare_speed(one, {{"1x1", 1011}}).failures ==
        std::vector<std::string>{
            "1x1 takes 1011 instructions, 1.10 % more than its budget of 1000; make it as fast as "
            "it was, or, where the price is right, adopt it with tools/adopt-speed-budgets"});
  CHECK(compare_speed(one, {{"1x1", 990}}).notes.empty());
  CHECK(compare_speed(one, {{"1x1", 989}}).notes.size() == 1);
}

}  // namespace linnet
