// Import of operators that change a tensor's shape or the order of its axes. Their shape arguments must be constants
// by the time they are reached, which shape arithmetic is after folding.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "compiler/ops/import_families.h"
#include "compiler/ops/operator_table.h"

namespace linnet {
namespace {

std::int64_t product(Shape::const_iterator begin, Shape::const_iterator end) {
  return std::accumulate(begin, end, std::int64_t{1}, std::multiplies<>{});
}

// Axes of Squeeze and Unsqueeze: an attribute up to opset 12, an input after.
std::vector<std::int64_t> axes_argument(const ImportNode& node) {
  if (node.opset() >= 13 && node.has_input(1)) return node.integers_input(1, "axes");
  return node.onnx.integers("axes");
}

}  // namespace

// 0 copies the dimension (unless allowzero), one -1 takes what is left.
void import_reshape(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape from = node.shape(x);
  Shape to = node.opset() >= 5 ? node.integers_input(1, "shape") : node.onnx.integers("shape");
  const bool copies = node.onnx.integer("allowzero", 0) == 0;
  std::int64_t known = 1;
  std::ptrdiff_t open = -1;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && copies) {
      if (i >= from.size())
        import_fault("E104",
                     fmt::format("dimension {} is copied from a shape of {}", i, to_string(from)));
      to[i] = from[i];
    }
    if (to[i] == -1 && open < 0) {
      open = static_cast<std::ptrdiff_t>(i);
    } else if (to[i] < 0) {
      import_fault("E104", fmt::format("the new shape {} has a negative dimension", to_string(to)));
    } else {
      known = to[i] > 0 && known > (std::int64_t{1} << 31) / to[i] ? (std::int64_t{1} << 32)
                                                                   : known * to[i];
    }
  }
  const std::int64_t elements = checked_elements(from);
  if (open >= 0 && known > 0 && elements % known == 0) {
    to[static_cast<std::size_t>(open)] = elements / known;
    known = elements;
  }
  if (known != elements) {
    import_fault("E104", fmt::format("{} elements of shape {} do not make the shape {}", elements,
                                     to_string(from), to_string(to)));
  }
  if (to == from) return import_identity(node);
  node.set_output(0, node.reshape_weight(x, std::move(to)));
}

void import_flatten(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape from = node.shape(x);
  const std::int64_t given = node.onnx.integer("axis", 1);
  const std::int64_t axis = given == node.rank(x) ? given : node.normal_axis(given, node.rank(x));
  const auto middle = from.begin() + axis;
  node.set_output(0, node.reshape(x, {product(from.begin(), middle), product(middle, from.end())}));
}

void import_squeeze(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape from = node.shape(x);
  std::vector<std::int64_t> given = axes_argument(node);
  if (given.empty()) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (from[i] == 1) given.push_back(static_cast<std::int64_t>(i));
    }
  }
  const std::vector<std::int32_t> axes = node.normal_axes(given, node.rank(x));
  Shape to;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!std::binary_search(axes.begin(), axes.end(), static_cast<std::int32_t>(i))) {
      to.push_back(from[i]);
    } else if (from[i] != 1) {
      import_fault("E104", fmt::format("axis {} of a shape {} is not 1", i, to_string(from)));
    }
  }
  node.set_output(0, node.reshape(x, std::move(to)));
}

void import_unsqueeze(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape from = node.shape(x);
  const std::vector<std::int64_t> given = axes_argument(node);
  const int rank = node.rank(x) + static_cast<int>(std::min<std::size_t>(given.size(), 64));
  const std::vector<std::int32_t> axes = node.normal_axes(given, rank);
  Shape to;
  auto next = from.begin();
  for (std::int32_t i = 0; i < rank; ++i) {
    const bool added = std::binary_search(axes.begin(), axes.end(), i);
    to.push_back(added ? 1 : *next++);
  }
  node.set_output(0, node.reshape(x, std::move(to)));
}

void import_transpose(ImportNode& node) {
  const TensorId x = node.input(0);
  const std::vector<std::int64_t> given = node.onnx.integers("perm");
  std::vector<std::int32_t> order(node.shape(x).size());
  std::iota(order.rbegin(), order.rend(), 0);
  if (!given.empty()) {
    const std::vector<std::int32_t> sorted = node.normal_axes(given, node.rank(x));
    if (sorted.size() != order.size()) {
      import_fault("E104", fmt::format("perm has {} entries for a shape {}", given.size(),
                                       to_string(node.shape(x))));
    }
    for (std::size_t i = 0; i < order.size(); ++i)
      order[i] = node.normal_axis(given[i], node.rank(x));
  }
  if (std::is_sorted(order.begin(), order.end())) return import_identity(node);
  node.set_output(0, node.transpose_weight(x, std::move(order)));
}

// Broadcasts both ways: a 1 in the given shape keeps the input's dimension.
void import_expand(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape from = node.shape(x);
  Shape to = node.integers_input(1, "shape");
  if (to.size() < from.size()) to.insert(to.begin(), from.size() - to.size(), 1);
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::size_t back = to.size() - i;
    const std::int64_t own = back <= from.size() ? from[from.size() - back] : 1;
    if (to[i] == 1) to[i] = own;
    if (to[i] < 0 || (own != 1 && own != to[i])) {
      import_fault("E104", fmt::format("a shape {} cannot be expanded to {}", to_string(from),
                                       to_string(to)));
    }
  }
  if (to == from) return import_identity(node);
  node.set_output(0, node.emit(Expand{std::move(to)}, {x}));
}

// [a, b] repeated (m, n) times: [1,a,1,b] expanded to [m,a,n,b], reshaped to [m*a, n*b].
void import_tile(ImportNode& node) {
  const TensorId x = node.input(0);
  const Shape from = node.shape(x);
  const std::vector<std::int64_t> repeats = node.integers_input(1, "repeats");
  if (repeats.size() != from.size()) {
    import_fault("E104", fmt::format("{} repeats for a shape {}", repeats.size(), to_string(from)));
  }
  Shape spread;
  Shape expanded;
  Shape to;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::int64_t repeat = small_int(repeats[i], "repeats", 1);
    if (repeat > 1) {
      spread.push_back(1);
      expanded.push_back(repeat);
    }
    spread.push_back(from[i]);
    expanded.push_back(from[i]);
    to.push_back(from[i] * repeat);
  }
  if (to == from) return import_identity(node);
  const TensorId wide =
      node.emit(Expand{std::move(expanded)}, {node.reshape(x, std::move(spread))});
  node.set_output(0, node.reshape(wide, std::move(to)));
}

namespace {

constexpr OperatorEntry kShapeOperators[] = {
    {"Expand", import_expand, 8, Leaves::kernels, {Form::copy}, "Constant shape."},
    {"Flatten", import_flatten, 1, Leaves::nothing, {}, ""},
    {"Reshape", import_reshape, 1, Leaves::nothing, {}, "Constant shape."},
    {"Squeeze", import_squeeze, 1, Leaves::nothing, {}, "Constant axes."},
    {"Tile", import_tile, 1, Leaves::kernels, {Form::copy}, "Constant repeats from 1 to 32767."},
    {"Transpose",
     import_transpose,
     1,
     Leaves::kernels,
     {Form::copy},
     "A copy only where it is not joined with a neighbour."},
    {"Unsqueeze", import_unsqueeze, 1, Leaves::nothing, {}, "Constant axes."},
};

}  // namespace

std::span<const OperatorEntry> shape_operators() { return kShapeOperators; }

}  // namespace linnet
