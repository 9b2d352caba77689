// The report of linnet profile, for people and as JSON; see profile.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "compiler/cli/parse_values.h"
#include "compiler/emit/text.h"
#include "compiler/profile/profile.h"
#include "compiler/support/json.h"

namespace linnet {
namespace {

using Text = std::back_insert_iterator<std::string>;

constexpr std::size_t kLayersShown = 10;
constexpr std::size_t kFunctionsShown = 10;

std::int64_t whole(double cycles) { return std::llround(cycles); }

std::string a_mac(double count, std::int64_t macs) {
  return macs == 0 ? "-" : fmt::format("{:.3f}", count / static_cast<double>(macs));
}

double percent(std::int64_t part, std::int64_t all) {
  return all == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(all);
}

void print_totals(Text out, const ProfileReport& report) {
  fmt::format_to(
      out, "  instructions {:>13}  {} a MAC   exact: executed by run(), once, after a warm-up\n",
      readable_count(report.instructions),
      a_mac(static_cast<double>(report.instructions), report.macs));
  fmt::format_to(out, "  cycles       {:>13}  {} a MAC   a model: no memory stalls, see below\n",
                 readable_count(whole(report.cycles)), a_mac(report.cycles, report.macs));
  fmt::format_to(out, "  MACs         {:>13}\n", readable_count(report.macs));
  fmt::format_to(out, "  stack        {:>13}  bytes, high-water mark; at most {} by report.json\n",
                 readable_count(report.stack_bytes), readable_count(report.stack_bound_bytes));
  fmt::format_to(out, "  text         {:>13}  bytes of machine code, generated\n\n",
                 readable_count(report.text_bytes));
  fmt::format_to(
      out,
      "  The cycles are a model and no measurement: llvm-mca's Cortex-M7 pipeline over the "
      "executed "
      "blocks, without\n"
      "  memory stalls (every access hits tightly coupled memory), wait states of the flash, cache "
      "misses and\n"
      "  mispredicted branches. ");
  if (report.unmodelled == 0) {
    fmt::format_to(out, "All instructions were modelled");
  } else {
    fmt::format_to(
        out, "{} executed instructions ({:.3f} %) could not be modelled and are left out",
        readable_count(report.unmodelled), percent(report.unmodelled, report.instructions));
  }
  if (report.simplified > 0)
    fmt::format_to(out, "; {} ({:.3f} %) without their write-back",
                   readable_count(report.simplified),
                   percent(report.simplified, report.instructions));
  fmt::format_to(out, ".\n");
}

void print_profiled_layers(Text out, const ProfileReport& report, bool all) {
  std::vector<LayerProfile> layers = report.layers;
  if (!all && layers.size() > kLayersShown) {
    std::stable_sort(layers.begin(), layers.end(),
                     [](const LayerProfile& a, const LayerProfile& b) {
                       return a.instructions > b.instructions;
                     });
    layers.resize(kLayersShown);
    fmt::format_to(out, "\n  the {} of {} layers with the most instructions; --layers shows all\n",
                   kLayersShown, report.layers.size());
  }
  fmt::format_to(out, "\n  {:>5} {:>12} {:>6} {:>12} {:>12} {:>9} {:>8}  {:<24} {}\n", "layer",
                 "instructions", "%", "cycles", "MACs", "instr/MAC", "cyc/MAC", "kernel", "node");
  for (const LayerProfile& layer : layers)
    fmt::format_to(out, "  {:>5} {:>12} {:>6.2f} {:>12} {:>12} {:>9} {:>8}  {:<24} {}\n",
                   layer.index, readable_count(layer.instructions),
                   percent(layer.instructions, report.instructions),
                   readable_count(whole(layer.cycles)), readable_count(layer.macs),
                   a_mac(static_cast<double>(layer.instructions), layer.macs),
                   a_mac(layer.cycles, layer.macs), layer.kernel, harmless(layer.name, 60));
  fmt::format_to(out, "  {:>5} {:>12} {:>6.2f}  between layers\n", "",
                 readable_count(report.outside_layers),
                 percent(report.outside_layers, report.instructions));
}

void print_functions(Text out, const ProfileReport& report) {
  fmt::format_to(out, "\n  {:>12} {:>6} {:>12} {:>9} {:>7}  {}\n", "instructions", "%", "cycles",
                 "calls", "bytes", "function");
  for (std::size_t i = 0; i < report.functions.size(); ++i) {
    if (i == kFunctionsShown) {
      fmt::format_to(out, "  ... and {} more; --json has all\n", report.functions.size() - i);
      break;
    }
    const FunctionProfile& function = report.functions[i];
    fmt::format_to(out, "  {:>12} {:>6.2f} {:>12} {:>9} {:>7}  {}\n",
                   readable_count(function.instructions),
                   percent(function.instructions, report.instructions),
                   readable_count(whole(function.cycles)), readable_count(function.calls),
                   readable_count(function.text_bytes), harmless(function.name, 90));
  }
}

void print_objects(Text out, const ProfileReport& report) {
  fmt::format_to(out, "\n  {:>9} {:>9} {:>9}  {:<20} {}\n", ".text", ".rodata", ".data", "kind",
                 "object");
  for (const ObjectSize& object : report.objects)
    fmt::format_to(out, "  {:>9} {:>9} {:>9}  {:<20} {}\n", readable_count(object.text_bytes),
                   readable_count(object.rodata_bytes), readable_count(object.data_bytes),
                   to_string(object.kind), harmless(object.object, 90));
}

Json layer_profile_json(const LayerProfile& layer) {
  return Json::object({{"index", layer.index},
                       {"name", layer.name},
                       {"op", layer.op},
                       {"kernel", layer.kernel},
                       {"macs", layer.macs},
                       {"instructions", layer.instructions},
                       {"cycles_model", whole(layer.cycles)}});
}

Json function_json(const FunctionProfile& function) {
  return Json::object({{"name", function.name},
                       {"calls", function.calls},
                       {"instructions", function.instructions},
                       {"cycles_model", whole(function.cycles)},
                       {"text_bytes", function.text_bytes}});
}

Json object_json(const ObjectSize& object) {
  return Json::object({{"name", object.object},
                       {"text_bytes", object.text_bytes},
                       {"rodata_bytes", object.rodata_bytes},
                       {"data_bytes", object.data_bytes},
                       {"kind", to_string(object.kind)}});
}

template <class T>
Json array_json(const std::vector<T>& items, Json (*convert)(const T&)) {
  Json::Array list;
  for (const T& item : items) list.push_back(convert(item));
  return list;
}

}  // namespace

std::string to_text(const ProfileReport& report, bool all_layers) {
  std::string text;
  const Text out = std::back_inserter(text);
  fmt::format_to(out, "{}: {} for {}, on {}\n\n", report.name, report.dtype, report.target,
                 report.machine);
  print_totals(out, report);
  print_profiled_layers(out, report, all_layers);
  print_functions(out, report);
  print_objects(out, report);
  return text;
}

std::string to_json(const ProfileReport& report) {
  const Json json = Json::object(
      {{"name", report.name},
       {"dtype", report.dtype},
       {"target", report.target},
       {"board", report.board},
       {"machine", report.machine},
       {"instructions", report.instructions},
       {"instructions_between_layers", report.outside_layers},
       {"cycles_model", whole(report.cycles)},
       {"cycles_model_note", "llvm-mca, Cortex-M7 pipeline, without memory stalls; no measurement"},
       {"cycles_model_left_out", report.unmodelled},
       {"cycles_model_without_write_back", report.simplified},
       {"macs", report.macs},
       {"stack_bytes", report.stack_bytes},
       {"stack_bound_bytes", report.stack_bound_bytes},
       {"text_bytes", report.text_bytes},
       {"layers", array_json(report.layers, layer_profile_json)},
       {"functions", array_json(report.functions, function_json)},
       {"objects", array_json(report.objects, object_json)}});
  return to_text(json) + "\n";
}

}  // namespace linnet
