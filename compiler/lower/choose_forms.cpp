// See choose_forms.h.
#include "compiler/lower/choose_forms.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <vector>

namespace linnet {
namespace {

constexpr const char* kWinograd = "conv2d_s8_3x3_winograd";

// Modelled cycles of a thousand MACs that the form saves: `linnet bench kernels --filter '3x3 p1 24x24x32->32'`, the kernel
// that is taken otherwise less this one.
constexpr std::int64_t kSavedMillicycles = 150;

// Bytes in a unit of the knapsack: sizes are rounded up to it.
constexpr std::int64_t kUnit = 256;

struct Candidate {
  TensorId tensor;
  std::int64_t units = 0;  // more than in the program as it is
  std::int64_t saved_cycles = 0;
};

std::map<TensorId, const KernelCall*> calls_by_tensor(const Program& program) {
  std::map<TensorId, const KernelCall*> calls;
  for (const KernelCall& call : program.calls) calls[call.tensor] = &call;
  return calls;
}

// Of the constants that the layer's fields point to, whoever else points to them.
std::int64_t packed_bytes(const Program& program, const KernelCall& call) {
  std::int64_t bytes = 0;
  for (const Field& field : call.fields) {
    if (const auto* id = std::get_if<ConstantId>(&field.value))
      bytes += static_cast<std::int64_t>(program.constants[*id].bytes.size());
  }
  return bytes;
}

// The convolutions that take the form when they are asked to, and what it costs them.
std::vector<Candidate> candidates(const Graph& graph, const Program& program) {
  KernelChoice all;
  for (const Node& node : graph.nodes) {
    if (winograd_possible(node, graph)) all[node.output()] = kWinograd;
  }
  std::vector<Candidate> found;
  if (all.empty()) return found;
  const Result<Program> changed = lower(graph, all);
  assert(changed && "a kernel that a convolution cannot have is left to the list");
  const auto before = calls_by_tensor(program);
  for (const KernelCall& call : changed->calls) {
    if (call.kernel != kWinograd) continue;
    const std::int64_t bytes =
        packed_bytes(*changed, call) - packed_bytes(program, *before.at(call.tensor));
    found.push_back({call.tensor, std::max<std::int64_t>((bytes + kUnit - 1) / kUnit, 0),
                     call.macs * kSavedMillicycles / 1000});
  }
  return found;
}

}  // namespace

KernelChoice choose_forms(const Graph& graph, const Program& program, std::int64_t spare_bytes,
                          std::int64_t kernel_bytes) {
  if (spare_bytes <= kernel_bytes) return {};
  const std::vector<Candidate> items = candidates(graph, program);
  const auto room = static_cast<std::size_t>((spare_bytes - kernel_bytes) / kUnit);
  // best[u]: most cycles saved in u units by the items so far; taken[i][u]: item i is among them.
  std::vector<std::int64_t> best(room + 1, 0);
  std::vector<std::vector<bool>> taken(items.size(), std::vector<bool>(room + 1, false));
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto units = static_cast<std::size_t>(items[i].units);
    for (std::size_t u = room + 1; u-- > units;) {
      const std::int64_t with = best[u - units] + items[i].saved_cycles;
      if (with <= best[u]) continue;
      best[u] = with;
      taken[i][u] = true;
    }
  }
  KernelChoice choice;
  std::size_t u = room;
  for (std::size_t i = items.size(); i-- > 0;) {
    if (!taken[i][u]) continue;
    choice[items[i].tensor] = kWinograd;
    u -= static_cast<std::size_t>(items[i].units);
  }
  return choice;
}

}  // namespace linnet
