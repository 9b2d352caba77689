// What to change to save most: the layer at the peak, the heaviest in flash, the slowest, the least exact.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/cli/parse_values.h"
#include "compiler/emit/text.h"
#include "compiler/report/page.h"

namespace linnet {
namespace {

std::string percent(double part, double all) {
  return fmt::format("{:.1f} %", all > 0 ? 100 * part / all : 0.0);
}

std::string percent(std::int64_t part, std::int64_t all) {
  return percent(static_cast<double>(part), static_cast<double>(all));
}

// The segment of the peak: a layer by itself where none of several has it.
ReportSegment peak_segment(const ReportPlan& plan) {
  const std::int64_t layer = plan.step_layers.at(static_cast<std::size_t>(plan.peak_step));
  for (const ReportSegment& segment : plan.segments)
    if (segment.first_layer <= layer && layer <= segment.last_layer) return segment;
  return {plan.peak_step, layer, layer, 1};
}

// Of buffers that lie in the same bytes only the larger counts, so parts may sum up to more than is live.
std::vector<const ReportBuffer*> largest_at_peak(const ReportPlan& plan) {
  std::vector<const ReportBuffer*> live;
  for (const ReportBuffer& buffer : plan.buffers)
    if (buffer.first_step <= plan.peak_step && plan.peak_step <= buffer.last_step)
      live.push_back(&buffer);
  std::stable_sort(live.begin(), live.end(), [](const ReportBuffer* a, const ReportBuffer* b) {
    return a->bytes > b->bytes;
  });
  return live;
}

Finding find_peak(const ReportPage& page) {
  const Report& report = page.report;
  const ReportPlan& plan = report.plan;
  const ReportSegment segment = peak_segment(plan);
  const std::int64_t layer = plan.step_layers[static_cast<std::size_t>(plan.peak_step)];
  Finding finding{"RAM", {}, {}, {}, {}};
  if (layer >= 0) finding.layer = static_cast<std::size_t>(layer);
  const std::int64_t rest = next_peak_bytes(plan);
  finding.what = fmt::format("{} live at once in step {}, the most of all.",
                             readable_bytes(report.lower_bound_bytes), plan.peak_step);
  if (rest > 0)
    finding.what +=
        fmt::format(" Outside {} never more than {}: what is done about it saves at most {}.",
                    segment.first_layer == segment.last_layer
                        ? std::string("this layer")
                        : fmt::format("layers {} to {}, which run row by row together,",
                                      segment.first_layer, segment.last_layer),
                    readable_bytes(rest), readable_bytes(report.lower_bound_bytes - rest));
  std::int64_t input_bytes = 0;
  const std::vector<const ReportBuffer*> live = largest_at_peak(plan);
  for (const ReportBuffer* buffer : live)
    if (buffer->kind == "input") input_bytes += buffer->bytes;
  for (std::size_t i = 0; i < live.size() && i < 4; ++i)
    finding.parts.push_back(
        fmt::format("{}{}: {}{}", live[i]->kind == "scratch" ? "scratch of " : "", live[i]->name,
                    readable_bytes(live[i]->bytes),
                    live[i]->rows < live[i]->tensor_rows
                        ? fmt::format(", {} of {} rows", live[i]->rows, live[i]->tensor_rows)
                        : ""));
  if (report.dtype != "int8") {
    finding.remedy = "Give calibration data (--calibrate): int8 takes a quarter.";
  } else if (page.arena_with_input_rows && *page.arena_with_input_rows < report.arena_bytes) {
    finding.remedy = fmt::format(
        "With --input rows the application gives the input row by row, and {} of arenas become {}.",
        readable_bytes(report.arena_bytes), readable_bytes(*page.arena_with_input_rows));
  } else if (!page.arena_with_input_rows && !report.input_rows && !page.graphs &&
             4 * input_bytes > report.lower_bound_bytes) {
    finding.remedy =
        fmt::format("{} of it are the input: try --input rows, which never holds it whole.",
                    readable_bytes(input_bytes));
  } else {
    finding.remedy =
        "Fewer channels or a smaller picture here; or an earlier stride. Residual connections that "
        "span the layer keep their tensor alive.";
  }
  return finding;
}

template <class Value>
std::size_t largest(std::size_t count, Value value) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < count; ++i)
    if (value(i) > value(best)) best = i;
  return best;
}

Finding find_flash(const ReportPage& page) {
  const Report& report = page.report;
  const std::size_t index =
      largest(report.layers.size(), [&](std::size_t i) { return report.layers[i].weights_bytes; });
  const ReportLayer& layer = report.layers[index];
  Finding finding{"flash", index, {}, {}, {}};
  finding.what = fmt::format("{} of weights and constants: {} of the flash, for {} of the MACs.",
                             readable_bytes(layer.weights_bytes),
                             percent(layer.weights_bytes, report.flash_bytes()),
                             percent(layer.macs, report.macs));
  finding.parts = {"weights: " + readable_bytes(report.weights_bytes),
                   "code: " + readable_bytes(report.code_bytes),
                   "schedule: " + readable_bytes(report.schedule_bytes),
                   "tables: " + readable_bytes(report.tables_bytes)};
  const std::int64_t others = report.flash_bytes() - report.weights_bytes;
  if (report.dtype != "int8") {
    finding.remedy = "Give calibration data (--calibrate): int8 weights take a quarter.";
  } else if (layer.weights_format == "int8") {
    std::int64_t in_int8 = 0;
    for (const ReportLayer& other : report.layers)
      if (other.weights_format == "int8" && other.op.find(" g") == std::string::npos)
        in_int8 += other.weights_bytes;
    finding.remedy = fmt::format(
        "--weights auto with --flash stores in 4 bits what costs least accuracy: up to {} less "
        "here, "
        "up to {} in all.",
        readable_bytes(layer.weights_bytes / 2), readable_bytes(in_int8 / 2));
  } else {
    finding.remedy = "Fewer channels here.";
  }
  if (others > report.weights_bytes)
    finding.remedy +=
        " Code, tables and schedule are more than the weights: fewer layers, and fewer "
        "kinds of them, save more.";
  return finding;
}

// Instructions of all layers that `take` takes, as a part of the whole.
template <class Take>
double part_of_layers(const ProfileReport& profile, Take take) {
  std::int64_t sum = 0;
  for (const LayerProfile& layer : profile.layers) sum += take(layer) ? layer.instructions : 0;
  return profile.instructions > 0
             ? static_cast<double>(sum) / static_cast<double>(profile.instructions)
             : 0;
}

std::string remedy_for_speed(const ReportPage& page, const ReportLayer& slowest) {
  std::string text;
  const bool square = slowest.op.starts_with("Conv2d 3x3") &&
                      slowest.op.find(" s") == std::string::npos &&
                      slowest.op.find(" g") == std::string::npos;
  if (square && slowest.kernel.find("winograd") == std::string::npos)
    text =
        "--optimize speed with --flash: flash that is left buys Winograd's form of 3x3 "
        "convolutions.";
  else if (slowest.kernel.ends_with("_any"))
    text =
        "It runs in the general kernel for its operator; docs/kernels.md says which shapes have "
        "a faster one.";
  else if (slowest.macs > 0)
    text = "Fewer channels, or a stride earlier: the work falls with the pixels.";
  else
    text = "It multiplies nothing and passes over every element once.";
  if (!page.profile) return text;
  const double tables = part_of_layers(
      *page.profile, [](const LayerProfile& layer) { return layer.kernel == "lut_s8"; });
  if (tables >= 0.02)
    text += fmt::format(
        " Activations by table take {} in all; ReLU and ReLU6 are part of the layer before them "
        "and cost none.",
        percent(tables, 1));
  return text;
}

Finding find_slowest(const ReportPage& page) {
  const Report& report = page.report;
  const auto cost = [&](std::size_t i) {
    return page.profile ? page.profile->layers[i].instructions : report.layers[i].macs;
  };
  const std::size_t index = largest(report.layers.size(), cost);
  const ReportLayer& layer = report.layers[index];
  Finding finding{"speed", index, {}, {}, remedy_for_speed(page, layer)};
  if (!page.profile) {
    finding.what = fmt::format("{} MACs, {} of all. Instructions were not counted.",
                               readable_count(layer.macs), percent(layer.macs, report.macs));
    return finding;
  }
  const ProfileReport& profile = *page.profile;
  const LayerProfile& counted = profile.layers[index];
  finding.what = fmt::format("{} instructions, {} of all.", readable_count(counted.instructions),
                             percent(counted.instructions, profile.instructions));
  if (counted.macs > 0 && profile.macs > 0)
    finding.what +=
        fmt::format(" {:.2f} for each of its MACs; the whole network takes {:.2f}.",
                    static_cast<double>(counted.instructions) / static_cast<double>(counted.macs),
                    static_cast<double>(profile.instructions) / static_cast<double>(profile.macs));
  return finding;
}

std::optional<Finding> find_least_exact(const ReportPage& page) {
  std::optional<std::size_t> worst;
  for (std::size_t i = 0; i < page.quality.size(); ++i) {
    const std::optional<LayerQuality>& quality = page.quality[i];
    if (!quality || quality->before_activation) continue;
    if (!worst || quality->sqnr_db < page.quality[*worst]->sqnr_db) worst = i;
  }
  if (!worst || !std::isfinite(page.quality[*worst]->sqnr_db)) return std::nullopt;
  const LayerQuality& quality = *page.quality[*worst];
  Finding finding{"accuracy", worst, {}, {}, {}};
  finding.what = fmt::format(
      "int8 is {:.1f} dB from float here (SQNR), the least of all but before activations; {} of "
      "the values are out of its range.",
      quality.sqnr_db, percent(quality.saturated, 1));
  finding.remedy = quality.saturated > 0.01
                       ? "More calibration data like the real inputs, or --calibration-method "
                         "minmax."
                       : "Errors of the layers before it are included: look for where the figure "
                         "falls. More calibration data, or another --calibration-method.";
  return finding;
}

}  // namespace

std::int64_t next_peak_bytes(const ReportPlan& plan) {
  if (plan.step_layers.empty()) return 0;
  const ReportSegment segment = peak_segment(plan);
  const std::vector<std::int64_t> live = live_bytes(plan);
  std::int64_t most = 0;
  for (std::size_t step = 0; step < live.size(); ++step) {
    const std::int64_t layer = plan.step_layers[step];
    const bool inside = segment.first_layer <= layer && layer <= segment.last_layer;
    if (!inside) most = std::max(most, live[step]);
  }
  return most;
}

void add_findings(ReportPage& page) {
  page.findings.clear();
  if (page.report.layers.empty()) return;
  const ReportPlan& plan = page.report.plan;
  const auto steps = static_cast<std::int64_t>(plan.step_layers.size());
  if (plan.peak_step >= 0 && plan.peak_step < steps) page.findings.push_back(find_peak(page));
  page.findings.push_back(find_flash(page));
  page.findings.push_back(find_slowest(page));
  if (std::optional<Finding> finding = find_least_exact(page))
    page.findings.push_back(*std::move(finding));
}

}  // namespace linnet
