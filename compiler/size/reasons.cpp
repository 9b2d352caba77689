// See reasons.h.
#include "compiler/size/reasons.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compiler/cli/parse_values.h"

namespace linnet {
namespace {

constexpr std::size_t kNamed = 3;

// "a, b, c and 4 more"
std::string listed(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size() && i < kNamed; ++i)
    text += (i == 0 ? "" : ", ") + items[i];
  if (items.size() > kNamed) text += fmt::format(" and {} more", items.size() - kNamed);
  return text;
}

std::string quoted(const std::string& name) { return "'" + name + "'"; }

std::string shortened(const std::string& name) { return one_line(name, 80); }

std::string from_to(std::int64_t before, std::int64_t now) {
  return fmt::format("{} -> {}", readable_count(before), readable_count(now));
}

void add_origin(const NetworkSize& before, const NetworkSize& now,
                std::vector<std::string>& reasons) {
  if (before.toolchain != now.toolchain)
    reasons.push_back(
        fmt::format("built by {}, the baseline by {}", now.toolchain, before.toolchain));
  if (before.linnet != now.linnet)
    reasons.push_back(fmt::format("compiled by linnet {} with its runtime, the baseline by {}",
                                  now.linnet, before.linnet));
  if (before.target != now.target)
    reasons.push_back(
        fmt::format("compiled for {}, the baseline for {}", now.target, before.target));
  if (before.dtype != now.dtype)
    reasons.push_back(fmt::format("{}, in the baseline {}", now.dtype, before.dtype));
  if (before.model != now.model) reasons.emplace_back("the model file is another one");
}

// Kernel -> the layers that it runs.
std::map<std::string, std::vector<std::string>> layers_by_kernel(const NetworkSize& size) {
  std::map<std::string, std::vector<std::string>> kernels;
  for (const auto& [layer, kernel] : size.layers) kernels[kernel].push_back(quoted(layer));
  return kernels;
}

std::string for_layers(const std::vector<std::string>& layers) {
  return fmt::format("{} {}", layers.size() == 1 ? "layer" : "layers", listed(layers));
}

// Other kernels, new layers, layers that are gone.
void add_layers(const NetworkSize& before, const NetworkSize& now,
                std::vector<std::string>& reasons) {
  const auto old_kernels = layers_by_kernel(before);
  const auto new_kernels = layers_by_kernel(now);
  const std::map<std::string, std::string> old_layers(before.layers.begin(), before.layers.end());
  const std::map<std::string, std::string> new_layers(now.layers.begin(), now.layers.end());
  std::map<std::string, std::vector<std::string>> changed;  // by "from -> to"
  std::map<std::string, std::vector<std::string>> added;    // by kernel
  std::vector<std::string> removed;
  for (const auto& [layer, kernel] : now.layers) {
    const auto old = old_layers.find(layer);
    if (old == old_layers.end())
      added[kernel].push_back(quoted(layer));
    else if (old->second != kernel)
      changed[fmt::format("{} -> {}", old->second, kernel)].push_back(quoted(layer));
  }
  for (const auto& [layer, kernel] : before.layers)
    if (!new_layers.contains(layer)) removed.push_back(quoted(layer));
  const auto new_here = [&](const std::string& kernel) {
    return old_kernels.contains(kernel) ? "" : ", new in this network";
  };
  for (const auto& [kernels, layers] : changed)
    reasons.push_back(fmt::format("other kernel {}{}, for {}", kernels,
                                  new_here(kernels.substr(kernels.rfind(' ') + 1)),
                                  for_layers(layers)));
  for (const auto& [kernel, layers] : added)
    reasons.push_back(
        fmt::format("new {}: kernel {}{}", for_layers(layers), kernel, new_here(kernel)));
  if (!removed.empty()) reasons.push_back("gone: " + for_layers(removed));
  std::vector<std::string> unused;
  for (const auto& [kernel, layers] : old_kernels)
    if (!new_kernels.contains(kernel)) unused.push_back(kernel);
  if (!unused.empty()) reasons.push_back("no longer used: " + listed(unused));
}

// Constants of one kind: "weights", whose names start with w_.
void add_constants(const NetworkComparison& network, const char* kind,
                   bool (*is_of_kind)(const std::string&), std::vector<std::string>& reasons) {
  const auto sum = [&](const Sizes& constants) {
    std::int64_t bytes = 0;
    for (const auto& [name, size] : constants)
      if (is_of_kind(name)) bytes += size;
    return bytes;
  };
  std::vector<std::string> changed;
  for (const SizeChange& change : network.constants)
    if (is_of_kind(change.name))
      changed.push_back(fmt::format("{} {}", shortened(change.name), readable_change(change)));
  if (changed.empty()) return;
  const std::int64_t before = sum(network.before->constants);
  const std::int64_t now = sum(network.now.constants);
  reasons.push_back(fmt::format("{} {} bytes: {}", kind, from_to(before, now), listed(changed)));
}

bool is_weight(const std::string& name) { return name.starts_with("w_"); }
bool is_table(const std::string& name) { return name.starts_with("t_"); }
bool is_other_constant(const std::string& name) { return !is_weight(name) && !is_table(name); }

void add_schedule(const NetworkSize& before, const NetworkSize& now,
                  std::vector<std::string>& reasons) {
  if (before.kernel_calls != now.kernel_calls)
    reasons.push_back(fmt::format("the schedule is {}: {} kernel calls",
                                  now.kernel_calls > before.kernel_calls ? "longer" : "shorter",
                                  from_to(before.kernel_calls, now.kernel_calls)));
  std::string plan;
  for (const SizeChange& total : size_totals(now, &before)) {
    if (!total.name.starts_with("arena ") || total.growth() == 0) continue;
    plan += fmt::format("{}{} {} bytes", plan.empty() ? "" : ", ", total.name,
                        from_to(total.before, total.now));
  }
  if (plan.empty()) return;
  if (before.peak_layer != now.peak_layer)
    plan +=
        fmt::format("; its peak moved from layer '{}' to '{}'", before.peak_layer, now.peak_layer);
  reasons.push_back("the plan changed: " + plan);
}

// What of the network a total consists of.
std::vector<SizeChange> parts_of(const NetworkComparison& network, const std::string& total) {
  std::vector<SizeChange> parts;
  if (total == "text" || total == "flash")
    for (const SizeChange& change : network.functions)
      if (change.name != kBetweenFunctions) parts.push_back(change);
  if (total == "flash")
    parts.insert(parts.end(), network.constants.begin(), network.constants.end());
  if (total == "RAM")
    for (const SizeChange& change : network.totals)
      if (change.name.starts_with("arena ") || change.name == "stack" || change.name == "bss")
        parts.push_back(change);
  return parts;
}

}  // namespace

std::vector<std::string> size_reasons(const NetworkComparison& network) {
  const NetworkSize& before = *network.before;
  const NetworkSize& now = network.now;
  std::vector<std::string> reasons;
  add_origin(before, now, reasons);
  add_layers(before, now, reasons);
  add_schedule(before, now, reasons);
  add_constants(network, "weights", is_weight, reasons);
  add_constants(network, "tables", is_table, reasons);
  add_constants(network, "other constants", is_other_constant, reasons);
  if (before.stack_bytes != now.stack_bytes)
    reasons.push_back(fmt::format("stack {} bytes: deepest in {}{}",
                                  from_to(before.stack_bytes, now.stack_bytes),
                                  shortened(now.deepest_function),
                                  before.deepest_function == now.deepest_function
                                      ? std::string()
                                      : ", before in " + shortened(before.deepest_function)));
  if (reasons.empty() && !network.functions.empty())
    reasons.emplace_back(
        "the code alone: layers, kernels, constants, schedule and plan are those of the baseline");
  return reasons;
}

std::string largest_growth(const NetworkComparison& network, const std::string& total) {
  const std::vector<SizeChange> parts = parts_of(network, total);
  const auto most = std::max_element(parts.begin(), parts.end(), [](const auto& a, const auto& b) {
    return a.growth() < b.growth();
  });
  if (most == parts.end() || most->growth() <= 0) return {};
  return fmt::format("{}, {} bytes", shortened(readable_function(most->name, network.now)),
                     from_to(most->before, most->now));
}

}  // namespace linnet
