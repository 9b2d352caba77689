// See layers.h. Values come from the oracle's observer, tensors are matched by their names, which quantization keeps.
#include "compiler/verify/layers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "compiler/lower/lower.h"
#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

struct Sums {
  double signal = 0, error = 0, max_abs = 0;
  float lo = std::numeric_limits<float>::infinity();
  float hi = -std::numeric_limits<float>::infinity();
  std::int64_t saturated = 0, count = 0;
};

using ByName = std::map<std::string, TensorValue>;

ByName observe(const Graph& graph, const Values& inputs) {
  ByName values;
  interpret(graph, inputs, [&](const Node& node, const TensorValue& value) {
    values[graph.tensors[node.output()].name] = value;
  });
  return values;
}

void add(Sums& sums, const TensorValue& codes, const TensorValue& reals) {
  const Quantization& q = *codes.type.quantization;
  const float scale = q.scale.front();
  const auto zero = static_cast<float>(q.zero_point.front());
  const float lowest = scale * (-128.5F - zero);
  const float highest = scale * (127.5F - zero);
  const std::span<const std::int8_t> ours = codes.as<std::int8_t>();
  const std::span<const float> theirs = reals.as<float>();
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const float real = theirs[i];
    const double error =
        static_cast<double>(scale) * (static_cast<double>(ours[i]) - static_cast<double>(zero)) -
        static_cast<double>(real);
    sums.signal += static_cast<double>(real) * static_cast<double>(real);
    sums.error += error * error;
    sums.max_abs = std::max(sums.max_abs, std::abs(error));
    sums.lo = std::min(sums.lo, real);
    sums.hi = std::max(sums.hi, real);
    sums.saturated += real < lowest || real > highest ? 1 : 0;
  }
  sums.count += static_cast<std::int64_t>(ours.size());
}

// The call after which a tensor is complete: several calls may make parts of one.
bool is_last_of_tensor(const Program& program, std::size_t index) {
  return std::none_of(
      program.calls.begin() + static_cast<std::ptrdiff_t>(index) + 1, program.calls.end(),
      [&](const KernelCall& call) { return call.tensor == program.calls[index].tensor; });
}

double element(const std::byte* bytes, std::size_t index, DType dtype) {
  switch (dtype) {
    case DType::f32: {
      float value = 0;
      std::memcpy(&value, bytes + index * sizeof value, sizeof value);
      return static_cast<double>(value);
    }
    case DType::i8: return static_cast<double>(static_cast<std::int8_t>(bytes[index]));
    default: return static_cast<double>(std::to_integer<int>(bytes[index]));
  }
}

// The rows without what lies between them, when the pitch is larger than a row.
std::vector<std::byte> packed_rows(const std::vector<std::byte>& traced, const KernelCall& call) {
  const auto total = static_cast<std::size_t>(call.output_type.bytes());
  const auto rows = static_cast<std::size_t>(call.output.rows);
  const auto pitch = static_cast<std::size_t>(call.output.row_bytes);
  if (traced.size() == total || rows == 0 || traced.size() < rows * pitch) return traced;
  std::vector<std::byte> packed;
  for (std::size_t row = 0; row < rows; ++row)
    packed.insert(packed.end(), traced.begin() + static_cast<std::ptrdiff_t>(row * pitch),
                  traced.begin() + static_cast<std::ptrdiff_t>(row * pitch + total / rows));
  return packed;
}

std::optional<FirstDifference> difference_of(const KernelCall& call,
                                             const std::vector<std::byte>& traced,
                                             const TensorValue& expected) {
  const std::vector<std::byte> ours = packed_rows(traced, call);
  const std::span<const std::byte> theirs = expected.bytes();
  if (ours.size() != theirs.size()) return std::nullopt;
  const auto size = static_cast<std::size_t>(size_bytes(expected.type.dtype));
  FirstDifference found;
  found.elements = expected.type.elements();
  for (std::size_t i = 0; i < ours.size() / size; ++i) {
    if (std::memcmp(ours.data() + i * size, theirs.data() + i * size, size) == 0) continue;
    if (found.differing++ > 0) continue;
    const RowShape shape = row_shape(expected.type.shape);
    const auto index = static_cast<std::int64_t>(i);
    found.row = index / shape.row_elements();
    found.x = index % shape.row_elements() / shape.channels;
    found.channel = index % shape.channels;
    found.value = element(ours.data(), i, expected.type.dtype);
    found.expected = element(theirs.data(), i, expected.type.dtype);
  }
  if (found.differing == 0) return std::nullopt;
  found.node = call.origin.name;
  found.op = call.op;
  found.kernel = call.kernel;
  return found;
}

}  // namespace

std::vector<LayerReport> compare_layers(const Graph& float_graph, const Graph& graph,
                                        const Program& program,
                                        const std::vector<Values>& float_inputs,
                                        const std::vector<Values>& inputs) {
  std::vector<Sums> sums(program.calls.size());
  for (std::size_t s = 0; s < inputs.size(); ++s) {
    const ByName reals = observe(float_graph, float_inputs[s]);
    const ByName codes = observe(graph, inputs[s]);
    for (std::size_t i = 0; i < program.calls.size(); ++i) {
      const std::string& name = graph.tensors[program.calls[i].tensor].name;
      const auto code = codes.find(name);
      const auto real = reals.find(name);
      if (code == codes.end() || real == reals.end() || !is_last_of_tensor(program, i)) continue;
      const TensorType& type = code->second.type;
      const bool comparable =
          type.dtype == DType::i8 && type.quantization && type.quantization->per_tensor() &&
          real->second.type.dtype == DType::f32 && real->second.type.elements() == type.elements();
      if (comparable) add(sums[i], code->second, real->second);
    }
  }
  std::vector<LayerReport> layers;
  for (std::size_t i = 0; i < program.calls.size(); ++i) {
    const KernelCall& call = program.calls[i];
    LayerReport layer{i, call.origin.name, call.op, call.kernel, to_string(call.output_type.dtype)};
    if (sums[i].count > 0) {
      layer.compared = true;
      layer.sqnr_db = sums[i].error > 0 ? 10 * std::log10(sums[i].signal / sums[i].error)
                                        : std::numeric_limits<double>::infinity();
      layer.max_abs = sums[i].max_abs;
      layer.lo = sums[i].lo;
      layer.hi = sums[i].hi;
      layer.step = call.output_type.quantization->scale.front();
      layer.saturated = static_cast<double>(sums[i].saturated) / static_cast<double>(sums[i].count);
    }
    layers.push_back(std::move(layer));
  }
  std::stable_sort(layers.begin(), layers.end(), [](const LayerReport& a, const LayerReport& b) {
    if (a.compared != b.compared) return a.compared;
    return a.compared && a.sqnr_db < b.sqnr_db;
  });
  return layers;
}

std::optional<FirstDifference> find_first_difference(const Graph& graph, const Program& program,
                                                     const Values& inputs, const NetworkRun& run) {
  const ByName expected = observe(graph, inputs);
  for (std::size_t i = 0; i < program.calls.size(); ++i) {
    const KernelCall& call = program.calls[i];
    const auto traced = run.layers.find(i);
    const auto oracle = expected.find(graph.tensors[call.tensor].name);
    if (traced == run.layers.end() || oracle == expected.end() || !is_last_of_tensor(program, i))
      continue;
    if (std::optional<FirstDifference> found =
            difference_of(call, traced->second, oracle->second)) {
      found->layer = i;
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace linnet
