// The report of linnet bench kernels, for people and as JSON; see bench.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "compiler/bench/bench.h"
#include "compiler/cli/parse_values.h"
#include "compiler/support/json.h"

namespace linnet {
namespace {

double each(double count, const KernelResult& result) {
  return count / static_cast<double>(result.units);
}

Json result_json(const KernelResult& result) {
  Json json =
      Json::object({{"name", result.name},
                    {"kernel", result.kernel},
                    {"shapes", result.shapes},
                    {"dtype", result.dtype},
                    {"macs", result.macs},
                    {"instructions", result.instructions},
                    {"cycles_model", std::llround(result.cycles)},
                    {"cycles_model_left_out", result.unmodelled},
                    {"unit", result.unit},
                    {"units", result.units},
                    {"instructions_each", each(static_cast<double>(result.instructions), result)},
                    {"cycles_model_each", each(result.cycles, result)},
                    {"bit_exact", result.difference.empty()}});
  if (!result.difference.empty()) json.set("difference", result.difference);
  return json;
}

}  // namespace

std::string to_text(const BenchReport& report) {
  std::size_t kernel_width = 6;
  std::size_t name_width = 5;
  for (const KernelResult& result : report.results) {
    kernel_width = std::max(kernel_width, result.kernel.size());
    name_width = std::max(name_width, result.name.size());
  }
  std::string text = fmt::format("kernels on {}\n\n", report.machine);
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "  {:<{}}  {:<{}} {:>12} {:>10} {:>9}    {:<6}  {}\n", "kernel", kernel_width,
                 "shape", name_width, "instructions", "instr/unit", "cyc/unit", "unit", "bytes");
  for (const KernelResult& result : report.results)
    fmt::format_to(out, "  {:<{}}  {:<{}} {:>12} {:>10.3f} {:>9.3f}    {:<6}  {}\n", result.kernel,
                   kernel_width, result.name, name_width, readable_count(result.instructions),
                   each(static_cast<double>(result.instructions), result),
                   each(result.cycles, result), result.unit,
                   result.difference.empty() ? "ok" : "WRONG");
  fmt::format_to(out,
                 "\n  Instructions are exact. Cycles are llvm-mca's model of the pipeline, without "
                 "memory stalls, and no measurement.\n"
                 "  ok: bit for bit what the oracle gives.\n");
  return text;
}

std::string to_json(const BenchReport& report) {
  Json::Array results;
  for (const KernelResult& result : report.results) results.push_back(result_json(result));
  const Json json = Json::object(
      {{"machine", report.machine},
       {"cycles_model_note", "llvm-mca, Cortex-M7 pipeline, without memory stalls; no measurement"},
       {"bit_exact", report.bit_exact()},
       {"kernels", results}});
  return to_text(json) + "\n";
}

}  // namespace linnet
