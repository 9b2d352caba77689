// See summary.h.
#include "compiler/cli/summary.h"

#include <fmt/format.h>

#include "compiler/cli/parse_values.h"
#include "compiler/emit/text.h"

namespace linnet {

void print_summary(const Report& report) {
  fmt::print("{}: {} for {}\n\n", report.name, report.dtype, report.target);
  fmt::print("  model   {} parameters, {} MACs, {} layers\n", readable_count(report.parameters),
             readable_count(report.macs), report.layers.size());
  fmt::print("  RAM     {:<10}", readable_bytes(report.ram_bytes()));
  for (const ReportBank& bank : report.banks) {
    if (bank.used_bytes == 0) continue;
    fmt::print(" {} {}{},", bank.name, readable_bytes(bank.used_bytes),
               bank.size_bytes ? " of " + readable_bytes(*bank.size_bytes) : "");
  }
  fmt::print(" stack {}\n", readable_bytes(report.stack_bytes));
  fmt::print(
      "          {:<10} most live at once: {}{}\n", "", readable_bytes(report.lower_bound_bytes),
      report.layers.empty() ? "" : fmt::format(", at layer '{}'", harmless(report.peak_layer)));
  fmt::print("  flash   {:<10} weights {}, tables {}, schedule {}, code {}\n",
             readable_bytes(report.flash_bytes()), readable_bytes(report.weights_bytes),
             readable_bytes(report.tables_bytes), readable_bytes(report.schedule_bytes),
             readable_bytes(report.code_bytes));
  if (!report.unmeasured_kernels.empty()) {
    fmt::print("          {:<10} code is a guess for {} kernels that nobody measured\n", "",
               report.unmeasured_kernels.size());
  }
  for (const std::string& note : report.notes) fmt::print("  note    {}\n", note);
}

void print_layers(const Report& report) {
  fmt::print("\n  {:>3}  {:<22} {:<22} {:<16} {:>12} {:>10}  {}\n", "", "operator", "kernel",
             "output", "MACs", "weights", "node");
  for (std::size_t i = 0; i < report.layers.size(); ++i) {
    const ReportLayer& layer = report.layers[i];
    fmt::print("  {:>3}  {:<22} {:<22} {:<16} {:>12} {:>10}  {}\n", i, layer.op, layer.kernel,
               to_string(layer.output_shape), readable_count(layer.macs),
               readable_bytes(layer.weights_bytes), harmless(layer.name, 60));
  }
}

}  // namespace linnet
