// See summary.h.
#include "compiler/cli/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "compiler/cli/parse_values.h"
#include "compiler/emit/text.h"

namespace linnet {

void print_summary(const Report& report) {
  fmt::print("{}: {} for {}\n\n", report.name, report.dtype, report.target);
  fmt::print("  model   {} parameters, {} MACs, {}\n", readable_count(report.parameters),
             readable_count(report.macs), counted(report.layers.size(), "layer"));
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
  fmt::print("  flash   {:<10} weights {}, tables {}, schedule {}, code {}",
             readable_bytes(report.flash_bytes()), readable_bytes(report.weights_bytes),
             readable_bytes(report.tables_bytes), readable_bytes(report.schedule_bytes),
             readable_bytes(report.code_bytes));
  if (report.labels > 0)
    fmt::print(", {} labels {}", report.labels, readable_bytes(report.labels_bytes));
  fmt::print("\n");
  const auto int4 =
      std::count_if(report.layers.begin(), report.layers.end(),
                    [](const ReportLayer& layer) { return layer.weights_format == "int4"; });
  if (int4 > 0) {
    fmt::print("          {:<10} int4 weights in {}\n", "",
               counted(static_cast<std::size_t>(int4), "layer"));
  }
  if (!report.unmeasured_kernels.empty()) {
    fmt::print("          {:<10} code is a guess for {} that nobody measured\n", "",
               counted(report.unmeasured_kernels.size(), "kernel"));
  }
  if (report.front_end) {
    const ReportFrontEnd& front_end = *report.front_end;
    fmt::print("  sound   {:<10} {} of {} samples at {} Hz make a clip; {} of RAM, tables {}\n",
               front_end.kind, counted(static_cast<std::size_t>(front_end.frames), "frame"),
               front_end.n_fft, front_end.rate, readable_bytes(front_end.arena_bytes),
               readable_bytes(front_end.tables_bytes));
  }
  if (report.camera_table_bytes) {
    fmt::print("  camera  {}_camera.hpp: frames in RGB888 or RGB565; table of pixels {}\n",
               report.name, readable_bytes(*report.camera_table_bytes));
  }
  if (report.detection) {
    fmt::print("  boxes   {}_detect.hpp: {}, classes: {}; {} bytes of the arenas are its scratch\n",
               report.name, counted(report.detection->levels.size(), "level"),
               report.detection->classes, report.detection->scratch_bytes);
  }
  for (const std::string& note : report.notes) fmt::print("  note    {}\n", note);
}

void print_layers(const Report& report, bool all) {
  constexpr std::size_t kMost = 10;
  std::vector<std::size_t> shown(report.layers.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  if (!all && shown.size() > kMost) {
    fmt::print("\n  the {} layers of {} with the most MACs; --layers shows all\n", kMost,
               shown.size());
    std::stable_sort(shown.begin(), shown.end(), [&](std::size_t a, std::size_t b) {
      return report.layers[a].macs > report.layers[b].macs;
    });
    shown.resize(kMost);
  }
  fmt::print("\n  {:>3}  {:<22} {:<22} {:<16} {:>12} {:>10}  {}\n", "", "operator", "kernel",
             "output", "MACs", "weights", "node");
  for (const std::size_t i : shown) {
    const ReportLayer& layer = report.layers[i];
    fmt::print("  {:>3}  {:<22} {:<22} {:<16} {:>12} {:>10}  {}\n", i, layer.op, layer.kernel,
               to_string(layer.output_shape), readable_count(layer.macs),
               readable_bytes(layer.weights_bytes), harmless(layer.name, 60));
  }
}

void print_calibration(const Compiled& made) {
  if (made.samples.empty() || !made.int8) return;
  if (is_quantized_model(made.float_graph)) {
    fmt::print("  int8    the model is quantized already; calibration data not used for ranges\n");
    return;
  }
  fmt::print("  int8    ranges from {}", counted(made.samples.size(), "sample"));
  for (std::size_t i = 0; i < made.float_graph.inputs.size(); ++i) {
    float lo = std::numeric_limits<float>::infinity();
    float hi = -lo;
    for (const Sample& sample : made.samples) {
      for (const float value : sample[i].to_floats()) {
        lo = std::min(lo, value);
        hi = std::max(hi, value);
      }
    }
    if (lo <= hi) {
      fmt::print("; input '{}' {:.4g} .. {:.4g}", harmless(made.float_graph.inputs[i].name), lo,
                 hi);
    }
  }
  fmt::print("\n");
  if (made.weights.samples > 0) {
    fmt::print("  weights layers for 4 bits chosen on {}, {:.1f} s of CPU\n",
               counted(made.weights.samples, "sample"), made.weights.seconds);
  }
}

}  // namespace linnet
